/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as a guest of simxen, see machine.h. */
#include "xen/machine.h"
#include "xen/outside.h"

#include "harness.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/interrupt.h"
#include "model/machine.h"
#include "model/mm.h"
#include "model/pages.h"
#include "model/pci.h"
#include "model/user_memory.h"
#include <core/xen/abi.h>
#include <core/xen/xs_ring.h>
#include <linux/simxen/guest.h>
#include <windows/kernel/xenbus/hypercall.h>

RULE(hypercall_memory, "A hypercall's structures are resident system memory that the driver owns",
     "windows/kernel/xenbus/hypercall.h");
RULE(hypercall_before_initialize, "XenHypercallInitialize comes first",
     "windows/kernel/xenbus/hypercall.h");

enum {
    RAM_MIB = 64,
    FIRST_PAGE = 0x100,
    XS_HEADER_BYTES = 16,
    XS_WATCH_EVENT_TYPE = 15,
    EVENT_LIMIT_MS = 250,
    REQUEST_LIMIT_MS = 3000
};

static struct {
    struct simxen_guest *guest;
    uint32_t domid;
    struct host_source source;
    BOOLEAN initialized, absent, restores, expecting;
    UCHAR due[SCHED_CPUS_MAX]; /* vector + 1 for a vCPU whose upcall began */
    ULONG suspends, unplugged;
    LONG shutdown_reason;
    struct xs_ring_page *store;
    uint32_t request_seen, reply_seen; /* in the ring's streams */
    uint32_t reply_producer;           /* at the last look */
    BOOLEAN event_due;                 /* replies have come, an event has not */
    LONG unanswered;                   /* requests without their replies */
    BOOLEAN lost; /* a header was overwritten before it was looked at: the count means nothing */
} Xen = {.shutdown_reason = -1};

/* --- xenstore's open requests, by looking on: the streams are headers with lengths. */

static uint32_t ring_word(const uint8_t *ring, uint32_t at)
{
    uint32_t word = 0;

    for (uint32_t i = 0; i < 4; i++)
        word |= (uint32_t)ring[(at + i) % XS_RING_BYTES] << (8 * i);
    return word;
}

/* A request that may fail is made one that xenstored does not know: it answers with an error. */
static void spoil(uint8_t *ring, uint32_t at)
{
    enum { NO_SUCH_TYPE = 120 };

    for (uint32_t i = 0; i < 4; i++)
        ring[(at + i) % XS_RING_BYTES] = i == 0 ? NO_SUCH_TYPE : 0;
}

/* A failure point for each kind of request (its type and what it says), though one line of the
 * driver sends them all: points are told apart by their stacks, so each kind has a function. */
#define REQUEST_POINT(kind)                                                                        \
    static __attribute__((noinline)) bool request_fails_##kind(void)                               \
    {                                                                                              \
        return fault_here("xenstore request") && kind >= 0;                                        \
    }
REQUEST_POINT(0)
REQUEST_POINT(1)
REQUEST_POINT(2)
REQUEST_POINT(3)
REQUEST_POINT(4)
REQUEST_POINT(5)
REQUEST_POINT(6)
REQUEST_POINT(7)
REQUEST_POINT(8)
REQUEST_POINT(9)
REQUEST_POINT(10)
REQUEST_POINT(11)
REQUEST_POINT(12)

static bool (*const request_fails[])(void) = {
    request_fails_0,  request_fails_1,  request_fails_2, request_fails_3, request_fails_4,
    request_fails_5,  request_fails_6,  request_fails_7, request_fails_8, request_fails_9,
    request_fails_10, request_fails_11, request_fails_12};

static uint32_t kind_of(const uint8_t *ring, uint32_t at, uint32_t type, uint32_t bytes)
{
    uint32_t kind = type;

    for (uint32_t i = 0; i < bytes; i++)
        kind = kind * 31 + ring[(at + XS_HEADER_BYTES + i) % XS_RING_BYTES];
    return kind % (uint32_t)RTL_NUMBER_OF(request_fails);
}

static LONG count_messages(uint8_t *ring, uint32_t *seen, uint32_t producer, BOOLEAN with_events,
                           BOOLEAN may_fail)
{
    LONG messages = 0;

    while (producer - *seen >= XS_HEADER_BYTES && (LONG)(producer - *seen) > 0) {
        uint32_t type = ring_word(ring, *seen), bytes = ring_word(ring, *seen + 12);

        if (bytes > 4096 || producer - *seen > XS_RING_BYTES) {
            Xen.lost = TRUE;
            *seen = producer;
            return messages;
        }
        if (may_fail && request_fails[kind_of(ring, *seen, type, bytes)]())
            spoil(ring, *seen);
        messages += with_events || type != XS_WATCH_EVENT_TYPE;
        *seen += XS_HEADER_BYTES + bytes;
    }
    return messages;
}

static void look_at_store(BOOLEAN may_fail)
{
    struct xs_ring_page *ring = Xen.store;

    if (ring == NULL)
        return;
    Xen.unanswered +=
        count_messages(ring->request, &Xen.request_seen, ring->request_producer, TRUE, may_fail);
    if (ring->reply_producer != Xen.reply_producer)
        Xen.event_due = TRUE; /* xenstored writes first, and fires then */
    Xen.reply_producer = ring->reply_producer;
    Xen.unanswered -=
        count_messages(ring->reply, &Xen.reply_seen, ring->reply_producer, FALSE, FALSE);
}

static void find_store(void)
{
    struct xen_hvmop_param get = {.domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_STORE_PFN};
    int64_t error = simxen_guest_hypercall(Xen.guest, 0, XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM,
                                           (uintptr_t)&get, 0, 0, 0);

    Xen.store = error == 0 ? mm_frame(get.value) : NULL;
    Xen.unanswered = 0;
    if (Xen.store != NULL) {
        Xen.request_seen = Xen.store->request_producer;
        Xen.reply_seen = Xen.reply_producer = Xen.store->reply_producer;
    }
}

/* --- Events become interrupts. */

static void upcall(void *context, uint32_t vcpu, uint8_t vector)
{
    if (vcpu < SCHED_CPUS_MAX)
        Xen.due[vcpu] = vector;
}

static bool deliver(void)
{
    bool any = false;

    for (ULONG vcpu = 0; vcpu < sched_cpus(); vcpu++) {
        UCHAR vector = Xen.due[vcpu];

        if (vector == 0)
            continue;
        Xen.due[vcpu] = 0;
        any |= interrupt_raise(vcpu, vector);
    }
    interrupt_line(pci_xen_platform.line, simxen_guest_line(Xen.guest));
    return any;
}

static bool pump(void *context)
{
    bool line = simxen_guest_line(Xen.guest), any;

    simxen_guest_pump(Xen.guest);
    look_at_store(FALSE);
    any = deliver() || (!line && simxen_guest_line(Xen.guest));
    if (any)
        Xen.expecting = Xen.event_due = FALSE;
    return any;
}

/* Nothing came for a while, so xenstored has nothing more to say: the count begins anew. */
static bool still_talking(void)
{
    struct xs_ring_page *ring = Xen.store;

    if (host_wait(ring->request_producer == ring->request_consumer ? EVENT_LIMIT_MS
                                                                   : REQUEST_LIMIT_MS))
        return true;
    Xen.lost = FALSE;
    Xen.unanswered = 0;
    Xen.request_seen = ring->request_producer;
    Xen.reply_seen = ring->reply_producer;
    return false;
}

/* Replies lie in the ring that no event told of yet: xenstored sends it right after it has written.
 * Where a machine has lost its interrupt, none comes. */
static bool event_is_coming(void)
{
    if (!Xen.event_due || Xen.store->reply_producer == Xen.store->reply_consumer)
        return false;
    Xen.event_due = host_wait(EVENT_LIMIT_MS);
    return Xen.event_due;
}

static bool outstanding(void *context)
{
    look_at_store(FALSE);
    if (Xen.store == NULL || Xen.expecting)
        return Xen.expecting;
    if (Xen.lost)
        return still_talking();
    /* An answer longer than the ring is counted with its header: the rest is still to come. */
    return Xen.unanswered > 0 || (LONG)(Xen.reply_seen - Xen.store->reply_producer) > 0 ||
           event_is_coming();
}

/* --- What simxen asks. */

static void *translate(void *context, uint64_t address, size_t bytes, unsigned access)
{
    const void *bad;

    if (address < PAGE_SIZE)
        return NULL;
    if (!machine.running)
        return (void *)(uintptr_t)address;
    if (user_memory_is((void *)(uintptr_t)address) || pool_is_paged((void *)(uintptr_t)address))
        rule_broken(&hypercall_memory, "%p", (void *)(uintptr_t)address);
    bad = host_memory_poisoned((void *)(uintptr_t)address, bytes);
    if (bad != NULL)
        rule_broken(&hypercall_memory, "%p: byte %lu of %lu", (void *)(uintptr_t)address,
                    (unsigned long)((uintptr_t)bad - address), (unsigned long)bytes);
    return (void *)(uintptr_t)address;
}

static bool shut_down(void *context, uint32_t reason)
{
    uint32_t new_domid;

    if (reason != XEN_SHUTDOWN_SUSPEND) {
        Xen.shutdown_reason = (LONG)reason;
        return false;
    }
    Xen.suspends++;
    if (!Xen.restores)
        return false;
    CHECK_EQ(simxen_toolstack_restore(Xen.domid, &new_domid), 0);
    CHECK_EQ(simxen_guest_resume(Xen.guest, new_domid), 0);
    Xen.domid = new_domid;
    return true;
}

static void log_line(void *context, const char *bytes, size_t count)
{
    char text[256];

    count = min(count, sizeof(text) - 1);
    RtlCopyMemory(text, bytes, count);
    text[count] = 0;
    model_log("xen: %s%s", text, count != 0 && text[count - 1] == '\n' ? "" : "\n");
}

/* The machine's virtual time; the wall clock began in 2026. */
static void tell_time(void *context, uint64_t *system_time_ns, uint64_t *wall_clock_ns)
{
    *system_time_ns = sched_time() * 100;
    *wall_clock_ns = 1767225600ull * 1000000000ull + *system_time_ns;
}

static BOOLEAN frame_present(ULONG64 frame)
{
    uint64_t offset;
    unsigned access;
    int fd;

    return simxen_guest_frame(Xen.guest, frame, &fd, &offset, &access) == 0;
}

static BOOLEAN line_level(void)
{
    return simxen_guest_line(Xen.guest);
}

/* --- The machine's life. */

void xen_machine_set_up(void)
{
    struct simxen_guest_config config = {
        .dir = outside_instance(),
        .memory_bytes = (uint64_t)RAM_MIB << 20,
        .vcpus = sched_cpus(),
        .translate = translate,
        .upcall = upcall,
        .shutdown = shut_down,
        .log = log_line,
        .clock = tell_time,
    };
    char *memory;

    Xen.domid = outside_create_domain();
    config.domid = Xen.domid;
    CHECK_EQ(simxen_guest_open(&Xen.guest, &config), 0);
    memory = simxen_guest_memory(Xen.guest);
    mm_set_physical(memory, SIMXEN_GUEST_FRAMES, frame_present);
    pages_init(memory + FIRST_PAGE * PAGE_SIZE, FIRST_PAGE,
               (size_t)simxen_guest_ram_frames(Xen.guest) - FIRST_PAGE);
    find_store();
    interrupt_line_source(pci_xen_platform.line, line_level);
    Xen.source = (struct host_source){
        .fd = simxen_guest_fd(Xen.guest), .pump = pump, .outstanding = outstanding};
    host_source_add(&Xen.source);
}

void xen_machine_tear_down(void)
{
    host_source_remove(&Xen.source);
    simxen_guest_close(Xen.guest);
    simxen_toolstack_destroy(Xen.domid);
}

ULONG xen_machine_domid(void)
{
    return Xen.domid;
}

struct simxen_guest *xen_machine_guest(void)
{
    return Xen.guest;
}

void xen_machine_expect(void)
{
    Xen.expecting = TRUE;
}

void xen_machine_came(void)
{
    Xen.expecting = FALSE;
}

void xen_machine_restores(BOOLEAN restores)
{
    Xen.restores = restores;
}

ULONG xen_machine_suspends(void)
{
    return Xen.suspends;
}

LONG xen_machine_shutdown_reason(void)
{
    return Xen.shutdown_reason;
}

ULONG xen_machine_unplugged(void)
{
    return Xen.unplugged;
}

void xen_machine_absent(BOOLEAN absent)
{
    Xen.absent = absent;
}

int xen_machine_dom0(const char *const arguments[], char *output, SIZE_T bytes)
{
    return outside_run(arguments, output, bytes);
}

/* --- hypercall.h */

VOID XenCpuid(ULONG Leaf, ULONG Subleaf, PXEN_CPUID Out)
{
    uint32_t out[4] = {0};

    if (!Xen.absent)
        simxen_guest_cpuid(Xen.guest, sched_cpu(), Leaf, Subleaf, out);
    *Out = (XEN_CPUID){out[0], out[1], out[2], out[3]};
}

NTSTATUS XenHypercallInitialize(VOID)
{
    MODEL_CALL(XenHypercallInitialize, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "windows/kernel/xenbus/hypercall.h");
    if (Xen.absent)
        return STATUS_NOT_SUPPORTED;
    Xen.initialized = TRUE;
    return STATUS_SUCCESS;
}

ULONG XenCpuidBase(VOID)
{
    return Xen.initialized ? XEN_LEAF_FIRST_BASE : 0;
}

/* What Xen refuses when it has no memory or no room. */
static BOOLEAN may_fail(ULONG number, ULONG_PTR operation)
{
    switch (number) {
    case XEN_HYPERCALL_EVENT_CHANNEL_OP:
        return operation == XEN_EVTCHNOP_BIND_INTERDOMAIN || operation == XEN_EVTCHNOP_BIND_VIRQ ||
               operation == XEN_EVTCHNOP_ALLOC_UNBOUND || operation == XEN_EVTCHNOP_BIND_IPI ||
               operation == XEN_EVTCHNOP_INIT_CONTROL || operation == XEN_EVTCHNOP_EXPAND_ARRAY;
    case XEN_HYPERCALL_MEMORY_OP:
        return operation == XEN_MEMORY_DECREASE_RESERVATION ||
               operation == XEN_MEMORY_ADD_TO_PHYSMAP;
    case XEN_HYPERCALL_HVM_OP:
        return operation == XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR;
    default:
        return FALSE;
    }
}

static BOOLEAN changes_frames(ULONG number, ULONG_PTR operation)
{
    if (number == XEN_HYPERCALL_MEMORY_OP || number == XEN_HYPERCALL_SCHED_OP)
        return TRUE;
    return number == XEN_HYPERCALL_GRANT_TABLE_OP &&
           (operation == XEN_GNTTABOP_MAP_GRANT_REF || operation == XEN_GNTTABOP_UNMAP_GRANT_REF);
}

LONG_PTR XenHypercall(ULONG Number, ULONG_PTR A1, ULONG_PTR A2, ULONG_PTR A3, ULONG_PTR A4,
                      ULONG_PTR A5)
{
    LONG_PTR result;

    MODEL_CALL(XenHypercall, PASSIVE_LEVEL, HIGH_LEVEL, "windows/kernel/xenbus/hypercall.h");
    if (!Xen.initialized)
        rule_broken(&hypercall_before_initialize, "number %u", Number);
    if (may_fail(Number, A1) && fault_here("hypercall"))
        return Number == XEN_HYPERCALL_MEMORY_OP && A1 == XEN_MEMORY_DECREASE_RESERVATION ? 0 : -12;
    /* Before xenstored hears of it. */
    look_at_store(Number == XEN_HYPERCALL_EVENT_CHANNEL_OP && A1 == XEN_EVTCHNOP_SEND);
    result = simxen_guest_hypercall(Xen.guest, sched_cpu(), Number, A1, A2, A3, A4, A5);
    if (changes_frames(Number, A1))
        mm_frames_changed();
    if (Number == XEN_HYPERCALL_SCHED_OP && result == 0 && Xen.suspends != 0)
        find_store();
    look_at_store(FALSE);
    deliver();
    BenchSchedulePoint();
    return result;
}

/* --- The platform's ports: xen/docs/misc/hvm-emulated-unplug. */

enum { PORT_UNPLUG = 0x10, PORT_PROTOCOL = 0x12, PORT_CONSOLE = 0xe9, UNPLUG_MAGIC = 0x49d2 };

USHORT XenPortIn16(USHORT Port)
{
    return Port == PORT_UNPLUG ? UNPLUG_MAGIC : 0xffff;
}

UCHAR XenPortIn8(USHORT Port)
{
    return Port == PORT_PROTOCOL ? 1 : 0xff;
}

VOID XenPortOut32(USHORT Port, ULONG Value)
{
}

VOID XenPortOut16(USHORT Port, USHORT Value)
{
    if (Port == PORT_UNPLUG)
        Xen.unplugged |= Value;
}

VOID XenPortOut8(USHORT Port, UCHAR Value)
{
    if (Port == PORT_CONSOLE)
        simxen_guest_port_e9(Xen.guest, Value);
}

ULONG64 XenReadTsc(VOID)
{
    return sched_time() * 100;
}

/* xenbus/boot_number.h: no boot loader stands before this machine. */
ULONG XenbusBootNumber(VOID);
ULONG XenbusBootNumber(VOID)
{
    return 0;
}
