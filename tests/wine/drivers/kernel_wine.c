/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See machine.h: functions of NT that Wine's ntoskrnl declares and does not do, or does not have.
 * The drivers call them through the import table; the linker finds these __imp_ pointers first.
 * Pages are the guest's RAM, which the whole of winedevice.exe sees at one address: mapping them
 * for the kernel is a sum. Mapping into a program is not possible and fails.
 */
#include "machine.h"

NTSYSAPI NTSTATUS NTAPI ZwYieldExecution(VOID);

/* --- DPCs: one CPU, whose DPCs the event thread runs, or who waits for them */

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Queue; /* empty until first used */
    LONG Running;
} Dpcs;

static BOOLEAN NTAPI InsertQueueDpc(PRKDPC Dpc, PVOID Argument1, PVOID Argument2)
{
    BOOLEAN Inserted = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Dpcs.Lock, &Irql);
    if (Dpcs.Queue.Flink == NULL)
        InitializeListHead(&Dpcs.Queue);
    if (Dpc->DpcData == NULL) {
        Dpc->DpcData = &Dpcs; /* queued */
        Dpc->SystemArgument1 = Argument1;
        Dpc->SystemArgument2 = Argument2;
        InsertTailList(&Dpcs.Queue, (PLIST_ENTRY)&Dpc->DpcListEntry);
        Inserted = TRUE;
    }
    KeReleaseSpinLock(&Dpcs.Lock, Irql);
    if (Inserted)
        MachineWake();
    return Inserted;
}

static BOOLEAN NTAPI RemoveQueueDpc(PRKDPC Dpc)
{
    BOOLEAN Removed = FALSE;
    KIRQL Irql;

    KeAcquireSpinLock(&Dpcs.Lock, &Irql);
    if (Dpc->DpcData != NULL) {
        Dpc->DpcData = NULL;
        RemoveEntryList((PLIST_ENTRY)&Dpc->DpcListEntry);
        Removed = TRUE;
    }
    KeReleaseSpinLock(&Dpcs.Lock, Irql);
    return Removed;
}

static PRKDPC NextDpc(VOID)
{
    PRKDPC Dpc = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Dpcs.Lock, &Irql);
    if (Dpcs.Queue.Flink != NULL && !IsListEmpty(&Dpcs.Queue)) {
        Dpc = CONTAINING_RECORD(RemoveHeadList(&Dpcs.Queue), KDPC, DpcListEntry);
        Dpc->DpcData = NULL;
        Dpcs.Running++;
    } else {
        Dpcs.Running = 0;
    }
    KeReleaseSpinLock(&Dpcs.Lock, Irql);
    return Dpc;
}

VOID KernelRunDpcs(VOID)
{
    PRKDPC Dpc;

    while ((Dpc = NextDpc()) != NULL)
        Dpc->DeferredRoutine(Dpc, Dpc->DeferredContext, Dpc->SystemArgument1, Dpc->SystemArgument2);
}

/* Until none is queued and none runs. */
static VOID NTAPI FlushQueuedDpcs(VOID)
{
    for (;;) {
        BOOLEAN Idle;
        KIRQL Irql;

        KeAcquireSpinLock(&Dpcs.Lock, &Irql);
        Idle = Dpcs.Running == 0 && (Dpcs.Queue.Flink == NULL || IsListEmpty(&Dpcs.Queue));
        KeReleaseSpinLock(&Dpcs.Lock, Irql);
        if (Idle)
            return;
        MachineWake();
        ZwYieldExecution();
    }
}

static VOID NTAPI SetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Importance);
}

static NTSTATUS NTAPI SetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER Number)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Number);
    return STATUS_SUCCESS;
}

/* --- CPUs: one */

static ULONG NTAPI QueryActiveProcessorCountEx(USHORT Group)
{
    UNREFERENCED_PARAMETER(Group);
    return 1;
}

static ULONG NTAPI GetCurrentProcessorNumberEx(PPROCESSOR_NUMBER Number)
{
    if (Number != NULL)
        RtlZeroMemory(Number, sizeof(*Number));
    return 0;
}

/* Called without the import table: the DDK headers of mingw do not mark it. */
NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG Index, PPROCESSOR_NUMBER Number)
{
    RtlZeroMemory(Number, sizeof(*Number));
    return Index == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static ULONG_PTR NTAPI IpiGenericCall(PKIPI_BROADCAST_WORKER Worker, ULONG_PTR Argument)
{
    return Worker(Argument);
}

/* --- Pages */

static PMDL NTAPI AllocatePagesForMdlEx(PHYSICAL_ADDRESS Low, PHYSICAL_ADDRESS High,
                                        PHYSICAL_ADDRESS Skip, SIZE_T Bytes,
                                        MEMORY_CACHING_TYPE Type, ULONG Flags)
{
    ULONG Count = (ULONG)(Bytes / PAGE_SIZE);
    PVOID Pages = MachinePages(Count);
    PMDL Mdl;

    UNREFERENCED_PARAMETER(Low);
    UNREFERENCED_PARAMETER(High);
    UNREFERENCED_PARAMETER(Skip);
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(Flags);
    if (Pages == NULL)
        return NULL;
    Mdl = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Mdl) + Count * sizeof(PFN_NUMBER), 0);
    if (Mdl == NULL) {
        MachinePagesFree(Pages);
        return NULL;
    }
    RtlZeroMemory(Mdl, sizeof(*Mdl));
    Mdl->Size = (CSHORT)(sizeof(*Mdl) + Count * sizeof(PFN_NUMBER));
    Mdl->MdlFlags = MDL_PAGES_LOCKED;
    Mdl->ByteCount = (ULONG)Bytes;
    Mdl->MappedSystemVa = Pages;
    for (ULONG Page = 0; Page < Count; Page++)
        MmGetMdlPfnArray(Mdl)[Page] = MachineFrame(Pages) + Page;
    return Mdl;
}

static VOID NTAPI FreePagesFromMdl(PMDL Mdl)
{
    MachinePagesFree(Mdl->MappedSystemVa);
}

static PVOID NTAPI MapLockedPagesSpecifyCache(PMDL Mdl, KPROCESSOR_MODE Mode,
                                              MEMORY_CACHING_TYPE Type, PVOID Wanted,
                                              ULONG BugCheck, ULONG Priority)
{
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(Wanted);
    UNREFERENCED_PARAMETER(BugCheck);
    UNREFERENCED_PARAMETER(Priority);
    return Mode == KernelMode && MachineHas(Mdl->MappedSystemVa) ? Mdl->MappedSystemVa : NULL;
}

static VOID NTAPI UnmapLockedPages(PVOID Address, PMDL Mdl)
{
    UNREFERENCED_PARAMETER(Address);
    UNREFERENCED_PARAMETER(Mdl);
}

static PHYSICAL_ADDRESS NTAPI GetPhysicalAddress(PVOID Address)
{
    PHYSICAL_ADDRESS Physical = {.QuadPart = 0};

    if (MachineHas(Address))
        Physical.QuadPart =
            (LONGLONG)(MachineFrame(Address) * PAGE_SIZE + ((ULONG_PTR)Address & (PAGE_SIZE - 1)));
    return Physical;
}

/* The toolstack's pages are at the end of guest-physical space. */
static PVOID NTAPI MapIoSpace(PHYSICAL_ADDRESS Address, SIZE_T Bytes, MEMORY_CACHING_TYPE Type)
{
    UNREFERENCED_PARAMETER(Bytes);
    UNREFERENCED_PARAMETER(Type);
    return MachinePhysical((ULONG64)Address.QuadPart);
}

static VOID NTAPI UnmapIoSpace(PVOID Address, SIZE_T Bytes)
{
    UNREFERENCED_PARAMETER(Address);
    UNREFERENCED_PARAMETER(Bytes);
}

/* --- A driver's extension: one, in one driver */

static PVOID Extension, ExtensionId;

static NTSTATUS NTAPI AllocateDriverObjectExtension(PDRIVER_OBJECT Driver, PVOID Id, ULONG Bytes,
                                                    PVOID *Out)
{
    UNREFERENCED_PARAMETER(Driver);
    if (Extension != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    Extension = ExAllocatePoolWithTag(NonPagedPool, Bytes, 0);
    if (Extension == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Extension, Bytes);
    ExtensionId = Id;
    *Out = Extension;
    return STATUS_SUCCESS;
}

static PVOID NTAPI GetDriverObjectExtension(PDRIVER_OBJECT Driver, PVOID Id)
{
    UNREFERENCED_PARAMETER(Driver);
    return Id == ExtensionId ? Extension : NULL;
}

#define INSTEAD(Name, Function) const PVOID __imp_##Name = (PVOID)Function

INSTEAD(KeInsertQueueDpc, InsertQueueDpc);
INSTEAD(KeRemoveQueueDpc, RemoveQueueDpc);
INSTEAD(KeFlushQueuedDpcs, FlushQueuedDpcs);
INSTEAD(KeSetImportanceDpc, SetImportanceDpc);
INSTEAD(KeSetTargetProcessorDpcEx, SetTargetProcessorDpcEx);
INSTEAD(KeQueryActiveProcessorCountEx, QueryActiveProcessorCountEx);
INSTEAD(KeGetCurrentProcessorNumberEx, GetCurrentProcessorNumberEx);
INSTEAD(KeIpiGenericCall, IpiGenericCall);
INSTEAD(MmAllocatePagesForMdlEx, AllocatePagesForMdlEx);
INSTEAD(MmFreePagesFromMdl, FreePagesFromMdl);
INSTEAD(MmMapLockedPagesSpecifyCache, MapLockedPagesSpecifyCache);
INSTEAD(MmUnmapLockedPages, UnmapLockedPages);
INSTEAD(MmGetPhysicalAddress, GetPhysicalAddress);
INSTEAD(IoAllocateDriverObjectExtension, AllocateDriverObjectExtension);
INSTEAD(IoGetDriverObjectExtension, GetDriverObjectExtension);
INSTEAD(MmMapIoSpace, MapIoSpace);
INSTEAD(MmUnmapIoSpace, UnmapIoSpace);

/* xenbus/boot_number.h: Wine is not booted. */
ULONG XenbusBootNumber(VOID);
ULONG XenbusBootNumber(VOID)
{
    return 0;
}
