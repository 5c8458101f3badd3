/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts the list of behaviours (tests/xen/behaviours) on real Xen: each event-channel, grant,
 * memory and HVM operation, with right and wrong arguments, as this Xen answers it. simxen hosts
 * the same sources; where the two differ, one of the hosts fails. What the list asks of its
 * environment (env.h) is answered from the bare machine: nothing of core/xen's tables is in use.
 * Runs alone, with the peer of the list in dom0.
 */
#include <string.h>

#include "../apic.h"
#include "../clock.h"
#include "../cpu.h"
#include "../memory.h"
#include "../smp.h"
#include "../test.h"
#include "../trap.h"
#include "../xen.h"
#include "core/xen/xs_ring.h"
#include "core/xen/xs_wire.h"
#include "tests/xen/behaviours/behaviours.h"
#include "tests/xen/behaviours/env.h"

enum { VECTOR = 0x40, HOLES_MAX = 64, SETTLE_MS = 3, STORE_WAIT_MS = 30000 };

struct hole {
    uint64_t frame;
    void *address;
};

static struct hole holes[HOLES_MAX];
static unsigned hole_count;
static uint64_t grant_frame;
static volatile uint32_t upcalls[CPU_MAX];
static bool masked;
static struct xs_ring_page *ring;
static uint32_t ring_port, passed, differing;

/* --- The machine. */

static void on_upcall(struct trap_frame *frame, void *context)
{
    uint32_t cpu = cpu_current()->index;

    apic_eoi();
    upcalls[cpu]++;
    __atomic_store_n(&xen_shared->vcpu[cpu].upcall_pending, 0, __ATOMIC_SEQ_CST);
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
    struct hole *hole = &holes[hole_count++];

    if (hole_count > HOLES_MAX)
        panic("the list asks for too many holes");
    hole->frame = hole_new(1) >> PAGE_SHIFT;
    hole->address = window_new(1);
    memory_map(hole->address, hole->frame << PAGE_SHIFT, PAGE_BYTES, PAGE_RW);
    return hole->frame;
}

void *env_at(uint64_t frame)
{
    for (unsigned i = 0; i < hole_count; i++)
        if (holes[i].frame == frame)
            return holes[i].address;
    return (void *)(frame << PAGE_SHIFT);
}

uint64_t env_bad_address(void)
{
    return 64; /* page 0 is not mapped */
}

struct xen_shared_info *env_shared_info(void)
{
    return xen_shared;
}

struct xen_grant_entry *env_grant_table(void)
{
    return env_at(grant_frame);
}

uint64_t env_grant_frame(void)
{
    return grant_frame;
}

uint32_t env_upcalls(uint32_t vcpu)
{
    return upcalls[vcpu];
}

static void yield(void)
{
    hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}

/* Another vCPU has its interrupt when it has had the CPU; ours come when interrupts are on. */
void env_settle(void)
{
    uint64_t until = clock_ns() + SETTLE_MS * 1000000;

    if (!masked)
        clock_pass(SETTLE_MS);
    while (clock_ns() < until)
        yield();
}

void env_mask(bool on)
{
    masked = on;
    if (on)
        interrupts_off();
    else
        interrupts_restore(true);
}

uint8_t env_upcall_vector(void)
{
    return VECTOR;
}

/* --- XenStore: looks at the ring until it has moved. */

static void move(uint8_t *bytes, uint32_t length,
                 int (*step)(struct xs_ring_page *, uint8_t *, uint32_t))
{
    uint64_t deadline = clock_ns() + STORE_WAIT_MS * 1000000ull;

    for (uint32_t done = 0; done < length;) {
        int moved = step(ring, bytes + done, length - done);

        if (moved > 0) {
            done += (uint32_t)moved;
            env_hypercall(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, (uintptr_t)&ring_port,
                          0);
        } else if (moved < 0 || clock_ns() > deadline) {
            test_fail(__FILE__, __LINE__, "xenstored does not answer");
        } else {
            yield();
        }
    }
}

static int put(struct xs_ring_page *page, uint8_t *bytes, uint32_t length)
{
    return xs_ring_write(page, bytes, length);
}

static char payload[XS_PAYLOAD_MAX_BYTES + 1];
static uint32_t watch_events;

static struct xs_header receive(void)
{
    struct xs_header header;
    uint8_t bytes[XS_HEADER_BYTES];

    move(bytes, sizeof bytes, xs_ring_read);
    xs_header_read(&header, bytes);
    CHECK(header.length_bytes <= XS_PAYLOAD_MAX_BYTES);
    move((uint8_t *)payload, header.length_bytes, xs_ring_read);
    payload[header.length_bytes] = 0;
    watch_events += header.type == XS_TYPE_WATCH_EVENT;
    return header;
}

static struct xs_header request(uint32_t type, const void *bytes, size_t length)
{
    static uint8_t message[XS_MESSAGE_MAX_BYTES];
    static uint32_t number;
    struct xs_header header = {.type = type, .request = ++number, .length_bytes = (uint32_t)length};

    move(message, (uint32_t)xs_message_write(message, &header, bytes), put);
    do
        header = receive();
    while (header.type == XS_TYPE_WATCH_EVENT);
    return header;
}

bool env_store_write(const char *path, const char *value)
{
    char bytes[512];
    int length = snprintf(bytes, sizeof bytes, "%s%c%s", path, 0, value);

    return request(XS_TYPE_WRITE, bytes, (size_t)length).type == XS_TYPE_WRITE;
}

int env_store_read(const char *path, char *value, size_t room)
{
    struct xs_header reply = request(XS_TYPE_READ, path, strlen(path) + 1);

    if (reply.type != XS_TYPE_READ || reply.length_bytes >= room)
        return -1;
    memcpy(value, payload, reply.length_bytes + 1);
    return (int)reply.length_bytes;
}

int env_store_wait(const char *path, const char *before, char *value, size_t room)
{
    static char watched[128];
    char bytes[160];

    if (strcmp(watched, path)) {
        snprintf(watched, sizeof watched, "%s", path);
        request(XS_TYPE_WATCH, bytes,
                (size_t)snprintf(bytes, sizeof bytes, "%s%c%s", path, 0, "token") + 1);
    }
    for (;;) {
        uint32_t events = watch_events;
        int length = env_store_read(path, value, room);

        if (length >= 0 && strcmp(value, before))
            return length;
        if (events == watch_events && receive().type != XS_TYPE_WATCH_EVENT)
            return -1;
    }
}

uint32_t env_store_port(void)
{
    return ring_port;
}

void env_store_port_is(uint32_t port)
{
    ring_port = port;
}

/* --- The list. */

void env_row(const char *group, const char *what, int64_t got, int64_t wanted)
{
    passed += got == wanted;
    differing += got != wanted;
    if (got != wanted)
        print("  DIFFERS %s: %s: %ld, the list says %ld\n", group, what, got, wanted);
}

void env_print(const char *text)
{
    print("  %s\n", text);
}

static void start(void)
{
    uint64_t frame, port;

    trap_handle(VECTOR, on_upcall, NULL);
    for (uint32_t i = 0; i < smp_count(); i++) {
        struct xen_hvmop_upcall_vector vector = {.vcpu = i, .vector = VECTOR};

        CHECK_EQUAL(hvm_op(XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, &vector), 0);
    }
    grant_frame = env_hole_new();
    CHECK_EQUAL(xen_add_to_physmap(XEN_MAPSPACE_GRANT_TABLE, 0, grant_frame), 0);
    CHECK_EQUAL(hvm_param_get(XEN_HVM_PARAM_STORE_PFN, &frame), 0);
    CHECK_EQUAL(hvm_param_get(XEN_HVM_PARAM_STORE_EVTCHN, &port), 0);
    ring = (struct xs_ring_page *)(frame << PAGE_SHIFT);
    memory_map(ring, frame << PAGE_SHIFT, PAGE_BYTES, PAGE_RW);
    ring_port = (uint32_t)port;
}

TEST(behaviours, TEST_PARTNER)
{
    start();
    for (const struct behaviour_group *group = behaviour_groups; group->name; group++) {
        uint32_t before = passed + differing;

        group->run();
        print("  %s: %u rows\n", group->name, passed + differing - before);
    }
    print("  %u rows are as listed, %u differ\n", passed, differing);
    CHECK_EQUAL(differing, 0);
    CHECK(passed > 100);
}
