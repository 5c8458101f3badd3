/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an event reaches the guest: the 2-level bits of the shared-info page, or the FIFO ABI's event
 * words and queues in the guest's own pages, and the upcall of the vCPU that a port is bound to.
 * All words that the guest also writes are changed by atomic operations; a guest that corrupts
 * its queues loses events and nothing else.
 */
#include "internal.h"

#include <stdlib.h>

enum { LX_FCNTL = 72, LX_F_SETFL = 4, LX_O_NONBLOCK = 04000 };

static bool test_and_set_bit(uint64_t *words, uint32_t bit)
{
    uint64_t mask = 1ull << (bit % 64);
    return __atomic_fetch_or(&words[bit / 64], mask, __ATOMIC_SEQ_CST) & mask;
}

static bool test_and_clear_bit(uint64_t *words, uint32_t bit)
{
    uint64_t mask = 1ull << (bit % 64);
    return __atomic_fetch_and(&words[bit / 64], ~mask, __ATOMIC_SEQ_CST) & mask;
}

static bool test_bit(const uint64_t *words, uint32_t bit)
{
    return __atomic_load_n(&words[bit / 64], __ATOMIC_SEQ_CST) >> (bit % 64) & 1;
}

void delivery_mark(struct simxen_guest *guest, struct guest_vcpu *vcpu)
{
    if (!__atomic_exchange_n(&vcpu->info->upcall_pending, 1, __ATOMIC_SEQ_CST))
        vcpu->interrupt = true;
}

/* Where a 32-bit guest has its mask, before Xen has seen that this one has 64. What is pending is
 * at the same place for both. */
enum { NARROW_MASK = 2048 + 128, NARROW_SELECTOR = 4 };

static uint64_t *mask_words(struct simxen_guest *guest)
{
    return guest->wide ? guest->shared->evtchn_mask
                       : (uint64_t *)(void *)((uint8_t *)guest->shared + NARROW_MASK);
}

static struct guest_vcpu *notified(struct simxen_guest *guest, uint32_t port)
{
    return &guest->vcpus[guest->ports[port].vcpu];
}

/* --- 2-level */

static void select_word(struct simxen_guest *guest, uint32_t port)
{
    struct guest_vcpu *vcpu = notified(guest, port);
    uint32_t *narrow = (uint32_t *)(void *)((uint8_t *)vcpu->info + NARROW_SELECTOR);
    bool was_set = guest->wide ? test_and_set_bit(&vcpu->info->pending_sel, port / 64)
                               : __atomic_fetch_or(narrow, 1u << port / 32 % 32, __ATOMIC_SEQ_CST) &
                                     1u << port / 32 % 32;
    if (!was_set)
        delivery_mark(guest, vcpu);
}

static void raise_2l(struct simxen_guest *guest, uint32_t port)
{
    if (!test_and_set_bit(guest->shared->evtchn_pending, port) &&
        !test_bit(mask_words(guest), port))
        select_word(guest, port);
}

static void unmask_2l(struct simxen_guest *guest, uint32_t port)
{
    if (test_and_clear_bit(mask_words(guest), port) &&
        test_bit(guest->shared->evtchn_pending, port))
        select_word(guest, port);
}

/* --- FIFO */

static uint32_t *word_of(struct simxen_guest *guest, uint32_t port)
{
    uint32_t page = port / XEN_FIFO_WORDS_PER_PAGE;
    return page < guest->fifo_pages ? &guest->fifo_words[page][port % XEN_FIFO_WORDS_PER_PAGE]
                                    : NULL;
}

/* Makes the word of a queue's last port point to the next one. False: the guest has taken the
 * last port from the queue meanwhile, which is thereby empty. */
static bool link_behind(uint32_t *tail_word, uint32_t port)
{
    enum { TRIES = 6 }; /* the guest may clear and set a few bits, not more often than that */
    uint32_t seen = __atomic_load_n(tail_word, __ATOMIC_SEQ_CST);
    for (int tried = 0; tried < TRIES; tried++) {
        if (!(seen & XEN_FIFO_LINKED))
            return false;
        uint32_t linked = (seen & ~(XEN_FIFO_BUSY | XEN_FIFO_LINK_MASK)) | port;
        if (__atomic_compare_exchange_n(tail_word, &seen, linked, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return true;
    }
    return true; /* lost, as Xen does with a guest that does not keep the rules */
}

static void enqueue(struct simxen_guest *guest, struct guest_vcpu *vcpu, uint32_t port)
{
    struct guest_port *state = &guest->ports[port];
    uint32_t queue = state->priority;
    uint32_t *last_tail = &guest->vcpus[state->last_vcpu].tail[state->last_priority];
    bool linked = false;
    if (*last_tail == port)
        *last_tail = 0; /* the port was the end of its old queue, which is empty now */
    state->last_vcpu = state->vcpu;
    state->last_priority = state->priority;
    if (vcpu->tail[queue])
        linked = link_behind(word_of(guest, vcpu->tail[queue]), port);
    if (!linked)
        __atomic_store_n(&vcpu->control->head[queue], port, __ATOMIC_SEQ_CST);
    vcpu->tail[queue] = port;
    if (!linked &&
        !(__atomic_fetch_or(&vcpu->control->ready, 1u << queue, __ATOMIC_SEQ_CST) & 1u << queue))
        delivery_mark(guest, vcpu);
}

static void raise_fifo(struct simxen_guest *guest, uint32_t port)
{
    struct guest_vcpu *vcpu = notified(guest, port);
    uint32_t *word = word_of(guest, port);
    if (!word) {
        guest->ports[port].waits_for_word = true;
        return;
    }
    uint32_t seen = __atomic_fetch_or(word, XEN_FIFO_PENDING, __ATOMIC_SEQ_CST);
    if ((seen & (XEN_FIFO_MASKED | XEN_FIFO_LINKED)) || !vcpu->control)
        return; /* without a control block Xen drops the event, too */
    if (!(__atomic_fetch_or(word, XEN_FIFO_LINKED, __ATOMIC_SEQ_CST) & XEN_FIFO_LINKED))
        enqueue(guest, vcpu, port);
}

static void unmask_fifo(struct simxen_guest *guest, uint32_t port)
{
    uint32_t *word = word_of(guest, port);
    if (word && (__atomic_fetch_and(word, ~XEN_FIFO_MASKED, __ATOMIC_SEQ_CST) & XEN_FIFO_PENDING))
        raise_fifo(guest, port);
}

static int map_control(struct simxen_guest *guest, struct guest_vcpu *vcpu, uint64_t frame,
                       uint32_t offset)
{
    if (vcpu->control)
        return -XEN_ERROR_EINVAL;
    vcpu->control_page = memory_map_page(guest, frame);
    if (!vcpu->control_page)
        return -XEN_ERROR_EINVAL;
    vcpu->control =
        (struct xen_fifo_control_block *)(void *)((uint8_t *)vcpu->control_page + offset);
    return 0;
}

int delivery_init_control(struct simxen_guest *guest, struct xen_evtchn_init_control *request)
{
    struct guest_vcpu *vcpu = guest_vcpu(guest, request->vcpu);
    request->link_bits = XEN_FIFO_LINK_BITS;
    if (!vcpu)
        return -XEN_ERROR_ENOENT;
    if (request->offset > XEN_PAGE_BYTES - sizeof(struct xen_fifo_control_block) ||
        request->offset % 8)
        return -XEN_ERROR_EINVAL;
    int error = map_control(guest, vcpu, request->control_frame, request->offset);
    if (error || guest->fifo)
        return error;
    guest->fifo = true; /* what was pending in the old way is raised with its word's page */
    for (uint32_t port = 1; port < SX_MAX_PORTS; port++) {
        guest->ports[port].waits_for_word = test_bit(guest->shared->evtchn_pending, port);
        guest->ports[port].priority = XEN_FIFO_PRIORITY_DEFAULT;
    }
    return 0;
}

int delivery_expand_array(struct simxen_guest *guest, uint64_t frame)
{
    if (!guest->fifo)
        return -XEN_ERROR_EOPNOTSUPP;
    if (guest->fifo_pages == XEN_FIFO_ARRAY_PAGES)
        return -XEN_ERROR_ENOSPC;
    void *page = memory_map_page(guest, frame);
    if (!page)
        return -XEN_ERROR_EINVAL;
    uint32_t port = guest->fifo_pages * XEN_FIFO_WORDS_PER_PAGE;
    uint32_t end = port + XEN_FIFO_WORDS_PER_PAGE;
    guest->fifo_words[guest->fifo_pages++] = page;
    for (; port < end && port < guest->valid_ports; port++)
        if (guest->ports[port].waits_for_word) {
            guest->ports[port].waits_for_word = false;
            raise_fifo(guest, port);
        }
    return 0;
}

void delivery_back_to_2l(struct simxen_guest *guest)
{
    guest->fifo = false;
    for (uint32_t i = 0; i < guest->config.vcpus; i++) {
        struct guest_vcpu *vcpu = &guest->vcpus[i];
        memory_unmap_page(vcpu->control_page);
        vcpu->control_page = NULL;
        vcpu->control = NULL;
        for (uint32_t queue = 0; queue < XEN_FIFO_QUEUES; queue++)
            vcpu->tail[queue] = 0;
    }
    while (guest->fifo_pages)
        memory_unmap_page(guest->fifo_words[--guest->fifo_pages]);
    for (uint32_t port = 0; port < SX_MAX_PORTS; port++)
        guest->ports[port].waits_for_word = false;
}

/* --- Either way */

void delivery_port_init(struct simxen_guest *guest, uint32_t port, uint32_t vcpu)
{
    struct guest_port *state = &guest->ports[port];
    state->vcpu = (uint16_t)vcpu;
    state->priority = XEN_FIFO_PRIORITY_DEFAULT;
}

void delivery_port_clear(struct simxen_guest *guest, uint32_t port)
{
    uint32_t *word = guest->fifo ? word_of(guest, port) : NULL;
    if (!guest->fifo)
        test_and_clear_bit(guest->shared->evtchn_pending, port);
    else if (word)
        __atomic_fetch_and(word, ~XEN_FIFO_PENDING, __ATOMIC_SEQ_CST);
}

void delivery_raise(struct simxen_guest *guest, uint32_t port)
{
    if (guest->fifo)
        raise_fifo(guest, port);
    else
        raise_2l(guest, port);
}

void delivery_unmask(struct simxen_guest *guest, uint32_t port)
{
    if (guest->fifo)
        unmask_fifo(guest, port);
    else
        unmask_2l(guest, port);
}

bool delivery_is_pending(struct simxen_guest *guest, uint32_t port)
{
    if (!guest->fifo)
        return test_bit(guest->shared->evtchn_pending, port);
    uint32_t *word = word_of(guest, port);
    return word && (__atomic_load_n(word, __ATOMIC_SEQ_CST) & XEN_FIFO_PENDING);
}

bool delivery_is_linked(struct simxen_guest *guest, uint32_t port)
{
    uint32_t *word = guest->fifo ? word_of(guest, port) : NULL;
    return word && (__atomic_load_n(word, __ATOMIC_SEQ_CST) & XEN_FIFO_LINKED);
}

int delivery_set_priority(struct simxen_guest *guest, uint32_t port, uint32_t priority)
{
    if (!guest->fifo)
        return -XEN_ERROR_ENOSYS;
    if (priority > XEN_FIFO_PRIORITY_MIN)
        return -XEN_ERROR_EINVAL;
    guest->ports[port].priority = (uint8_t)priority;
    return 0;
}

/* Nothing may get lost on the way: the new place starts with everything selected. */
int delivery_register_vcpu_info(struct simxen_guest *guest, uint32_t caller, uint32_t id,
                                const struct xen_vcpuop_register_vcpu_info *where)
{
    struct guest_vcpu *vcpu = guest_vcpu(guest, id);
    if (where->offset > XEN_PAGE_BYTES - sizeof(struct xen_vcpu_info))
        return -XEN_ERROR_ENXIO;
    if (vcpu->info_page || id != caller || where->offset % 8)
        return -XEN_ERROR_EINVAL;
    uint8_t *page = memory_map_page(guest, where->frame);
    if (!page)
        return -XEN_ERROR_EINVAL;
    struct xen_vcpu_info *info = (struct xen_vcpu_info *)(void *)(page + where->offset);
    if (vcpu->info == &guest->nowhere)
        *info = (struct xen_vcpu_info){0};
    else
        *info = *vcpu->info;
    vcpu->info_page = page;
    vcpu->info = info;
    __atomic_store_n(&info->pending_sel, UINT64_MAX, __ATOMIC_SEQ_CST);
    __atomic_store_n(&info->upcall_pending, 1, __ATOMIC_SEQ_CST);
    vcpu->interrupt = true;
    return 0;
}

void delivery_drain(struct simxen_guest *guest)
{
    for (uint32_t taken = 0; taken < SX_MAX_PORTS; taken++) {
        int port = simxen_evtchn_pending(guest->events);
        if (port <= 0)
            return;
        delivery_raise(guest, (uint32_t)port);
        simxen_evtchn_unmask(guest->events, (uint32_t)port);
    }
}

int delivery_open(struct simxen_guest *guest)
{
    void *page = lx_mmap(NULL, XEN_PAGE_BYTES, LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED,
                         guest->memory_fd, (uint64_t)SX_GUEST_SHARED_INFO_PAGE * XEN_PAGE_BYTES);
    if (lx_mmap_failed(page))
        return -LX_ENOMEM;
    guest->shared = page;
    for (uint32_t i = 0; i < guest->config.vcpus; i++)
        guest->vcpus[i].info =
            i < XEN_SHARED_INFO_VCPUS ? &guest->shared->vcpu[i] : &guest->nowhere;
    lx_syscall3(LX_FCNTL, guest->events->fd, LX_F_SETFL, LX_O_NONBLOCK);
    return 0;
}

void delivery_close(struct simxen_guest *guest)
{
    delivery_back_to_2l(guest);
    for (uint32_t i = 0; i < guest->config.vcpus; i++) {
        memory_unmap_page(guest->vcpus[i].info_page);
        guest->vcpus[i] = (struct guest_vcpu){.info = &guest->nowhere};
    }
    memory_unmap_page(guest->shared);
    guest->shared = NULL;
}
