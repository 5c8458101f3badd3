/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "apic.h"
#include "clock.h"
#include "core/xen/evtchn_2l.h"
#include "core/xen/evtchn_fifo.h"
#include "cpu.h"
#include "events.h"
#include "memory.h"
#include "pci.h"
#include "smp.h"
#include "trap.h"
#include "xen.h"

enum { VECTOR_INTX = 0xe0, VECTOR_UPCALL = 0xe1, NS_PER_MS = 1000000 };

/* One lock for all: this is a test, and what it tests has locks by vCPU of its own. */
static struct lock lock;
static struct evtchn_table table;
static struct evtchn_cpu cpus[CPU_MAX];
static struct evtchn_2l two;
static struct evtchn_2l_cpu two_cpus[CPU_MAX];
static struct evtchn_fifo fifo;
static struct evtchn_fifo_cpu fifo_cpus[CPU_MAX];
static bool started, upcall_vectors_set;
static enum events_abi abi_in_use;
static enum events_delivery delivery_in_use;
static uint64_t upcalls[CPU_MAX];
static uint32_t throttle_turns, throttle_ms;

static struct evtchn_abi *current_abi(void)
{
    return abi_in_use == EVENTS_FIFO ? &fifo.abi : &two.abi;
}

static struct event *event_of(struct evtchn_channel *channel)
{
    return (struct event *)((char *)channel - offsetof(struct event, channel));
}

/* A throttled channel is due later; this CPU's timer looks for it. */
static void arm_throttle(uint32_t cpu)
{
    uint64_t when, now = clock_ns();

    if (evtchn_due(&table, cpu, &when))
        apic_timer(when > now ? when - now : 1);
}

/* An event that waited in this CPU's queue while its port moved to another. */
static bool pass_on_stray(uint32_t cpu)
{
    uint32_t port, owner;

    if (!evtchn_stray(&table, cpu, &port, &owner))
        return false;
    if (evtchn_deliver(&table, port, owner, clock_ns()) && owner != cpu)
        apic_send(smp_cpu(owner)->apic_id, VECTOR_TIMER);
    return true;
}

static void serve(uint32_t cpu)
{
    struct evtchn_channel *channel;

    lock_acquire(&lock);
    while ((channel = evtchn_next(&table, cpu, clock_ns())) || pass_on_stray(cpu)) {
        if (!channel)
            continue;
        struct event *event = event_of(channel);

        lock_release(&lock, false);
        event->cpu = cpu;
        if (event->callback)
            event->callback(event, event->context);
        lock_acquire(&lock);
        event->count++;
        evtchn_done(&table, channel, clock_ns());
    }
    arm_throttle(cpu);
    lock_release(&lock, false);
    if (cpu != 0) /* where tests wait for what callbacks do */
        apic_send(smp_cpu(0)->apic_id, VECTOR_WAKE);
}

static void upcall(void)
{
    uint32_t cpu = cpu_current()->index;
    uint8_t *pending = &xen_shared->vcpu[cpu].upcall_pending;

    upcalls[cpu]++;
    while (__atomic_exchange_n(pending, 0, __ATOMIC_SEQ_CST))
        serve(cpu);
}

static void on_callback(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    upcall();
}

static void on_apic_vector(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    /* First the acknowledgement: Xen asserts the vector again only when upcall_pending goes from 0
     * to 1, which may happen as soon as upcall() has cleared it. */
    apic_eoi();
    upcall();
}

static void on_timer(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    apic_eoi();
    if (started)
        serve(cpu_current()->index);
}

static void serve_now(void *context)
{
    (void)context;
    serve(cpu_current()->index);
}

/* Runs a CPU's loop when releasing a channel said so. */
static void serve_on(uint32_t cpu)
{
    if (cpu == cpu_current()->index) {
        bool on = interrupts_off();

        serve(cpu);
        interrupts_restore(on);
    } else {
        smp_run(cpu, serve_now, NULL);
    }
}

static void start_2l(void)
{
    memset(two_cpus, 0, sizeof two_cpus);
    for (uint32_t i = 0; i < CPU_MAX; i++)
        two_cpus[i].info = &xen_shared->vcpu[i];
    evtchn_2l_init(&two, xen_shared, two_cpus, smp_count());
    abi_in_use = EVENTS_2L;
}

static void fifo_grow(uint32_t port)
{
    while (port / XEN_FIFO_WORDS_PER_PAGE >= fifo.page_count) {
        void *page = page_new(1);
        struct xen_evtchn_expand_array expand = {frame_of(page)};

        if (!evtchn_fifo_add_page(&fifo, page) || evtchn_op(XEN_EVTCHNOP_EXPAND_ARRAY, &expand))
            panic("the FIFO ABI's array does not grow");
    }
}

static bool start_fifo(void)
{
    evtchn_fifo_init(&fifo, fifo_cpus, smp_count());
    for (uint32_t i = 0; i < smp_count(); i++) {
        struct xen_evtchn_init_control init = {.vcpu = i};

        memset(&fifo_cpus[i], 0, sizeof fifo_cpus[i]);
        fifo_cpus[i].control = page_new(1);
        init.control_frame = frame_of(fifo_cpus[i].control);
        if (evtchn_op(XEN_EVTCHNOP_INIT_CONTROL, &init))
            return false;
    }
    fifo_grow(0);
    abi_in_use = EVENTS_FIFO;
    return true;
}

static void give_leaf(uint32_t port)
{
    if (evtchn_table_needs_leaf(&table, port))
        evtchn_table_give_leaf(&table, port, page_new((sizeof(struct evtchn_leaf) + 4095) / 4096));
}

/* Every open channel goes on under the new ABI; Xen carries pending events over. */
static void change_abi(void)
{
    table.abi = current_abi();
    for (uint32_t port = 1; port < XEN_2L_PORTS; port++) {
        struct evtchn_channel *channel = evtchn_find(&table, port);

        if (!channel)
            continue;
        fifo_grow(port);
        if (!(channel->state & ~(uint32_t)EVTCHN_ATTACHED)) {
            table.abi->ops->bind(table.abi, port, channel->cpu);
            if (table.abi->ops->unmask(table.abi, port))
                event_send(port);
        }
    }
}

static bool deliver_by_callback(void)
{
    trap_handle(VECTOR_CALLBACK, on_callback, NULL);
    return !hvm_param_set(XEN_HVM_PARAM_CALLBACK_IRQ,
                          XEN_CALLBACK(XEN_CALLBACK_VECTOR, VECTOR_CALLBACK));
}

static bool deliver_by_intx(void)
{
    int device = pci_find(PCI_XEN_VENDOR, PCI_XEN_PLATFORM);

    if (device < 0)
        return false;
    trap_handle(VECTOR_INTX, on_apic_vector, NULL);
    ioapic_route(pci_gsi((unsigned)device), VECTOR_INTX, smp_cpu(0)->apic_id);
    return !hvm_param_set(XEN_HVM_PARAM_CALLBACK_IRQ,
                          XEN_CALLBACK(XEN_CALLBACK_PCI_INTX, (uint64_t)device << 11));
}

static bool deliver_by_upcall(void)
{
    trap_handle(VECTOR_UPCALL, on_apic_vector, NULL);
    for (uint32_t i = 0; i < smp_count(); i++) {
        struct xen_hvmop_upcall_vector vector = {.vcpu = i, .vector = VECTOR_UPCALL};

        if (hvm_op(XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, &vector))
            return false;
    }
    upcall_vectors_set = true;
    return true;
}

static bool use_delivery(enum events_delivery delivery)
{
    if (upcall_vectors_set && delivery != EVENTS_BY_UPCALL)
        return false;
    if (delivery_in_use == EVENTS_BY_INTX && delivery != EVENTS_BY_INTX)
        ioapic_mask(pci_gsi((unsigned)pci_find(PCI_XEN_VENDOR, PCI_XEN_PLATFORM)));
    if (delivery == EVENTS_BY_CALLBACK ? !deliver_by_callback()
        : delivery == EVENTS_BY_INTX   ? !deliver_by_intx()
                                       : !deliver_by_upcall())
        return false;
    delivery_in_use = delivery;
    return true;
}

void events_start(void)
{
    if (started)
        return;
    trap_handle(VECTOR_TIMER, on_timer, NULL);
    start_2l();
    evtchn_table_init(&table, current_abi(), cpus, smp_count(), throttle_turns,
                      (uint64_t)throttle_ms * NS_PER_MS);
    if (!use_delivery(EVENTS_BY_CALLBACK))
        panic("no callback vector for events");
    started = true;
}

bool events_use(enum events_abi abi, enum events_delivery delivery)
{
    events_start();
    if (abi != abi_in_use && abi == EVENTS_2L)
        return false;
    if (delivery != delivery_in_use && !use_delivery(delivery))
        return false;
    if (abi != abi_in_use) {
        if (!start_fifo())
            return false;
        change_abi();
    }
    return true;
}

enum events_abi events_abi(void)
{
    return abi_in_use;
}

enum events_delivery events_delivery(void)
{
    return delivery_in_use;
}

void events_throttle(uint32_t turns, uint32_t window_ms)
{
    throttle_turns = turns;
    throttle_ms = window_ms;
    table.turns_per_window = turns;
    table.window = (uint64_t)window_ms * NS_PER_MS;
}

static void attach(struct event *event, uint32_t port, uint32_t cpu)
{
    bool on = lock_acquire(&lock), serve_due;
    enum evtchn_attached attached;

    give_leaf(port);
    if (abi_in_use == EVENTS_FIFO)
        fifo_grow(port);
    attached = evtchn_attach(&table, &event->channel, port, cpu, 0);
    if (attached != EVTCHN_ATTACH_OK)
        panic("port %u cannot be attached: %d", port, attached);
    serve_due = evtchn_release(&table, &event->channel, clock_ns());
    lock_release(&lock, on);
    if (serve_due)
        serve_on(cpu);
}

long event_offer(struct event *event, xen_domid remote)
{
    struct xen_evtchn_alloc_unbound offer = {.domid = XEN_DOMID_SELF, .remote_domid = remote};
    long error = evtchn_op(XEN_EVTCHNOP_ALLOC_UNBOUND, &offer);

    if (!error)
        attach(event, offer.port, 0);
    return error;
}

long event_bind(struct event *event, xen_domid remote, xen_port port)
{
    struct xen_evtchn_bind_interdomain bind = {.remote_domid = remote, .remote_port = port};
    long error = evtchn_op(XEN_EVTCHNOP_BIND_INTERDOMAIN, &bind);

    if (!error)
        attach(event, bind.local_port, 0);
    return error;
}

long event_bind_virq(struct event *event, uint32_t virq, uint32_t cpu)
{
    struct xen_evtchn_bind_virq bind = {.virq = virq, .vcpu = cpu};
    long error = evtchn_op(XEN_EVTCHNOP_BIND_VIRQ, &bind);

    if (!error)
        attach(event, bind.port, cpu);
    return error;
}

long event_bind_ipi(struct event *event, uint32_t cpu)
{
    struct xen_evtchn_bind_ipi bind = {.vcpu = cpu};
    long error = evtchn_op(XEN_EVTCHNOP_BIND_IPI, &bind);

    if (!error)
        attach(event, bind.port, cpu);
    return error;
}

void event_adopt(struct event *event, xen_port port)
{
    attach(event, port, 0);
}

static bool is_idle(void *context)
{
    struct event *event = context;

    return !(event->channel.state & EVTCHN_RUNNING);
}

void event_forget(struct event *event)
{
    bool on = lock_acquire(&lock), running = evtchn_detach(&table, &event->channel);

    lock_release(&lock, on);
    if (running)
        wait_for(is_idle, event, WAIT_MS);
}

void event_close(struct event *event)
{
    struct xen_evtchn_close close = {event->channel.port};

    event_forget(event);
    if (evtchn_op(XEN_EVTCHNOP_CLOSE, &close))
        panic("port %u cannot be closed", close.port);
}

long event_move(struct event *event, uint32_t cpu)
{
    struct xen_evtchn_bind_vcpu bind = {.port = event->channel.port, .vcpu = cpu};
    bool on, serve_due;
    long error;

    event_hold(event);
    wait_for(is_idle, event, WAIT_MS);
    error = evtchn_op(XEN_EVTCHNOP_BIND_VCPU, &bind);
    if (!error) {
        on = lock_acquire(&lock);
        serve_due = evtchn_move(&table, &event->channel, cpu, clock_ns());
        lock_release(&lock, on);
        if (serve_due)
            serve_on(cpu);
    }
    event_release(event);
    return error;
}

void event_hold(struct event *event)
{
    bool on = lock_acquire(&lock);

    evtchn_hold(&table, &event->channel);
    lock_release(&lock, on);
}

void event_release(struct event *event)
{
    bool on = lock_acquire(&lock), serve_due = evtchn_release(&table, &event->channel, clock_ns());

    lock_release(&lock, on);
    if (serve_due)
        serve_on(event->channel.cpu);
}

long event_send(xen_port port)
{
    struct xen_evtchn_send send = {port};

    return evtchn_op(XEN_EVTCHNOP_SEND, &send);
}

struct count_wait {
    struct event *event;
    uint32_t count;
};

static bool has_count(void *context)
{
    struct count_wait *wait = context;

    return wait->event->count >= wait->count;
}

bool event_wait(struct event *event, uint32_t count, unsigned limit_ms)
{
    struct count_wait wait = {event, count};

    return wait_for(has_count, &wait, limit_ms);
}

uint64_t events_upcalls(uint32_t cpu)
{
    return upcalls[cpu];
}

uint64_t events_spurious(uint32_t cpu)
{
    return cpus[cpu].spurious;
}

void events_resume(void)
{
    enum events_abi abi = abi_in_use;

    start_2l();
    evtchn_table_reset(&table, &two.abi);
    upcall_vectors_set = false;
    if (!use_delivery(delivery_in_use) || (abi == EVENTS_FIFO && !start_fifo()))
        panic("events cannot be set up again");
    table.abi = current_abi();
}
