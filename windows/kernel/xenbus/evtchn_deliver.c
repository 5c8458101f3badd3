/* SPDX-License-Identifier: BSD-2-Clause */
/* From Xen's upcall to a channel's callback: see evtchn.h. */
#include "evtchn.h"

static KDEFERRED_ROUTINE OnDpc, OnTimer;

/* Clearing upcall_pending takes the line interrupt back, and lets Xen interrupt again. */
BOOLEAN EvtchnUpcall(_In_opt_ PVOID Argument, _In_ ULONG Index)
{
    PEVTCHN_CPU Cpu = &((PXENBUS_EVTCHN)Argument)->Cpus[Index];

    if (!Cpu->Info || !__atomic_exchange_n(&Cpu->Info->upcall_pending, 0, __ATOMIC_SEQ_CST))
        return FALSE;
    Cpu->Upcalls++;
    (VOID) KeInsertQueueDpc(&Cpu->Dpc, NULL, NULL);
    return TRUE;
}

VOID EvtchnCpuInitialize(_Inout_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Index)
{
    PEVTCHN_CPU Cpu = &Evtchn->Cpus[Index];
    PROCESSOR_NUMBER Number;

    Cpu->Evtchn = Evtchn;
    Cpu->Index = Index;
    KeInitializeSpinLock(&Cpu->Lock);
    KeInitializeTimer(&Cpu->Timer);
    KeInitializeDpc(&Cpu->Dpc, OnDpc, Cpu);
    KeInitializeDpc(&Cpu->TimerDpc, OnTimer, Cpu);
    if (NT_SUCCESS(KeGetProcessorNumberFromIndex(Index, &Number)))
        (VOID) KeSetTargetProcessorDpcEx(&Cpu->Dpc, &Number);
    /* The upcall's DPC is the interrupt's own work: now, not when the queue is long. */
    KeSetImportanceDpc(&Cpu->Dpc, HighImportance);
}

VOID EvtchnWakeCpu(_Inout_ PEVTCHN_CPU Cpu)
{
    (VOID) KeInsertQueueDpc(&Cpu->Dpc, NULL, NULL);
}

PEVTCHN_CPU EvtchnLockChannel(_In_ PXENBUS_EVTCHN Evtchn, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                              _Out_ PKIRQL Irql)
{
    for (;;) {
        ULONG Index = __atomic_load_n(&Channel->Core.cpu, __ATOMIC_ACQUIRE);
        PEVTCHN_CPU Cpu = &Evtchn->Cpus[Index];
        KeAcquireSpinLock(&Cpu->Lock, Irql);
        if (Channel->Core.cpu == Index)
            return Cpu;
        KeReleaseSpinLock(&Cpu->Lock, *Irql); /* it has just been moved */
    }
}

VOID EvtchnUnlock(_In_ PEVTCHN_CPU Cpu, _In_ KIRQL Irql)
{
    KeReleaseSpinLock(&Cpu->Lock, Irql);
}

VOID EvtchnLockAll(_In_ PXENBUS_EVTCHN Evtchn, _Out_ PKIRQL Irql)
{
    KeAcquireSpinLock(&Evtchn->Cpus[0].Lock, Irql);
    for (ULONG i = 1; i < Evtchn->CpuCount; i++)
        KeAcquireSpinLockAtDpcLevel(&Evtchn->Cpus[i].Lock);
}

VOID EvtchnUnlockAll(_In_ PXENBUS_EVTCHN Evtchn, _In_ KIRQL Irql)
{
    for (ULONG i = Evtchn->CpuCount; i-- > 1;)
        KeReleaseSpinLockFromDpcLevel(&Evtchn->Cpus[i].Lock);
    KeReleaseSpinLock(&Evtchn->Cpus[0].Lock, Irql);
}

/* An event in this CPU's queue for a channel that has been moved away: its CPU is told. The lock is
 * held before and after, but not meanwhile. FALSE: there is none. */
static BOOLEAN PassOnStray(_Inout_ PEVTCHN_CPU Cpu)
{
    PXENBUS_EVTCHN Evtchn = Cpu->Evtchn;
    uint32_t Port, Owner;

    if (!evtchn_stray(&Evtchn->Table, Cpu->Index, &Port, &Owner))
        return FALSE;
    KeReleaseSpinLockFromDpcLevel(&Cpu->Lock);
    KeAcquireSpinLockAtDpcLevel(&Evtchn->Cpus[Owner].Lock);
    (VOID) evtchn_deliver(&Evtchn->Table, Port, Owner, KeQueryInterruptTime());
    EvtchnWakeCpu(&Evtchn->Cpus[Owner]); /* also if it is throttled, for the timer */
    KeReleaseSpinLockFromDpcLevel(&Evtchn->Cpus[Owner].Lock);
    KeAcquireSpinLockAtDpcLevel(&Cpu->Lock);
    return TRUE;
}

/* One channel's turn. The lock is held, but not during the callback. Who waits for its end may free
 * the channel as soon as the lock is released. */
static VOID RunChannel(_Inout_ PEVTCHN_CPU Cpu, _Inout_ PXENBUS_EVTCHN_CHANNEL Channel)
{
    PKEVENT Idle;

    KeReleaseSpinLockFromDpcLevel(&Cpu->Lock);
    Channel->Callback(Channel->Argument);
    KeAcquireSpinLockAtDpcLevel(&Cpu->Lock);
    Idle = Channel->Idle;
    Channel->Idle = NULL;
    (VOID) evtchn_done(&Cpu->Evtchn->Table, &Channel->Core, KeQueryInterruptTime());
    if (Idle)
        (VOID) KeSetEvent(Idle, IO_NO_INCREMENT, FALSE);
}

static VOID SetThrottleTimer(_Inout_ PEVTCHN_CPU Cpu)
{
    uint64_t Due, Now = KeQueryInterruptTime();
    LARGE_INTEGER Wait;

    if (!evtchn_due(&Cpu->Evtchn->Table, Cpu->Index, &Due))
        return;
    Wait.QuadPart = Due > Now ? -(LONGLONG)(Due - Now) : -1;
    (VOID) KeSetTimer(&Cpu->Timer, Wait, &Cpu->TimerDpc);
}

static VOID NTAPI OnDpc(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A, _In_opt_ PVOID B)
{
    PEVTCHN_CPU Cpu = Context;
    ULONG Turns = 0;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    KeAcquireSpinLockAtDpcLevel(&Cpu->Lock);
    for (;;) {
        struct evtchn_channel *Next =
            evtchn_next(&Cpu->Evtchn->Table, Cpu->Index, KeQueryInterruptTime());
        if (Next)
            RunChannel(Cpu, CONTAINING_RECORD(Next, XENBUS_EVTCHN_CHANNEL, Core));
        else if (!PassOnStray(Cpu))
            break;
        if (++Turns == EVTCHN_TURNS_PER_DPC) {
            EvtchnWakeCpu(Cpu); /* to go on after the others in the queue */
            break;
        }
    }
    SetThrottleTimer(Cpu);
    KeReleaseSpinLockFromDpcLevel(&Cpu->Lock);
}

/* Timers' DPCs run anywhere; the work is for the CPU's own. */
static VOID NTAPI OnTimer(_In_ PKDPC Dpc, _In_opt_ PVOID Context, _In_opt_ PVOID A,
                          _In_opt_ PVOID B)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    EvtchnWakeCpu(Context);
}
