/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what xenbus gives to the drivers on its children: services by version, that live as long
 * as they are held; the order of a suspend; the clock; the dump; and that the event interrupts
 * arrive or are replaced. Xen is scripted (fake_xen.h).
 */
#include <ntddk.h>

#include <core/xen/abi.h>
#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/shared_info.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>
#include <xenbus/unplug.h>

#include "child_driver.h"
#include "fake_xen.h"
#include "harness.h"
#include "machine_of_xenbus.h"
#include "model/fault.h"
#include "model/pages.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/power.h"
#include "model/registry.h"
#include "model/sched.h"

static NTSTATUS query(const GUID *guid, USHORT size, USHORT version, PVOID out)
{
    return pnp_query_interface(pnp_find("CASEMENT\\IFACE")->pdo, guid, size, version, out, NULL);
}

static void put(PVOID held)
{
    PINTERFACE head = held;

    head->InterfaceDereference(head->Context);
}

/* --- Versions. --- */

NT_TEST(a_service_is_given_in_the_version_asked_for)
{
    static const struct {
        const GUID *guid;
        USHORT version, size;
        BOOLEAN newest;
    } Services[] = {
        {&GUID_XENBUS_DEBUG, 1, sizeof(XENBUS_DEBUG_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_EVTCHN, 1, sizeof(XENBUS_EVTCHN_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_GNTTAB, 1, sizeof(XENBUS_GNTTAB_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_SHARED_INFO, 1, sizeof(XENBUS_SHARED_INFO_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_STORE, 1, sizeof(XENBUS_STORE_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_SUSPEND, 1, sizeof(XENBUS_SUSPEND_INTERFACE_V1), TRUE},
        {&GUID_XENBUS_UNPLUG, 1, sizeof(XENBUS_UNPLUG_INTERFACE_V1), FALSE},
        {&GUID_XENBUS_UNPLUG, 2, sizeof(XENBUS_UNPLUG_INTERFACE_V2), TRUE},
    };
    static const GUID Nobody = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    struct pnp_node *platform = xenbus_start();
    union {
        INTERFACE head;
        UCHAR bytes[512];
    } room;

    for (ULONG i = 0; i < RTL_NUMBER_OF(Services); i++) {
        USHORT size = Services[i].size, version = Services[i].version;

        RtlFillMemory(&room, sizeof(room), 0xa5);
        CHECK_EQ(query(Services[i].guid, size, 0, &room), STATUS_NOT_SUPPORTED);
        if (Services[i].newest)
            CHECK_EQ(query(Services[i].guid, sizeof(room), version + 1, &room),
                     STATUS_NOT_SUPPORTED);
        CHECK_EQ(query(Services[i].guid, sizeof(room), 0xffff, &room), STATUS_NOT_SUPPORTED);
        CHECK_EQ(query(Services[i].guid, size - 1, version, &room), STATUS_BUFFER_TOO_SMALL);
        CHECK_EQ(room.bytes[0], 0xa5); /* a refusal writes nothing */
        CHECK_EQ(query(Services[i].guid, sizeof(room), version, &room), STATUS_SUCCESS);
        CHECK_EQ(room.head.Version, version);
        CHECK_EQ(room.head.Size, size);
        CHECK_EQ(room.bytes[size], 0xa5); /* a newer driver's larger room: the rest is its own */
        room.head.InterfaceReference(room.head.Context);
        put(&room);
        put(&room);
    }
    CHECK_EQ(query(&Nobody, sizeof(room), 1, &room), STATUS_NOT_SUPPORTED);
    xenbus_end(platform);
}

NT_TEST(a_held_service_outlives_the_bus, .seeds = 20)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    struct pnp_node *platform = xenbus_start();

    CHECK_EQ(query(&GUID_XENBUS_SUSPEND, sizeof(suspend), 1, &suspend), STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(pnp_query_stop(platform)));
    CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    /* A child driver that is late. */
    CHECK_EQ(suspend.GetCount(suspend.Interface.Context), 0);
    CHECK_EQ(fake_xen.holes, 1);
    CHECK_EQ(pnp_start(platform), STATUS_DEVICE_BUSY); /* there is one Xen */
    put(&suspend);
    CHECK_EQ(fake_xen.holes, 0);
    xenbus_end(platform);
}

/* --- Suspend. --- */

static char Order[16];
static ULONG OrderLength;

static VOID NTAPI note(PVOID argument)
{
    if (OrderLength < sizeof(Order) - 1)
        Order[OrderLength++] = (char)(ULONG_PTR)argument;
}

static volatile LONG Running, Ticks;

static VOID NTAPI tick(PVOID context)
{
    while (Running) {
        InterlockedIncrement(&Ticks);
        YieldProcessor();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void nobody_else_runs(void)
{
    LONG before = Ticks;

    for (int i = 0; i < 50; i++)
        YieldProcessor();
    CHECK_EQ(Ticks, before);
}

NT_TEST(a_resume_runs_early_then_late_in_order, .seeds = 50)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    PXENBUS_SUSPEND_HANDLE handles[6];
    struct pnp_node *platform = xenbus_start();
    HANDLE thread;
    PVOID object;
    ULONG maps = fake_xen.shared_info_maps;

    CHECK_EQ(query(&GUID_XENBUS_SUSPEND, sizeof(suspend), 1, &suspend), STATUS_SUCCESS);
    for (ULONG i = 0; i < 6; i++) /* late 5 3 1, early 6 4 2 */
        CHECK_EQ(suspend.Register(suspend.Interface.Context,
                                  i % 2 ? XenbusSuspendEarly : XenbusSuspendLate, 0x2000 - i, note,
                                  (PVOID)(ULONG_PTR)('1' + i), &handles[i]),
                 STATUS_SUCCESS);
    Running = 1;
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, tick, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread, THREAD_ALL_ACCESS, NULL, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    ZwClose(thread);
    fake_xen.at_suspend = nobody_else_runs;

    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_SUCCESS);
    CHECK_EQ(strcmp(Order, "642531"), 0);
    CHECK_EQ(suspend.GetCount(suspend.Interface.Context), 1);
    CHECK_EQ(fake_xen.shared_info_maps, maps + 1);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);

    fake_xen.suspend_result = 1; /* a checkpoint: Xen went on */
    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_CANCELLED);
    fake_xen.suspend_result = -XEN_ERROR_EINVAL;
    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_UNSUCCESSFUL);
    CHECK_EQ(suspend.GetCount(suspend.Interface.Context), 1);
    CHECK_EQ(OrderLength, 6);
    CHECK_EQ(fake_xen.suspends, 3);

    Running = 0;
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(object);
    for (ULONG i = 0; i < 6; i++)
        suspend.Deregister(suspend.Interface.Context, handles[i]);
    put(&suspend);
    xenbus_end(platform);
}

NT_TEST(event_interrupts_are_told_again_after_a_resume, .seeds = 50)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    struct pnp_node *platform;
    ULONG vectors[FAKE_CPUS];

    fake_xen.no_vector_op = sched_random(2);
    platform = xenbus_start();
    RtlCopyMemory(vectors, fake_xen.vector, sizeof(vectors));
    CHECK(fake_xen.callback != 0); /* also with vectors: so libxl knows of the drivers */
    CHECK_EQ(query(&GUID_XENBUS_SUSPEND, sizeof(suspend), 1, &suspend), STATUS_SUCCESS);
    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_SUCCESS);
    CHECK_EQ(RtlCompareMemory(vectors, fake_xen.vector, sizeof(vectors)), sizeof(vectors));
    CHECK(fake_xen.callback != 0);
    put(&suspend);
    xenbus_end(platform);
    CHECK_EQ(fake_xen.callback, 0);
}

NT_TEST(a_resume_without_shared_info_gives_no_empty_frame_back)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    struct pnp_node *platform = xenbus_start();

    CHECK_EQ(query(&GUID_XENBUS_SUSPEND, sizeof(suspend), 1, &suspend), STATUS_SUCCESS);
    fake_xen.no_shared_info = true;
    CHECK_EQ(suspend.Trigger(suspend.Interface.Context), STATUS_SUCCESS);
    CHECK(fake_xen_said("the shared info page is lost after a resume"));
    CHECK_EQ(fake_xen.holes, 0); /* memory again: whoever reads there reads memory */
    put(&suspend);
    xenbus_end(platform);
}

/* A hibernated machine wakes up in a new domain; one that slept does not. */
NT_TEST(hibernation_is_a_resume, .seeds = 50)
{
    struct pnp_node *platform;
    ULONG maps;

    child_driver_install("CASEMENT\\IFACE");
    platform = xenbus_start();
    maps = fake_xen.shared_info_maps;
    CHECK_EQ(power_sleep(PowerSystemSleeping3), STATUS_SUCCESS);
    power_wake();
    CHECK_EQ(child_driver_early_calls() + child_driver_late_calls(), 0);
    CHECK_EQ(fake_xen.shared_info_maps, maps);
    CHECK_EQ(power_sleep(PowerSystemHibernate), STATUS_SUCCESS);
    RtlZeroMemory(fake_xen.vector, sizeof(fake_xen.vector));
    power_wake();
    CHECK_EQ(child_driver_early_calls(), 1);
    CHECK_EQ(child_driver_late_calls(), 1);
    CHECK_EQ(fake_xen.shared_info_maps, maps + 1);
    CHECK(fake_xen.vector[0] != 0);
    CHECK_EQ(fake_xen.suspends, 0); /* Xen was not asked: it had happened */
    CHECK_EQ(power_sleep(PowerSystemSleeping3), STATUS_SUCCESS);
    power_wake();
    CHECK_EQ(child_driver_early_calls(), 1);
    xenbus_end(platform);
}

static NTSTATUS Statuses[2];

static VOID NTAPI trigger(PVOID context)
{
    XENBUS_SUSPEND_INTERFACE_V1 *suspend = context;

    Statuses[1] = suspend->Trigger(suspend->Interface.Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NT_TEST(two_who_suspend_at_once, .seeds = 200)
{
    XENBUS_SUSPEND_INTERFACE_V1 suspend;
    struct pnp_node *platform = xenbus_start();
    HANDLE thread;
    PVOID object;

    CHECK_EQ(query(&GUID_XENBUS_SUSPEND, sizeof(suspend), 1, &suspend), STATUS_SUCCESS);
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, trigger, &suspend),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread, THREAD_ALL_ACCESS, NULL, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    ZwClose(thread);
    Statuses[0] = suspend.Trigger(suspend.Interface.Context);
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(object);
    for (ULONG i = 0; i < 2; i++)
        CHECK(Statuses[i] == STATUS_SUCCESS || Statuses[i] == STATUS_DEVICE_BUSY);
    CHECK(Statuses[0] == STATUS_SUCCESS || Statuses[1] == STATUS_SUCCESS);
    CHECK_EQ(suspend.GetCount(suspend.Interface.Context), fake_xen.suspends);
    put(&suspend);
    xenbus_end(platform);
}

/* --- Event interrupts. --- */

NT_TEST(every_cpu_has_its_vector, .cpus = 4, .seeds = 20)
{
    struct pnp_node *platform = xenbus_start();

    for (ULONG i = 0; i < 4; i++) {
        CHECK(fake_xen.vector[i] >= 0x10);
        for (ULONG k = 0; k < i; k++)
            CHECK(fake_xen.vector[i] != fake_xen.vector[k]);
    }
    CHECK_EQ(fake_xen.callback >> 56, XEN_CALLBACK_PCI_INTX);
    CHECK(fake_xen.upcalls >= 4); /* each was seen to arrive */
    xenbus_end(platform);
}

/* Some kernels accept IoConnectInterruptEx for what they do not have. */
NT_TEST(a_vector_that_never_arrives_is_given_up, .cpus = 2, .seeds = 20)
{
    struct pnp_node *platform;

    fake_xen.dead_cpus = 1 << 1;
    platform = xenbus_start();
    CHECK(fake_xen_said("no event interrupt arrives on CPU 1"));
    CHECK(!fake_xen_said("by the line interrupt"));
    xenbus_end(platform);
}

NT_TEST(the_line_replaces_a_dead_vector_of_cpu_0, .cpus = 2, .seeds = 20)
{
    struct pnp_node *platform;

    fake_xen.dead_cpus = 1 << 0;
    platform = xenbus_start();
    CHECK(fake_xen_said("by the line interrupt"));
    CHECK(fake_xen.vector[0] != 0); /* Xen takes no vector back: it is the line's now */
    CHECK(fake_xen.callback != 0);
    xenbus_end(platform);
    CHECK_EQ(fake_xen.callback, 0);
}

NT_TEST(an_old_xen_has_the_line_alone, .seeds = 20)
{
    struct pnp_node *platform;

    fake_xen.no_vector_op = true;
    platform = xenbus_start();
    /* The platform device's INTA#, by its place: device 2 or wherever the machine put it. */
    CHECK_EQ(fake_xen.callback >> 56, XEN_CALLBACK_PCI_INTX);
    CHECK_EQ(fake_xen.callback & 0xffff, (ULONG64)pci_xen_platform.slot << 11);
    CHECK(fake_xen.upcalls > 0);
    xenbus_end(platform);
    CHECK_EQ(fake_xen.callback, 0);
}

NT_TEST(without_any_interrupt_the_start_fails_cleanly)
{
    struct pci_device_config config = pci_xen_platform;
    struct pnp_node *platform;

    fake_xen.no_vector_op = true;
    config.line = 0;
    pnp_install(&Xenbus);
    platform = pci_add(&config);
    CHECK_EQ(pnp_start(platform), STATUS_DEVICE_CONFIGURATION_ERROR);
    xenbus_end(platform);
}

/* --- The clock. --- */

static struct xen_shared_info *shared_page(void)
{
    return pages_address(fake_xen.shared_info_frame);
}

NT_TEST(the_clock_is_xens, .cpus = 1)
{
    static const WCHAR Zone[] =
        L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation";
    XENBUS_SHARED_INFO_INTERFACE_V1 info;
    struct pnp_node *platform = xenbus_start();
    struct xen_shared_info *page = shared_page();
    LARGE_INTEGER time;
    BOOLEAN local;

    RtlZeroMemory(page, sizeof(*page));
    page->wc_sec = 0x80000000; /* 2038 and beyond */
    page->wc_sec_hi = 1;
    page->wc_nsec = 500;
    page->vcpu[0].time.version = 2;
    page->vcpu[0].time.system_time_ns = 7000000000;
    page->vcpu[0].time.tsc_timestamp = ~0ULL >> 1; /* ahead: the clock stands, it does not jump */
    page->vcpu[0].time.tsc_to_system_mul = 0x80000000;
    page->vcpu[0].time.tsc_shift = 1;
    CHECK_EQ(query(&GUID_XENBUS_SHARED_INFO, sizeof(info), 1, &info), STATUS_SUCCESS);
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_SUCCESS);
    CHECK_EQ(time.QuadPart, 116444736000000000 + (0x180000000 + 7) * 10000000 + 5);
    CHECK(local);
    registry_set_dword(Zone, L"RealTimeIsUniversal", 1);
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_SUCCESS);
    CHECK(!local);
    registry_set(Zone, L"RealTimeIsUniversal", REG_SZ, L"1", 4); /* of another shape: not there */
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_SUCCESS);
    CHECK(local);

    page->vcpu[0].time.version = 3; /* for ever being written */
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_DEVICE_NOT_READY);
    page->vcpu[0].time.version = 4;
    page->wc_version = 1;
    CHECK_EQ(info.GetTime(info.Interface.Context, &time, &local), STATUS_DEVICE_NOT_READY);
    put(&info);
    xenbus_end(platform);
}

/* --- The dump of state. --- */

NT_TEST(the_debug_key_dumps_every_part, .seeds = 50)
{
    struct pnp_node *platform;
    ULONG dumps;

    child_driver_install("CASEMENT\\IFACE");
    platform = xenbus_start();
    fake_xen_debug_key();
    sched_settle();
    CHECK_EQ(child_driver_dumps(), 1);
    CHECK(fake_xen_said("child: alive\n"));
    CHECK(fake_xen_said("suspend: resumed 0 times"));
    CHECK(fake_xen_said("interrupts: CPU 0 is vCPU 0"));
    CHECK(fake_xen_said("unplug: disks left"));
    for (int i = 0; i < 1000; i++) /* a key held down costs one dump at a time */
        fake_xen_debug_key();
    sched_settle();
    dumps = child_driver_dumps();
    CHECK(dumps > 1 && dumps < 500);
    for (int i = 0; i < 3; i++) /* and one under way while everything ends */
        fake_xen_debug_key();
    xenbus_end(platform);
}

NT_TEST(a_log_line_is_printable)
{
    XENBUS_DEBUG_INTERFACE_V1 debug;
    struct pnp_node *platform = xenbus_start();
    char line[1000];

    CHECK_EQ(query(&GUID_XENBUS_DEBUG, sizeof(debug), 1, &debug), STATUS_SUCCESS);
    debug.Log(debug.Interface.Context, "two\nlines \033[2J\x80 100% %s%n");
    CHECK(fake_xen_said("xenbus: two?lines ?[2J? 100% %s%n\n"));
    RtlFillMemory(line, sizeof(line), 'x');
    line[sizeof(line) - 1] = 0;
    debug.Log(debug.Interface.Context, line);
    put(&debug);
    xenbus_end(platform);
}

NT_TEST(services_survive_every_failure, .cpus = 2, .faults = true)
{
    struct pnp_node *platform;

    child_driver_install("CASEMENT\\IFACE");
    platform = xenbus_start_any();
    fake_xen_debug_key();
    if (child_driver_suspend() == STATUS_SUCCESS && !fault_injected()) {
        CHECK_EQ(child_driver_early_calls(), 1);
        CHECK_EQ(child_driver_late_calls(), 1);
    }
    xenbus_settle();
    xenbus_end(platform);
}
