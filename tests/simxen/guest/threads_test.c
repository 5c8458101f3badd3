/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a guest machine may be called from several threads at once, as Windows drivers under
 * Wine do: two make, fire and close ports, one pumps, one hears of dom0's events by the upcall;
 * none of dom0's is lost. Runs under ThreadSanitizer, too.
 */
#include "../simxen/fixture.h"
#include "core/xen/abi.h"
#include "linux/simxen/guest.h"

#include <pthread.h>
#include <semaphore.h>

enum { ROUNDS = 400, SHARED_FRAME = 0x10 };

static struct simxen_guest *guest;
static struct xen_shared_info *shared;
static uint32_t heard, done;
static sem_t upcalls;

static int64_t evtchn(uint64_t op, void *argument)
{
    return simxen_guest_hypercall(guest, 0, XEN_HYPERCALL_EVENT_CHANNEL_OP, op,
                                  (uint64_t)(uintptr_t)argument, 0, 0, 0);
}

static void upcall(void *context, uint32_t vcpu, uint8_t vector)
{
    sem_post(&upcalls);
}

static void *make_and_close(void *unused)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct xen_evtchn_bind_ipi ipi = {.vcpu = 1};
        CHECK_EQUAL(evtchn(XEN_EVTCHNOP_BIND_IPI, &ipi), 0);
        CHECK_EQUAL(evtchn(XEN_EVTCHNOP_SEND, &ipi.port), 0);
        CHECK_EQUAL(evtchn(XEN_EVTCHNOP_CLOSE, &ipi.port), 0);
    }
    return NULL;
}

static void *pump(void *unused)
{
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        struct pollfd fd = {simxen_guest_fd(guest), POLLIN, 0};
        poll(&fd, 1, PATIENCE_MS);
        simxen_guest_pump(guest);
    }
    return NULL;
}

/* vCPU 0's interrupt handler: takes the port's bit, and says so by sending back. */
static void *serve(void *argument)
{
    uint32_t port = *(uint32_t *)argument;
    while (heard < ROUNDS) {
        uint64_t bit = 1ull << port % 64;
        sem_wait(&upcalls);
        __atomic_store_n(&shared->vcpu[0].upcall_pending, 0, __ATOMIC_SEQ_CST);
        __atomic_fetch_and(&shared->vcpu[0].pending_sel, ~(1ull << port / 64), __ATOMIC_SEQ_CST);
        if (!(__atomic_fetch_and(&shared->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit))
            continue;
        heard++;
        CHECK_EQUAL(evtchn(XEN_EVTCHNOP_SEND, &port), 0);
    }
    return NULL;
}

int main(void)
{
    struct simxen *dom0;
    sem_init(&upcalls, 0, 0);
    pthread_t thread[4];
    CHECK_EQUAL(simxen_open(&dom0, getenv("SIMXEN_DIR"), 0), 0);
    struct simxen_guest_config config = {
        .dir = getenv("SIMXEN_DIR"), .memory_bytes = 1 << 20, .vcpus = 2, .upcall = upcall};
    CHECK_EQUAL(simxen_toolstack_create("threads", &config.domid), 0);
    CHECK_EQUAL(simxen_guest_open(&guest, &config), 0);
    struct xen_hvmop_param wide = {.domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_CALLBACK_IRQ};
    simxen_guest_hypercall(guest, 0, XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_PARAM,
                           (uint64_t)(uintptr_t)&wide, 0, 0, 0);
    struct xen_memory_add_to_physmap add = {.domid = XEN_DOMID_SELF, .frame = SHARED_FRAME};
    CHECK_EQUAL(simxen_guest_hypercall(guest, 0, XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_ADD_TO_PHYSMAP,
                                       (uint64_t)(uintptr_t)&add, 0, 0, 0),
                0);
    shared = (struct xen_shared_info *)(void *)((uint8_t *)simxen_guest_memory(guest) +
                                                SHARED_FRAME * XEN_PAGE_BYTES);
    struct xen_evtchn_alloc_unbound unbound = {.domid = XEN_DOMID_SELF};
    CHECK_EQUAL(evtchn(XEN_EVTCHNOP_ALLOC_UNBOUND, &unbound), 0);
    struct simxen_evtchn *events = open_events(dom0);
    int peer = simxen_evtchn_bind_interdomain(events, config.domid, unbound.port);
    CHECK_EQUAL(simxen_evtchn_pending(events), peer);
    CHECK_EQUAL(simxen_evtchn_unmask(events, (uint32_t)peer), 0);
    pthread_create(&thread[0], NULL, make_and_close, NULL);
    pthread_create(&thread[1], NULL, make_and_close, NULL);
    pthread_create(&thread[2], NULL, pump, NULL);
    pthread_create(&thread[3], NULL, serve, &unbound.port);
    for (int round = 0; round < ROUNDS; round++) {
        CHECK_EQUAL(simxen_evtchn_notify(events, (uint32_t)peer), 0);
        CHECK_EQUAL(readable(events, PATIENCE_MS), 1);
        CHECK_EQUAL(simxen_evtchn_pending(events), peer);
        CHECK_EQUAL(simxen_evtchn_unmask(events, (uint32_t)peer), 0);
    }
    pthread_join(thread[3], NULL);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    simxen_evtchn_notify(events, (uint32_t)peer); /* wakes the pump */
    pthread_join(thread[2], NULL);
    CHECK_EQUAL(heard, ROUNDS);
    simxen_evtchn_close(events);
    simxen_guest_close(guest);
    simxen_close(dom0);
    return 0;
}
