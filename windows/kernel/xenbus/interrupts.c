/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's event upcall as NT interrupts: see interrupts.h.
 *
 * The vectors come from the resource list: resources.c asks NT for one message interrupt on each
 * CPU, as a device with MSI-X would. They are connected as fully specified interrupts, and Xen
 * injects into the CPU's local APIC. NT may refuse the resources, the connection, or accept both
 * and never deliver; so there is a probe, and the line.
 *
 * Xen does not let a vCPU's vector be taken back. When vCPU 0's proves dead, its vector becomes
 * that of the line interrupt's: the handler is the same.
 */
#include "interrupts.h"
#include "hypercall.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"
#include <core/xen/abi.h>

enum {
    VECTOR_MIN = 0x10, /* below: exceptions, Xen refuses */
    PROBE_MS = 1000,   /* real machines need microseconds; a busy host may take long */
};

typedef struct _CPU_INTERRUPT {
    PXENBUS_INTERRUPTS Interrupts;
    ULONG Cpu, Vcpu;
    CM_PARTIAL_RESOURCE_DESCRIPTOR Resource; /* Type: CmResourceTypeNull when there is none */
    PKINTERRUPT Object;
    BOOLEAN HasVector;
    volatile LONG Probing;
    KDPC ProbeDpc;
    KEVENT Arrived;
    ULONG64 Upcalls; /* its interrupt lock */
} CPU_INTERRUPT, *PCPU_INTERRUPT;

struct _XENBUS_INTERRUPTS {
    PXENBUS_PARTS Parts;
    PDEVICE_OBJECT Pdo;
    CM_PARTIAL_RESOURCE_DESCRIPTOR LineResource;
    PKINTERRUPT Line;
    ULONG64 LineCallback; /* value of HVM_PARAM_CALLBACK_IRQ */
    BOOLEAN LineIsVector; /* vCPU 0's dead vector has been replaced by the line's */
    ULONG64 LineUpcalls;  /* its interrupt lock */
    XENBUS_UPCALL *Upcall;
    PVOID Argument;
    ULONG Cpus;
    CPU_INTERRUPT Cpu[];
};

/* --- Resources. --- */

static VOID TakeResource(_Inout_ PXENBUS_INTERRUPTS Interrupts,
                         _In_ const CM_PARTIAL_RESOURCE_DESCRIPTOR *Raw,
                         _In_ const CM_PARTIAL_RESOURCE_DESCRIPTOR *Translated)
{
    KAFFINITY Affinity = Translated->u.Interrupt.Affinity;
    ULONG Cpu;

    if (Translated->Type != CmResourceTypeInterrupt)
        return;
    if (!(Raw->Flags & CM_RESOURCE_INTERRUPT_MESSAGE)) {
        if (Interrupts->LineResource.Type == CmResourceTypeNull)
            Interrupts->LineResource = *Translated;
        return;
    }
    /* One CPU exactly: an upcall belongs to a vCPU. */
    if (!Affinity || (Affinity & (Affinity - 1)))
        return;
    Cpu = (ULONG)__builtin_ctzll(Affinity);
    if (Cpu < Interrupts->Cpus)
        Interrupts->Cpu[Cpu].Resource = *Translated;
}

static VOID TakeResources(_Inout_ PXENBUS_INTERRUPTS Interrupts, _In_opt_ PCM_RESOURCE_LIST Raw,
                          _In_opt_ PCM_RESOURCE_LIST Translated)
{
    if (!Raw || !Translated || Raw->Count < 1 || Translated->Count < 1)
        return;
    /* A PCI device's list has one full descriptor. */
    for (ULONG i = 0; i < Translated->List[0].PartialResourceList.Count &&
                      i < Raw->List[0].PartialResourceList.Count;
         i++)
        TakeResource(Interrupts, &Raw->List[0].PartialResourceList.PartialDescriptors[i],
                     &Translated->List[0].PartialResourceList.PartialDescriptors[i]);
}

/* Xen's number of the CPU that runs this. */
static ULONG NTAPI ThisVcpu(VOID)
{
    XEN_CPUID Leaf;

    XenCpuid(XenCpuidBase() + XEN_LEAF_HVM, 0, &Leaf);
    if (Leaf.Eax & XEN_HVM_LEAF_VCPU_ID_PRESENT)
        return Leaf.Ebx;
    return KeGetCurrentProcessorNumberEx(NULL); /* Xen before 4.6 */
}

static ULONG_PTR NTAPI NoteVcpu(_In_ ULONG_PTR Argument)
{
    PXENBUS_INTERRUPTS Interrupts = (PXENBUS_INTERRUPTS)Argument;
    ULONG Cpu = KeGetCurrentProcessorNumberEx(NULL);

    if (Cpu < Interrupts->Cpus)
        Interrupts->Cpu[Cpu].Vcpu = ThisVcpu();
    return 0;
}

/* The platform device's INTA#, as Xen names it. */
static ULONG64 LineOf(_In_ PDEVICE_OBJECT Pdo)
{
    ULONG Address = 0, Bus = 0, Length;

    (VOID) IoGetDeviceProperty(Pdo, DevicePropertyAddress, sizeof(Address), &Address, &Length);
    (VOID) IoGetDeviceProperty(Pdo, DevicePropertyBusNumber, sizeof(Bus), &Bus, &Length);
    return XEN_CALLBACK(XEN_CALLBACK_PCI_INTX, (ULONG64)(Bus & 0xff) << 16 |
                                                   (Address >> 16 & 0x1f) << 11 |
                                                   (Address & 7) << 8);
}

/* --- The handlers. --- */

static BOOLEAN NTAPI OnVector(_In_ PKINTERRUPT Interrupt, _In_ PVOID Context)
{
    PCPU_INTERRUPT Cpu = Context;
    PXENBUS_INTERRUPTS Interrupts = Cpu->Interrupts;

    UNREFERENCED_PARAMETER(Interrupt);
    Cpu->Upcalls++;
    if (Cpu->Probing)
        (VOID) KeInsertQueueDpc(&Cpu->ProbeDpc, NULL, NULL);
    (VOID) Interrupts->Upcall(Interrupts->Argument, Cpu->Cpu);
    return TRUE; /* the vector is ours alone */
}

ULONG InterruptsCpuOfVcpu0(_In_ PXENBUS_INTERRUPTS Interrupts)
{
    for (ULONG i = 0; i < Interrupts->Cpus; i++)
        if (Interrupts->Cpu[i].Vcpu == 0)
            return i;
    return 0;
}

static BOOLEAN NTAPI OnLine(_In_ PKINTERRUPT Interrupt, _In_ PVOID Context)
{
    PXENBUS_INTERRUPTS Interrupts = Context;
    PCPU_INTERRUPT Cpu = &Interrupts->Cpu[InterruptsCpuOfVcpu0(Interrupts)];

    UNREFERENCED_PARAMETER(Interrupt);
    Interrupts->LineUpcalls++;
    if (Cpu->Probing)
        (VOID) KeInsertQueueDpc(&Cpu->ProbeDpc, NULL, NULL);
    /* The line is shared with other devices: what Xen did not raise is not ours. */
    return Interrupts->Upcall(Interrupts->Argument, Cpu->Cpu);
}

static VOID NTAPI OnProbeDpc(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A,
                             _In_opt_ PVOID B)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    (VOID) KeSetEvent(&((PCPU_INTERRUPT)Context)->Arrived, IO_NO_INCREMENT, FALSE);
}

/* --- Life. --- */

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    InterruptsCreate(_In_ PXENBUS_PARTS Parts, _In_ PDEVICE_OBJECT Pdo,
                     _In_opt_ PCM_RESOURCE_LIST Raw, _In_opt_ PCM_RESOURCE_LIST Translated,
                     _Out_ PXENBUS_INTERRUPTS *Interrupts)
{
    ULONG Cpus = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PXENBUS_INTERRUPTS New =
        PoolAllocate(FIELD_OFFSET(struct _XENBUS_INTERRUPTS, Cpu) + Cpus * sizeof(CPU_INTERRUPT),
                     POOL_TAG_INTERRUPT);

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Parts = Parts;
    New->Pdo = Pdo;
    New->Cpus = Cpus;
    New->LineCallback = LineOf(Pdo);
    for (ULONG i = 0; i < Cpus; i++) {
        New->Cpu[i].Interrupts = New;
        New->Cpu[i].Cpu = New->Cpu[i].Vcpu = i;
        KeInitializeDpc(&New->Cpu[i].ProbeDpc, OnProbeDpc, &New->Cpu[i]);
        KeInitializeEvent(&New->Cpu[i].Arrived, NotificationEvent, FALSE);
    }
    (VOID) KeIpiGenericCall(NoteVcpu, (ULONG_PTR)New);
    TakeResources(New, Raw, Translated);
    *Interrupts = New;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID InterruptsDestroy(_In_ PXENBUS_INTERRUPTS Interrupts)
{
    PoolFree(Interrupts, POOL_TAG_INTERRUPT);
}

/* Any IRQL. */
static LONG_PTR TellVector(_In_ ULONG Vcpu, _In_ ULONG Vector)
{
    struct xen_hvmop_upcall_vector Op = {.vcpu = Vcpu, .vector = (UCHAR)Vector};

    if (Vector < VECTOR_MIN || Vector > MAXUCHAR)
        return -XEN_ERROR_EINVAL;
    return XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, (ULONG_PTR)&Op, 0,
                        0, 0);
}

/* Any IRQL. 0: no callback. */
static LONG_PTR TellLine(_In_ ULONG64 Callback)
{
    struct xen_hvmop_param Op = {
        .domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_CALLBACK_IRQ, .value = Callback};

    return XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_PARAM, (ULONG_PTR)&Op, 0, 0, 0);
}

static VOID ConnectVector(_In_ PXENBUS_INTERRUPTS Interrupts, _Inout_ PCPU_INTERRUPT Cpu)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *Resource = &Cpu->Resource;
    IO_CONNECT_INTERRUPT_PARAMETERS Parameters = {.Version = CONNECT_FULLY_SPECIFIED};

    if (Resource->Type == CmResourceTypeNull)
        return;
    Parameters.FullySpecified.PhysicalDeviceObject = Interrupts->Pdo;
    Parameters.FullySpecified.InterruptObject = &Cpu->Object;
    Parameters.FullySpecified.ServiceRoutine = OnVector;
    Parameters.FullySpecified.ServiceContext = Cpu;
    Parameters.FullySpecified.SynchronizeIrql = (KIRQL)Resource->u.Interrupt.Level;
    Parameters.FullySpecified.Vector = Resource->u.Interrupt.Vector;
    Parameters.FullySpecified.Irql = (KIRQL)Resource->u.Interrupt.Level;
    Parameters.FullySpecified.InterruptMode = Latched;
    Parameters.FullySpecified.ProcessorEnableMask = Resource->u.Interrupt.Affinity;
    if (!NT_SUCCESS(IoConnectInterruptEx(&Parameters))) {
        Cpu->Object = NULL;
        return;
    }
    if (TellVector(Cpu->Vcpu, Resource->u.Interrupt.Vector) == 0)
        Cpu->HasVector = TRUE;
}

static NTSTATUS ConnectLine(_Inout_ PXENBUS_INTERRUPTS Interrupts)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *Resource = &Interrupts->LineResource;
    NTSTATUS Status;

    if (Interrupts->Line)
        return STATUS_SUCCESS;
    if (Resource->Type == CmResourceTypeNull)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Status = IoConnectInterrupt(
        &Interrupts->Line, OnLine, Interrupts, NULL, Resource->u.Interrupt.Vector,
        (KIRQL)Resource->u.Interrupt.Level, (KIRQL)Resource->u.Interrupt.Level,
        (Resource->Flags & CM_RESOURCE_INTERRUPT_LATCHED) ? Latched : LevelSensitive, TRUE,
        Resource->u.Interrupt.Affinity, FALSE);
    if (!NT_SUCCESS(Status))
        Interrupts->Line = NULL;
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    InterruptsConnect(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ XENBUS_UPCALL *Upcall,
                      _In_opt_ PVOID Argument)
{
    NTSTATUS Status;

    Interrupts->Upcall = Upcall;
    Interrupts->Argument = Argument;
    /* Shared info has 32 bits after hvmloader, until a 64-bit guest makes this call, whatever its
     * value (tests/xen/behaviours/README.md). */
    (VOID) TellLine(0);
    for (ULONG i = 0; i < Interrupts->Cpus; i++)
        ConnectVector(Interrupts, &Interrupts->Cpu[i]);
    if (Interrupts->Cpu[InterruptsCpuOfVcpu0(Interrupts)].HasVector) {
        (VOID) TellLine(Interrupts->LineCallback); /* says that there are drivers, see the header */
        return STATUS_SUCCESS;
    }
    LogLine(LogInfo, "events come by the line interrupt");
    Status = ConnectLine(Interrupts);
    if (NT_SUCCESS(Status) && TellLine(Interrupts->LineCallback) != 0)
        Status = STATUS_DEVICE_CONFIGURATION_ERROR;
    if (!NT_SUCCESS(Status))
        InterruptsDisconnect(Interrupts);
    return Status;
}

/* Xen keeps the vectors: event channels are closed before this, so nothing raises them. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID InterruptsDisconnect(_In_ PXENBUS_INTERRUPTS Interrupts)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS Parameters = {.Version = CONNECT_FULLY_SPECIFIED};

    (VOID) TellLine(0);
    if (Interrupts->Line) {
        IoDisconnectInterrupt(Interrupts->Line);
        Interrupts->Line = NULL;
    }
    for (ULONG i = 0; i < Interrupts->Cpus; i++) {
        Parameters.ConnectionContext.InterruptObject = Interrupts->Cpu[i].Object;
        if (Interrupts->Cpu[i].Object)
            IoDisconnectInterruptEx(&Parameters);
        Interrupts->Cpu[i].Object = NULL;
        Interrupts->Cpu[i].HasVector = FALSE;
    }
    KeFlushQueuedDpcs(); /* a probe's, which may just have been queued */
}

VOID InterruptsResume(_In_ PXENBUS_INTERRUPTS Interrupts)
{
    PCPU_INTERRUPT First = &Interrupts->Cpu[InterruptsCpuOfVcpu0(Interrupts)];

    (VOID) TellLine(0); /* 64 bits, as in InterruptsConnect() */
    for (ULONG i = 0; i < Interrupts->Cpus; i++)
        if (Interrupts->Cpu[i].HasVector &&
            TellVector(Interrupts->Cpu[i].Vcpu, Interrupts->Cpu[i].Resource.u.Interrupt.Vector))
            LogLine(LogError, "a CPU's event interrupt is lost after a resume");
    /* After a resume no vCPU has a vector, so the line itself serves again. */
    if (!First->HasVector)
        Interrupts->LineIsVector = FALSE;
    if (TellLine(Interrupts->LineCallback) != 0)
        LogLine(LogError, "the line interrupt is lost after a resume");
}

/* --- Does it arrive? --- */

/* vCPU 0's vector is set and dead: its events go to the line's handler by the line's vector. */
static NTSTATUS ReplaceByLine(_Inout_ PXENBUS_INTERRUPTS Interrupts)
{
    NTSTATUS Status = ConnectLine(Interrupts);

    if (!NT_SUCCESS(Status))
        return Status;
    (VOID) TellLine(Interrupts->LineCallback);
    if (TellVector(0, Interrupts->LineResource.u.Interrupt.Vector) != 0)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Interrupts->LineIsVector = TRUE;
    return STATUS_SUCCESS;
}

static BOOLEAN FireAndWait(_Inout_ PCPU_INTERRUPT Cpu, _In_ XENBUS_UPCALL_FIRE *Fire,
                           _In_opt_ PVOID Argument)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONG64)PROBE_MS * 10000};
    BOOLEAN Arrived = FALSE;

    KeClearEvent(&Cpu->Arrived);
    InterlockedExchange(&Cpu->Probing, 1);
    if (NT_SUCCESS(Fire(Argument, Cpu->Cpu)))
        Arrived = KeWaitForSingleObject(&Cpu->Arrived, Executive, KernelMode, FALSE, &Timeout) ==
                  STATUS_SUCCESS;
    InterlockedExchange(&Cpu->Probing, 0);
    return Arrived;
}

_IRQL_requires_max_(PASSIVE_LEVEL) BOOLEAN
    InterruptsProbe(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu,
                    _In_ XENBUS_UPCALL_FIRE *Fire, _In_opt_ PVOID Argument)
{
    PCPU_INTERRUPT Each = &Interrupts->Cpu[Cpu];
    TEXT Text;

    if (FireAndWait(Each, Fire, Argument))
        return TRUE;
    TextInit(&Text, "no event interrupt arrives on CPU ");
    TextAddDecimal(&Text, Cpu);
    LogLine(LogWarning, Text.Buffer);
    if (Each->HasVector) {
        Each->HasVector = FALSE;
        if (Each->Vcpu == 0 && NT_SUCCESS(ReplaceByLine(Interrupts)))
            LogLine(LogInfo, "events come by the line interrupt");
    }
    return FALSE;
}

BOOLEAN InterruptsCpuHasVector(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu)
{
    return Cpu < Interrupts->Cpus && Interrupts->Cpu[Cpu].HasVector;
}

ULONG InterruptsCpuCount(_In_ PXENBUS_INTERRUPTS Interrupts)
{
    return Interrupts->Cpus;
}

ULONG InterruptsVcpuOf(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu)
{
    return Interrupts->Cpu[Cpu].Vcpu;
}

VOID NTAPI InterruptsDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_INTERRUPTS Interrupts = ((PXENBUS_PARTS)Argument)->Interrupts;
    TEXT Text;

    for (ULONG i = 0; i < Interrupts->Cpus; i++) {
        PCPU_INTERRUPT Cpu = &Interrupts->Cpu[i];
        TextInit(&Text, "CPU ");
        TextAddDecimal(&Text, i);
        TextAdd(&Text, " is vCPU ");
        TextAddDecimal(&Text, Cpu->Vcpu);
        TextAdd(&Text, Cpu->HasVector ? ", vector " : ", no vector");
        if (Cpu->HasVector)
            TextAddHex(&Text, Cpu->Resource.u.Interrupt.Vector, 2);
        TextAdd(&Text, ", upcalls ");
        TextAddDecimal(&Text, Cpu->Upcalls);
        Sink->Write(Sink, Text.Buffer);
    }
    TextInit(&Text, Interrupts->Line ? "line connected, upcalls " : "line not used, upcalls ");
    TextAddDecimal(&Text, Interrupts->LineUpcalls);
    Sink->Write(Sink, Text.Buffer);
}
