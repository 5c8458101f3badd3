/* SPDX-License-Identifier: BSD-2-Clause */
/* Unplugging emulated devices: see unplug.h. */
#include "unplug.h"
#include "hypercall.h"
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

static BOOLEAN BootOptionGiven(VOID)
{
    static const UNICODE_STRING Control =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control");
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

VOID UnplugAgain(_In_ PXENBUS_UNPLUG Unplug)
{
    if (Unplug->Decision.mask && ProtocolAnswers())
        XenPortOut16(XEN_UNPLUG_PORT, Unplug->Decision.mask);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    UnplugCreate(_In_ PCUNICODE_STRING RegistryPath, _Out_ PXENBUS_UNPLUG *Unplug)
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
        NvmeFacts(&Facts);
    }
    New->Decision = xen_unplug_decide(&Facts);
    if (New->Decision.mask)
        XenPortOut16(XEN_UNPLUG_PORT, New->Decision.mask);
    if (Facts.disks.twin_live || Facts.nics.twin_live) {
        LogDecision("emulated disks: ", New->Decision.disks);
        LogDecision("emulated network cards: ", New->Decision.nics);
        LogDecision("emulated NVMe: ", New->Decision.nvme);
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
    PXENBUS_UNPLUG_INTERFACE_V1 V1 = (PXENBUS_UNPLUG_INTERFACE_V1)Interface;

    UNREFERENCED_PARAMETER(Version);
    V1->Announce = Announce;
    V1->IsUnplugged = IsUnplugged;
}

static const USHORT Sizes[] = {sizeof(XENBUS_UNPLUG_INTERFACE_V1)};
const XENBUS_SERVICE UnplugService = {&GUID_XENBUS_UNPLUG, RTL_NUMBER_OF(Sizes), Sizes, Fill};
