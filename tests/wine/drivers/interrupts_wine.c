/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See machine.h and windows/kernel/xenbus/interrupts.h: Xen's callback line, looked at by a thread.
 * Wine's ntoskrnl connects no interrupt. One CPU.
 */
#include "interrupts_wine.h"

#include "linux/simxen/guest.h"
#include "machine.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/xenbus/hypercall.h"
#include "windows/kernel/xenbus/interrupts.h"

#include <core/xen/abi.h>

enum { GSI = 28 };

struct _XENBUS_INTERRUPTS {
    KSPIN_LOCK Lock; /* guards Upcall, and is held while it runs */
    XENBUS_UPCALL *Upcall;
    PVOID Argument;
};

static struct _XENBUS_INTERRUPTS Interrupts;

VOID InterruptsDeliver(VOID)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Interrupts.Lock, &Irql);
    while (Interrupts.Upcall != NULL && simxen_guest_line(MachineGuest()))
        (VOID) Interrupts.Upcall(Interrupts.Argument, 0);
    KeReleaseSpinLock(&Interrupts.Lock, Irql);
}

NTSTATUS InterruptsCreate(PXENBUS_PARTS Parts, PDEVICE_OBJECT Pdo, PCM_RESOURCE_LIST Raw,
                          PCM_RESOURCE_LIST Translated, PXENBUS_INTERRUPTS *Out)
{
    UNREFERENCED_PARAMETER(Parts);
    UNREFERENCED_PARAMETER(Pdo);
    UNREFERENCED_PARAMETER(Raw);
    UNREFERENCED_PARAMETER(Translated);
    *Out = &Interrupts;
    return STATUS_SUCCESS;
}

VOID InterruptsDestroy(PXENBUS_INTERRUPTS Unused)
{
    UNREFERENCED_PARAMETER(Unused);
}

static VOID Connect(_In_opt_ XENBUS_UPCALL *Upcall, _In_opt_ PVOID Argument)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Interrupts.Lock, &Irql);
    Interrupts.Upcall = Upcall;
    Interrupts.Argument = Argument;
    KeReleaseSpinLock(&Interrupts.Lock, Irql);
}

static LONG_PTR TellLine(VOID)
{
    struct xen_hvmop_param Op = {.domid = XEN_DOMID_SELF,
                                 .index = XEN_HVM_PARAM_CALLBACK_IRQ,
                                 .value = XEN_CALLBACK(XEN_CALLBACK_GSI, GSI)};

    return XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_PARAM, (ULONG_PTR)&Op, 0, 0, 0);
}

NTSTATUS InterruptsConnect(PXENBUS_INTERRUPTS Unused, XENBUS_UPCALL *Upcall, PVOID Argument)
{
    UNREFERENCED_PARAMETER(Unused);
    if (TellLine() != 0)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Connect(Upcall, Argument);
    MachineWake();
    return STATUS_SUCCESS;
}

VOID InterruptsDisconnect(PXENBUS_INTERRUPTS Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    Connect(NULL, NULL);
}

VOID InterruptsResume(PXENBUS_INTERRUPTS Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    (VOID) TellLine();
}

BOOLEAN InterruptsProbe(PXENBUS_INTERRUPTS Unused, ULONG Cpu, XENBUS_UPCALL_FIRE *Fire,
                        PVOID Argument)
{
    UNREFERENCED_PARAMETER(Unused);
    return NT_SUCCESS(Fire(Argument, Cpu));
}

BOOLEAN InterruptsCpuHasVector(PXENBUS_INTERRUPTS Unused, ULONG Cpu)
{
    UNREFERENCED_PARAMETER(Unused);
    UNREFERENCED_PARAMETER(Cpu);
    return FALSE;
}

ULONG InterruptsCpuCount(PXENBUS_INTERRUPTS Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    return 1;
}

ULONG InterruptsCpuOfVcpu0(PXENBUS_INTERRUPTS Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    return 0;
}

ULONG InterruptsVcpuOf(PXENBUS_INTERRUPTS Unused, ULONG Cpu)
{
    UNREFERENCED_PARAMETER(Unused);
    UNREFERENCED_PARAMETER(Cpu);
    return 0;
}

VOID NTAPI InterruptsDump(PVOID Argument, PXENBUS_DEBUG_SINK Sink)
{
    UNREFERENCED_PARAMETER(Argument);
    Sink->Write(Sink, "events are looked for by a thread");
}
