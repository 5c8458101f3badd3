/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Xen tells an HVM guest about the machine and lets it set: HVM parameters, upcall vectors,
 * vCPU registration, versions and features, and the times in the shared-info page.
 */
#include "internal.h"

enum { LX_CLOCK_GETTIME = 228, LX_CLOCK_REALTIME = 0, LX_CLOCK_MONOTONIC = 1 };

/* --- Time */

static uint64_t host_clock(int which)
{
    int64_t now[2] = {0, 0};
    lx_syscall3(LX_CLOCK_GETTIME, which, LX_ADDRESS(now), 0);
    return (uint64_t)now[0] * 1000000000u + (uint64_t)now[1];
}

void time_now(struct simxen_guest *guest, uint64_t *system_ns, uint64_t *wall_ns)
{
    if (guest->config.clock) {
        guest->config.clock(guest->config.context, system_ns, wall_ns);
        return;
    }
    uint64_t monotonic = host_clock(LX_CLOCK_MONOTONIC);
    if (!guest->boot_monotonic_ns)
        guest->boot_monotonic_ns = monotonic - 1000000000u; /* the machine booted a second ago */
    *system_ns = monotonic - guest->boot_monotonic_ns;
    *wall_ns = host_clock(LX_CLOCK_REALTIME);
}

/* A factor of 0 makes the guest's formula give the system time of the last publication: exact when
 * the machine's time is a model's, and never ahead of it. */
void time_publish(struct simxen_guest *guest)
{
    enum { NARROW_WALL_CLOCK = 2048 + 256 };
    uint64_t system_ns, wall_ns;
    uint32_t *clock = guest->wide
                          ? &guest->shared->wc_version
                          : (uint32_t *)(void *)((uint8_t *)guest->shared + NARROW_WALL_CLOCK);
    time_now(guest, &system_ns, &wall_ns);
    uint64_t boot_ns = wall_ns - system_ns;
    if (clock[1] != (uint32_t)(boot_ns / 1000000000u)) { /* version, sec, nsec, sec_hi */
        __atomic_fetch_add(&clock[0], 1, __ATOMIC_SEQ_CST);
        clock[1] = (uint32_t)(boot_ns / 1000000000u);
        clock[2] = (uint32_t)(boot_ns % 1000000000u);
        if (guest->wide)
            clock[3] = (uint32_t)(boot_ns / 1000000000u >> 32);
        __atomic_fetch_add(&clock[0], 1, __ATOMIC_SEQ_CST);
    }
    for (uint32_t i = 0; i < guest->config.vcpus; i++) {
        struct xen_vcpu_time *time = &guest->vcpus[i].info->time;
        __atomic_fetch_add(&time->version, 1, __ATOMIC_SEQ_CST);
        time->system_time_ns = system_ns;
        time->tsc_to_system_mul = 0;
        __atomic_fetch_add(&time->version, 1, __ATOMIC_SEQ_CST);
    }
}

/* --- HVM operations */

static bool guest_may_set(uint32_t index)
{
    switch (index) {
    case XEN_HVM_PARAM_CALLBACK_IRQ:
    case XEN_HVM_PARAM_STORE_EVTCHN:
    case XEN_HVM_PARAM_CONSOLE_EVTCHN:
    case XEN_HVM_PARAM_ACPI_IOPORTS_LOCATION:
    case XEN_HVM_PARAM_VM_GENERATION_ID_ADDR:
        return true;
    default:
        return false;
    }
}

/* Xen knows of some parameters no more, or keeps them to itself: it calls those invalid. */
static bool is_obsolete(uint32_t index)
{
    return index == 4 || index == 13 || (index >= 20 && index <= 26) || index == 30;
}

static bool guest_may_get(uint32_t index)
{
    enum { VM86_TSS = 15, ALTP2M = 35, X87_FIP_WIDTH = 36, VM86_TSS_SIZED = 37 };
    return guest_may_set(index) || index == XEN_HVM_PARAM_STORE_PFN ||
           index == XEN_HVM_PARAM_CONSOLE_PFN || index == VM86_TSS || index == ALTP2M ||
           index == X87_FIP_WIDTH || index == VM86_TSS_SIZED;
}

/* Whatever the value: the call tells Xen that the guest has 64 bits. */
static void set_callback(struct simxen_guest *guest)
{
    guest->wide = true;
    struct guest_vcpu *vcpu = &guest->vcpus[0];
    if (vcpu->info->upcall_pending && !vcpu->vector && guest->params[XEN_HVM_PARAM_CALLBACK_IRQ])
        vcpu->interrupt = true; /* a line that is asserted from the start */
}

static int64_t param(struct simxen_guest *guest, uint64_t argument, bool set)
{
    struct xen_hvmop_param op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.index >= XEN_HVM_PARAM_COUNT)
        return -XEN_ERROR_EINVAL; /* before the domain is looked for */
    int error = guest_domain_check(guest, op.domid);
    if (error) /* dom0 is no HVM domain */
        return error == -XEN_ERROR_EPERM && op.domid == 0 ? -XEN_ERROR_EINVAL : error;
    if (!set && is_obsolete(op.index))
        return -XEN_ERROR_EINVAL;
    if (!(set ? guest_may_set(op.index) : guest_may_get(op.index)))
        return -XEN_ERROR_EPERM;
    if (!set) {
        op.value = guest->params[op.index];
        return guest_copy_out(guest, argument, &op, sizeof(op));
    }
    guest->params[op.index] = op.value;
    if (op.index == XEN_HVM_PARAM_CALLBACK_IRQ) {
        set_callback(guest);
        time_publish(guest);
    }
    return 0;
}

static int64_t set_upcall_vector(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_hvmop_upcall_vector op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.vector < 0x10)
        return -XEN_ERROR_EINVAL;
    struct guest_vcpu *vcpu = guest_vcpu(guest, op.vcpu);
    if (!vcpu)
        return -XEN_ERROR_ENOENT;
    vcpu->vector = op.vector;
    vcpu->interrupt = true; /* Xen asserts it once, whether or not something is pending */
    return 0;
}

static int64_t get_mem_type(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_hvmop_mem_type op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = guest_domain_check(guest, op.domid);
    if (error)
        return error;
    uint8_t kind = op.frame < SIMXEN_GUEST_FRAMES ? guest->frames[op.frame].kind : FRAME_NONE;
    op.mem_type = kind == FRAME_NONE               ? XEN_MEM_MMIO_DM
                  : kind == FRAME_FOREIGN_READONLY ? XEN_MEM_RAM_RO
                                                   : XEN_MEM_RAM_RW;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

static int64_t get_time(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_hvmop_time op;
    uint64_t wall_ns;
    time_now(guest, &op.now_ns, &wall_ns);
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

int64_t hvm_op(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    switch (op) {
    case XEN_HVMOP_SET_PARAM:
    case XEN_HVMOP_GET_PARAM:
        return param(guest, argument, op == XEN_HVMOP_SET_PARAM);
    case XEN_HVMOP_FLUSH_TLBS:
        return argument ? -XEN_ERROR_EINVAL : 0;
    case XEN_HVMOP_PAGETABLE_DYING:
        return 0;
    case XEN_HVMOP_GET_TIME:
        return get_time(guest, argument);
    case XEN_HVMOP_GET_MEM_TYPE:
        return get_mem_type(guest, argument);
    case XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR:
        return set_upcall_vector(guest, argument);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}

/* --- vCPUs and versions */

int64_t vcpu_op(struct simxen_guest *guest, uint32_t caller, uint64_t op, uint64_t vcpu,
                uint64_t argument)
{
    struct xen_vcpuop_register_vcpu_info where;
    if (vcpu > UINT32_MAX || !guest_vcpu(guest, (uint32_t)vcpu))
        return -XEN_ERROR_ENOENT;
    switch (op) {
    case XEN_VCPUOP_IS_UP:
        return 1;
    case XEN_VCPUOP_REGISTER_VCPU_INFO:
        if (guest_copy_in(guest, &where, argument, sizeof(where)))
            return -XEN_ERROR_EFAULT;
        return delivery_register_vcpu_info(guest, caller, (uint32_t)vcpu, &where);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}

static int64_t features(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_version_features op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.submap_index)
        return -XEN_ERROR_EINVAL;
    op.submap = 1u << XEN_FEATURE_MEMORY_OP_VNODE_SUPPORTED |
                1u << XEN_FEATURE_AUTO_TRANSLATED_PHYSMAP | 1u << XEN_FEATURE_HVM_SAFE_PVCLOCK |
                1u << XEN_FEATURE_HVM_CALLBACK_VECTOR;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

int64_t xen_version_op(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    static const char extra[16] = ".7", changeset[64] = "unavailable";
    static const char compile_info[144], handle[16], denied[1024] = "<denied>";
    static const char capabilities[1024] = "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_64 ";
    switch (op) {
    case XEN_VERSION_COMPILE_INFO:
        return guest_copy_out(guest, argument, compile_info, sizeof(compile_info));
    case XEN_VERSION_CAPABILITIES:
        return guest_copy_out(guest, argument, capabilities, sizeof(capabilities));
    case XEN_VERSION_GUEST_HANDLE:
        return guest_copy_out(guest, argument, handle, sizeof(handle));
    case XEN_VERSION_COMMANDLINE:
        return guest_copy_out(guest, argument, denied, sizeof(denied));
    case XEN_VERSION_VERSION:
        return 4 << 16 | 17;
    case XEN_VERSION_EXTRAVERSION:
        return guest_copy_out(guest, argument, extra, sizeof(extra));
    case XEN_VERSION_CHANGESET:
        return guest_copy_out(guest, argument, changeset, sizeof(changeset));
    case XEN_VERSION_GET_FEATURES:
        return features(guest, argument);
    case XEN_VERSION_PAGESIZE:
        return XEN_PAGE_BYTES;
    default:
        return -XEN_ERROR_ENOSYS;
    }
}
