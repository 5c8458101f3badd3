/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine.h and windows/kernel/xenbus/hypercall.h. One vCPU. */
#include "machine.h"

#include "linux/simxen/guest.h"
#include "windows/kernel/xenbus/hypercall.h"

enum { LEAF_BASE = 0x40000000 };

static ULONG Base;

VOID XenCpuid(ULONG Leaf, ULONG Subleaf, PXEN_CPUID Out)
{
    uint32_t Registers[4] = {0};

    if (MachineGuest() != NULL)
        simxen_guest_cpuid(MachineGuest(), 0, Leaf, Subleaf, Registers);
    *Out = (XEN_CPUID){Registers[0], Registers[1], Registers[2], Registers[3]};
}

NTSTATUS XenHypercallInitialize(VOID)
{
    if (MachineGuest() == NULL)
        return STATUS_NOT_SUPPORTED;
    Base = LEAF_BASE;
    return STATUS_SUCCESS;
}

ULONG XenCpuidBase(VOID)
{
    return Base;
}

LONG_PTR XenHypercall(ULONG Number, ULONG_PTR A1, ULONG_PTR A2, ULONG_PTR A3, ULONG_PTR A4,
                      ULONG_PTR A5)
{
    LONG_PTR Result = simxen_guest_hypercall(MachineGuest(), 0, Number, A1, A2, A3, A4, A5);

    /* An event that was unmasked or raised by the call is to be delivered. */
    MachineWake();
    return Result;
}

/* No emulated devices: nothing answers at the unplug ports. */
USHORT XenPortIn16(USHORT Port)
{
    UNREFERENCED_PARAMETER(Port);
    return 0xffff;
}

UCHAR XenPortIn8(USHORT Port)
{
    UNREFERENCED_PARAMETER(Port);
    return 0xff;
}

VOID XenPortOut32(USHORT Port, ULONG Value)
{
    UNREFERENCED_PARAMETER(Port);
    UNREFERENCED_PARAMETER(Value);
}

VOID XenPortOut16(USHORT Port, USHORT Value)
{
    UNREFERENCED_PARAMETER(Port);
    UNREFERENCED_PARAMETER(Value);
}

VOID XenPortOut8(USHORT Port, UCHAR Value)
{
    if (Port == 0xe9 && MachineGuest() != NULL)
        simxen_guest_port_e9(MachineGuest(), Value);
}

ULONG64 XenReadTsc(VOID)
{
    return __builtin_ia32_rdtsc();
}
