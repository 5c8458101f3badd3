/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of behaviours (tests/xen/behaviours) on real Xen: what simxen answers to each hypercall
 * is what Xen 4.17 answers here, row by row, with dom0 at the other side. The events of this test
 * are the list's own: nothing else of the guest uses event channels while it runs, but the console.
 */
#include "tests/xen/behaviours/behaviours.h"
#include "tests/xen/behaviours/env.h"

#include <string.h>

#include "../apic.h"
#include "../clock.h"
#include "../console.h"
#include "../cpu.h"
#include "../memory.h"
#include "../smp.h"
#include "../test.h"
#include "../trap.h"
#include "../xen.h"

enum { VECTOR_LIST = 0xe8, PORTS = 2, BAD_ADDRESS = 64, HOLES = 48 };

static volatile uint32_t upcalls[CPU_MAX];
static uint64_t grant_frame, first_hole, holes_used; /* page numbers */
static uint8_t *holes;                               /* where they are in the window */
static void *ring;
static uint32_t ports[PORTS], same, different;

static void on_upcall(struct trap_frame *frame, void *context)
{
    uint32_t cpu = cpu_current()->index;

    (void)frame;
    (void)context;
    apic_eoi();
    upcalls[cpu]++;
    __atomic_store_n(&xen_shared->vcpu[cpu].upcall_pending, 0, __ATOMIC_SEQ_CST);
}

/* Before the vectors are set; not counted. */
static void on_callback(struct trap_frame *frame, void *context)
{
    (void)frame;
    (void)context;
    __atomic_store_n(&xen_shared->vcpu[cpu_current()->index].upcall_pending, 0, __ATOMIC_SEQ_CST);
}

int64_t env_hypercall(uint32_t number, uint64_t a1, uint64_t a2, uint64_t a3)
{
    return hypercall3(number, a1, a2, a3);
}

uint32_t env_domid(void)
{
    return xen_domid_own();
}

uint32_t env_vcpus(void)
{
    return smp_count();
}

uint64_t env_page_new(void)
{
    return frame_of(page_new(1));
}

uint64_t env_hole_new(void)
{
    CHECK(holes_used < HOLES);
    return first_hole + holes_used++;
}

void *env_at(uint64_t frame)
{
    bool is_hole = frame >= first_hole && frame < first_hole + HOLES;

    return is_hole ? holes + ((frame - first_hole) << PAGE_SHIFT) : (void *)(frame << PAGE_SHIFT);
}

uint64_t env_bad_address(void)
{
    return BAD_ADDRESS;
}

struct xen_shared_info *env_shared_info(void)
{
    return xen_shared;
}

struct xen_grant_entry *env_grant_table(void)
{
    return env_at(grant_frame);
}

uint64_t env_shared_frame(void)
{
    return frame_of(xen_shared);
}

uint64_t env_grant_frame(void)
{
    return grant_frame;
}

uint32_t env_upcalls(uint32_t vcpu)
{
    return upcalls[vcpu];
}

static void do_nothing(void *context)
{
    (void)context;
}

/* An interrupt that Xen has given to another CPU is taken there before, or with, the one that makes
 * it run this. */
void env_settle(void)
{
    for (uint32_t cpu = 1; cpu < smp_count(); cpu++)
        for (int i = 0; i < 2; i++)
            smp_run(cpu, do_nothing, NULL);
}

void env_mask(bool masked)
{
    if (masked)
        interrupts_off();
    else
        interrupts_restore(true);
}

uint8_t env_upcall_vector(void)
{
    return VECTOR_LIST;
}

struct xs_ring_page *env_store_ring(void)
{
    return ring;
}

uint32_t env_port_count(void)
{
    return PORTS;
}

uint32_t env_port(uint32_t index)
{
    return ports[index];
}

void env_port_is(uint32_t index, uint32_t port)
{
    ports[index] = port;
    if (index == 0)
        return;
    hvm_param_set(XEN_HVM_PARAM_CONSOLE_EVTCHN, port);
    console_connect();
}

/* dom0 needs this CPU to go on. Interrupts may be off here: nothing waits for one. */
bool env_idle(void)
{
    static uint64_t idle_since_ns;
    static uint32_t seen;
    const volatile uint32_t *words = (const volatile uint32_t *)((uint8_t *)ring + 2048);
    uint32_t now = words[0] ^ words[1] << 8 ^ words[2] << 16 ^ words[3] << 24;

    if (now != seen || !idle_since_ns)
        idle_since_ns = clock_ns();
    seen = now;
    hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
    return clock_ns() - idle_since_ns < 30000000000ull;
}

void env_row(const char *group, const char *what, int64_t got, int64_t wanted)
{
    same += got == wanted;
    different += got != wanted;
    if (got != wanted)
        print("DIFFERS %s: %s: %ld, not %ld\n", group, what, got, wanted);
}

void env_print(const char *text)
{
    print("%s\n", text);
}

/* The order comes from `xl save`, as for any guest with PV drivers. */
bool env_suspend(int64_t *result)
{
    char order[16];

    while (!node_read("control/shutdown", order, sizeof order) || strcmp(order, "suspend"))
        if (!env_idle())
            return false;
    if (!node_write("control/shutdown", ""))
        return false;
    smp_park();
    interrupts_off();
    *result = xen_suspend();
    return true;
}

static void tell_xen(void)
{
    uint64_t value;

    /* hvmloader has 32 bits and so has shared info after it, until a 64-bit caller says this. What
     * it says is that there are PV drivers, which `xl save` asks before it orders anything. */
    CHECK_EQUAL(hvm_param_set(XEN_HVM_PARAM_CALLBACK_IRQ,
                              XEN_CALLBACK(XEN_CALLBACK_VECTOR, VECTOR_CALLBACK)),
                0);
    for (uint32_t cpu = 0; cpu < smp_count(); cpu++) {
        struct xen_hvmop_upcall_vector vector = {.vcpu = cpu, .vector = VECTOR_LIST};

        CHECK_EQUAL(hvm_op(XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, &vector), 0);
    }
    CHECK_EQUAL(xen_add_to_physmap(XEN_MAPSPACE_GRANT_TABLE, 0, grant_frame), 0);
    CHECK_EQUAL(hvm_param_get(XEN_HVM_PARAM_STORE_PFN, &value), 0);
    ring = env_at(value);
    memory_map(ring, value << PAGE_SHIFT, PAGE_BYTES, PAGE_RW);
    CHECK_EQUAL(hvm_param_get(XEN_HVM_PARAM_STORE_EVTCHN, &value), 0);
    ports[0] = (uint32_t)value;
    CHECK_EQUAL(hvm_param_get(XEN_HVM_PARAM_CONSOLE_EVTCHN, &value), 0);
    ports[1] = (uint32_t)value;
}

void env_resume(void)
{
    xen_map_shared_info();
    smp_unpark(); /* before anything is mapped: the other CPUs take part in that */
    console_connect();
    interrupts_restore(true);
    tell_xen();
}

static void prepare(void)
{
    trap_handle(VECTOR_LIST, on_upcall, NULL);
    trap_handle(VECTOR_CALLBACK, on_callback, NULL);
    first_hole = hole_new(HOLES) >> PAGE_SHIFT;
    holes = window_new(HOLES);
    memory_map(holes, first_hole << PAGE_SHIFT, (size_t)HOLES * PAGE_BYTES, PAGE_RW);
    grant_frame = env_hole_new();
    tell_xen();
}

TEST(behaviours, TEST_CPUS | TEST_PARTNER)
{
    prepare();
    for (const struct behaviour_group *group = behaviour_groups; group->name; group++)
        group->run();
    print("%u rows as listed, %u differ\n", same, different);
    CHECK_EQUAL(different, 0);
    CHECK(same > 300);
}
