/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an event shows: the 2-level bits and the FIFO queues, when the upcall comes and when not,
 * what mask, unmask, close and reset do to what is pending.
 */
#include "list.h"

static const char group[] = "delivery";

static struct xen_shared_info *shared(void)
{
    return env_shared_info();
}

/* FIFO's, once it is on. */
static struct xen_fifo_control_block *control;
static uint32_t *words;

/* What is not the list's own business (XenStore's port) stays masked and interrupts nobody. */
static void mask_everything(void)
{
    for (uint32_t port = 0; port < XEN_2L_PORTS; port++)
        bit_set(shared()->evtchn_mask, port);
    for (uint32_t vcpu = 0; vcpu < 2; vcpu++)
        __atomic_store_n(&shared()->vcpu[vcpu].pending_sel, 0, __ATOMIC_SEQ_CST);
}

static void allow(uint32_t port)
{
    if (words)
        __atomic_fetch_and(&words[port], ~XEN_FIFO_MASKED, __ATOMIC_SEQ_CST);
    else
        bit_clear(shared()->evtchn_mask, port);
}

static bool pending(uint32_t port)
{
    return bit_of(shared()->evtchn_pending, port);
}

/* As a driver does when it has seen the port. */
static void take_2l(uint32_t vcpu, uint32_t port)
{
    __atomic_fetch_and(&shared()->vcpu[vcpu].pending_sel, ~(1ull << port / 64), __ATOMIC_SEQ_CST);
    bit_clear(shared()->evtchn_pending, port);
}

static uint32_t new_ipi(uint32_t vcpu)
{
    struct xen_evtchn_bind_ipi ipi = {vcpu, 0};
    if (call_evtchn(XEN_EVTCHNOP_BIND_IPI, &ipi))
        return 0;
    allow(ipi.port);
    return ipi.port;
}

static void interrupts_2l(void)
{
    uint32_t port = new_ipi(0), word = port / 64;
    env_mask(true);
    shared()->vcpu[0].upcall_pending = 0;
    take_2l(0, port);
    uint32_t before = env_upcalls(0);
    ROW("send to oneself", send_port(port), 0);
    ROW("sets the port's bit", pending(port), true);
    ROW("and its word's", shared()->vcpu[0].pending_sel >> word & 1, 1);
    ROW("and upcall_pending", shared()->vcpu[0].upcall_pending, 1);
    ROW("no upcall while masked", env_upcalls(0) - before, 0);
    env_mask(false);
    env_settle();
    ROW("then one", env_upcalls(0) - before, 1);
    ROW("a second send", send_port(port), 0);
    env_settle();
    ROW("is no upcall while pending", env_upcalls(0) - before, 1);
    bit_clear(shared()->evtchn_pending, port);
    send_port(port);
    env_settle();
    ROW("nor while its word is selected", env_upcalls(0) - before, 1);
    ROW("but the bit is set", pending(port), true);
    take_2l(0, port);
    send_port(port);
    env_settle();
    ROW("after taking it: an upcall", env_upcalls(0) - before, 2);
    take_2l(0, port);
    close_port(port);
}

static void masks_2l(void)
{
    uint32_t port = new_ipi(0), before = env_upcalls(0);
    bit_set(shared()->evtchn_mask, port);
    send_port(port);
    env_settle();
    ROW("a masked port: pending", pending(port), true);
    ROW("not selected", shared()->vcpu[0].pending_sel >> (port / 64) & 1, 0);
    ROW("no upcall", env_upcalls(0) - before, 0);
    ROW("unmask", unmask_port(port), 0);
    env_settle();
    ROW("clears the mask", bit_of(shared()->evtchn_mask, port), false);
    ROW("and interrupts", env_upcalls(0) - before, 1);
    ROW("unmask again", unmask_port(port), 0);
    env_settle();
    ROW("does nothing", env_upcalls(0) - before, 1);
    bit_set(shared()->evtchn_mask, port);
    take_2l(0, port);
    unmask_port(port);
    env_settle();
    ROW("unmask without an event", env_upcalls(0) - before, 1);
    bit_set(shared()->evtchn_mask, port);
    send_port(port);
    ROW("close of a pending port", close_port(port), 0);
    ROW("takes its event away", pending(port), false);
    ROW("and leaves the mask", bit_of(shared()->evtchn_mask, port), true);
    bit_clear(shared()->evtchn_mask, port);
}

static void vcpus_2l(void)
{
    uint32_t port = new_ipi(1), other = env_upcalls(0), before = env_upcalls(1);
    send_port(port);
    env_settle();
    ROW("an IPI of vCPU 1 interrupts it", env_upcalls(1) - before, 1);
    ROW("and nobody else", env_upcalls(0) - other, 0);
    ROW("its word is selected there", shared()->vcpu[1].pending_sel >> (port / 64) & 1, 1);
    take_2l(1, port);
    close_port(port);
    int64_t peer;
    port = new_channel(&peer);
    allow(port);
    dom0_does("wait", peer, 0, 0);
    ROW("bind_vcpu", bind_vcpu(port, 1), 0);
    before = env_upcalls(1);
    ROW("dom0 sends", dom0_does("notify", peer, 0, 0), 0);
    env_settle();
    ROW("the bound vCPU gets it", env_upcalls(1) - before, 1);
    ROW("its bit is set", pending(port), true);
    take_2l(1, port);
    dom0_does("close", peer, 0, 0);
    close_port(port);
    int64_t reused = new_unbound(0);
    ROW("the port's number again", reused, port);
    struct xen_evtchn_status status = {.vcpu = 9};
    port_status((uint32_t)reused, &status);
    ROW("is bound to vCPU 0", status.vcpu, 0);
    close_port((uint32_t)reused);
}

static void loopback_2l(void)
{
    uint32_t port = (uint32_t)new_unbound(XEN_DOMID_SELF);
    uint32_t other = (uint32_t)bind_to(XEN_DOMID_SELF, port);
    allow(port);
    allow(other);
    ROW("who binds finds an event", pending(other), true);
    ROW("the other does not", pending(port), false);
    take_2l(0, other);
    send_port(other);
    ROW("a send shows at the other end", pending(port), true);
    ROW("and not here", pending(other), false);
    take_2l(0, port);
    bit_set(shared()->evtchn_mask, port);
    send_port(other);
    close_port(other);
    ROW("what was sent stays when the sender closes", pending(port), true);
    bit_clear(shared()->evtchn_mask, port);
    take_2l(0, port);
    close_port(port);
    struct xen_evtchn_set_priority priority = {port, 3};
    ROW("set_priority is FIFO's", call_evtchn(XEN_EVTCHNOP_SET_PRIORITY, &priority),
        -XEN_ERROR_ENOSYS);
    struct xen_evtchn_expand_array expand = {0};
    ROW("expand_array is, too", call_evtchn(XEN_EVTCHNOP_EXPAND_ARRAY, &expand),
        -XEN_ERROR_EOPNOTSUPP);
}

void behave_2l(void)
{
    mask_everything();
    interrupts_2l();
    masks_2l();
    vcpus_2l();
    loopback_2l();
}

/* --- FIFO */

static int64_t init_control(uint64_t frame, uint32_t offset, uint32_t vcpu)
{
    struct xen_evtchn_init_control op = {
        .control_frame = frame, .offset = offset, .vcpu = vcpu, .link_bits = 99};
    int64_t error = call_evtchn(XEN_EVTCHNOP_INIT_CONTROL, &op);
    return error ? error : op.link_bits;
}

static int64_t expand_array(uint64_t frame)
{
    struct xen_evtchn_expand_array op = {frame};
    return call_evtchn(XEN_EVTCHNOP_EXPAND_ARRAY, &op);
}

static void start_fifo(uint32_t was_pending, uint32_t was_sent_between)
{
    uint64_t control_frame = env_page_new(), array_frame = env_page_new();
    ROW("init_control for no vCPU", init_control(control_frame, 0, env_vcpus()), -XEN_ERROR_ENOENT);
    ROW("at an odd place", init_control(control_frame, 4, 0), -XEN_ERROR_EINVAL);
    ROW("across the page's end", init_control(control_frame, 4096 - 64, 0), -XEN_ERROR_EINVAL);
    ROW("where nothing is", init_control(env_hole_new(), 0, 0), -XEN_ERROR_EINVAL);
    ROW("it is still 2-level", expand_array(array_frame), -XEN_ERROR_EOPNOTSUPP);
    env_mask(true);
    ROW("init_control", init_control(control_frame, 0, 0), 17);
    ROW("again for the same vCPU", init_control(control_frame, 256, 0), -XEN_ERROR_EINVAL);
    ROW("for vCPU 1", init_control(control_frame, 1024, 1), 17);
    send_port(was_sent_between);
    ROW("expand_array where nothing is", expand_array(env_hole_new()), -XEN_ERROR_EINVAL);
    control = env_at(control_frame);
    words = env_at(array_frame);
    for (uint32_t port = 0; port < XEN_FIFO_WORDS_PER_PAGE; port++)
        words[port] = port == was_pending || port == was_sent_between ? 0 : XEN_FIFO_MASKED;
    ROW("expand_array", expand_array(array_frame), 0);
    ROW("what was pending is queued",
        words[was_pending] & (XEN_FIFO_PENDING | XEN_FIFO_LINKED) ? 1 : 0, 1);
    ROW("with default priority", control->ready, 1u << XEN_FIFO_PRIORITY_DEFAULT);
    ROW("in the order of the numbers", control->head[XEN_FIFO_PRIORITY_DEFAULT], was_pending);
    ROW("then what was sent without a word", words[was_pending] & XEN_FIFO_LINK_MASK,
        was_sent_between);
    ROW("which is the last", words[was_sent_between],
        (int64_t)(XEN_FIFO_PENDING | XEN_FIFO_LINKED));
    env_mask(false);
    env_settle();
}

/* As a driver does: the head is taken and forgotten. 0: empty. */
static uint32_t take_fifo(struct xen_fifo_control_block *block, uint32_t queue)
{
    uint32_t port = block->head[queue];
    if (!port)
        return 0;
    uint32_t was = __atomic_fetch_and(
        &words[port], ~(XEN_FIFO_LINKED | XEN_FIFO_LINK_MASK | XEN_FIFO_PENDING), __ATOMIC_SEQ_CST);
    block->head[queue] = was & XEN_FIFO_LINK_MASK;
    if (!block->head[queue])
        __atomic_fetch_and(&block->ready, ~(1u << queue), __ATOMIC_SEQ_CST);
    return port;
}

static void order_in_queues(void)
{
    uint32_t first = new_ipi(0), second = new_ipi(0), third = new_ipi(0);
    struct xen_evtchn_set_priority priority = {third, 0};
    ROW("set_priority", call_evtchn(XEN_EVTCHNOP_SET_PRIORITY, &priority), 0);
    priority.priority = 16;
    ROW("beyond the last", call_evtchn(XEN_EVTCHNOP_SET_PRIORITY, &priority), -XEN_ERROR_EINVAL);
    priority.port = 1 << 20;
    ROW("of a port that cannot be", call_evtchn(XEN_EVTCHNOP_SET_PRIORITY, &priority),
        -XEN_ERROR_EINVAL);
    env_mask(true);
    bit_clear(shared()->evtchn_pending, first);
    uint32_t before = env_upcalls(0);
    send_port(second);
    send_port(first);
    send_port(third);
    send_port(second);
    ROW("two queues are ready", control->ready, 1u << 7 | 1u << 0);
    ROW("upcall_pending", shared()->vcpu[0].upcall_pending, 1);
    env_mask(false);
    env_settle();
    ROW("one upcall", env_upcalls(0) - before, 1);
    ROW("the urgent one", take_fifo(control, 0), third);
    ROW("in the order of sending", take_fifo(control, 7), second);
    ROW("each once", take_fifo(control, 7), first);
    ROW("no more", take_fifo(control, 7), 0);
    ROW("the 2-level bits are not used", bit_of(shared()->evtchn_pending, first), false);
    env_mask(true);
    send_port(first);
    send_port(second);
    take_fifo(control, 7);
    send_port(first);
    ROW("sent again behind the others", words[second] & XEN_FIFO_LINK_MASK, first);
    ROW("first the other", take_fifo(control, 7), second);
    ROW("then the one sent again", take_fifo(control, 7), first);
    env_mask(false);
    env_settle();
    close_port(first);
    close_port(second);
    close_port(third);
}

static void masks_fifo(void)
{
    uint32_t port = new_ipi(0), before;
    env_settle();
    before = env_upcalls(0);
    __atomic_fetch_or(&words[port], XEN_FIFO_MASKED, __ATOMIC_SEQ_CST);
    send_port(port);
    env_settle();
    ROW("a masked port is pending and not queued", words[port],
        (int64_t)(XEN_FIFO_PENDING | XEN_FIFO_MASKED));
    ROW("no upcall", env_upcalls(0) - before, 0);
    ROW("unmask", unmask_port(port), 0);
    env_settle();
    ROW("queues it", words[port], (int64_t)(XEN_FIFO_PENDING | XEN_FIFO_LINKED));
    ROW("and interrupts", env_upcalls(0) - before, 1);
    ROW("it is the head", control->head[7], port);
    ROW("close", close_port(port), 0);
    ROW("takes the event away and leaves it queued", words[port], XEN_FIFO_LINKED);
    uint32_t other = new_ipi(0);
    ROW("its number is not used while it is queued", other != port, true);
    ROW("the guest takes it", take_fifo(control, 7), port);
    close_port(other);
    ROW("then its number is used again", new_ipi(0), port);
    env_mask(true);
    send_port(port);
    __atomic_fetch_and(&words[port], ~XEN_FIFO_PENDING, __ATOMIC_SEQ_CST);
    send_port(port);
    ROW("while queued it is only pending", words[port],
        (int64_t)(XEN_FIFO_PENDING | XEN_FIFO_LINKED));
    ROW("and once in the queue", take_fifo(control, 7), port);
    ROW("which is empty then", take_fifo(control, 7), 0);
    send_port(port);
    ROW("sent again, it is queued anew", control->head[7], port);
    take_fifo(control, 7);
    env_mask(false);
    env_settle();
    close_port(port);
}

static void vcpus_fifo(void)
{
    struct xen_fifo_control_block *of_1 =
        (struct xen_fifo_control_block *)(void *)((uint8_t *)control + 1024);
    uint32_t port = new_ipi(1), before = env_upcalls(1);
    send_port(port);
    env_settle();
    ROW("vCPU 1 is interrupted", env_upcalls(1) - before, 1);
    ROW("its queue has it", of_1->head[7], port);
    take_fifo(of_1, 7);
    close_port(port);
    int64_t peer;
    port = new_channel(&peer);
    allow(port);
    dom0_does("wait", peer, 0, 0);
    bind_vcpu(port, 1);
    dom0_does("notify", peer, 0, 0);
    env_settle();
    ROW("dom0's event is in vCPU 1's queue", take_fifo(of_1, 7), port);
    bind_vcpu(port, 0);
    dom0_does("notify", peer, 0, 0);
    env_settle();
    ROW("moved: in vCPU 0's", take_fifo(control, 7), port);
    dom0_does("close", peer, 0, 0);
    close_port(port);
}

static void array_end(void)
{
    uint64_t frame = env_page_new();
    int64_t result = 0;
    for (int i = 1; i < XEN_FIFO_ARRAY_PAGES; i++)
        if (expand_array(frame))
            result = i;
    ROW("127 more array pages", result, 0);
    ROW("the 129th", expand_array(frame), -XEN_ERROR_ENOSPC);
}

void behave_fifo(void)
{
    uint32_t was_pending = new_ipi(0), sent_between = new_ipi(0);
    env_mask(true);
    send_port(was_pending);
    start_fifo(was_pending, sent_between);
    take_fifo(control, 7);
    take_fifo(control, 7);
    close_port(was_pending);
    close_port(sent_between);
    order_in_queues();
    masks_fifo();
    vcpus_fifo();
    array_end();
}

enum { OWN_PORTS_MAX = 4 };

/* After the FIFO group, whose ABI this ends. The ports that the environment needs are found again
 * by their other ends. */
void behave_reset(void)
{
    struct xen_evtchn_status own[OWN_PORTS_MAX];
    struct xen_evtchn_reset reset = {0x6fff};
    uint32_t ipi = new_ipi(0), count = env_port_count();
    for (uint32_t i = 0; i < count && i < OWN_PORTS_MAX; i++)
        port_status(env_port(i), &own[i]);
    ROW("XenStore's port is bound", own[0].status, XEN_EVTCHN_INTERDOMAIN);
    ROW("reset of no domain", call_evtchn(XEN_EVTCHNOP_RESET, &reset), -XEN_ERROR_ESRCH);
    reset.domid = XEN_DOMID_SELF;
    ROW("reset", call_evtchn(XEN_EVTCHNOP_RESET, &reset), 0);
    words = NULL;
    ROW("a port is closed", port_status(ipi, NULL), XEN_EVTCHN_CLOSED);
    ROW("and XenStore's", port_status(env_port(0), NULL), XEN_EVTCHN_CLOSED);
    ROW("the ABI is 2-level", expand_array(0), -XEN_ERROR_EOPNOTSUPP);
    for (uint32_t i = 0; i < count && i < OWN_PORTS_MAX; i++) {
        int64_t port = bind_to(own[i].u.interdomain.domid, own[i].u.interdomain.port);
        if (i == 0)
            ROW("XenStore's port again", port > 0, true);
        env_port_is(i, (uint32_t)port);
    }
    ROW("it works", dom0_does("peek", 99, 0, 0), -XEN_ERROR_EINVAL);
    ipi = new_ipi(0);
    take_2l(0, ipi);
    send_port(ipi);
    ROW("events are 2-level bits", pending(ipi), true);
    take_2l(0, ipi);
    close_port(ipi);
}
