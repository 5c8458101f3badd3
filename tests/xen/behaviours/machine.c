/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and HVM operations that a driver uses: Xen's pages at frames, ballooning, parameters, and
 * what is refused.
 */
#include "list.h"

static const char group[] = "machine";

static int64_t add_to_physmap(uint32_t domid, uint32_t space, uint64_t index, uint64_t frame)
{
    struct xen_memory_add_to_physmap op = {
        .domid = (uint16_t)domid, .space = space, .idx = index, .frame = frame};
    return call_memory(XEN_MEMORY_ADD_TO_PHYSMAP, &op);
}

static int64_t change(uint32_t what, uint64_t *frames, uint64_t count, uint32_t order)
{
    struct xen_memory_extents op = {.extent_start = (uintptr_t)frames,
                                    .nr_extents = count,
                                    .extent_order = order,
                                    .domid = XEN_DOMID_SELF};
    return call_memory(what, &op);
}

static int64_t reservation(uint32_t domid)
{
    struct xen_memory_domid op = {(uint16_t)domid};
    return call_memory(XEN_MEMORY_CURRENT_RESERVATION, &op);
}

static void xen_pages(void)
{
    uint64_t hole = env_hole_new(), other = env_hole_new(), page = env_page_new();
    uint32_t self = XEN_DOMID_SELF;
    ROW("grant frame 5", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 5, hole), 0);
    struct xen_grant_entry *entries = env_at(hole);
    ROW("is empty", entries[0].flags, 0);
    entries[9].frame = 0x1234;
    ROW("its entries are the table's: 6 frames", entries[9].frame, 0x1234);
    int64_t moved = add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 5, other);
    ROW("the same at another frame", moved, 0);
    entries = env_at(other);
    ROW("with its content", entries[9].frame, 0x1234);
    entries[9].frame = 0;
    ROW("grant frame 64", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 64, hole),
        -XEN_ERROR_EINVAL);
    ROW("over a page of RAM", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 6, page), 0);
    ROW("a second shared info", add_to_physmap(self, XEN_MAPSPACE_SHARED_INFO, 1, hole),
        -XEN_ERROR_EINVAL);
    ROW("a space that is none", add_to_physmap(self, 77, 0, hole), -XEN_ERROR_EINVAL);
    ROW("into dom0, which is a PV domain", add_to_physmap(0, XEN_MAPSPACE_GRANT_TABLE, 0, hole),
        -XEN_ERROR_EACCES);
    ROW("of no domain", add_to_physmap(0x6fff, XEN_MAPSPACE_GRANT_TABLE, 0, hole),
        -XEN_ERROR_ESRCH);
    ROW("an operation that is none", call_memory(63, &hole), -XEN_ERROR_ENOSYS);
}

static void balloon(void)
{
    uint64_t frames[2] = {env_page_new(), env_page_new()};
    int64_t before = reservation(XEN_DOMID_SELF);
    ROW("two pages given back", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 2, 0), 2);
    ROW("two fewer", before - reservation(XEN_DOMID_SELF), 2);
    ROW("once more: they are not there", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 2, 0), 0);
    ROW("two taken", change(XEN_MEMORY_POPULATE_PHYSMAP, frames, 2, 0), 2);
    ROW("as before", before - reservation(XEN_DOMID_SELF), 0);
    ROW("nothing given back", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 0, 0), 0);
    ROW("an order that cannot be", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 1, 40), 0);
    ROW("of dom0", reservation(0), -XEN_ERROR_EPERM);
    ROW("of no domain", reservation(0x6fff), -XEN_ERROR_ESRCH);
}

static int64_t remove_page(uint32_t domid, uint64_t frame)
{
    struct xen_memory_remove_from_physmap op = {.domid = (uint16_t)domid, .frame = frame};
    return call_memory(XEN_MEMORY_REMOVE_FROM_PHYSMAP, &op);
}

static void pages_removed(void)
{
    uint64_t page = env_page_new(), hole = env_hole_new();
    ROW("remove a page of RAM", remove_page(XEN_DOMID_SELF, page), 0);
    ROW("again", remove_page(XEN_DOMID_SELF, page), -XEN_ERROR_ENOENT);
    ROW("what never was", remove_page(XEN_DOMID_SELF, hole), -XEN_ERROR_ENOENT);
    ROW("of dom0, a PV domain", remove_page(0, page), -XEN_ERROR_EACCES);
    ROW("of no domain", remove_page(0x6fff, page), -XEN_ERROR_ESRCH);
    add_to_physmap(XEN_DOMID_SELF, XEN_MAPSPACE_GRANT_TABLE, 7, hole);
    ROW("a page of Xen's", remove_page(XEN_DOMID_SELF, hole), 0);
    ROW("which comes back elsewhere",
        add_to_physmap(XEN_DOMID_SELF, XEN_MAPSPACE_GRANT_TABLE, 7, env_hole_new()), 0);
    uint64_t there = env_page_new(); /* what is in a new page is nobody's promise */
    ROW("populate where a page is", change(XEN_MEMORY_POPULATE_PHYSMAP, &there, 1, 0), 1);
    ROW("a bad list",
        change(XEN_MEMORY_POPULATE_PHYSMAP, (void *)(uintptr_t)env_bad_address(), 1, 0), 0);
    uint8_t rows[20 * 4];
    struct xen_memory_map_request map = {.nr_entries = 4, .buffer = (uintptr_t)rows};
    ROW("the memory map", call_memory(XEN_MEMORY_MEMORY_MAP, &map), 0);
    ROW("has rows", map.nr_entries > 0, true);
}

void behave_memory(void)
{
    xen_pages();
    balloon();
    pages_removed();
}

static int64_t param(uint32_t op, uint32_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvmop_param argument = {.domid = (uint16_t)domid, .index = index, .value = *value};
    int64_t error = call_hvm(op, &argument);
    *value = argument.value;
    return error;
}

static int64_t set_vector(uint32_t vcpu, uint8_t vector)
{
    struct xen_hvmop_upcall_vector op = {.vcpu = vcpu, .vector = vector};
    return call_hvm(XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, &op);
}

/* What a guest may get; what is only somebody else's business; the rest, Xen does not know. */
static int64_t answer_for(uint32_t index)
{
    switch (index) {
    case XEN_HVM_PARAM_CALLBACK_IRQ:
    case XEN_HVM_PARAM_STORE_PFN:
    case XEN_HVM_PARAM_STORE_EVTCHN:
    case XEN_HVM_PARAM_CONSOLE_PFN:
    case XEN_HVM_PARAM_CONSOLE_EVTCHN:
    case XEN_HVM_PARAM_ACPI_IOPORTS_LOCATION:
    case XEN_HVM_PARAM_VM_GENERATION_ID_ADDR:
    case 15: /* the TSS of virtual 8086 mode */
    case 35: /* ALTP2M */
    case 36: /* X87_FIP_WIDTH */
    case 37: /* that TSS with its size */
        return 0;
    case 4: /* of older versions, and of the hypervisor's own */
    case 13:
    case 20:
    case 21:
    case 22:
    case 23:
    case 24:
    case 25:
    case 26:
    case 30:
        return -XEN_ERROR_EINVAL;
    default:
        return -XEN_ERROR_EPERM;
    }
}

static void each_param(void)
{
    static char what[] = "get parameter 00";
    for (uint32_t index = 0; index < XEN_HVM_PARAM_COUNT; index++) {
        uint64_t value = 0;
        what[14] = (char)('0' + index / 10);
        what[15] = (char)('0' + index % 10);
        ROW(what, param(XEN_HVMOP_GET_PARAM, XEN_DOMID_SELF, index, &value), answer_for(index));
    }
}

static int64_t poll_port(xen_port port, uint32_t count, uint64_t timeout_ns, uint64_t address)
{
    struct xen_sched_poll op = {
        .ports = address ? address : (uintptr_t)&port, .nr_ports = count, .timeout_ns = timeout_ns};
    return env_hypercall(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_POLL, (uintptr_t)&op, 0);
}

static void scheduling(void)
{
    uint32_t port = (uint32_t)new_unbound(XEN_DOMID_SELF);
    uint32_t other = (uint32_t)bind_to(XEN_DOMID_SELF, port);
    ROW("yield", env_hypercall(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0, 0), 0);
    ROW("poll of a pending port", poll_port(other, 1, 0, 0), 0);
    ROW("poll with a time that is over", poll_port(port, 1, 1, 0), 0);
    ROW("of too many ports", poll_port(port, 129, 1, 0), -XEN_ERROR_EINVAL);
    ROW("of a port that cannot be", poll_port(1 << 20, 1, 1, 0), -XEN_ERROR_EINVAL);
    ROW("at a bad address", poll_port(0, 1, 1, env_bad_address()), -XEN_ERROR_EFAULT);
    ROW("an operation that is none", env_hypercall(XEN_HYPERCALL_SCHED_OP, 99, 0, 0),
        -XEN_ERROR_ENOSYS);
    bit_clear(env_shared_info()->evtchn_pending, other);
    close_port(other);
    close_port(port);
}

static int64_t register_info(uint32_t vcpu, uint64_t frame, uint32_t offset)
{
    struct xen_vcpuop_register_vcpu_info op = {.frame = frame, .offset = offset};
    return env_hypercall(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_REGISTER_VCPU_INFO, vcpu,
                         (uintptr_t)&op);
}

static void vcpu_info(void)
{
    uint64_t page = env_page_new();
    ROW("vcpu_info across the page's end", register_info(0, page, 4096 - 56), -XEN_ERROR_ENXIO);
    ROW("of another vCPU", register_info(1, page, 0), -XEN_ERROR_EINVAL);
    ROW("where nothing is", register_info(0, env_hole_new(), 0), -XEN_ERROR_EINVAL);
    ROW("of no vCPU", register_info(env_vcpus(), page, 0), -XEN_ERROR_ENOENT);
}

static int64_t version(uint32_t what)
{
    static uint8_t answer[1024];
    return env_hypercall(XEN_HYPERCALL_XEN_VERSION, what, (uintptr_t)answer, 0);
}

static void versions(void)
{
    ROW("the extra version", version(XEN_VERSION_EXTRAVERSION), 0);
    ROW("the capabilities", version(XEN_VERSION_CAPABILITIES), 0);
    ROW("the change set", version(XEN_VERSION_CHANGESET), 0);
    ROW("the compiler", version(XEN_VERSION_COMPILE_INFO), 0);
    ROW("the guest's handle", version(XEN_VERSION_GUEST_HANDLE), 0);
    ROW("the command line", version(XEN_VERSION_COMMANDLINE), 0);
    ROW("a version of nothing", version(99), -XEN_ERROR_ENOSYS);
    ROW("at a bad address",
        env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_EXTRAVERSION, env_bad_address(), 0),
        -XEN_ERROR_EFAULT);
}

void behave_hvm(void)
{
    uint32_t get = XEN_HVMOP_GET_PARAM, set = XEN_HVMOP_SET_PARAM, self = XEN_DOMID_SELF;
    uint64_t value = 0;
    ROW("get the store's port", param(get, self, XEN_HVM_PARAM_STORE_EVTCHN, &value), 0);
    ROW("get the store's page", param(get, self, XEN_HVM_PARAM_STORE_PFN, &value), 0);
    ROW("is what is granted", value, env_grant_table()[1].frame);
    ROW("set it", param(set, self, XEN_HVM_PARAM_STORE_PFN, &value), -XEN_ERROR_EPERM);
    ROW("get of dom0, which is no HVM domain", param(get, 0, XEN_HVM_PARAM_STORE_PFN, &value),
        -XEN_ERROR_EINVAL);
    ROW("get of no domain", param(get, 0x6fff, XEN_HVM_PARAM_STORE_PFN, &value), -XEN_ERROR_ESRCH);
    ROW("a parameter beyond the last", param(get, self, XEN_HVM_PARAM_COUNT, &value),
        -XEN_ERROR_EINVAL);
    ROW("one that is not the guest's", param(get, self, XEN_HVM_PARAM_IOREQ_PFN, &value),
        -XEN_ERROR_EPERM);
    ROW("a vector below 16", set_vector(0, 15), -XEN_ERROR_EINVAL);
    ROW("a vector of no vCPU", set_vector(env_vcpus(), env_upcall_vector()), -XEN_ERROR_ENOENT);
    uint32_t before = env_upcalls(1);
    ROW("a vector of vCPU 1", set_vector(1, env_upcall_vector()), 0);
    env_settle();
    ROW("raises it once", env_upcalls(1) - before, 1);
    ROW("an operation that is none", call_hvm(99, &value), -XEN_ERROR_ENOSYS);
    ROW("the version", env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_VERSION, 0, 0),
        4 << 16 | 17);
    struct xen_version_features features = {0};
    ROW("features",
        env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_GET_FEATURES, (uintptr_t)&features, 0),
        0);
    uint32_t wanted = 1u << XEN_FEATURE_AUTO_TRANSLATED_PHYSMAP |
                      1u << XEN_FEATURE_HVM_CALLBACK_VECTOR | 1u << XEN_FEATURE_HVM_SAFE_PVCLOCK;
    ROW("those that a driver asks for", features.submap & wanted, wanted);
    features.submap_index = 1;
    ROW("features beyond the last",
        env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_GET_FEATURES, (uintptr_t)&features, 0),
        -XEN_ERROR_EINVAL);
    ROW("the page's size", env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_PAGESIZE, 0, 0),
        4096);
    ROW("console_io",
        env_hypercall(XEN_HYPERCALL_CONSOLE_IO, XEN_CONSOLEIO_WRITE, 1, (uintptr_t) "\n"),
        -XEN_ERROR_EPERM);
    ROW("a hypercall that is none", env_hypercall(63, 0, 0, 0), -XEN_ERROR_ENOSYS);
    ROW("is vCPU 0 up", env_hypercall(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_IS_UP, 0, 0), 1);
    each_param();
    scheduling();
    vcpu_info();
    versions();
    ROW("is no vCPU up", env_hypercall(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_IS_UP, env_vcpus(), 0),
        -XEN_ERROR_ENOENT);
}
