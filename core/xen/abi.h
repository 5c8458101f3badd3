/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's guest ABI as an x86-64 HVM guest sees it: the numbers and structures that cross the
 * boundary to the hypervisor, and nothing else. Each part names the public header of Xen 4.17
 * (xen/include/public/) that specifies it. No code, no OS header; the same layout in a Linux
 * program, an NT driver and a bare-metal guest (LP64 and LLP64). tests/simxen/guest/abi.c compares
 * all of it with Xen's own headers.
 *
 * Names are Xen's with the prefix xen_ or XEN_, in one case, so that both can stand in one program.
 * An address field (xen_address) holds a guest virtual address, which the hypervisor walks the
 * guest's page tables for; a frame (xen_frame) is a guest-physical page number of 4 KiB.
 */
#ifndef CASEMENT_XEN_ABI_H
#define CASEMENT_XEN_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef uint16_t xen_domid;
typedef uint32_t xen_port;
typedef uint32_t xen_grant_ref;
typedef uint32_t xen_grant_handle;
typedef uint64_t xen_frame;
typedef uint64_t xen_address;

#define XEN_PAGE_BYTES 4096u
#define XEN_PAGE_SHIFT 12

/* --- CPUID leaves: arch-x86/cpuid.h. The base is 0x40000000, or a multiple of 0x100 above it
 * when Viridian is on; the signature is in ebx, ecx, edx of the base. */
enum {
    XEN_LEAF_FIRST_BASE = 0x40000000,
    XEN_LEAF_LAST_BASE = 0x40010000, /* exclusive */
    XEN_LEAF_BASE_STEP = 0x100,
    XEN_LEAF_SIGNATURE = 0, /* offsets from the base; eax of this one: the last leaf */
    XEN_LEAF_VERSION = 1,   /* eax: major << 16 | minor */
    XEN_LEAF_HYPERCALL = 2, /* eax: hypercall pages, ebx: MSR that installs them */
    XEN_LEAF_TIME = 3,      /* sub-leaves */
    XEN_LEAF_HVM = 4,       /* eax: XEN_HVM_LEAF_*; ebx: vCPU id, ecx: domain id when present */

    XEN_LEAF_SIGNATURE_EBX = 0x566e6558,
    XEN_LEAF_SIGNATURE_ECX = 0x65584d4d,
    XEN_LEAF_SIGNATURE_EDX = 0x4d4d566e,

    XEN_HVM_LEAF_APIC_ACCESS_VIRT = 1 << 0,
    XEN_HVM_LEAF_X2APIC_VIRT = 1 << 1,
    XEN_HVM_LEAF_IOMMU_MAPPINGS = 1 << 2,
    XEN_HVM_LEAF_VCPU_ID_PRESENT = 1 << 3,
    XEN_HVM_LEAF_DOMID_PRESENT = 1 << 4,
    XEN_HVM_LEAF_EXT_DEST_ID = 1 << 5,
    XEN_HVM_LEAF_UPCALL_VECTOR = 1 << 6, /* per-vCPU vectors need no explicit EOI trick */
};

/* --- Hypercall numbers: xen.h. */
enum {
    XEN_HYPERCALL_MEMORY_OP = 12,
    XEN_HYPERCALL_MULTICALL = 13,
    XEN_HYPERCALL_SET_TIMER_OP = 15,
    XEN_HYPERCALL_XEN_VERSION = 17,
    XEN_HYPERCALL_CONSOLE_IO = 18,
    XEN_HYPERCALL_GRANT_TABLE_OP = 20,
    XEN_HYPERCALL_VM_ASSIST = 21,
    XEN_HYPERCALL_VCPU_OP = 24,
    XEN_HYPERCALL_SCHED_OP = 29,
    XEN_HYPERCALL_EVENT_CHANNEL_OP = 32,
    XEN_HYPERCALL_PHYSDEV_OP = 33,
    XEN_HYPERCALL_HVM_OP = 34,
    XEN_HYPERCALL_COUNT = 64,
};

enum { XEN_CONSOLEIO_WRITE = 0, XEN_CONSOLEIO_READ = 1 }; /* xen.h: (op, byte count, address) */
enum { XEN_DEBUG_CONSOLE_PORT = 0xe9 };                   /* arch-x86/xen.h */

/* --- Domain ids: xen.h. */
enum {
    XEN_DOMID_FIRST_RESERVED = 0x7ff0,
    XEN_DOMID_SELF = 0x7ff0,
    XEN_DOMID_IO = 0x7ff1,
    XEN_DOMID_XEN = 0x7ff2,
    XEN_DOMID_INVALID = 0x7ff4,
};

/* --- Errors: errno.h. Hypercalls return them negative. */
enum {
    XEN_ERROR_EPERM = 1,
    XEN_ERROR_ENOENT = 2,
    XEN_ERROR_ESRCH = 3,
    XEN_ERROR_EIO = 5,
    XEN_ERROR_ENXIO = 6,
    XEN_ERROR_E2BIG = 7,
    XEN_ERROR_EAGAIN = 11,
    XEN_ERROR_ENOMEM = 12,
    XEN_ERROR_EACCES = 13,
    XEN_ERROR_EFAULT = 14,
    XEN_ERROR_EBUSY = 16,
    XEN_ERROR_EEXIST = 17,
    XEN_ERROR_EXDEV = 18,
    XEN_ERROR_EINVAL = 22,
    XEN_ERROR_ENOSPC = 28,
    XEN_ERROR_ERANGE = 34,
    XEN_ERROR_ENOSYS = 38,
    XEN_ERROR_ENODATA = 61,
    XEN_ERROR_EOPNOTSUPP = 95,
    XEN_ERROR_ENOBUFS = 105,
};

/* --- xen_version: version.h, features.h. */
enum {
    XEN_VERSION_VERSION = 0,      /* no argument; returns major << 16 | minor */
    XEN_VERSION_EXTRAVERSION = 1, /* char[16] */
    XEN_VERSION_COMPILE_INFO = 2,
    XEN_VERSION_CAPABILITIES = 3, /* char[1024] */
    XEN_VERSION_CHANGESET = 4,    /* char[64] */
    XEN_VERSION_PLATFORM_PARAMETERS = 5,
    XEN_VERSION_GET_FEATURES = 6, /* struct xen_version_features */
    XEN_VERSION_PAGESIZE = 7,     /* no argument; returns it */
    XEN_VERSION_GUEST_HANDLE = 8, /* uint8_t[16] */
    XEN_VERSION_COMMANDLINE = 9,
    XEN_VERSION_BUILD_ID = 10,

    XEN_FEATURE_WRITABLE_PAGE_TABLES = 0,
    XEN_FEATURE_AUTO_TRANSLATED_PHYSMAP = 2,
    XEN_FEATURE_HIGHMEM_ASSIST = 6,
    XEN_FEATURE_GNTTAB_MAP_AVAIL_BITS = 7,
    XEN_FEATURE_HVM_CALLBACK_VECTOR = 8,
    XEN_FEATURE_HVM_SAFE_PVCLOCK = 9,
    XEN_FEATURE_HVM_PIRQS = 10,
    XEN_FEATURE_MEMORY_OP_VNODE_SUPPORTED = 13,
};
struct xen_version_features {
    uint32_t submap_index; /* in: which 32 features */
    uint32_t submap;       /* out: a bit each */
};
_Static_assert(sizeof(struct xen_version_features) == 8, "version.h, struct xen_feature_info");

/* --- Shared info: xen.h, arch-x86/xen.h. */
enum {
    XEN_SHARED_INFO_VCPUS = 32, /* who have a vcpu_info in the shared page */
    XEN_2L_WORDS = 64,
    XEN_2L_PORTS = 4096,
    XEN_PVCLOCK_TSC_STABLE = 1 << 0, /* vcpu_time.flags */
};
struct xen_vcpu_time {
    uint32_t version; /* odd while Xen writes */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time_ns;
    uint32_t tsc_to_system_mul; /* 32.32 fixed point, after the shift */
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad1[2];
};
struct xen_vcpu_info {
    uint8_t upcall_pending;
    uint8_t upcall_mask; /* PV guests only: an HVM guest's is padding */
    uint8_t pad0[6];
    uint64_t pending_sel; /* a bit for each word of evtchn_pending */
    uint64_t arch_cr2, arch_pad;
    struct xen_vcpu_time time;
};
struct xen_shared_info {
    struct xen_vcpu_info vcpu[XEN_SHARED_INFO_VCPUS];
    uint64_t evtchn_pending[XEN_2L_WORDS];
    uint64_t evtchn_mask[XEN_2L_WORDS];
    uint32_t wc_version; /* odd while Xen writes; wall clock at system time 0, UTC, Unix epoch */
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
    uint64_t arch_max_pfn, arch_pfn_to_mfn_frame_list_list, arch_nmi_reason;
    uint64_t arch_p2m_cr3, arch_p2m_vaddr, arch_p2m_generation;
};
_Static_assert(sizeof(struct xen_vcpu_time) == 32, "xen.h, struct vcpu_time_info");
_Static_assert(offsetof(struct xen_vcpu_time, tsc_to_system_mul) == 24, "vcpu_time_info");
_Static_assert(sizeof(struct xen_vcpu_info) == 64, "xen.h, struct vcpu_info");
_Static_assert(offsetof(struct xen_vcpu_info, pending_sel) == 8, "vcpu_info");
_Static_assert(offsetof(struct xen_vcpu_info, time) == 32, "vcpu_info");
_Static_assert(offsetof(struct xen_shared_info, evtchn_pending) == 2048, "shared_info");
_Static_assert(offsetof(struct xen_shared_info, evtchn_mask) == 2560, "shared_info");
_Static_assert(offsetof(struct xen_shared_info, wc_version) == 3072, "shared_info");
_Static_assert(sizeof(struct xen_shared_info) == 3136, "xen.h, struct shared_info");

/* --- Event channels: event_channel.h. */
enum {
    XEN_EVTCHNOP_BIND_INTERDOMAIN = 0,
    XEN_EVTCHNOP_BIND_VIRQ = 1,
    XEN_EVTCHNOP_BIND_PIRQ = 2,
    XEN_EVTCHNOP_CLOSE = 3,
    XEN_EVTCHNOP_SEND = 4,
    XEN_EVTCHNOP_STATUS = 5,
    XEN_EVTCHNOP_ALLOC_UNBOUND = 6,
    XEN_EVTCHNOP_BIND_IPI = 7,
    XEN_EVTCHNOP_BIND_VCPU = 8,
    XEN_EVTCHNOP_UNMASK = 9,
    XEN_EVTCHNOP_RESET = 10,
    XEN_EVTCHNOP_INIT_CONTROL = 11,
    XEN_EVTCHNOP_EXPAND_ARRAY = 12,
    XEN_EVTCHNOP_SET_PRIORITY = 13,
};
enum { /* xen_evtchn_status.status */
       XEN_EVTCHN_CLOSED = 0,
       XEN_EVTCHN_UNBOUND = 1,
       XEN_EVTCHN_INTERDOMAIN = 2,
       XEN_EVTCHN_PIRQ = 3,
       XEN_EVTCHN_VIRQ = 4,
       XEN_EVTCHN_IPI = 5,
};
enum { /* xen.h */
       XEN_VIRQ_TIMER = 0,
       XEN_VIRQ_DEBUG = 1,
       XEN_VIRQ_CONSOLE = 2,
       XEN_VIRQ_DOM_EXC = 3,
       XEN_VIRQ_COUNT = 24,
};
struct xen_evtchn_alloc_unbound {
    xen_domid domid, remote_domid; /* in; domid: XEN_DOMID_SELF */
    xen_port port;                 /* out */
};
struct xen_evtchn_bind_interdomain {
    xen_domid remote_domid; /* in */
    xen_port remote_port;   /* in */
    xen_port local_port;    /* out */
};
struct xen_evtchn_bind_virq {
    uint32_t virq, vcpu; /* in */
    xen_port port;       /* out */
};
struct xen_evtchn_bind_ipi {
    uint32_t vcpu; /* in */
    xen_port port; /* out */
};
struct xen_evtchn_close {
    xen_port port;
};
struct xen_evtchn_send {
    xen_port port;
};
struct xen_evtchn_unmask {
    xen_port port;
};
struct xen_evtchn_status {
    xen_domid domid; /* in */
    xen_port port;   /* in */
    uint32_t status, vcpu;
    union {
        struct {
            xen_domid domid;
        } unbound;
        struct {
            xen_domid domid;
            xen_port port;
        } interdomain;
        uint32_t pirq, virq;
    } u;
};
struct xen_evtchn_bind_vcpu {
    xen_port port;
    uint32_t vcpu;
};
struct xen_evtchn_reset {
    xen_domid domid;
};
struct xen_evtchn_init_control {
    xen_frame control_frame; /* in */
    uint32_t offset;         /* in: bytes, of the control block in its page, a multiple of 8 */
    uint32_t vcpu;           /* in */
    uint8_t link_bits;       /* out */
    uint8_t pad[7];
};
struct xen_evtchn_expand_array {
    xen_frame array_frame;
};
struct xen_evtchn_set_priority {
    xen_port port;
    uint32_t priority;
};
_Static_assert(sizeof(struct xen_evtchn_alloc_unbound) == 8, "event_channel.h");
_Static_assert(sizeof(struct xen_evtchn_bind_interdomain) == 12, "event_channel.h");
_Static_assert(sizeof(struct xen_evtchn_bind_virq) == 12, "event_channel.h");
_Static_assert(sizeof(struct xen_evtchn_bind_ipi) == 8, "event_channel.h");
_Static_assert(sizeof(struct xen_evtchn_status) == 24, "event_channel.h");
_Static_assert(offsetof(struct xen_evtchn_status, u) == 16, "event_channel.h");
_Static_assert(sizeof(struct xen_evtchn_init_control) == 24, "event_channel.h");

/* The FIFO ABI: event_channel.h, "FIFO ABI". An event word each port, in up to 128 array pages;
 * a control block each vCPU. */
enum {
    XEN_FIFO_PRIORITY_MAX = 0, /* first to be served */
    XEN_FIFO_PRIORITY_DEFAULT = 7,
    XEN_FIFO_PRIORITY_MIN = 15,
    XEN_FIFO_QUEUES = 16,
    XEN_FIFO_LINK_BITS = 17,
    XEN_FIFO_PORTS = 1 << 17,
    XEN_FIFO_WORDS_PER_PAGE = 1024,
    XEN_FIFO_ARRAY_PAGES = 128,
};
#define XEN_FIFO_PENDING   0x80000000u
#define XEN_FIFO_MASKED    0x40000000u
#define XEN_FIFO_LINKED    0x20000000u
#define XEN_FIFO_BUSY      0x10000000u
#define XEN_FIFO_LINK_MASK 0x0001ffffu
struct xen_fifo_control_block {
    uint32_t ready; /* a bit each queue that has events; set by Xen, cleared by the guest */
    uint32_t reserved;
    uint32_t head[XEN_FIFO_QUEUES];
};
_Static_assert(sizeof(struct xen_fifo_control_block) == 72, "evtchn_fifo_control_block");

/* --- Grant table: grant_table.h. Version 1 entries. */
enum {
    XEN_GNTTAB_RESERVED_ENTRIES = 8,
    XEN_GNTTAB_RESERVED_CONSOLE = 0,
    XEN_GNTTAB_RESERVED_XENSTORE = 1,
    XEN_GNTTAB_V1_PER_PAGE = 512,
};
enum { /* xen_grant_entry.flags */
       XEN_GTF_INVALID = 0,
       XEN_GTF_PERMIT_ACCESS = 1,
       XEN_GTF_ACCEPT_TRANSFER = 2,
       XEN_GTF_TRANSITIVE = 3,
       XEN_GTF_TYPE_MASK = 3,
       XEN_GTF_READONLY = 1 << 2,
       XEN_GTF_READING = 1 << 3, /* set by Xen: mapped */
       XEN_GTF_WRITING = 1 << 4, /* set by Xen: mapped writable */
       XEN_GTF_SUB_PAGE = 1 << 8,
};
struct xen_grant_entry {
    uint16_t flags;
    xen_domid domid;
    uint32_t frame;
};
_Static_assert(sizeof(struct xen_grant_entry) == 8, "grant_table.h, struct grant_entry_v1");

enum {
    XEN_GNTTABOP_MAP_GRANT_REF = 0,
    XEN_GNTTABOP_UNMAP_GRANT_REF = 1,
    XEN_GNTTABOP_SETUP_TABLE = 2,
    XEN_GNTTABOP_COPY = 5,
    XEN_GNTTABOP_QUERY_SIZE = 6,
    XEN_GNTTABOP_SET_VERSION = 8,
    XEN_GNTTABOP_GET_VERSION = 10,

    XEN_GNTMAP_DEVICE_MAP = 1 << 0,
    XEN_GNTMAP_HOST_MAP = 1 << 1,
    XEN_GNTMAP_READONLY = 1 << 2,
    XEN_GNTMAP_APPLICATION_MAP = 1 << 3,
    XEN_GNTMAP_CONTAINS_PTE = 1 << 4,

    XEN_GNTCOPY_SOURCE_GREF = 1 << 0,
    XEN_GNTCOPY_DEST_GREF = 1 << 1,
};
enum { /* the status field of each grant operation */
       XEN_GNTST_OKAY = 0,
       XEN_GNTST_GENERAL_ERROR = -1,
       XEN_GNTST_BAD_DOMAIN = -2,
       XEN_GNTST_BAD_GNTREF = -3,
       XEN_GNTST_BAD_HANDLE = -4,
       XEN_GNTST_BAD_VIRT_ADDR = -5,
       XEN_GNTST_BAD_DEV_ADDR = -6,
       XEN_GNTST_NO_DEVICE_SPACE = -7,
       XEN_GNTST_PERMISSION_DENIED = -8,
       XEN_GNTST_BAD_PAGE = -9,
       XEN_GNTST_BAD_COPY_ARG = -10,
       XEN_GNTST_ADDRESS_TOO_BIG = -11,
       XEN_GNTST_EAGAIN = -12,
       XEN_GNTST_NO_SPACE = -13,
};
struct xen_gnttab_map_grant_ref {
    uint64_t host_addr; /* in: guest-physical address where the page shall appear */
    uint32_t flags;     /* in: XEN_GNTMAP_* */
    xen_grant_ref ref;  /* in */
    xen_domid domid;    /* in */
    int16_t status;     /* out */
    xen_grant_handle handle;
    uint64_t dev_bus_addr;
};
struct xen_gnttab_unmap_grant_ref {
    uint64_t host_addr;
    uint64_t dev_bus_addr;
    xen_grant_handle handle;
    int16_t status;
    uint16_t pad;
};
struct xen_gnttab_setup_table { /* HVM guests: grows the table, frame_list receives frames */
    xen_domid domid;
    uint16_t pad0;
    uint32_t nr_frames;
    int16_t status;
    uint16_t pad1[3];
    xen_address frame_list;
};
struct xen_gnttab_copy_side {
    union {
        xen_grant_ref ref;
        xen_frame frame;
    } u;
    xen_domid domid;
    uint16_t offset;
    uint32_t pad;
};
struct xen_gnttab_copy {
    struct xen_gnttab_copy_side source, dest;
    uint16_t length;
    uint16_t flags; /* XEN_GNTCOPY_* */
    int16_t status;
    uint16_t pad;
};
struct xen_gnttab_query_size {
    xen_domid domid;
    uint16_t pad0;
    uint32_t nr_frames, max_nr_frames;
    int16_t status;
    uint16_t pad1;
};
struct xen_gnttab_set_version {
    uint32_t version; /* in and out */
};
struct xen_gnttab_get_version {
    xen_domid domid;
    uint16_t pad;
    uint32_t version;
};
_Static_assert(sizeof(struct xen_gnttab_map_grant_ref) == 32, "grant_table.h");
_Static_assert(offsetof(struct xen_gnttab_map_grant_ref, handle) == 20, "grant_table.h");
_Static_assert(sizeof(struct xen_gnttab_unmap_grant_ref) == 24, "grant_table.h");
_Static_assert(sizeof(struct xen_gnttab_setup_table) == 24, "grant_table.h");
_Static_assert(sizeof(struct xen_gnttab_copy) == 40, "grant_table.h");
_Static_assert(sizeof(struct xen_gnttab_query_size) == 16, "grant_table.h");

/* --- Memory: memory.h. */
enum {
    XEN_MEMORY_INCREASE_RESERVATION = 0,
    XEN_MEMORY_DECREASE_RESERVATION = 1,
    XEN_MEMORY_MAXIMUM_RAM_PAGE = 2,
    XEN_MEMORY_CURRENT_RESERVATION = 3, /* argument: struct xen_memory_domid */
    XEN_MEMORY_MAXIMUM_RESERVATION = 4,
    XEN_MEMORY_POPULATE_PHYSMAP = 6,
    XEN_MEMORY_ADD_TO_PHYSMAP = 7,
    XEN_MEMORY_MEMORY_MAP = 9,
    XEN_MEMORY_MAXIMUM_GPFN = 14,
    XEN_MEMORY_REMOVE_FROM_PHYSMAP = 15,
    XEN_MEMORY_ADD_TO_PHYSMAP_BATCH = 23,

    XEN_MAPSPACE_SHARED_INFO = 0,
    XEN_MAPSPACE_GRANT_TABLE = 1,
    XEN_MAPSPACE_GMFN = 2,
    XEN_MAPSPACE_GMFN_RANGE = 3,
    XEN_MAPSPACE_GMFN_FOREIGN = 4,
};
struct xen_memory_domid {
    xen_domid domid;
};
struct xen_memory_extents {   /* struct xen_memory_reservation */
    xen_address extent_start; /* of xen_frame[nr_extents] */
    uint64_t nr_extents;
    uint32_t extent_order;
    uint32_t mem_flags;
    xen_domid domid;
    uint16_t pad[3];
};
struct xen_memory_add_to_physmap {
    xen_domid domid;
    uint16_t size; /* XEN_MAPSPACE_GMFN_RANGE only */
    uint32_t space;
    uint64_t idx;
    xen_frame frame;
};
struct xen_memory_remove_from_physmap {
    xen_domid domid;
    uint16_t pad[3];
    xen_frame frame;
};
struct xen_memory_map_request { /* struct xen_memory_map; entries are E820 rows of 20 bytes */
    uint32_t nr_entries;
    uint32_t pad;
    xen_address buffer;
};
_Static_assert(sizeof(struct xen_memory_extents) == 32, "memory.h, xen_memory_reservation");
_Static_assert(sizeof(struct xen_memory_add_to_physmap) == 24, "memory.h");
_Static_assert(sizeof(struct xen_memory_remove_from_physmap) == 16, "memory.h");
_Static_assert(sizeof(struct xen_memory_map_request) == 16, "memory.h");

/* --- HVM operations and parameters: hvm/hvm_op.h, hvm/params.h. */
enum {
    XEN_HVMOP_SET_PARAM = 0,
    XEN_HVMOP_GET_PARAM = 1,
    XEN_HVMOP_FLUSH_TLBS = 5,
    XEN_HVMOP_PAGETABLE_DYING = 9,
    XEN_HVMOP_GET_TIME = 10,
    XEN_HVMOP_GET_MEM_TYPE = 15,
    XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR = 23,
};
enum {
    XEN_HVM_PARAM_CALLBACK_IRQ = 0,
    XEN_HVM_PARAM_STORE_PFN = 1,
    XEN_HVM_PARAM_STORE_EVTCHN = 2,
    XEN_HVM_PARAM_IOREQ_PFN = 5,
    XEN_HVM_PARAM_BUFIOREQ_PFN = 6,
    XEN_HVM_PARAM_VIRIDIAN = 9,
    XEN_HVM_PARAM_TIMER_MODE = 10,
    XEN_HVM_PARAM_HPET_ENABLED = 11,
    XEN_HVM_PARAM_IDENT_PT = 12,
    XEN_HVM_PARAM_ACPI_S_STATE = 14,
    XEN_HVM_PARAM_CONSOLE_PFN = 17,
    XEN_HVM_PARAM_CONSOLE_EVTCHN = 18,
    XEN_HVM_PARAM_ACPI_IOPORTS_LOCATION = 19,
    XEN_HVM_PARAM_TRIPLE_FAULT_REASON = 31,
    XEN_HVM_PARAM_VM_GENERATION_ID_ADDR = 34,
    XEN_HVM_PARAM_COUNT = 39,
};
/* The value of XEN_HVM_PARAM_CALLBACK_IRQ: a type in bits 63:56 and what it needs below. PCI_INTX:
 * bits 47:32 domain, 31:16 bus, 15:8 device and function, 1:0 INTA# to INTD#. */
enum {
    XEN_CALLBACK_GSI = 0,
    XEN_CALLBACK_PCI_INTX = 1,
    XEN_CALLBACK_VECTOR = 2,
};
#define XEN_CALLBACK(type, value) ((uint64_t)(type) << 56 | (uint64_t)(value))
struct xen_hvmop_param {
    xen_domid domid;
    uint16_t pad;
    uint32_t index;
    uint64_t value;
};
struct xen_hvmop_time {
    uint64_t now_ns;
};
struct xen_hvmop_mem_type {
    xen_domid domid;
    uint16_t mem_type;
    uint16_t pad[2];
    xen_frame frame;
};
enum { /* xen_hvmop_mem_type.mem_type */
       XEN_MEM_RAM_RW = 0,
       XEN_MEM_RAM_RO = 1,
       XEN_MEM_MMIO_DM = 2,
};
struct xen_hvmop_upcall_vector {
    uint32_t vcpu;
    uint8_t vector;
    uint8_t pad[3];
};
_Static_assert(sizeof(struct xen_hvmop_param) == 16, "hvm_op.h");
_Static_assert(sizeof(struct xen_hvmop_mem_type) == 16, "hvm_op.h");
_Static_assert(sizeof(struct xen_hvmop_upcall_vector) == 8, "hvm_op.h");

/* --- Scheduling: sched.h. */
enum {
    XEN_SCHEDOP_YIELD = 0,
    XEN_SCHEDOP_BLOCK = 1,
    XEN_SCHEDOP_SHUTDOWN = 2,
    XEN_SCHEDOP_POLL = 3,
    XEN_SCHEDOP_REMOTE_SHUTDOWN = 4,
    XEN_SCHEDOP_SHUTDOWN_CODE = 5,
    XEN_SCHEDOP_WATCHDOG = 6,

    XEN_SHUTDOWN_POWEROFF = 0,
    XEN_SHUTDOWN_REBOOT = 1,
    XEN_SHUTDOWN_SUSPEND = 2,
    XEN_SHUTDOWN_CRASH = 3,
    XEN_SHUTDOWN_WATCHDOG = 4,
};
struct xen_sched_shutdown {
    uint32_t reason;
};
struct xen_sched_poll {
    xen_address ports; /* of xen_port[nr_ports] */
    uint32_t nr_ports;
    uint32_t pad;
    uint64_t timeout_ns; /* absolute system time; 0: none */
};
struct xen_sched_watchdog {
    uint32_t id;
    uint32_t timeout_seconds;
};
_Static_assert(sizeof(struct xen_sched_poll) == 24, "sched.h");

/* --- vCPUs: vcpu.h. (op, vcpu, argument). */
enum {
    XEN_VCPUOP_INITIALISE = 0,
    XEN_VCPUOP_UP = 1,
    XEN_VCPUOP_DOWN = 2,
    XEN_VCPUOP_IS_UP = 3,
    XEN_VCPUOP_GET_RUNSTATE_INFO = 4,
    XEN_VCPUOP_SET_PERIODIC_TIMER = 6,
    XEN_VCPUOP_STOP_PERIODIC_TIMER = 7,
    XEN_VCPUOP_SET_SINGLESHOT_TIMER = 8,
    XEN_VCPUOP_STOP_SINGLESHOT_TIMER = 9,
    XEN_VCPUOP_REGISTER_VCPU_INFO = 10,
    XEN_VCPUOP_REGISTER_VCPU_TIME_AREA = 13,
};
struct xen_vcpuop_register_vcpu_info {
    xen_frame frame;
    uint32_t offset;
    uint32_t reserved;
};
_Static_assert(sizeof(struct xen_vcpuop_register_vcpu_info) == 16, "vcpu.h");

/* --- XenStore's ring page: io/xs_wire.h. (Messages are in core/xen/xs_wire.h.) */
enum {
    XEN_STORE_RING_BYTES = 1024,
    XEN_STORE_PAYLOAD_MAX_BYTES = 4096,
    XEN_STORE_ABS_PATH_MAX_BYTES = 3072,
    XEN_STORE_REL_PATH_MAX_BYTES = 2048,

    XEN_STORE_FEATURE_RECONNECTION = 1, /* server_features */
    XEN_STORE_FEATURE_ERROR = 2,
    XEN_STORE_CONNECTED = 0, /* connection */
    XEN_STORE_RECONNECT = 1, /* the guest asks for a fresh connection; xenstored clears it */
};
struct xen_store_page {
    uint8_t req[XEN_STORE_RING_BYTES]; /* guest to xenstored */
    uint8_t rsp[XEN_STORE_RING_BYTES];
    uint32_t req_cons, req_prod;
    uint32_t rsp_cons, rsp_prod;
    uint32_t server_features;
    uint32_t connection;
    uint32_t error;
};
_Static_assert(sizeof(struct xen_store_page) == 2076, "xs_wire.h, xenstore_domain_interface");

/* --- The console's ring page: io/console.h. */
struct xen_console_page {
    uint8_t in[1024];  /* to the guest */
    uint8_t out[2048]; /* from the guest */
    uint32_t in_cons, in_prod;
    uint32_t out_cons, out_prod;
};
_Static_assert(sizeof(struct xen_console_page) == 3088, "console.h, struct xencons_interface");

#endif
