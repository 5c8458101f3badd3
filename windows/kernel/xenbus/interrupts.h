/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen's event upcall as NT interrupts: a vector of its own on every CPU
 * (HVMOP_set_evtchn_upcall_vector), or, where NT or Xen does not offer that, the platform device's
 * line interrupt (HVM_PARAM_CALLBACK_IRQ), which brings everything to vCPU 0.
 *
 * A vector is trusted only when an upcall was seen to arrive on it: InterruptsProbe.
 *
 * Xen is told of the line in any case. It raises no line while vCPU 0 has a vector, but libxl takes
 * a parameter of 0 as "no PV drivers", and then suspends the machine without asking it.
 */
#ifndef XENBUS_INTERRUPTS_H
#define XENBUS_INTERRUPTS_H

#include "parts.h"
#include <xenbus/debug.h>

/* DIRQL (the interrupt's lock held), on the CPU of Vcpu; with the line interrupt always vCPU 0's
 * events on whatever CPU took it. TRUE: there was something to do. */
typedef BOOLEAN XENBUS_UPCALL(_In_opt_ PVOID Argument, _In_ ULONG Cpu);

/* Pdo: the platform device. Raw, Translated: the lists of IRP_MN_START_DEVICE. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    InterruptsCreate(_In_ PXENBUS_PARTS Parts, _In_ PDEVICE_OBJECT Pdo,
                     _In_opt_ PCM_RESOURCE_LIST Raw, _In_opt_ PCM_RESOURCE_LIST Translated,
                     _Out_ PXENBUS_INTERRUPTS *Interrupts);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID InterruptsDestroy(_In_ PXENBUS_INTERRUPTS Interrupts);

/* Connects the interrupts and tells Xen. Called by the event channels once their tables stand;
 * the upcall may run before this returns. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    InterruptsConnect(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ XENBUS_UPCALL *Upcall,
                      _In_opt_ PVOID Argument);
/* Afterwards the upcall does not run any more. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID InterruptsDisconnect(_In_ PXENBUS_INTERRUPTS Interrupts);

/* HIGH_LEVEL, in a resume: tells Xen the vectors again. The event channels' early callback calls
 * it (their tables first, then the interrupts). */
VOID InterruptsResume(_In_ PXENBUS_INTERRUPTS Interrupts);

/* PASSIVE_LEVEL. Fire makes one event pending on Cpu (a hypercall of the event channels'). TRUE:
 * its interrupt arrived; FALSE: it did not within the time limit, the CPU's vector is given up and
 * the line interrupt serves from now on. */
typedef NTSTATUS XENBUS_UPCALL_FIRE(_In_opt_ PVOID Argument, _In_ ULONG Cpu);
_IRQL_requires_max_(PASSIVE_LEVEL) BOOLEAN
    InterruptsProbe(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu,
                    _In_ XENBUS_UPCALL_FIRE *Fire, _In_opt_ PVOID Argument);

/* Any IRQL. CPUs are NT's processor indexes. FALSE: ports are not to be bound to this CPU. */
BOOLEAN InterruptsCpuHasVector(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu);
ULONG InterruptsCpuCount(_In_ PXENBUS_INTERRUPTS Interrupts);
/* The NT CPU that is Xen's first. */
ULONG InterruptsCpuOfVcpu0(_In_ PXENBUS_INTERRUPTS Interrupts);
/* Xen's number of an NT CPU. */
ULONG InterruptsVcpuOf(_In_ PXENBUS_INTERRUPTS Interrupts, _In_ ULONG Cpu);

/* For DebugRegister; Argument: the PXENBUS_PARTS. */
VOID NTAPI InterruptsDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink);

#endif
