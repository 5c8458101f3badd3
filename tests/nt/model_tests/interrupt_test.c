/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that messages and lines reach a driver's interrupt service routine at DIRQL on the right
 * CPU, excluded by its lock, and that each wrong use of interrupts is reported.
 */
#include "model_tests/toy.h"

#include "model/interrupt.h"
#include "model/sched.h"

static const struct pci_device_config with_messages = {
    .vendor = 0x5853,
    .device = 0x0001,
    .subsystem_vendor = 0x5853,
    .subsystem = 1,
    .slot = 3,
    .messages = 2,
};

static struct {
    CM_PARTIAL_RESOURCE_DESCRIPTOR line; /* translated */
    BOOLEAN serve, counted;
    volatile LONG calls, message, cpu, irql;
    PKINTERRUPT object;
} Seen;

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    Seen.calls++;
    Seen.cpu = (LONG)KeGetCurrentProcessorNumberEx(NULL);
    Seen.irql = KeGetCurrentIrql();
    if (Seen.serve)
        interrupt_line(28, FALSE);
    return Seen.serve;
}

static BOOLEAN NTAPI message_service(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    Seen.message = (LONG)message;
    return service(interrupt, context);
}

/* Remembers the line at START. */
static BOOLEAN note_resources(struct toy *toy, PIRP irp, UCHAR minor, NTSTATUS *status)
{
    CM_PARTIAL_RESOURCE_LIST *list;

    if (minor != IRP_MN_START_DEVICE)
        return FALSE;
    list = &IoGetCurrentIrpStackLocation(irp)
                ->Parameters.StartDevice.AllocatedResourcesTranslated->List[0]
                .PartialResourceList;
    for (ULONG i = 0; i < list->Count; i++)
        if (list->PartialDescriptors[i].Type == CmResourceTypeInterrupt)
            Seen.line = list->PartialDescriptors[i];
    return FALSE;
}

static NTSTATUS connect_line(ULONG vector_difference)
{
    return IoConnectInterrupt(
        &Seen.object, service, NULL, NULL, Seen.line.u.Interrupt.Vector + vector_difference,
        (KIRQL)Seen.line.u.Interrupt.Level, (KIRQL)Seen.line.u.Interrupt.Level, LevelSensitive,
        TRUE, Seen.line.u.Interrupt.Affinity, FALSE);
}

static void start_with_line(void)
{
    Toy.hook = note_resources;
    toy_started();
}

NT_TEST(a_line_interrupts_until_it_is_served, .seeds = 10)
{
    start_with_line();
    CHECK_EQ(connect_line(0), STATUS_SUCCESS);
    Seen.serve = TRUE;
    interrupt_line(28, TRUE);
    sched_settle();
    CHECK_EQ(Seen.calls, 1);
    CHECK_EQ(Seen.irql, Seen.line.u.Interrupt.Level);
    IoDisconnectInterrupt(Seen.object);
    pnp_uninstall("toy");
}

NT_TEST(a_message_reaches_its_routine, .cpus = 2, .seeds = 10, .faults = true)
{
    PIO_INTERRUPT_MESSAGE_INFO table;
    IO_CONNECT_INTERRUPT_PARAMETERS connect = {.Version = CONNECT_MESSAGE_BASED};
    IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect = {.Version = CONNECT_MESSAGE_BASED};
    NTSTATUS status;

    pnp_install(&toy_driver);
    if (NT_SUCCESS(pnp_start(pci_add(&with_messages)))) {
        connect.MessageBased.PhysicalDeviceObject = Toy.toy->pdo;
        connect.MessageBased.ConnectionContext.InterruptMessageTable = &table;
        connect.MessageBased.MessageServiceRoutine = message_service;
        status = IoConnectInterruptEx(&connect);
        CHECK(NT_SUCCESS(status) || fault_injected());
        if (NT_SUCCESS(status)) {
            CHECK_EQ(table->MessageCount, 2);
            CHECK(interrupt_raise(1, table->MessageInfo[1].Vector));
            sched_settle();
            CHECK_EQ(Seen.calls, 1);
            CHECK_EQ(Seen.message, 1);
            CHECK_EQ(Seen.cpu, 1);
            disconnect.ConnectionContext.InterruptMessageTable = table;
            IoDisconnectInterruptEx(&disconnect);
        }
    }
    pnp_uninstall("toy");
}

static BOOLEAN NTAPI synchronized(PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), Seen.line.u.Interrupt.Level);
    return TRUE;
}

NT_TEST(the_service_routine_is_excluded, .cpus = 2, .seeds = 20)
{
    start_with_line();
    CHECK_EQ(connect_line(0), STATUS_SUCCESS);
    CHECK(KeSynchronizeExecution(Seen.object, synchronized, NULL));
    KeReleaseInterruptSpinLock(Seen.object, KeAcquireInterruptSpinLock(Seen.object));
    IoDisconnectInterrupt(Seen.object);
    pnp_uninstall("toy");
}

/* --- Bad drivers. */

NT_TEST_BREAKS(a_vector_of_its_own_making, interrupt_not_assigned)
{
    start_with_line();
    connect_line(1);
}

NT_TEST_BREAKS(an_interrupt_left_at_removal, interrupt_left_connected)
{
    start_with_line();
    connect_line(0);
    pnp_uninstall("toy");
}

NT_TEST_BREAKS(disconnected_twice, interrupt_is_connected)
{
    start_with_line();
    connect_line(0);
    IoDisconnectInterrupt(Seen.object);
    IoDisconnectInterrupt(Seen.object);
}

NT_TEST_BREAKS(a_line_never_served, interrupt_not_quieted)
{
    start_with_line();
    connect_line(0);
    interrupt_line(28, TRUE);
    sched_settle();
}
