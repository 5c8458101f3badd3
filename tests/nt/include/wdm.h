/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DDK's wdm.h for the bench: what that header writes as inline machine code (CR8, GS, the
 * shared user page) becomes a call of the model here.
 */
#ifndef BENCH_WDM_H
#define BENCH_WDM_H

#define KeGetCurrentIrql        Header_KeGetCurrentIrql
#define KeLowerIrql             Header_KeLowerIrql
#define KfRaiseIrql             Header_KfRaiseIrql
#define KeRaiseIrqlToDpcLevel   Header_KeRaiseIrqlToDpcLevel
#define KeRaiseIrqlToSynchLevel Header_KeRaiseIrqlToSynchLevel
#define KeGetCurrentThread      Header_KeGetCurrentThread
#define PsGetCurrentThread      Header_PsGetCurrentThread
#define KeInitializeSpinLock    Header_KeInitializeSpinLock
#include_next <wdm.h>
#undef KeInitializeSpinLock
#undef KeGetCurrentIrql
#undef KeLowerIrql
#undef KfRaiseIrql
#undef KeRaiseIrql
#undef KeRaiseIrqlToDpcLevel
#undef KeRaiseIrqlToSynchLevel
#undef KeGetCurrentThread
#undef PsGetCurrentThread
#undef KeQueryInterruptTime
#undef KeQuerySystemTime
#undef KeQueryTickCount
#undef SharedUserData
#undef PAGED_CODE

KIRQL NTAPI KeGetCurrentIrql(VOID);
VOID NTAPI KeLowerIrql(KIRQL NewIrql);
KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql);
KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID);
KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID);
PKTHREAD NTAPI KeGetCurrentThread(VOID);
PETHREAD NTAPI PsGetCurrentThread(VOID);
VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
ULONGLONG NTAPI KeQueryInterruptTime(VOID);
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount);
void BenchPagedCode(const char *function);

#define KeRaiseIrql(NewIrql, OldIrql) (*(OldIrql) = KfRaiseIrql(NewIrql))
#define PAGED_CODE()                  BenchPagedCode(__func__)

#endif
