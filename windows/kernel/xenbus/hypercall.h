/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way from the drivers to the hypervisor and to the platform's ports. Thin and without
 * policy: a number and its arguments go down, Xen's own answer comes back. Chosen by the build:
 * hypercall_cpu.c (shipped: CPUID, VMCALL or VMMCALL by the CPU's vendor, no hypercall page), the
 * NT bench's file and the winedevice test's file (both on linux/simxen).
 *
 * Pointers inside arguments are guest virtual addresses of nonpaged memory, as Xen reads them on
 * the calling CPU. Every function runs at any IRQL and touches nothing but its arguments.
 */
#ifndef XENBUS_HYPERCALL_H
#define XENBUS_HYPERCALL_H

#include <ntddk.h>

typedef struct _XEN_CPUID {
    ULONG Eax, Ebx, Ecx, Edx;
} XEN_CPUID, *PXEN_CPUID;

/* The CPUID instruction on the current CPU. */
VOID XenCpuid(_In_ ULONG Leaf, _In_ ULONG Subleaf, _Out_ PXEN_CPUID Out);

/* Looks for Xen's CPUID leaves and chooses the instruction. PASSIVE_LEVEL; once, before any other
 * function except XenCpuid. STATUS_NOT_SUPPORTED: this machine does not run on Xen. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS XenHypercallInitialize(VOID);

/* The first of Xen's CPUID leaves (0x40000000 + n * 0x100); 0 before XenHypercallInitialize(). */
ULONG XenCpuidBase(VOID);

/* Number: __HYPERVISOR_*. Xen's answer: 0 or positive, or a negative errno of Xen's. Unused
 * arguments are 0. */
LONG_PTR XenHypercall(_In_ ULONG Number, _In_ ULONG_PTR A1, _In_ ULONG_PTR A2, _In_ ULONG_PTR A3,
                      _In_ ULONG_PTR A4, _In_ ULONG_PTR A5);

/* I/O ports of the Xen platform: 0x10 and 0x12 (unplug), 0xE9 (console). */
USHORT XenPortIn16(_In_ USHORT Port);
UCHAR XenPortIn8(_In_ USHORT Port);
VOID XenPortOut32(_In_ USHORT Port, _In_ ULONG Value);
VOID XenPortOut16(_In_ USHORT Port, _In_ USHORT Value);
VOID XenPortOut8(_In_ USHORT Port, _In_ UCHAR Value);

/* The time-stamp counter, for Xen's wall clock. */
ULONG64 XenReadTsc(VOID);

#endif
