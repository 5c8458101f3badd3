/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening, closing and using event channels: see evtchn.h. */
#include "evtchn.h"
#include "hypercall.h"
#include "interrupts.h"
#include "../common/pool.h"

enum { TYPE_PROBE = -1 }; /* a XENBUS_EVTCHN_TYPE of our own: an IPI port */

LONG_PTR EvtchnHypercall(_In_ ULONG Operation, _In_ PVOID Argument)
{
    return XenHypercall(XEN_HYPERCALL_EVENT_CHANNEL_OP, Operation, (ULONG_PTR)Argument, 0, 0, 0);
}

NTSTATUS EvtchnStatus(_In_ LONG_PTR Result)
{
    switch (-Result) {
    case 0:
        return STATUS_SUCCESS;
    case XEN_ERROR_EPERM:
    case XEN_ERROR_EACCES:
        return STATUS_ACCESS_DENIED;
    case XEN_ERROR_ESRCH:
        return STATUS_DEVICE_NOT_CONNECTED;
    case XEN_ERROR_EEXIST:
        return STATUS_ADDRESS_ALREADY_ASSOCIATED;
    case XEN_ERROR_ENOSPC:
    case XEN_ERROR_ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    case XEN_ERROR_EINVAL:
    case XEN_ERROR_ENOENT:
        return STATUS_INVALID_PARAMETER;
    default:
        return STATUS_UNSUCCESSFUL;
    }
}

static PXENBUS_EVTCHN EvtchnOf(_In_ PVOID Context)
{
    return ((PXENBUS_PARTS)Context)->Evtchn;
}

static BOOLEAN Dead(_In_ PXENBUS_EVTCHN Evtchn, _In_ const XENBUS_EVTCHN_CHANNEL *Channel)
{
    return Channel->SuspendCount != SuspendGetCount(Evtchn->Parts);
}

static VOID Acquire(_In_ PXENBUS_EVTCHN Evtchn)
{
    (VOID) KeWaitForSingleObject(&Evtchn->Lock, Executive, KernelMode, FALSE, NULL);
}

static VOID Release(_In_ PXENBUS_EVTCHN Evtchn)
{
    (VOID) KeReleaseMutex(&Evtchn->Lock, FALSE);
}

/* --- Ports. */

static NTSTATUS PortFixed(_In_ ULONG Port)
{
    struct xen_evtchn_status Op = {.domid = XEN_DOMID_SELF, .port = Port};
    LONG_PTR Result = EvtchnHypercall(XEN_EVTCHNOP_STATUS, &Op);

    if (Result == 0 && Op.status == XEN_EVTCHN_CLOSED)
        return STATUS_INVALID_PARAMETER;
    return EvtchnStatus(Result);
}

/* A new port at Xen, or the one that is there. */
static NTSTATUS PortOpen(_In_ PXENBUS_EVTCHN Evtchn,
                         _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters, _Out_ PULONG Port)
{
    ULONG Vcpu = InterruptsVcpuOf(Evtchn->Parts->Interrupts, Parameters->Cpu);
    LONG_PTR Result;

    switch ((LONG)Parameters->Type) {
    case XENBUS_EVTCHN_FIXED:
        *Port = Parameters->LocalPort;
        return PortFixed(*Port);
    case XENBUS_EVTCHN_UNBOUND: {
        struct xen_evtchn_alloc_unbound Op = {.domid = XEN_DOMID_SELF,
                                              .remote_domid = Parameters->RemoteDomain};
        Result = EvtchnHypercall(XEN_EVTCHNOP_ALLOC_UNBOUND, &Op);
        *Port = Op.port;
        return EvtchnStatus(Result);
    }
    case XENBUS_EVTCHN_INTERDOMAIN: {
        struct xen_evtchn_bind_interdomain Op = {.remote_domid = Parameters->RemoteDomain,
                                                 .remote_port = Parameters->RemotePort};
        Result = EvtchnHypercall(XEN_EVTCHNOP_BIND_INTERDOMAIN, &Op);
        *Port = Op.local_port;
        /* EINVAL says that the peer has no such port for us. */
        return Result == -XEN_ERROR_EINVAL ? STATUS_DEVICE_NOT_CONNECTED : EvtchnStatus(Result);
    }
    case XENBUS_EVTCHN_VIRQ: {
        struct xen_evtchn_bind_virq Op = {.virq = Parameters->Virq, .vcpu = Vcpu};
        Result = EvtchnHypercall(XEN_EVTCHNOP_BIND_VIRQ, &Op);
        *Port = Op.port;
        return EvtchnStatus(Result);
    }
    case TYPE_PROBE: {
        struct xen_evtchn_bind_ipi Op = {.vcpu = Vcpu};
        Result = EvtchnHypercall(XEN_EVTCHNOP_BIND_IPI, &Op);
        *Port = Op.port;
        return EvtchnStatus(Result);
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* A number that Xen has forgotten may be somebody else's by now. No suspend comes between the look
 * and the call: at HIGH_LEVEL this CPU cannot be captured. */
static VOID PortClose(_In_ PXENBUS_EVTCHN Evtchn, _In_ const XENBUS_EVTCHN_CHANNEL *Channel)
{
    struct xen_evtchn_close Op = {.port = Channel->Core.port};
    KIRQL Irql;

    if (Channel->Type == XENBUS_EVTCHN_FIXED)
        return;
    KeRaiseIrql(HIGH_LEVEL, &Irql);
    if (!Dead(Evtchn, Channel))
        (VOID) EvtchnHypercall(XEN_EVTCHNOP_CLOSE, &Op);
    KeLowerIrql(Irql);
}

static NTSTATUS TellCpu(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Port, _In_ ULONG Cpu)
{
    struct xen_evtchn_bind_vcpu Op = {.port = Port,
                                      .vcpu = InterruptsVcpuOf(Evtchn->Parts->Interrupts, Cpu)};

    return EvtchnStatus(EvtchnHypercall(XEN_EVTCHNOP_BIND_VCPU, &Op));
}

/* --- Open and close. */

static NTSTATUS MakeRoom(_Inout_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Port)
{
    struct evtchn_leaf *Leaf;

    if (evtchn_table_needs_leaf(&Evtchn->Table, Port)) {
        Leaf = PoolAllocate(sizeof(*Leaf), POOL_TAG_EVTCHN);
        if (!Leaf)
            return STATUS_INSUFFICIENT_RESOURCES;
        evtchn_table_give_leaf(&Evtchn->Table, Port, Leaf);
    }
    return EvtchnAbiReach(Evtchn, Port);
}

static NTSTATUS Attach(_Inout_ PXENBUS_EVTCHN Evtchn, _Inout_ PXENBUS_EVTCHN_CHANNEL Channel,
                       _In_ ULONG Port, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters)
{
    ULONG Flags = (Parameters->Flags & XENBUS_EVTCHN_AUTO_MASK ? EVTCHN_AUTO_HOLD : 0) |
                  (Parameters->Flags & XENBUS_EVTCHN_URGENT ? EVTCHN_URGENT : 0);
    PEVTCHN_CPU Cpu = &Evtchn->Cpus[Parameters->Cpu];
    enum evtchn_attached Attached;
    KIRQL Irql;

    KeAcquireSpinLock(&Cpu->Lock, &Irql);
    Attached = evtchn_attach(&Evtchn->Table, &Channel->Core, Port, Parameters->Cpu, Flags);
    KeReleaseSpinLock(&Cpu->Lock, Irql);
    return Attached == EVTCHN_ATTACH_OK      ? STATUS_SUCCESS
           : Attached == EVTCHN_ATTACH_TAKEN ? STATUS_ADDRESS_ALREADY_ASSOCIATED
                                             : STATUS_INVALID_PARAMETER;
}

/* Evtchn->Lock is held. */
static NTSTATUS OpenLocked(_Inout_ PXENBUS_EVTCHN Evtchn,
                           _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
                           _Inout_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    NTSTATUS Status;
    ULONG Port = 0;

    Channel->SuspendCount = SuspendGetCount(Evtchn->Parts);
    Status = PortOpen(Evtchn, Parameters, &Port);
    if (!NT_SUCCESS(Status))
        return Status;
    Channel->Core.port = Port;
    Status = MakeRoom(Evtchn, Port);
    if (NT_SUCCESS(Status) && Parameters->Type != XENBUS_EVTCHN_VIRQ &&
        (LONG)Parameters->Type != TYPE_PROBE)
        Status = TellCpu(Evtchn, Port, Parameters->Cpu);
    if (NT_SUCCESS(Status))
        Status = Attach(Evtchn, Channel, Port, Parameters);
    if (NT_SUCCESS(Status))
        InsertTailList(&Evtchn->Channels, &Channel->Link);
    else
        PortClose(Evtchn, Channel);
    return Status;
}

/* Where callbacks can come: the CPU that was asked for, or the one that has the upcall. */
static BOOLEAN CpuUsable(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Cpu)
{
    return Cpu < Evtchn->CpuCount && Evtchn->Cpus[Cpu].Usable &&
           InterruptsCpuHasVector(Evtchn->Parts->Interrupts, Cpu);
}

static ULONG CpuOfLine(_In_ PXENBUS_EVTCHN Evtchn)
{
    for (ULONG i = 0; i < Evtchn->CpuCount; i++)
        if (InterruptsVcpuOf(Evtchn->Parts->Interrupts, i) == 0)
            return i;
    return 0;
}

NTSTATUS NTAPI EvtchnOpen(_In_ PVOID Context, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
                          _In_ XENBUS_EVTCHN_CALLBACK *Callback, _In_opt_ PVOID Argument,
                          _Out_ PXENBUS_EVTCHN_CHANNEL *Channel)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    XENBUS_EVTCHN_PARAMETERS Used = *Parameters;
    PXENBUS_EVTCHN_CHANNEL New;
    NTSTATUS Status;

    *Channel = NULL;
    if (!Callback || Used.Cpu >= Evtchn->CpuCount)
        return STATUS_INVALID_PARAMETER;
    if (!CpuUsable(Evtchn, Used.Cpu))
        Used.Cpu = CpuOfLine(Evtchn);
    New = PoolAllocate(sizeof(*New), POOL_TAG_EVTCHN);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Callback = Callback;
    New->Argument = Argument;
    New->Type = Used.Type;
    Acquire(Evtchn);
    Status = OpenLocked(Evtchn, &Used, New);
    Release(Evtchn);
    if (NT_SUCCESS(Status))
        *Channel = New;
    else
        PoolFree(New, POOL_TAG_EVTCHN);
    return Status;
}

NTSTATUS EvtchnOpenProbe(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Cpu,
                         _In_ XENBUS_EVTCHN_CALLBACK *Callback,
                         _Out_ PXENBUS_EVTCHN_CHANNEL *Channel)
{
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = (XENBUS_EVTCHN_TYPE)TYPE_PROBE, .Cpu = Cpu};

    return EvtchnOpen(Evtchn->Parts, &Parameters, Callback, NULL, Channel);
}

/* Waits until the callback that may be running has returned. The lock is held, and released. */
static VOID UnlockAndWait(_Inout_ PXENBUS_EVTCHN_CHANNEL Channel, _In_ PEVTCHN_CPU Cpu,
                          _In_ KIRQL Irql)
{
    KEVENT Idle;

    KeInitializeEvent(&Idle, NotificationEvent, FALSE);
    Channel->Idle = &Idle;
    EvtchnUnlock(Cpu, Irql);
    (VOID) KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
    /* The DPC that set it holds the lock until it is through with the channel. */
    KeAcquireSpinLock(&Cpu->Lock, &Irql);
    KeReleaseSpinLock(&Cpu->Lock, Irql);
}

VOID NTAPI EvtchnClose(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    PEVTCHN_CPU Cpu;
    KIRQL Irql;

    Acquire(Evtchn);
    Cpu = EvtchnLockChannel(Evtchn, Channel, &Irql);
    if (evtchn_detach(&Evtchn->Table, &Channel->Core))
        UnlockAndWait(Channel, Cpu, Irql);
    else
        EvtchnUnlock(Cpu, Irql);
    PortClose(Evtchn, Channel);
    RemoveEntryList(&Channel->Link);
    Release(Evtchn);
    PoolFree(Channel, POOL_TAG_EVTCHN);
}

/* --- Use. */

VOID NTAPI EvtchnMask(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    KIRQL Irql;
    PEVTCHN_CPU Cpu = EvtchnLockChannel(Evtchn, Channel, &Irql);

    evtchn_hold(&Evtchn->Table, &Channel->Core);
    EvtchnUnlock(Cpu, Irql);
}

VOID NTAPI EvtchnUnmask(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    KIRQL Irql;
    PEVTCHN_CPU Cpu = EvtchnLockChannel(Evtchn, Channel, &Irql);

    /* Throttled is no reason to run now, but its timer may have to be set. */
    if (evtchn_release(&Evtchn->Table, &Channel->Core, KeQueryInterruptTime()) ||
        (Channel->Core.state & EVTCHN_THROTTLED))
        EvtchnWakeCpu(Cpu);
    EvtchnUnlock(Cpu, Irql);
}

NTSTATUS NTAPI EvtchnSend(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    struct xen_evtchn_send Op = {.port = Channel->Core.port};

    if (Dead(EvtchnOf(Context), Channel))
        return STATUS_DEVICE_NOT_CONNECTED;
    return EvtchnStatus(EvtchnHypercall(XEN_EVTCHNOP_SEND, &Op));
}

/* Both CPUs' locks, in the order of their numbers; the channel is on From. */
static VOID LockTwo(_In_ PEVTCHN_CPU From, _In_ PEVTCHN_CPU To, _Out_ PKIRQL Irql)
{
    KeAcquireSpinLock(From->Index < To->Index ? &From->Lock : &To->Lock, Irql);
    KeAcquireSpinLockAtDpcLevel(From->Index < To->Index ? &To->Lock : &From->Lock);
}

static VOID UnlockTwo(_In_ PEVTCHN_CPU From, _In_ PEVTCHN_CPU To, _In_ KIRQL Irql)
{
    KeReleaseSpinLockFromDpcLevel(From->Index < To->Index ? &To->Lock : &From->Lock);
    KeReleaseSpinLock(From->Index < To->Index ? &From->Lock : &To->Lock, Irql);
}

/* Evtchn->Lock is held: nobody else moves the channel. */
static NTSTATUS MoveLocked(_Inout_ PXENBUS_EVTCHN Evtchn, _Inout_ PXENBUS_EVTCHN_CHANNEL Channel,
                           _In_ ULONG Index)
{
    PEVTCHN_CPU From = &Evtchn->Cpus[Channel->Core.cpu], To = &Evtchn->Cpus[Index];
    NTSTATUS Status;
    KIRQL Irql;

    if (From == To)
        return STATUS_SUCCESS;
    LockTwo(From, To, &Irql);
    while (Channel->Core.state & EVTCHN_RUNNING) {
        KeReleaseSpinLockFromDpcLevel(From->Index < To->Index ? &To->Lock : &From->Lock);
        if (From->Index < To->Index) {
            UnlockAndWait(Channel, From, Irql);
        } else {
            /* Only To's is still held, the wait needs From's. */
            KeReleaseSpinLock(&To->Lock, Irql);
            KeAcquireSpinLock(&From->Lock, &Irql);
            if (Channel->Core.state & EVTCHN_RUNNING)
                UnlockAndWait(Channel, From, Irql);
            else
                KeReleaseSpinLock(&From->Lock, Irql);
        }
        LockTwo(From, To, &Irql);
    }
    Status = TellCpu(Evtchn, Channel->Core.port, Index);
    if (NT_SUCCESS(Status)) {
        (VOID) evtchn_move(&Evtchn->Table, &Channel->Core, Index, KeQueryInterruptTime());
        EvtchnWakeCpu(To); /* it may be ready there, or throttled and in need of the timer */
    }
    UnlockTwo(From, To, Irql);
    return Status;
}

NTSTATUS NTAPI EvtchnBindCpu(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                             _In_ ULONG Cpu)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    NTSTATUS Status;

    if (Channel->Type == XENBUS_EVTCHN_VIRQ || !CpuUsable(Evtchn, Cpu))
        return STATUS_NOT_SUPPORTED;
    Acquire(Evtchn);
    Status = Dead(Evtchn, Channel) ? STATUS_DEVICE_NOT_CONNECTED : MoveLocked(Evtchn, Channel, Cpu);
    Release(Evtchn);
    return Status;
}

VOID NTAPI EvtchnGetState(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                          _Out_ PXENBUS_EVTCHN_STATE State)
{
    PXENBUS_EVTCHN Evtchn = EvtchnOf(Context);
    KIRQL Irql;
    PEVTCHN_CPU Cpu = EvtchnLockChannel(Evtchn, Channel, &Irql);

    State->LocalPort = Channel->Core.port;
    State->Cpu = Channel->Core.cpu;
    State->Masked = (Channel->Core.state & EVTCHN_HELD) != 0;
    State->Dead = Dead(Evtchn, Channel);
    State->Events = Channel->Core.events;
    State->Throttled = Channel->Core.throttles;
    EvtchnUnlock(Cpu, Irql);
}

NTSTATUS NTAPI EvtchnQueryPeer(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    struct xen_evtchn_status Op = {.domid = XEN_DOMID_SELF, .port = Channel->Core.port};
    NTSTATUS Status;

    if (Dead(EvtchnOf(Context), Channel))
        return STATUS_DEVICE_NOT_CONNECTED;
    Status = EvtchnStatus(EvtchnHypercall(XEN_EVTCHNOP_STATUS, &Op));
    if (NT_SUCCESS(Status) && Op.status != XEN_EVTCHN_INTERDOMAIN)
        Status = STATUS_DEVICE_NOT_CONNECTED;
    return Status;
}
