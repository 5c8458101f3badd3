/* SPDX-License-Identifier: BSD-2-Clause */
/* Unplugging emulated devices: see unplug.h. */
#include "unplug.h"
#include "boot_number.h"
#include "hypercall.h"
#include "../common/event_log.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/registry.h"
#include "../common/text.h"
#include <xenbus/unplug.h>
#include <core/xen/unplug.h>

enum {
    SERVICE_CHARACTERS = 64,
    PATH_CHARACTERS = 256,
    OPTIONS_CHARACTERS = 512,
    SERVICE_START_AT_BOOT = 0,
    BUILD_NUMBER = 1,
    PCI_BUSES = 256,
};

struct _XENBUS_UNPLUG {
    struct xen_unplug_decision Decision;
    UNICODE_STRING Key; /* our service's Parameters, or empty */
    WCHAR KeyBuffer[PATH_CHARACTERS];
};

static const struct {
    PCWSTR Live, Service;
} Names[] = {
    [XenbusUnplugDisks] = {L"DisksLive", L"DisksService"},
    [XenbusUnplugNics] = {L"NicsLive", L"NicsService"},
};

/* Values of the Parameters key that the disks have besides. */
static const WCHAR BoundDisks[] = L"DisksBound"; /* a bit a disk, by xen_disk_index() */
static const WCHAR GoodBoot[] = L"DisksGoodBoot";
static const WCHAR Failures[] = L"DisksFailures";

/* --- Facts. --- */

static BOOLEAN ProtocolAnswers(VOID)
{
    if (XenPortIn16(XEN_UNPLUG_PORT) != XEN_UNPLUG_MAGIC)
        return FALSE;
    if (XenPortIn8(XEN_UNPLUG_PORT_VERSION) >= 1) {
        /* The host may refuse our product, and takes its magic away then. */
        XenPortOut16(XEN_UNPLUG_PORT_VERSION, XEN_UNPLUG_PRODUCT);
        XenPortOut32(XEN_UNPLUG_PORT, BUILD_NUMBER);
        return XenPortIn16(XEN_UNPLUG_PORT) == XEN_UNPLUG_MAGIC;
    }
    return TRUE;
}

static BOOLEAN StartsAtBoot(_In_ PCWSTR Service)
{
    WCHAR Buffer[PATH_CHARACTERS];
    UNICODE_STRING Path = {.MaximumLength = sizeof(Buffer), .Buffer = Buffer};
    ULONG Start;

    return NT_SUCCESS(RtlAppendUnicodeToString(
               &Path, L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Services\\")) &&
           NT_SUCCESS(RtlAppendUnicodeToString(&Path, Service)) &&
           NT_SUCCESS(RegistryReadDword(&Path, L"Start", &Start)) && Start == SERVICE_START_AT_BOOT;
}

static struct xen_unplug_class ClassFacts(_In_ PXENBUS_UNPLUG Unplug,
                                          _In_ XENBUS_UNPLUG_CLASS Class)
{
    struct xen_unplug_class Facts = {false, false};
    WCHAR Service[SERVICE_CHARACTERS];
    ULONG Live;

    if (NT_SUCCESS(RegistryReadDword(&Unplug->Key, Names[Class].Live, &Live)) && Live == 1)
        Facts.twin_live = true;
    if (NT_SUCCESS(
            RegistryReadString(&Unplug->Key, Names[Class].Service, Service, SERVICE_CHARACTERS)) &&
        Service[0])
        Facts.driver_boot_start = StartsAtBoot(Service);
    return Facts;
}

static ULONG ReadNumber(_In_ PXENBUS_UNPLUG Unplug, _In_ PCWSTR Name)
{
    ULONG Number;

    return NT_SUCCESS(RegistryReadDword(&Unplug->Key, Name, &Number)) ? Number : 0;
}

static const UNICODE_STRING Control =
    RTL_CONSTANT_STRING(L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control");

/* Which of the firmware's disks Windows was booted from: "multi(0)disk(0)rdisk(1)partition(2)". The
 * first, if it is not said. */
static ULONG BootDiskIndex(VOID)
{
    static const WCHAR Mark[] = L"rdisk(";
    WCHAR Device[PATH_CHARACTERS];
    ULONG Index = 0;
    PWSTR At;

    if (!NT_SUCCESS(RegistryReadString(&Control, L"SystemBootDevice", Device, PATH_CHARACTERS)))
        return 0;
    At = wcsstr(Device, Mark);
    if (!At)
        return 0;
    for (At += wcslen(Mark); *At >= L'0' && *At <= L'9' && Index < 1000; At++)
        Index = Index * 10 + (ULONG)(*At - L'0');
    return Index;
}

static struct xen_unplug_history HistoryFacts(_In_ PXENBUS_UNPLUG Unplug)
{
    ULONG Index = BootDiskIndex();

    return (struct xen_unplug_history){
        .boot_disk_bound = Index < 32 && ReadNumber(Unplug, BoundDisks) >> Index & 1,
        .boot_number = XenbusBootNumber(),
        .good_number = ReadNumber(Unplug, GoodBoot),
        .failures = ReadNumber(Unplug, Failures),
    };
}

static BOOLEAN BootOptionGiven(VOID)
{
    static const CHAR Option[] = "CASEMENT:BOOT_EMULATED";
    WCHAR Options[OPTIONS_CHARACTERS];
    NTSTATUS Status =
        RegistryReadString(&Control, L"SystemStartOptions", Options, OPTIONS_CHARACTERS);

    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return FALSE;
    if (!NT_SUCCESS(Status))
        return TRUE; /* the user may have asked */
    for (ULONG Start = 0; Options[Start]; Start++) {
        ULONG i = 0;
        while (Option[i] && RtlUpcaseUnicodeChar(Options[Start + i]) == (WCHAR)Option[i])
            i++;
        if (!Option[i])
            return TRUE;
    }
    return FALSE;
}

static BOOLEAN SafeMode(VOID)
{
    static const UNICODE_STRING Option = RTL_CONSTANT_STRING(
        L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Option");

    return RegistryFindKey(&Option) != STATUS_OBJECT_NAME_NOT_FOUND; /* in doubt: yes */
}

static BOOLEAN IsQemuNvme(_In_ const PCI_COMMON_HEADER *Header)
{
    return (Header->VendorID == 0x1b36 && Header->DeviceID == 0x0010) ||
           (Header->VendorID == 0x8086 && Header->DeviceID == 0x5845);
}

/* Looks at every function of one bus; marks the buses behind its bridges. */
static VOID LookForNvme(_In_ ULONG Bus, _Inout_updates_(PCI_BUSES) PUCHAR Pending,
                        _Inout_ struct xen_unplug_facts *Facts)
{
    PCI_COMMON_HEADER Header;
    PCI_SLOT_NUMBER Slot;

    for (ULONG i = 0; i < PCI_MAX_DEVICES * PCI_MAX_FUNCTION; i++) {
        Slot.u.AsULONG = 0;
        Slot.u.bits.DeviceNumber = i / PCI_MAX_FUNCTION;
        Slot.u.bits.FunctionNumber = i % PCI_MAX_FUNCTION;
        RtlZeroMemory(&Header, sizeof(Header));
        if (HalGetBusDataByOffset(PCIConfiguration, Bus, Slot.u.AsULONG, &Header, 0,
                                  PCI_COMMON_HDR_LENGTH) < PCI_COMMON_HDR_LENGTH ||
            Header.VendorID == PCI_INVALID_VENDORID) {
            if (i % PCI_MAX_FUNCTION == 0)
                i += PCI_MAX_FUNCTION - 1; /* no function 0: no device */
            continue;
        }
        if (Header.BaseClass == PCI_CLASS_MASS_STORAGE_CTLR && Header.SubClass == 0x08) {
            if (IsQemuNvme(&Header))
                Facts->nvme_emulated = true;
            else
                Facts->nvme_real = true;
        }
        if (PCI_CONFIGURATION_TYPE(&Header) == PCI_BRIDGE_TYPE && Header.u.type1.SecondaryBus > Bus)
            Pending[Header.u.type1.SecondaryBus] = TRUE;
        if (i % PCI_MAX_FUNCTION == 0 && !PCI_MULTIFUNCTION_DEVICE(&Header))
            i += PCI_MAX_FUNCTION - 1;
    }
}

static VOID NvmeFacts(_Inout_ struct xen_unplug_facts *Facts)
{
    UCHAR Pending[PCI_BUSES] = {TRUE};

    for (ULONG Bus = 0; Bus < PCI_BUSES; Bus++)
        if (Pending[Bus])
            LookForNvme(Bus, Pending, Facts);
}

/* --- The decision, and its writing. --- */

static VOID LogDecision(_In_ PCSTR What, _In_ enum xen_unplug_why Why)
{
    TEXT Text;

    TextInit(&Text, What);
    TextAdd(&Text, xen_unplug_why_text(Why));
    LogLine(LogInfo, Text.Buffer);
}

/* A boot without disks that failed is told where a user looks, and counted. */
static VOID Remember(_In_ PXENBUS_UNPLUG Unplug, _In_ PDRIVER_OBJECT Driver,
                     _In_ const struct xen_unplug_facts *Facts)
{
    enum xen_unplug_why Why = Unplug->Decision.disks;

    if (Why != XEN_UNPLUG_LAST_BOOT_FAILED && Why != XEN_UNPLUG_GAVE_UP &&
        Why != XEN_UNPLUG_OTHER_DISK && Why != XEN_UNPLUG_DRIVER_NOT_AT_BOOT)
        return;
    EventLogWrite(Driver, "The emulated disks are ", xen_unplug_why_text(Why));
    if (Why == XEN_UNPLUG_LAST_BOOT_FAILED)
        (VOID) RegistryWriteDword(&Unplug->Key, Failures,
                                  xen_unplug_failures(Facts, &Unplug->Decision));
}

VOID UnplugAgain(_In_ PXENBUS_UNPLUG Unplug)
{
    if (Unplug->Decision.mask && ProtocolAnswers())
        XenPortOut16(XEN_UNPLUG_PORT, Unplug->Decision.mask);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    UnplugCreate(_In_ PDRIVER_OBJECT Driver, _In_ PCUNICODE_STRING RegistryPath,
                 _Out_ PXENBUS_UNPLUG *Unplug)
{
    PXENBUS_UNPLUG New = PoolAllocate(sizeof(*New), POOL_TAG_XENBUS);
    struct xen_unplug_facts Facts = {.protocol = false};

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Key.Buffer = New->KeyBuffer;
    New->Key.MaximumLength = sizeof(New->KeyBuffer);
    if (!NT_SUCCESS(RtlAppendUnicodeStringToString(&New->Key, RegistryPath)) ||
        !NT_SUCCESS(RtlAppendUnicodeToString(&New->Key, L"\\Parameters")))
        New->Key.Length =
            0; /* a path that long names no key of ours: no facts, nothing unplugged */

    Facts.disks = ClassFacts(New, XenbusUnplugDisks);
    Facts.nics = ClassFacts(New, XenbusUnplugNics);
    Facts.boot_emulated = BootOptionGiven();
    Facts.safe_mode = SafeMode();
    if (Facts.disks.twin_live || Facts.nics.twin_live) {
        Facts.protocol = ProtocolAnswers();
        Facts.history = HistoryFacts(New);
        NvmeFacts(&Facts);
    }
    New->Decision = xen_unplug_decide(&Facts);
    if (New->Decision.mask)
        XenPortOut16(XEN_UNPLUG_PORT, New->Decision.mask);
    if (Facts.disks.twin_live || Facts.nics.twin_live) {
        LogDecision("emulated disks: ", New->Decision.disks);
        LogDecision("emulated network cards: ", New->Decision.nics);
        LogDecision("emulated NVMe: ", New->Decision.nvme);
        Remember(New, Driver, &Facts);
    }
    *Unplug = New;
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID UnplugDestroy(_In_ PXENBUS_UNPLUG Unplug)
{
    PoolFree(Unplug, POOL_TAG_XENBUS);
}

VOID NTAPI UnplugDump(_In_opt_ PVOID Argument, _In_ PXENBUS_DEBUG_SINK Sink)
{
    PXENBUS_UNPLUG Unplug = ((PXENBUS_PARTS)Argument)->Unplug;
    TEXT Text;

    TextInit(&Text, "disks ");
    TextAdd(&Text, xen_unplug_why_text(Unplug->Decision.disks));
    TextAdd(&Text, "; network cards ");
    TextAdd(&Text, xen_unplug_why_text(Unplug->Decision.nics));
    TextAdd(&Text, "; NVMe ");
    TextAdd(&Text, xen_unplug_why_text(Unplug->Decision.nvme));
    Sink->Write(Sink, Text.Buffer);
}

/* --- The service. --- */

static NTSTATUS NTAPI Announce(_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class,
                               _In_ PCWSTR Service, _In_ BOOLEAN Live)
{
    PXENBUS_UNPLUG Unplug = ((PXENBUS_PARTS)Context)->Unplug;
    ULONG Length = 0;
    NTSTATUS Status;

    if ((ULONG)Class >= RTL_NUMBER_OF(Names) || !Service)
        return STATUS_INVALID_PARAMETER;
    while (Service[Length] && Length < SERVICE_CHARACTERS)
        if (Service[Length++] == L'\\')
            return STATUS_INVALID_PARAMETER;
    if (Length == 0 || Length == SERVICE_CHARACTERS)
        return STATUS_INVALID_PARAMETER;

    /* Not live while the two values may disagree. */
    Status = RegistryWriteDword(&Unplug->Key, Names[Class].Live, 0);
    if (NT_SUCCESS(Status))
        Status = RegistryWriteString(&Unplug->Key, Names[Class].Service, Service);
    if (NT_SUCCESS(Status) && Live)
        Status = RegistryWriteDword(&Unplug->Key, Names[Class].Live, 1);
    return Status;
}

static NTSTATUS NTAPI AnnounceDisk(_In_ PVOID Context, _In_ PCWSTR Service, _In_ ULONG Number)
{
    PXENBUS_UNPLUG Unplug = ((PXENBUS_PARTS)Context)->Unplug;
    int Index = xen_disk_index(Number);
    NTSTATUS Status;

    if (Index < 0 || Index >= 32)
        return STATUS_INVALID_PARAMETER;
    Status =
        RegistryWriteDword(&Unplug->Key, BoundDisks, ReadNumber(Unplug, BoundDisks) | 1u << Index);
    if (NT_SUCCESS(Status))
        Status = RegistryWriteDword(&Unplug->Key, GoodBoot, XenbusBootNumber());
    if (NT_SUCCESS(Status) && Unplug->Decision.disks == XEN_UNPLUG_DONE)
        Status = RegistryWriteDword(&Unplug->Key, Failures, 0);
    if (NT_SUCCESS(Status))
        Status = Announce(Context, XenbusUnplugDisks, Service, TRUE);
    return Status;
}

static BOOLEAN NTAPI IsUnplugged(_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class)
{
    PXENBUS_UNPLUG Unplug = ((PXENBUS_PARTS)Context)->Unplug;

    switch (Class) {
    case XenbusUnplugDisks:
        return Unplug->Decision.disks == XEN_UNPLUG_DONE;
    case XenbusUnplugNics:
        return Unplug->Decision.nics == XEN_UNPLUG_DONE;
    }
    return FALSE;
}

static VOID Fill(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    PXENBUS_UNPLUG_INTERFACE_V2 V2 = (PXENBUS_UNPLUG_INTERFACE_V2)Interface;

    V2->Announce = Announce;
    V2->IsUnplugged = IsUnplugged;
    if (Version >= 2)
        V2->AnnounceDisk = AnnounceDisk;
}

static const USHORT Sizes[] = {sizeof(XENBUS_UNPLUG_INTERFACE_V1),
                               sizeof(XENBUS_UNPLUG_INTERFACE_V2)};
const XENBUS_SERVICE UnplugService = {&GUID_XENBUS_UNPLUG, RTL_NUMBER_OF(Sizes), Sizes, Fill};
