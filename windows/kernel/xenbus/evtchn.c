/* SPDX-License-Identifier: BSD-2-Clause */
/* The event channels' life, their way over a suspend, and their dump: see evtchn.h. */
#include "evtchn.h"
#include "hypercall.h"
#include "interrupts.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"

static VOID FillInterface(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_EVTCHN_INTERFACE_V1 Functions = (PXENBUS_EVTCHN_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    Functions->Open = EvtchnOpen;
    Functions->Close = EvtchnClose;
    Functions->Mask = EvtchnMask;
    Functions->Unmask = EvtchnUnmask;
    Functions->Send = EvtchnSend;
    Functions->BindCpu = EvtchnBindCpu;
    Functions->GetState = EvtchnGetState;
    Functions->QueryPeer = EvtchnQueryPeer;
}

static const USHORT Sizes[] = {sizeof(XENBUS_EVTCHN_INTERFACE_V1)};
const XENBUS_SERVICE EvtchnService = {
    .Guid = &GUID_XENBUS_EVTCHN,
    .NewestVersion = XENBUS_EVTCHN_VERSION,
    .Sizes = Sizes,
    .Fill = FillInterface,
};

/* --- Does each CPU's interrupt arrive? */

static VOID NTAPI OnProbe(_In_opt_ PVOID Argument)
{
    UNREFERENCED_PARAMETER(Argument);
}

static NTSTATUS FireProbe(_In_opt_ PVOID Argument, _In_ ULONG Cpu)
{
    PXENBUS_EVTCHN_CHANNEL Channel = Argument;
    struct xen_evtchn_send Op = {.port = Channel->Core.port};

    UNREFERENCED_PARAMETER(Cpu);
    return EvtchnStatus(EvtchnHypercall(XEN_EVTCHNOP_SEND, &Op));
}

static VOID ProbeCpu(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Cpu)
{
    PXENBUS_EVTCHN_CHANNEL Channel;
    PXENBUS_INTERRUPTS Interrupts = Evtchn->Parts->Interrupts;

    /* vCPU 0 without a vector is the line's. */
    if (!Evtchn->Cpus[Cpu].Usable ||
        (InterruptsVcpuOf(Interrupts, Cpu) != 0 && !InterruptsCpuHasVector(Interrupts, Cpu)))
        return;
    if (!NT_SUCCESS(EvtchnOpenProbe(Evtchn, Cpu, OnProbe, &Channel)))
        return;
    EvtchnUnmask(Evtchn->Parts, Channel);
    (VOID) InterruptsProbe(Interrupts, Cpu, FireProbe, Channel);
    EvtchnClose(Evtchn->Parts, Channel);
}

/* --- xl debug-keys q. */

static VOID NTAPI OnDebugVirq(_In_opt_ PVOID Argument)
{
    DebugRequest(((PXENBUS_EVTCHN)Argument)->Parts->Debug);
}

/* Its absence hurts nobody. */
static VOID OpenDebugVirq(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = XENBUS_EVTCHN_VIRQ, .Virq = XEN_VIRQ_DEBUG};

    if (NT_SUCCESS(EvtchnOpen(Evtchn->Parts, &Parameters, OnDebugVirq, Evtchn, &Evtchn->DebugVirq)))
        EvtchnUnmask(Evtchn->Parts, Evtchn->DebugVirq);
}

static VOID CloseDebugVirq(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    if (Evtchn->DebugVirq)
        EvtchnClose(Evtchn->Parts, Evtchn->DebugVirq);
    Evtchn->DebugVirq = NULL;
}

/* --- After a suspend. Not in the early phase: a CPU may have been stopped in the middle of a DPC
 * of ours. Until here it can only have found nothing, or called a callback once too often. */

static VOID NTAPI OnResume(_In_opt_ PVOID Argument)
{
    PXENBUS_EVTCHN Evtchn = Argument;
    KIRQL Irql;

    (VOID) KeWaitForSingleObject(&Evtchn->Lock, Executive, KernelMode, FALSE, NULL);
    EvtchnLockAll(Evtchn, &Irql);
    evtchn_table_reset(&Evtchn->Table, EvtchnAbiStart(Evtchn));
    EvtchnUnlockAll(Evtchn, Irql);
    (VOID) KeReleaseMutex(&Evtchn->Lock, FALSE);
    InterruptsResume(Evtchn->Parts->Interrupts);
    CloseDebugVirq(Evtchn);
    OpenDebugVirq(Evtchn);
}

/* --- Dump. */

static VOID DumpChannel(_In_ PXENBUS_EVTCHN Evtchn, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                        _In_ PXENBUS_DEBUG_SINK Sink)
{
    static const PCSTR Types[] = {"fixed", "unbound", "interdomain", "virq"};
    const struct evtchn_abi_ops *Abi = Evtchn->Table.abi->ops;
    XENBUS_EVTCHN_STATE State;
    TEXT Text;

    EvtchnGetState(Evtchn->Parts, Channel, &State);
    TextInit(&Text, "port ");
    TextAddDecimal(&Text, State.LocalPort);
    TextAdd(&Text, " ");
    TextAdd(&Text, (ULONG)Channel->Type < RTL_NUMBER_OF(Types) ? Types[Channel->Type] : "probe");
    TextAdd(&Text, " CPU ");
    TextAddDecimal(&Text, State.Cpu);
    TextAdd(&Text, " events ");
    TextAddDecimal(&Text, State.Events);
    TextAdd(&Text, " throttled ");
    TextAddDecimal(&Text, State.Throttled);
    TextAdd(&Text, State.Masked ? " masked" : "");
    TextAdd(&Text, State.Dead ? " dead" : "");
    if (!State.Dead) {
        TextAdd(&Text, Abi->masked(Evtchn->Table.abi, State.LocalPort) ? ", at Xen masked" : "");
        TextAdd(&Text, Abi->pending(Evtchn->Table.abi, State.LocalPort) ? ", at Xen pending" : "");
    }
    Sink->Write(Sink, Text.Buffer);
}

static VOID DumpCpu(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Index, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PEVTCHN_CPU Cpu = &Evtchn->Cpus[Index];
    TEXT Text;

    TextInit(&Text, "CPU ");
    TextAddDecimal(&Text, Index);
    TextAdd(&Text, " upcalls ");
    TextAddDecimal(&Text, Cpu->Upcalls);
    TextAdd(&Text, " callbacks ");
    TextAddDecimal(&Text, Evtchn->TableCpus[Index].turns);
    TextAdd(&Text, " for nobody ");
    TextAddDecimal(&Text, Evtchn->TableCpus[Index].spurious);
    TextAdd(&Text, Cpu->Usable ? "" : ", takes no channels");
    Sink->Write(Sink, Text.Buffer);
}

static VOID NTAPI OnDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_EVTCHN Evtchn = Argument;
    TEXT Text;

    (VOID) KeWaitForSingleObject(&Evtchn->Lock, Executive, KernelMode, FALSE, NULL);
    TextInit(&Text, "ABI ");
    TextAdd(&Text, Evtchn->Table.abi->ops->name);
    TextAdd(&Text, ", open ports ");
    TextAddDecimal(&Text, Evtchn->Table.open_ports);
    Sink->Write(Sink, Text.Buffer);
    for (ULONG i = 0; i < Evtchn->CpuCount; i++)
        DumpCpu(Evtchn, i, Sink);
    for (PLIST_ENTRY Entry = Evtchn->Channels.Flink; Entry != &Evtchn->Channels;
         Entry = Entry->Flink)
        DumpChannel(Evtchn, CONTAINING_RECORD(Entry, XENBUS_EVTCHN_CHANNEL, Link), Sink);
    (VOID) KeReleaseMutex(&Evtchn->Lock, FALSE);
}

/* --- Life. */

/* The interrupts are not connected, and no channel is open. */
static VOID Free(_In_ PXENBUS_EVTCHN Evtchn)
{
    struct evtchn_leaf *Leaf;

    for (ULONG i = 0; i < Evtchn->CpuCount; i++)
        (VOID) KeCancelTimer(&Evtchn->Cpus[i].Timer);
    KeFlushQueuedDpcs();
    while ((Leaf = evtchn_table_take_leaf(&Evtchn->Table)))
        PoolFree(Leaf, POOL_TAG_EVTCHN);
    EvtchnAbiStop(Evtchn);
    EvtchnAbiDestroy(Evtchn);
    PoolFree(Evtchn, POOL_TAG_EVTCHN);
}

static PXENBUS_EVTCHN Allocate(_In_ PXENBUS_PARTS Parts)
{
    ULONG Count = InterruptsCpuCount(Parts->Interrupts);
    PXENBUS_EVTCHN New = PoolAllocate(
        FIELD_OFFSET(struct _XENBUS_EVTCHN, Cpus) + Count * sizeof(EVTCHN_CPU), POOL_TAG_EVTCHN);

    if (!New)
        return NULL;
    New->Parts = Parts;
    New->CpuCount = Count;
    KeInitializeMutex(&New->Lock, 0);
    InitializeListHead(&New->Channels);
    for (ULONG i = 0; i < Count; i++)
        EvtchnCpuInitialize(New, i);
    if (NT_SUCCESS(EvtchnAbiCreate(New)))
        return New;
    PoolFree(New, POOL_TAG_EVTCHN);
    return NULL;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    EvtchnCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_EVTCHN *Evtchn)
{
    PXENBUS_EVTCHN New = Allocate(Parts);
    NTSTATUS Status;

    *Evtchn = NULL;
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    evtchn_table_init(&New->Table, EvtchnAbiStart(New), New->TableCpus, New->CpuCount,
                      EVTCHN_TURNS_PER_WINDOW, EVTCHN_WINDOW_100NS);
    Status = InterruptsConnect(Parts->Interrupts, EvtchnUpcall, New);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = SuspendRegister(Parts, XenbusSuspendLate, XENBUS_SUSPEND_ORDER_EVTCHN, OnResume, New,
                             &New->Late);
    if (!NT_SUCCESS(Status))
        goto disconnect;
    Status = DebugRegister(Parts, "evtchn", OnDump, New, &New->Dump);
    if (!NT_SUCCESS(Status))
        goto deregister;
    *Evtchn = Parts->Evtchn = New; /* the functions of the interface are ours to use */
    for (ULONG i = 0; i < New->CpuCount; i++)
        ProbeCpu(New, i);
    OpenDebugVirq(New);
    return STATUS_SUCCESS;

deregister:
    SuspendDeregister(Parts, New->Late);
disconnect:
    InterruptsDisconnect(Parts->Interrupts);
free:
    Free(New);
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID EvtchnDestroy(_In_ PXENBUS_EVTCHN Evtchn)
{
    PXENBUS_PARTS Parts = Evtchn->Parts;

    CloseDebugVirq(Evtchn);
    DebugDeregister(Parts, Evtchn->Dump);
    SuspendDeregister(Parts, Evtchn->Late);
    InterruptsDisconnect(Parts->Interrupts);
    Free(Evtchn);
}
