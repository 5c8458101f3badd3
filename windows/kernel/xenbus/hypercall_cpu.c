/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hypercall.h on a real CPU. The instruction is chosen by the CPU's vendor and stands in our own
 * code: there is no hypercall page, which would be memory that Xen writes and we execute.
 */
#include "hypercall.h"
#include <core/xen/abi.h>

static struct {
    ULONG CpuidBase;
    BOOLEAN Vmmcall; /* AMD and Hygon */
} Cpu;               /* set once by XenHypercallInitialize() */

VOID XenCpuid(_In_ ULONG Leaf, _In_ ULONG Subleaf, _Out_ PXEN_CPUID Out)
{
    __asm__ volatile("cpuid"
                     : "=a"(Out->Eax), "=b"(Out->Ebx), "=c"(Out->Ecx), "=d"(Out->Edx)
                     : "a"(Leaf), "c"(Subleaf));
}

static BOOLEAN VendorUsesVmmcall(VOID)
{
    XEN_CPUID Vendor;

    XenCpuid(0, 0, &Vendor);
    return (Vendor.Ebx == 0x68747541 && Vendor.Edx == 0x69746e65 &&
            Vendor.Ecx == 0x444d4163) || /* AuthenticAMD */
           (Vendor.Ebx == 0x6f677948 && Vendor.Edx == 0x6e65476e &&
            Vendor.Ecx == 0x656e6975); /* HygonGenuine */
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS XenHypercallInitialize(VOID)
{
    XEN_CPUID Leaf;

    XenCpuid(1, 0, &Leaf);
    if (!(Leaf.Ecx & 1u << 31)) /* no hypervisor at all: the leaves below are undefined */
        return STATUS_NOT_SUPPORTED;
    for (ULONG Base = XEN_LEAF_FIRST_BASE; Base < XEN_LEAF_LAST_BASE; Base += XEN_LEAF_BASE_STEP) {
        XenCpuid(Base, 0, &Leaf);
        if (Leaf.Ebx != XEN_LEAF_SIGNATURE_EBX || Leaf.Ecx != XEN_LEAF_SIGNATURE_ECX ||
            Leaf.Edx != XEN_LEAF_SIGNATURE_EDX || Leaf.Eax < Base + XEN_LEAF_HYPERCALL)
            continue;
        Cpu.Vmmcall = VendorUsesVmmcall();
        Cpu.CpuidBase = Base;
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_SUPPORTED;
}

ULONG XenCpuidBase(VOID)
{
    return Cpu.CpuidBase;
}

LONG_PTR XenHypercall(_In_ ULONG Number, _In_ ULONG_PTR A1, _In_ ULONG_PTR A2, _In_ ULONG_PTR A3,
                      _In_ ULONG_PTR A4, _In_ ULONG_PTR A5)
{
    LONG_PTR Result;
    register ULONG_PTR R10 __asm__("r10") = A4;
    register ULONG_PTR R8 __asm__("r8") = A5;

    /* Xen may change every argument register. */
    if (Cpu.Vmmcall)
        __asm__ volatile("vmmcall"
                         : "=a"(Result), "+D"(A1), "+S"(A2), "+d"(A3), "+r"(R10), "+r"(R8)
                         : "a"((ULONG_PTR)Number)
                         : "memory", "cc", "rcx", "r9", "r11");
    else
        __asm__ volatile("vmcall"
                         : "=a"(Result), "+D"(A1), "+S"(A2), "+d"(A3), "+r"(R10), "+r"(R8)
                         : "a"((ULONG_PTR)Number)
                         : "memory", "cc", "rcx", "r9", "r11");
    return Result;
}

USHORT XenPortIn16(_In_ USHORT Port)
{
    USHORT Value;
    __asm__ volatile("inw %1, %0" : "=a"(Value) : "Nd"(Port));
    return Value;
}

UCHAR XenPortIn8(_In_ USHORT Port)
{
    UCHAR Value;
    __asm__ volatile("inb %1, %0" : "=a"(Value) : "Nd"(Port));
    return Value;
}

VOID XenPortOut32(_In_ USHORT Port, _In_ ULONG Value)
{
    __asm__ volatile("outl %0, %1" : : "a"(Value), "Nd"(Port));
}

VOID XenPortOut16(_In_ USHORT Port, _In_ USHORT Value)
{
    __asm__ volatile("outw %0, %1" : : "a"(Value), "Nd"(Port));
}

VOID XenPortOut8(_In_ USHORT Port, _In_ UCHAR Value)
{
    __asm__ volatile("outb %0, %1" : : "a"(Value), "Nd"(Port));
}

ULONG64 XenReadTsc(VOID)
{
    return __builtin_ia32_rdtsc();
}
