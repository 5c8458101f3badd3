/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels for the parts of xenbus; child drivers reach the same functions through
 * include/xenbus/evtchn.h, which says the rules. core/xen/evtchn_table.h decides whose turn it is;
 * here are the locks, DPCs, timers and hypercalls.
 *
 *     evtchn.c          life, suspend, dump
 *     evtchn_abi.c      which ABI, its memory, and how Xen learns of it
 *     evtchn_channel.c  opening, closing and using channels
 *     evtchn_deliver.c  from the upcall to the callback
 *
 * An upcall only queues its CPU's DPC; everything else runs at DISPATCH_LEVEL there, so that one
 * spin lock a CPU is all the protection that a channel needs. Open, Close, BindCpu and the resume
 * also hold Evtchn->Lock (PASSIVE_LEVEL); it is taken first.
 */
#ifndef XENBUS_EVTCHN_PART_H
#define XENBUS_EVTCHN_PART_H

#include "parts.h"
#include "suspend.h"
#include "debug.h"
#include <xenbus/evtchn.h>
#include <core/xen/evtchn_2l.h>
#include <core/xen/evtchn_fifo.h>
#include <core/xen/evtchn_table.h>

enum {
    /* A peer's share: so many callbacks in 16 ms; 64 thousand a second and channel. */
    EVTCHN_TURNS_PER_WINDOW = 1024,
    EVTCHN_WINDOW_100NS = 160000,
    /* Callbacks of one DPC before others on this CPU have theirs. */
    EVTCHN_TURNS_PER_DPC = 64,
};

struct _XENBUS_EVTCHN_CHANNEL {
    struct evtchn_channel Core; /* its CPU's lock */
    XENBUS_EVTCHN_CALLBACK *Callback;
    PVOID Argument;
    PKEVENT Idle; /* its CPU's lock: who waits for the end of the running callback */
    XENBUS_EVTCHN_TYPE Type;
    ULONG SuspendCount; /* when it was opened: another one now, and it is dead */
    LIST_ENTRY Link;    /* Evtchn->Lock */
};

typedef struct _EVTCHN_CPU {
    PXENBUS_EVTCHN Evtchn;
    ULONG Index;
    KSPIN_LOCK Lock;
    KDPC Dpc; /* runs the channels that are ready */
    KTIMER Timer;
    KDPC TimerDpc; /* the throttle's */
    struct xen_vcpu_info *Info;
    BOOLEAN Usable; /* channels may be bound to it */
    ULONG64 Upcalls;
} EVTCHN_CPU, *PEVTCHN_CPU;

struct _XENBUS_EVTCHN {
    PXENBUS_PARTS Parts;
    KMUTEX Lock; /* Channels, Table's leaves, the FIFO's pages */
    LIST_ENTRY Channels;
    PXENBUS_SUSPEND_HANDLE Late;
    PXENBUS_DEBUG_HANDLE Dump;
    PXENBUS_EVTCHN_CHANNEL DebugVirq; /* NULL: not there */
    BOOLEAN Fifo;
    struct evtchn_2l TwoLevel;
    struct evtchn_fifo Queues;
    struct evtchn_2l_cpu *TwoLevelCpus;
    struct evtchn_fifo_cpu *QueueCpus;
    struct evtchn_cpu *TableCpus;
    struct evtchn_table Table;
    ULONG CpuCount;
    EVTCHN_CPU Cpus[];
};

/* --- evtchn_abi.c. PASSIVE_LEVEL, but EvtchnAbiStart(): <= DISPATCH_LEVEL. */

/* Memory for either ABI. */
NTSTATUS EvtchnAbiCreate(_Inout_ PXENBUS_EVTCHN Evtchn);
VOID EvtchnAbiDestroy(_Inout_ PXENBUS_EVTCHN Evtchn);
/* Chooses one and tells Xen; also after a resume, when Xen has forgotten. No channel is open, and
 * every CPU's lock is held or no upcall is connected. */
struct evtchn_abi *EvtchnAbiStart(_Inout_ PXENBUS_EVTCHN Evtchn);
/* Xen lets go of our memory. */
VOID EvtchnAbiStop(_Inout_ PXENBUS_EVTCHN Evtchn);
/* The port can be used: the FIFO's pages reach so far. Evtchn->Lock is held. */
NTSTATUS EvtchnAbiReach(_Inout_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Port);

/* --- evtchn_deliver.c. */

/* DIRQL. XENBUS_UPCALL; Argument: the PXENBUS_EVTCHN. */
BOOLEAN EvtchnUpcall(_In_opt_ PVOID Argument, _In_ ULONG Cpu);
VOID EvtchnCpuInitialize(_Inout_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Index);
/* <= DISPATCH_LEVEL. The CPU's channels are looked at soon. */
VOID EvtchnWakeCpu(_Inout_ PEVTCHN_CPU Cpu);
/* <= DISPATCH_LEVEL. The lock of the CPU that the channel is on. */
PEVTCHN_CPU EvtchnLockChannel(_In_ PXENBUS_EVTCHN Evtchn, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                              _Out_ PKIRQL Irql);
VOID EvtchnUnlock(_In_ PEVTCHN_CPU Cpu, _In_ KIRQL Irql);
/* PASSIVE_LEVEL. All of them. */
VOID EvtchnLockAll(_In_ PXENBUS_EVTCHN Evtchn, _Out_ PKIRQL Irql);
VOID EvtchnUnlockAll(_In_ PXENBUS_EVTCHN Evtchn, _In_ KIRQL Irql);

/* --- evtchn_channel.c. Context: the PXENBUS_PARTS. See include/xenbus/evtchn.h. */

NTSTATUS NTAPI EvtchnOpen(_In_ PVOID Context, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
                          _In_ XENBUS_EVTCHN_CALLBACK *Callback, _In_opt_ PVOID Argument,
                          _Out_ PXENBUS_EVTCHN_CHANNEL *Channel);
VOID NTAPI EvtchnClose(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);
VOID NTAPI EvtchnMask(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);
VOID NTAPI EvtchnUnmask(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);
NTSTATUS NTAPI EvtchnSend(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);
NTSTATUS NTAPI EvtchnBindCpu(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                             _In_ ULONG Cpu);
VOID NTAPI EvtchnGetState(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel,
                          _Out_ PXENBUS_EVTCHN_STATE State);
NTSTATUS NTAPI EvtchnQueryPeer(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);

/* An EVTCHNOP_* hypercall. */
LONG_PTR EvtchnHypercall(_In_ ULONG Operation, _In_ PVOID Argument);
/* Xen's errno as a status. */
NTSTATUS EvtchnStatus(_In_ LONG_PTR Result);
/* A port that only we know, open on a CPU for the probe of its interrupt. */
NTSTATUS EvtchnOpenProbe(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Cpu,
                         _In_ XENBUS_EVTCHN_CALLBACK *Callback,
                         _Out_ PXENBUS_EVTCHN_CHANNEL *Channel);

#endif
