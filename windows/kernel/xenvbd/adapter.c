/* SPDX-License-Identifier: BSD-2-Clause */
/* What StorPort calls, but for requests: see adapter.h. */
#include "adapter.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/text.h"
#include <core/xen/unplug.h>

const CHAR LogDriverName[] = "xenvbd";

/* --- Finding. --- */

static NTSTATUS FindNumber(_In_ PVBD_ADAPTER Adapter)
{
    ULONG Length;
    TEXT Text;
    NTSTATUS Status = IoGetDeviceProperty(Adapter->Pdo, DevicePropertyAddress,
                                          sizeof(Adapter->Number), &Adapter->Number, &Length);

    if (!NT_SUCCESS(Status))
        return Status;
    TextInit(&Text, "device/vbd/");
    TextAddDecimal(&Text, Adapter->Number);
    RtlCopyMemory(Adapter->Folder, Text.Buffer, Text.Length + 1);
    return STATUS_SUCCESS;
}

static BOOLEAN StoreRead(_In_ PVBD_ADAPTER Adapter, _In_ PCSTR Prefix, _In_ PCSTR Node,
                         _Out_writes_z_(Room) PSTR Value, _In_ ULONG Room)
{
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_READ,
                                    .Prefix = Prefix,
                                    .Node = Node,
                                    .Answer = Value,
                                    .AnswerRoom = Room - 1};
    ULONG Length = 0;

    if (!NT_SUCCESS(CALL(&Adapter->Services, Store, Execute, &Command,
                         XENBUS_STORE_TIMEOUT_DEFAULT_MS, &Length)) ||
        Length >= Room)
        return FALSE;
    Value[Length] = 0;
    return TRUE;
}

/* Windows has the emulated twin in this boot, and must not get the same disk twice. The backend is
 * looked at, not connected to: two writers open the image otherwise. That it waits for us is what
 * the next boot's decision wants to know. */
static VOID LeaveToTwin(_In_ PVBD_ADAPTER Adapter)
{
    struct {
        CHAR Path[BLK_PATH_MAX], State[8];
    } *Room = PoolAllocate(sizeof(*Room), POOL_TAG_XENVBD);
    TEXT Text;

    TextInit(&Text, Adapter->Folder);
    if (Room && StoreRead(Adapter, Adapter->Folder, "backend", Room->Path, sizeof(Room->Path)) &&
        StoreRead(Adapter, Room->Path, "state", Room->State, sizeof(Room->State)) &&
        Room->State[0] == '2' && !Room->State[1]) {
        TextAdd(&Text, ": its emulated twin is in use; the next boot may do without");
        (VOID) CALL(&Adapter->Services, Unplug, AnnounceDisk, L"xenvbd", Adapter->Number);
    } else {
        TextAdd(&Text, ": its emulated twin is in use, and its backend is not ready");
    }
    PoolFree(Room, POOL_TAG_XENVBD);
    LogLine(LogInfo, Text.Buffer);
    CALL(&Adapter->Services, Debug, Log, Text.Buffer);
}

static NTSTATUS Make(_In_ PVBD_ADAPTER Adapter, _In_ PDEVICE_OBJECT Lower)
{
    NTSTATUS Status = FindNumber(Adapter);

    if (NT_SUCCESS(Status))
        Status = ServicesAcquire(Lower, &Adapter->Services);
    if (!NT_SUCCESS(Status))
        return Status;
    Adapter->Offered = CALL(&Adapter->Services, Unplug, IsUnplugged, XenbusUnplugDisks) ||
                       !xen_disk_may_be_emulated(Adapter->Number);
    if (!Adapter->Offered) {
        LeaveToTwin(Adapter);
        return STATUS_SUCCESS;
    }
    Status = QueuesCreate(Adapter);
    if (NT_SUCCESS(Status)) {
        Status = DiskStart(Adapter);
        if (!NT_SUCCESS(Status))
            QueuesDestroy(Adapter);
    }
    if (!NT_SUCCESS(Status))
        ServicesRelease(&Adapter->Services);
    return Status;
}

static VOID Unmake(_In_ PVBD_ADAPTER Adapter)
{
    if (Adapter->Offered) {
        DiskStop(Adapter);
        QueuesDestroy(Adapter);
    }
    ServicesRelease(&Adapter->Services);
    Adapter->Made = FALSE;
}

static VOID Configure(_Inout_ PPORT_CONFIGURATION_INFORMATION Config)
{
    Config->VirtualDevice = TRUE;
    Config->MaximumTransferLength = VBD_TRANSFER_MAX_BYTES;
    Config->NumberOfPhysicalBreaks = VBD_TRANSFER_MAX_BYTES / PAGE_SIZE + 1;
    Config->AlignmentMask = 0; /* data is copied: any address will do */
    Config->NumberOfBuses = 1;
    Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = 1;
    Config->ScatterGather = TRUE;
    Config->Master = TRUE;
    Config->CachesData = FALSE; /* the disk class flushes the unit */
    Config->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    Config->Dma64BitAddresses = SCSI_DMA64_MINIPORT_SUPPORTED;
    Config->ResetTargetSupported = TRUE;
    Config->SynchronizationModel = StorSynchronizeFullDuplex;
    Config->WmiDataProvider = FALSE;
    if (Config->Length >= sizeof(*Config)) { /* Windows 8 and later */
        Config->MaxNumberOfIO = BLK_RING_ENTRIES_MAX;
        Config->MaxIOsPerLun = BLK_RING_ENTRIES_MAX;
        Config->InitialLunQueueDepth = BLK_RING_ENTRIES_MAX;
        Config->BusResetHoldTime = 0;
    }
}

ULONG VbdFindAdapter(_In_ PVOID DeviceExtension, _In_ PVOID HwContext, _In_ PVOID BusInformation,
                     _In_ PVOID LowerDevice, _In_ PCHAR ArgumentString,
                     _Inout_ PPORT_CONFIGURATION_INFORMATION ConfigInfo, _Out_ PBOOLEAN Again)
{
    PVBD_ADAPTER Adapter = DeviceExtension;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ArgumentString);
    *Again = FALSE;
    if (Adapter->Made) /* started again after a stop */
        Unmake(Adapter);
    RtlZeroMemory(Adapter, sizeof(*Adapter));
    Adapter->Pdo = HwContext;
    Adapter->Device = BusInformation;
    Status = Make(Adapter, LowerDevice);
    if (!NT_SUCCESS(Status)) {
        LogStatus(LogError, "the disk does not start:", Status);
        return SP_RETURN_ERROR;
    }
    if (Adapter->Offered && Adapter->State == VbdFailed) {
        Unmake(Adapter);
        return SP_RETURN_ERROR;
    }
    Adapter->Made = TRUE;
    Configure(ConfigInfo);
    return SP_RETURN_FOUND;
}

/* --- Running. --- */

/* Completions on the CPU that asked, several requests at a time, as far as this Windows has it. */
static VOID AskForSpeed(_In_ PVBD_ADAPTER Adapter)
{
    const ULONG Wanted = STOR_PERF_DPC_REDIRECTION | STOR_PERF_CONCURRENT_CHANNELS |
                         STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO;
    PERF_CONFIGURATION_DATA Data = {.Version = STOR_PERF_VERSION_4, .Size = sizeof(Data)};

    if (StorPortInitializePerfOpts(Adapter, TRUE, &Data) != STOR_STATUS_SUCCESS)
        return;
    Data.Flags &= Wanted;
    Data.ConcurrentChannels =
        Data.Flags & STOR_PERF_CONCURRENT_CHANNELS ? (ULONG)Adapter->QueueCount : 0;
    if (Data.Flags)
        (VOID) StorPortInitializePerfOpts(Adapter, FALSE, &Data);
}

BOOLEAN VbdInitialize(_In_ PVOID DeviceExtension)
{
    PVBD_ADAPTER Adapter = DeviceExtension;

    if (Adapter->Offered)
        AskForSpeed(Adapter);
    return TRUE;
}

/* What the backend has of the requests cannot be called back. So they end here, and the disk is
 * connected anew before any other goes out: the backend has done or dropped them then. */
BOOLEAN VbdResetBus(_In_ PVOID DeviceExtension, _In_ ULONG PathId)
{
    PVBD_ADAPTER Adapter = DeviceExtension;

    UNREFERENCED_PARAMETER(PathId);
    if (!Adapter->Made || !Adapter->Offered)
        return TRUE;
    if (InterlockedCompareExchange(&Adapter->State, VbdResetting, VbdOpen) == VbdFailed)
        return TRUE; /* every request has ended */
    (VOID) InterlockedCompareExchange(&Adapter->State, VbdResetting, VbdConnecting);
    (VOID) InterlockedOr(&Adapter->Attentions, SCSI_ATTENTION_RESET);
    QueuesFail(Adapter);
    DiskWake(Adapter, VBD_EVENT_RESET);
    return TRUE;
}

/* The dump driver wrote through our ring while the machine stood still (a hibernation that came to
 * nothing): ours is out of step with it. */
static VOID Restart(_In_ PVBD_ADAPTER Adapter)
{
    if (Adapter->Made && Adapter->Offered && Adapter->Dump.TakenOver) {
        Adapter->Dump.TakenOver = FALSE;
        (VOID) VbdResetBus(Adapter, 0);
    }
}

SCSI_ADAPTER_CONTROL_STATUS VbdAdapterControl(_In_ PVOID DeviceExtension,
                                              _In_ SCSI_ADAPTER_CONTROL_TYPE ControlType,
                                              _In_ PVOID Parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST List = Parameters;

    switch ((ULONG)ControlType) {
    case ScsiQuerySupportedControlTypes:
        for (ULONG i = 0; i <= ScsiRestartAdapter && i < List->MaxControlType; i++)
            List->SupportedTypeList[i] = TRUE;
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter: /* nothing is outstanding; sleep is no reason to part from the backend */
        return ScsiAdapterControlSuccess;
    case ScsiRestartAdapter:
        Restart(DeviceExtension);
        return ScsiAdapterControlSuccess;
    }
    return ScsiAdapterControlUnsuccessful;
}

SCSI_UNIT_CONTROL_STATUS VbdUnitControl(_In_ PVOID DeviceExtension,
                                        _In_ SCSI_UNIT_CONTROL_TYPE ControlType,
                                        _In_ PVOID Parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST List = Parameters;

    UNREFERENCED_PARAMETER(DeviceExtension);
    if (ControlType != ScsiQuerySupportedUnitControlTypes)
        return ScsiUnitControlUnsuccessful;
    if (List->MaxControlType > ScsiQuerySupportedUnitControlTypes)
        List->SupportedTypeList[ScsiQuerySupportedUnitControlTypes] = TRUE;
    return ScsiUnitControlSuccess;
}

VOID VbdFreeAdapterResources(_In_ PVOID DeviceExtension)
{
    PVBD_ADAPTER Adapter = DeviceExtension;

    if (Adapter->Made)
        Unmake(Adapter);
}
