/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the platform device needs beyond what its PCI header says: a message interrupt on each CPU,
 * for Xen's event upcalls (interrupts.c). NT gives out vectors for these descriptors as it does for
 * a device with MSI-X; a list without them serves the line interrupt alone.
 */
#include "device.h"
#include "../common/pool.h"
#include <ddk_supplement.h>

enum { VECTOR_CPUS_MAX = 64 }; /* one processor group; CPUs beyond have no vector of their own */

static VOID DescribeVector(_Out_ PIO_RESOURCE_DESCRIPTOR Descriptor, _In_ ULONG Cpu)
{
    IO_RESOURCE_INTERRUPT *Interrupt = (IO_RESOURCE_INTERRUPT *)&Descriptor->u;

    RtlZeroMemory(Descriptor, sizeof(*Descriptor));
    Descriptor->Type = CmResourceTypeInterrupt;
    Descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    Descriptor->Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE |
                        CM_RESOURCE_INTERRUPT_POLICY_INCLUDED;
    Interrupt->MinimumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    Interrupt->MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    Interrupt->AffinityPolicy = IrqPolicySpecifiedProcessors;
    Interrupt->PriorityPolicy = IrqPriorityUndefined;
    Interrupt->TargetedProcessors = (KAFFINITY)1 << Cpu;
}

static SIZE_T ListBytes(_In_ ULONG Descriptors)
{
    return FIELD_OFFSET(IO_RESOURCE_LIST, Descriptors) +
           Descriptors * sizeof(IO_RESOURCE_DESCRIPTOR);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ResourcesAddVectors(_In_ PIO_RESOURCE_REQUIREMENTS_LIST Old,
                        _Out_ PIO_RESOURCE_REQUIREMENTS_LIST *New)
{
    ULONG Cpus = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PIO_RESOURCE_REQUIREMENTS_LIST Requirements;
    PUCHAR From, To;
    SIZE_T Bytes;

    if (Cpus > VECTOR_CPUS_MAX)
        Cpus = VECTOR_CPUS_MAX;
    /* Lists of different lengths stand one behind the other. */
    Bytes = FIELD_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List);
    From = (PUCHAR)Old->List;
    for (ULONG i = 0; i < Old->AlternativeLists; i++) {
        Bytes += ListBytes(((PIO_RESOURCE_LIST)From)->Count + Cpus);
        From += ListBytes(((PIO_RESOURCE_LIST)From)->Count);
    }

    Requirements = PoolAllocate(Bytes, POOL_TAG_XENBUS);
    if (!Requirements)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(Requirements, Old, FIELD_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List));
    Requirements->ListSize = (ULONG)Bytes;
    From = (PUCHAR)Old->List;
    To = (PUCHAR)Requirements->List;
    for (ULONG i = 0; i < Old->AlternativeLists; i++) {
        PIO_RESOURCE_LIST Source = (PIO_RESOURCE_LIST)From, List = (PIO_RESOURCE_LIST)To;
        RtlCopyMemory(List, Source, ListBytes(Source->Count));
        for (ULONG Cpu = 0; Cpu < Cpus; Cpu++)
            DescribeVector(&List->Descriptors[List->Count++], Cpu);
        From += ListBytes(Source->Count);
        To += ListBytes(List->Count);
    }
    *New = Requirements;
    return STATUS_SUCCESS;
}
