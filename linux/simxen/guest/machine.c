/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine: opening it for a domain, the hypercall entry, callbacks, suspend and resume.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { XEN_LEAF_BASE = XEN_LEAF_FIRST_BASE };

struct guest_vcpu *guest_vcpu(struct simxen_guest *guest, uint32_t vcpu)
{
    return vcpu < guest->config.vcpus ? &guest->vcpus[vcpu] : NULL;
}

static void *at_address(struct simxen_guest *guest, uint64_t address, size_t bytes, unsigned access)
{
    if (guest->config.translate)
        return guest->config.translate(guest->config.context, address, bytes, access);
    return (void *)(uintptr_t)address;
}

int guest_copy_in(struct simxen_guest *guest, void *to, uint64_t address, size_t bytes)
{
    const void *from = at_address(guest, address, bytes, SIMXEN_GUEST_READ);
    if (!from)
        return -XEN_ERROR_EFAULT;
    memcpy(to, from, bytes);
    return 0;
}

int guest_copy_out(struct simxen_guest *guest, uint64_t address, const void *from, size_t bytes)
{
    void *to = at_address(guest, address, bytes, SIMXEN_GUEST_WRITE);
    if (!to)
        return -XEN_ERROR_EFAULT;
    memcpy(to, from, bytes);
    return 0;
}

int guest_domain_check(struct simxen_guest *guest, uint32_t domid)
{
    struct simxen_port_status status;
    if (domid == XEN_DOMID_SELF || domid == guest->domid)
        return 0;
    return simxen_evtchn_status(guest->sx, domid, 0, &status) == -LX_ESRCH ? -XEN_ERROR_ESRCH
                                                                           : -XEN_ERROR_EPERM;
}

/* --- Opening and closing */

/* The machine becomes the domain's kernel. Its memory stays what it was, if there was one. */
static int become(struct simxen_guest *guest, uint32_t domid)
{
    struct sx_request request = {.op = SX_GUEST_ATTACH};
    struct sx_reply reply;
    uint32_t ports[2];
    int fd = -1, error = simxen_open(&guest->sx, guest->config.dir, domid);
    if (!error)
        error = simxen_evtchn_open(guest->sx, &guest->events);
    if (error)
        return error;
    request.handle = guest->events->id;
    request.count = (uint32_t)(guest->config.memory_bytes / XEN_PAGE_BYTES);
    error = simxen_call(guest->sx, &request, NULL, 0, &reply, ports, 2, &fd);
    if (!error && (reply.count != 2 || fd < 0))
        error = -LX_EPROTO;
    if (error)
        return error;
    guest->domid = domid;
    guest->memory_fd = fd;
    guest->ram_frames = reply.value;
    guest->grant_frames = 1;
    guest->shown_shared_info = UINT32_MAX;
    memset(guest->shown_grant_frame, 0xff, sizeof(guest->shown_grant_frame));
    memset(guest->ports, 0, sizeof(guest->ports));
    memset(guest->params, 0, sizeof(guest->params));
    guest->valid_ports = 64;
    guest->reserved_ports = 0;
    guest->params[XEN_HVM_PARAM_STORE_PFN] = SX_GUEST_STORE_FRAME;
    guest->params[XEN_HVM_PARAM_STORE_EVTCHN] = ports[0];
    guest->params[XEN_HVM_PARAM_CONSOLE_PFN] = SX_GUEST_CONSOLE_FRAME;
    guest->params[XEN_HVM_PARAM_CONSOLE_EVTCHN] = ports[1];
    return delivery_open(guest);
}

int simxen_guest_open(struct simxen_guest **out, const struct simxen_guest_config *config)
{
    uint64_t frames = config->memory_bytes / XEN_PAGE_BYTES;
    if (!config->dir || !config->vcpus || config->vcpus > SIMXEN_GUEST_MAX_VCPUS ||
        config->memory_bytes % XEN_PAGE_BYTES || !frames || frames > SIMXEN_GUEST_MAX_RAM_FRAMES)
        return -LX_EINVAL;
    struct simxen_guest *guest = calloc(1, sizeof(*guest));
    if (!guest)
        return -LX_ENOMEM;
    guest->config = *config;
    guest->memory_fd = -1;
    int error = become(guest, config->domid);
    if (!error)
        error = memory_open(guest);
    if (error) {
        simxen_guest_close(guest);
        return error;
    }
    time_publish(guest);
    *out = guest;
    return 0;
}

static void leave(struct simxen_guest *guest)
{
    delivery_close(guest);
    if (guest->events)
        simxen_evtchn_close(guest->events);
    simxen_close(guest->sx);
    guest->events = NULL;
    guest->sx = NULL;
}

void simxen_guest_close(struct simxen_guest *guest)
{
    if (!guest)
        return;
    leave(guest);
    memory_close(guest);
    free(guest);
}

uint32_t simxen_guest_domid(const struct simxen_guest *guest)
{
    return guest->domid;
}

int simxen_guest_fd(const struct simxen_guest *guest)
{
    return guest->events->fd;
}

int simxen_guest_resume(struct simxen_guest *guest, uint32_t domid)
{
    int old_fd = guest->events->fd, old_memory = guest->memory_fd;
    if (!guest->stopped)
        return -LX_EINVAL;
    lx_lock(&guest->lock);
    int kept_fd = (int)lx_syscall3(32, old_fd, 0, 0); /* dup: the number must stay taken */
    leave(guest);
    lx_dup3(kept_fd, old_fd, LX_O_CLOEXEC);
    int error = become(guest, domid);
    if (guest->events) {
        lx_dup3(guest->events->fd, old_fd, LX_O_CLOEXEC);
        lx_close(guest->events->fd);
        guest->events->fd = old_fd;
    }
    lx_close(kept_fd);
    if (!error) {
        lx_close(old_memory);
        error = memory_restore(guest);
    }
    guest->wide = true; /* a restored domain begins with 64 bits */
    if (!error)
        time_publish(guest);
    lx_unlock(&guest->lock);
    return error;
}

/* --- Callbacks, when the lock is free */

static uint8_t due_upcall(struct simxen_guest *guest, uint32_t *vcpu)
{
    bool by_vector = guest->params[XEN_HVM_PARAM_CALLBACK_IRQ] >> 56 == XEN_CALLBACK_VECTOR;
    for (; *vcpu < guest->config.vcpus; ++*vcpu) {
        struct guest_vcpu *of = &guest->vcpus[*vcpu];
        bool due = of->interrupt && (of->vector || by_vector || *vcpu == 0);
        of->interrupt = false;
        if (due)
            return of->vector;
    }
    return 0;
}

static void tell_log(struct simxen_guest *guest, const void *bytes, size_t count)
{
    if (guest->config.log)
        guest->config.log(guest->config.context, bytes, count);
    else
        lx_write(2, bytes, count);
}

static bool set_shutdown(struct simxen_guest *guest, uint32_t reason)
{
    struct sx_request request = {.op = SX_SHUTDOWN, .port = reason};
    return simxen_simple(guest->sx, &request) >= 0;
}

void guest_crash(struct simxen_guest *guest, const char *why)
{
    guest->crashed = why;
}

static void tell_crash(struct simxen_guest *guest)
{
    static const char text[] = "Xen would crash this domain: ";
    const char *why = guest->crashed;
    guest->crashed = NULL;
    set_shutdown(guest, XEN_SHUTDOWN_CRASH);
    lx_unlock(&guest->lock);
    tell_log(guest, text, sizeof(text) - 1);
    tell_log(guest, why, strlen(why));
    tell_log(guest, "\n", 1);
    if (guest->config.shutdown)
        guest->config.shutdown(guest->config.context, XEN_SHUTDOWN_CRASH);
    lx_lock(&guest->lock);
}

static void unlock_and_tell(struct simxen_guest *guest)
{
    if (guest->crashed)
        tell_crash(guest);
    for (uint32_t vcpu = 0; guest->config.upcall; vcpu++) {
        uint8_t vector = due_upcall(guest, &vcpu);
        if (vcpu >= guest->config.vcpus)
            break;
        lx_unlock(&guest->lock);
        guest->config.upcall(guest->config.context, vcpu, vector);
        lx_lock(&guest->lock);
    }
    lx_unlock(&guest->lock);
}

void simxen_guest_pump(struct simxen_guest *guest)
{
    lx_lock(&guest->lock);
    delivery_drain(guest);
    time_publish(guest);
    unlock_and_tell(guest);
}

bool simxen_guest_line(struct simxen_guest *guest)
{
    lx_lock(&guest->lock);
    uint64_t callback = guest->params[XEN_HVM_PARAM_CALLBACK_IRQ];
    bool is_line = callback && callback >> 56 <= XEN_CALLBACK_PCI_INTX && !guest->vcpus[0].vector;
    bool level = is_line && guest->vcpus[0].info->upcall_pending;
    lx_unlock(&guest->lock);
    return level;
}

int simxen_guest_virq(struct simxen_guest *guest, uint32_t vcpu, uint32_t virq)
{
    lx_lock(&guest->lock);
    int error = event_channel_raise_virq(guest, vcpu, virq);
    unlock_and_tell(guest);
    return error;
}

/* --- Hypercalls */

void simxen_guest_port_e9(struct simxen_guest *guest, uint8_t byte)
{
    uint8_t line[sizeof(guest->line)];
    uint32_t count = 0;
    lx_lock(&guest->lock);
    guest->line[guest->line_bytes++] = byte;
    if (byte == '\n' || guest->line_bytes == sizeof(guest->line)) {
        count = guest->line_bytes;
        memcpy(line, guest->line, count);
        guest->line_bytes = 0;
    }
    lx_unlock(&guest->lock);
    if (count)
        tell_log(guest, line, count);
}

/* The toolstack's part is played without the lock: it makes calls on this machine. */
static int64_t shut_down(struct simxen_guest *guest, uint32_t vcpu, uint64_t argument)
{
    struct xen_sched_shutdown op;
    bool restored = false;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    set_shutdown(guest, op.reason);
    guest->stopped = true;
    lx_unlock(&guest->lock);
    if (guest->config.shutdown)
        restored = guest->config.shutdown(guest->config.context, op.reason);
    lx_lock(&guest->lock);
    guest->stopped = false;
    if (restored || op.reason != XEN_SHUTDOWN_SUSPEND)
        return 0;
    set_shutdown(guest, SX_RUNNING);
    return vcpu == 0; /* libxl writes the 1 into vCPU 0's registers, whoever called */
}

static bool any_pending(struct simxen_guest *guest, const struct xen_sched_poll *op, int64_t *error)
{
    *error = 0;
    for (uint32_t i = 0; i < op->nr_ports; i++) {
        xen_port port;
        if (guest_copy_in(guest, &port, op->ports + i * sizeof(port), sizeof(port)))
            *error = -XEN_ERROR_EFAULT;
        else if (port >= guest->valid_ports)
            *error = -XEN_ERROR_EINVAL;
        if (*error || delivery_is_pending(guest, port))
            return true;
    }
    return false;
}

/* Waits only when time is the host's; a modelled machine goes on at once and looks again. */
static int64_t poll_ports(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_sched_poll op;
    int64_t error;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.nr_ports > 128)
        return -XEN_ERROR_EINVAL;
    for (;;) {
        uint64_t now_ns, wall_ns;
        delivery_drain(guest);
        time_now(guest, &now_ns, &wall_ns);
        if (any_pending(guest, &op, &error) || guest->config.clock)
            return error;
        if (op.timeout_ns && now_ns >= op.timeout_ns)
            return 0;
        int wait_ms = op.timeout_ns ? (int)((op.timeout_ns - now_ns) / 1000000 % 100000 + 1) : -1;
        struct lx_pollfd fd = {guest->events->fd, LX_POLLIN, 0};
        lx_unlock(&guest->lock);
        lx_poll(&fd, 1, wait_ms);
        lx_lock(&guest->lock);
    }
}

static int64_t sched_op(struct simxen_guest *guest, uint32_t vcpu, uint64_t op, uint64_t argument)
{
    switch (op) {
    case XEN_SCHEDOP_YIELD:
        return 0;
    case XEN_SCHEDOP_BLOCK:
        delivery_drain(guest);
        return 0;
    case XEN_SCHEDOP_SHUTDOWN:
        return shut_down(guest, vcpu, argument);
    case XEN_SCHEDOP_POLL:
        return poll_ports(guest, argument);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}

int64_t simxen_guest_hypercall(struct simxen_guest *guest, uint32_t vcpu, uint32_t number,
                               uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    int64_t result = -XEN_ERROR_ENOSYS;
    (void)a4;
    (void)a5;
    lx_lock(&guest->lock);
    switch (number) {
    case XEN_HYPERCALL_MEMORY_OP:
        result = memory_op(guest, a1, a2);
        break;
    case XEN_HYPERCALL_XEN_VERSION:
        result = xen_version_op(guest, a1, a2);
        break;
    case XEN_HYPERCALL_CONSOLE_IO:
        result = -XEN_ERROR_EPERM; /* a guest has port 0xe9 */
        break;
    case XEN_HYPERCALL_GRANT_TABLE_OP:
        result = grant_table_op(guest, a1, a2, a3);
        break;
    case XEN_HYPERCALL_VCPU_OP:
        result = vcpu_op(guest, vcpu, a1, a2, a3);
        break;
    case XEN_HYPERCALL_SCHED_OP:
        result = sched_op(guest, vcpu, a1, a2);
        break;
    case XEN_HYPERCALL_EVENT_CHANNEL_OP:
        result = event_channel_op(guest, a1, a2);
        break;
    case XEN_HYPERCALL_HVM_OP:
        result = hvm_op(guest, a1, a2);
        break;
    }
    unlock_and_tell(guest);
    return result;
}

void simxen_guest_cpuid(struct simxen_guest *guest, uint32_t vcpu, uint32_t leaf, uint32_t subleaf,
                        uint32_t out[4])
{
    memset(out, 0, 4 * sizeof(uint32_t));
    switch (leaf - (uint32_t)XEN_LEAF_BASE) {
    case XEN_LEAF_SIGNATURE:
        out[0] = XEN_LEAF_BASE + XEN_LEAF_HVM;
        out[1] = XEN_LEAF_SIGNATURE_EBX;
        out[2] = XEN_LEAF_SIGNATURE_ECX;
        out[3] = XEN_LEAF_SIGNATURE_EDX;
        break;
    case XEN_LEAF_VERSION:
        out[0] = 4 << 16 | 17;
        break;
    case XEN_LEAF_HYPERCALL:
        out[0] = 1;
        out[1] = 0x40000000;
        break;
    case XEN_LEAF_HVM:
        if (subleaf)
            break;
        out[0] = XEN_HVM_LEAF_VCPU_ID_PRESENT | XEN_HVM_LEAF_DOMID_PRESENT;
        out[1] = vcpu;
        out[2] = guest->domid;
        break;
    }
}
