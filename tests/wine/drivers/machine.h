/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under Wine: one simxen guest (linux/simxen/guest.h) in winedevice.exe, and its RAM,
 * from which the pages come that Xen must know by frame number. These files stand in for what
 * xenbus.sys finds on a real machine, each behind a header that the shipped file implements too:
 *
 *     hypercall_simxen.c   hypercall.h    simxen answers instead of VMCALL
 *     interrupts_wine.c    interrupts.h   a thread waits for events instead of an interrupt
 *     pool_wine.c          common/pool.h  whole pages come from the guest's RAM
 *     kernel_wine.c        what Wine's ntoskrnl declares and does not do: DPCs, pages with frames
 *     event_wine.c         event.c of xeniface: a program's event, duplicated into winedevice.exe
 *     xeniface_wine.c      opener.c of xeniface, and queues: Wine knows no rights
 *     usercopy_wine.c      common/usercopy.h  a program's memory is another process's
 */
#ifndef TESTS_WINE_DRIVERS_MACHINE_H
#define TESTS_WINE_DRIVERS_MACHINE_H

#include <ntddk.h>

struct simxen_guest;

/* The machine runs; NULL: there is none. C:\simxen-guest names the instance's folder and, on the
 * second line, the domain. */
struct simxen_guest *MachineGuest(VOID);

/* Whole pages of RAM, zeroed, side by side; NULL: none left. */
PVOID MachinePages(_In_ ULONG Count);
VOID MachinePagesFree(_In_ PVOID Pages);
/* Whether it is an address of the guest's memory. */
BOOLEAN MachineHas(_In_ const VOID *Address);
ULONG_PTR MachineFrame(_In_ const VOID *Address);
/* NULL: beyond guest-physical space. */
PVOID MachinePhysical(_In_ ULONG64 Address);

/* Runs Routine(Context) on the event thread at the next chance; see kernel_wine.c. */
VOID MachineWake(VOID);
/* kernel_wine.c: runs what is queued. On the event thread. */
VOID KernelRunDpcs(VOID);

#endif
