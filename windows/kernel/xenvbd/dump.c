/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dump mode: after a crash, or for a hibernation image, Windows loads a second copy of this file
 * and writes through it, at HIGH_LEVEL, one CPU, one request at a time, with no service of any
 * driver ("Restrictions on Miniport Drivers that Manage the Boot Drive"). It allocates nothing: the
 * running driver's connection is still there, and its first ring, with the pages that are granted
 * already, is taken over. The backend is told by a hypercall and looked at until it has answered.
 */
#include "adapter.h"
#include "../xenbus/hypercall.h"
#include <core/block/takeover.h>
#include <core/xen/abi.h>

enum {
    LOOK_US = 10,
    PATIENCE_LOOKS = 30 * 1000 * 1000 / LOOK_US, /* 30 s, for a request */
    DUMP_TRANSFER_MAX_BYTES = 64 * 1024,
};

typedef struct _DUMP_ADAPTER {
    PVBD_DUMP Dump;
    struct blk_queue Queue;
} DUMP_ADAPTER, *PDUMP_ADAPTER;
C_ASSERT(sizeof(DUMP_ADAPTER) + sizeof(VBD_REQUEST) < 32 * 1024); /* all that a dump may have */

static VOID Notify(_In_ PDUMP_ADAPTER Adapter)
{
    struct xen_evtchn_send Send = {.port = Adapter->Dump->Port};

    (VOID)
        XenHypercall(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, (ULONG_PTR)&Send, 0, 0, 0);
}

/* --- The ring. --- */

/* What the running driver had sent is answered first: a write of the file system's that is under
 * way is none that the dump may overtake, and the pages are free then. */
static BOOLEAN TakeOver(_In_ PDUMP_ADAPTER Adapter)
{
    PVBD_DUMP Dump = Adapter->Dump;

    blk_queue_init(&Adapter->Queue, Dump->Slots, blk_wire_ring_entries(Dump->RingOrder),
                   Dump->Pages, Dump->PageCount);
    Dump->TakenOver = TRUE;
    for (ULONG i = 0; !blk_queue_take_over(&Adapter->Queue, Dump->Ring, Dump->RingOrder); i++) {
        if (i == PATIENCE_LOOKS)
            return FALSE;
        if (i == 0)
            Notify(Adapter);
        StorPortStallExecution(LOOK_US);
    }
    blk_queue_connect(&Adapter->Queue, &Dump->Disk, Dump->Number);
    return TRUE;
}

/* Done, or failed. */
static enum blk_status Transfer(_In_ PDUMP_ADAPTER Adapter, _Inout_ struct blk_request *Request)
{
    blk_queue_submit(&Adapter->Queue, Request);
    for (ULONG i = 0; i < PATIENCE_LOOKS; i++) {
        (VOID) blk_queue_push(&Adapter->Queue, 0);
        if (i % (1000 / LOOK_US) == 0) /* and again each ms: an event may have been lost */
            Notify(Adapter);
        if (blk_queue_event(&Adapter->Queue, 0) != BLK_NO_FAULT)
            break;
        if (blk_queue_done(&Adapter->Queue))
            return Request->status;
        StorPortStallExecution(LOOK_US);
    }
    blk_queue_fail(&Adapter->Queue, BLK_FAILED);
    (VOID) blk_queue_done(&Adapter->Queue);
    return BLK_FAILED;
}

/* --- What the dump port driver calls. --- */

static ULONG FindAdapter(_In_ PVOID DeviceExtension, _In_ PVOID HwContext,
                         _In_ PVOID BusInformation, _In_ PCHAR ArgumentString,
                         _Inout_ PPORT_CONFIGURATION_INFORMATION Config, _In_ PBOOLEAN Reserved)
{
    PDUMP_ADAPTER Adapter = DeviceExtension;
    PVBD_DUMP Dump = Config->MiniportDumpData;

    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    *Reserved = FALSE;
    if (!Dump || Dump->Signature != VBD_DUMP_SIGNATURE || !Dump->Usable)
        return SP_RETURN_NOT_FOUND;
    Adapter->Dump = Dump;
    Config->MaximumTransferLength = DUMP_TRANSFER_MAX_BYTES;
    Config->NumberOfPhysicalBreaks = DUMP_TRANSFER_MAX_BYTES / PAGE_SIZE + 1;
    Config->NumberOfBuses = 1;
    Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = 1;
    Config->ScatterGather = TRUE;
    Config->Master = TRUE;
    Config->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    Config->Dma64BitAddresses = SCSI_DMA64_MINIPORT_SUPPORTED;
    return SP_RETURN_FOUND;
}

static BOOLEAN Initialize(_In_ PVOID DeviceExtension)
{
    return TakeOver(DeviceExtension);
}

static VOID Finish(_In_ PDUMP_ADAPTER Adapter, _In_ PSCSI_REQUEST_BLOCK Srb, _In_ UCHAR Status)
{
    SrbSetStatus(Srb, Status);
    StorPortNotification(RequestComplete, Adapter, Srb);
}

static UCHAR Execute(_In_ PDUMP_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    const struct scsi_disk *Unit = &Adapter->Dump->Unit;
    PVBD_REQUEST Request = View->Extension;
    struct scsi_result Result;
    uint32_t Attentions = 0;

    scsi_command(Unit, View->Lun, View->Cdb, View->CdbBytes, View->Data ? View->DataBytes : 0,
                 &Attentions, &Result);
    if (Result.action == SCSI_DONE) {
        if (Result.answer_bytes)
            RtlCopyMemory(View->Data, Result.answer, Result.answer_bytes);
        SrbSetDataLength(View->Srb, (ULONG)Result.answer_bytes);
        return SRB_STATUS_SUCCESS;
    }
    if (Result.action == SCSI_FAILED || Result.action == SCSI_UNMAP)
        return SRB_STATUS_INVALID_REQUEST;
    RtlZeroMemory(Request, sizeof(*Request));
    Request->Core.op = Result.action == SCSI_READ    ? BLK_READ
                       : Result.action == SCSI_WRITE ? BLK_WRITE
                                                     : BLK_FLUSH;
    Request->Core.fua = Result.fua;
    if (Request->Core.op != BLK_FLUSH) {
        Request->Core.sector = Result.lba * (Unit->block_bytes / BLK_SECTOR_BYTES);
        Request->Core.sector_count =
            (uint64_t)Result.blocks * (Unit->block_bytes / BLK_SECTOR_BYTES);
        Request->Piece.bytes = View->Data;
        Request->Piece.length = Result.blocks * Unit->block_bytes;
        Request->Core.pieces = &Request->Piece;
        Request->Core.piece_count = 1;
    }
    return Transfer(Adapter, &Request->Core) == BLK_OK ? SRB_STATUS_SUCCESS : SRB_STATUS_ERROR;
}

static BOOLEAN StartIo(_In_ PVOID DeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb)
{
    PDUMP_ADAPTER Adapter = DeviceExtension;
    UCHAR Status = SRB_STATUS_SUCCESS; /* of what means nothing here: flush queues, power, PnP */
    SRB_VIEW View;

    if (!SrbRead(Srb, &View) || (View.Function == SRB_FUNCTION_EXECUTE_SCSI && !View.Cdb))
        Status = SRB_STATUS_INVALID_REQUEST;
    else if (View.Path != 0 || View.Target != 0)
        Status = SRB_STATUS_NO_DEVICE;
    else if (View.Function == SRB_FUNCTION_EXECUTE_SCSI)
        Status = Execute(Adapter, &View);
    Finish(Adapter, Srb, Status);
    StorPortNotification(NextRequest, Adapter, NULL);
    return TRUE;
}

/* Everything was looked at already. */
static BOOLEAN NTAPI Interrupt(_In_ PVOID DeviceExtension)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    return FALSE;
}

/* "Miniport drivers should disregard requests to reset the bus." */
static BOOLEAN ResetBus(_In_ PVOID DeviceExtension, _In_ ULONG PathId)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(PathId);
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS AdapterControl(_In_ PVOID DeviceExtension,
                                                  _In_ SCSI_ADAPTER_CONTROL_TYPE ControlType,
                                                  _In_ PVOID Parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST List = Parameters;

    UNREFERENCED_PARAMETER(DeviceExtension);
    if (ControlType != ScsiQuerySupportedControlTypes)
        return ScsiAdapterControlUnsuccessful;
    if (List->MaxControlType > ScsiQuerySupportedControlTypes)
        List->SupportedTypeList[ScsiQuerySupportedControlTypes] = TRUE;
    return ScsiAdapterControlSuccess;
}

NTSTATUS DumpDriverEntry(VOID)
{
    HW_INITIALIZATION_DATA Data = {
        .HwInitializationDataSize = sizeof(Data),
        .AdapterInterfaceType = Internal,
        .HwInitialize = Initialize,
        .HwStartIo = StartIo,
        .HwInterrupt = Interrupt,
        .HwFindAdapter = (PVOID)FindAdapter,
        .HwResetBus = ResetBus,
        .HwAdapterControl = AdapterControl,
        .DeviceExtensionSize = sizeof(DUMP_ADAPTER),
        .SrbExtensionSize = sizeof(VBD_REQUEST),
        .MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
    };
    NTSTATUS Status = XenHypercallInitialize(); /* CPUID alone: right at any IRQL */

    return NT_SUCCESS(Status) ? (NTSTATUS)StorPortInitialize(NULL, NULL, &Data, NULL) : Status;
}

/* --- In the running system. --- */

BOOLEAN DumpPointers(_In_ PVBD_ADAPTER Adapter, _Out_writes_bytes_(Bytes) PVOID Buffer,
                     _In_ ULONG Bytes)
{
    static const WCHAR Name[] = L"xenvbd.sys";
    PMINIPORT_DUMP_POINTERS Pointers = Buffer;

    C_ASSERT(sizeof(Name) <= sizeof(Pointers->DriverName));
    if (!Buffer || Bytes < sizeof(*Pointers) || !Adapter->Offered)
        return FALSE;
    RtlZeroMemory(Pointers, sizeof(*Pointers));
    Pointers->Version = DUMP_MINIPORT_VERSION_1;
    Pointers->Size = sizeof(*Pointers);
    RtlCopyMemory(Pointers->DriverName, Name, sizeof(Name));
    Pointers->MiniportPrivateDumpData = &Adapter->Dump;
    Pointers->AdapterInterfaceType = Internal;
    Pointers->MaximumTransferLength = DUMP_TRANSFER_MAX_BYTES;
    Pointers->NumberOfPhysicalBreaks = DUMP_TRANSFER_MAX_BYTES / PAGE_SIZE + 1;
    Pointers->NumberOfBuses = 1;
    Pointers->Master = TRUE;
    Pointers->MapBuffers = TRUE;
    Pointers->MaximumNumberOfTargets = 1;
    return TRUE;
}
