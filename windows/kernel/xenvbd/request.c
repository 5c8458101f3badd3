/* SPDX-License-Identifier: BSD-2-Clause */
/* A request from StorPort: decoded by core/scsi, carried out by a queue of core/block, completed
 * with SCSI's statuses. */
#include "adapter.h"
#include "../common/pool.h"

typedef struct _VBD_UNMAP {
    size_t Next, Count;
    struct scsi_extent Extents[SCSI_UNMAP_DESCRIPTORS_MAX];
} VBD_UNMAP, *PVBD_UNMAP;

/* --- Completion. --- */

static VOID Complete(_In_ PVBD_ADAPTER Adapter, _In_ PSCSI_REQUEST_BLOCK Srb)
{
    StorPortNotification(RequestComplete, Adapter, Srb);
}

static VOID CompleteAs(_In_ PVBD_ADAPTER Adapter, _In_ PSCSI_REQUEST_BLOCK Srb, _In_ UCHAR Status)
{
    SrbSetStatus(Srb, Status);
    if (Status != SRB_STATUS_SUCCESS)
        SrbSetDataLength(Srb, 0);
    Complete(Adapter, Srb);
}

static VOID CompleteSense(_In_ PVBD_ADAPTER Adapter, _In_ PSCSI_REQUEST_BLOCK Srb,
                          _In_ struct scsi_sense Sense)
{
    UCHAR Bytes[SCSI_SENSE_BYTES];

    scsi_sense_write(Sense, Bytes);
    SrbSetDataLength(Srb, 0);
    SrbSetSense(Srb, Bytes, sizeof(Bytes));
    Complete(Adapter, Srb);
}

/* A request that was done by a queue. */
static VOID CompleteDone(_In_ PVBD_ADAPTER Adapter, _In_ PVBD_REQUEST Request)
{
    enum scsi_fault Fault = Request->Core.op == BLK_READ ? SCSI_FAULT_READ : SCSI_FAULT_WRITE;

    switch (Request->Core.status) {
    case BLK_OK:
        CompleteAs(Adapter, Request->Srb, SRB_STATUS_SUCCESS);
        return;
    case BLK_FAILED:
        CompleteAs(Adapter, Request->Srb,
                   Adapter->State == VbdFailed ? SRB_STATUS_NO_DEVICE : SRB_STATUS_BUS_RESET);
        return;
    case BLK_NOT_SUPPORTED:
        Fault = SCSI_FAULT_NOT_SUPPORTED;
        break;
    case BLK_ERROR:
    case BLK_OUT_OF_RANGE: /* core/scsi refuses these before; the disk has changed meanwhile */
    case BLK_READ_ONLY_DISK:
        break;
    }
    CompleteSense(Adapter, Request->Srb, scsi_sense_of(Fault));
}

/* --- To a queue. --- */

static uint64_t SectorsOf(_In_ const struct scsi_disk *Unit, _In_ uint64_t Blocks)
{
    return Blocks * (Unit->block_bytes / BLK_SECTOR_BYTES);
}

static VOID NextExtent(_In_ const struct scsi_disk *Unit, _Inout_ PVBD_REQUEST Request)
{
    const struct scsi_extent *Extent = &Request->Unmap->Extents[Request->Unmap->Next++];

    Request->Core.sector = SectorsOf(Unit, Extent->lba);
    Request->Core.sector_count = SectorsOf(Unit, Extent->blocks);
}

VOID RequestDone(_In_ PVBD_ADAPTER Adapter, _In_ PVBD_REQUEST Request)
{
    PVBD_UNMAP Unmap = Request->Unmap;

    if (Unmap && Request->Core.status == BLK_OK && Unmap->Next < Unmap->Count) {
        KIRQL Irql;
        PVBD_QUEUE Queue = QueueLock(Adapter, &Irql);

        NextExtent(&Queue->Unit, Request);
        QueueUnlock(Queue, Irql, &Request->Core);
        return;
    }
    PoolFree(Unmap, POOL_TAG_XENVBD);
    CompleteDone(Adapter, Request);
}

/* A copy of the list is parsed: the initiator may change the buffer. NULL: *Sense says why, or is
 * no sense if there is no memory. An empty list has Count 0. */
static PVBD_UNMAP ReadUnmap(_In_ const struct scsi_disk *Unit, _In_ const SRB_VIEW *View,
                            _In_ ULONG Bytes, _Out_ struct scsi_sense *Sense)
{
    PVBD_UNMAP Unmap = PoolAllocate(sizeof(*Unmap) + Bytes, POOL_TAG_XENVBD);

    Sense->key = SCSI_KEY_NONE;
    if (!Unmap)
        return NULL;
    RtlCopyMemory(Unmap + 1, View->Data, Bytes);
    if (scsi_unmap(Unit, (const uint8_t *)(Unmap + 1), Bytes, Unmap->Extents, &Unmap->Count, Sense))
        return Unmap;
    PoolFree(Unmap, POOL_TAG_XENVBD);
    return NULL;
}

static VOID MakeTransfer(_In_ const struct scsi_disk *Unit, _In_ const SRB_VIEW *View,
                         _In_ const struct scsi_result *Result, _Out_ PVBD_REQUEST Request)
{
    RtlZeroMemory(Request, sizeof(*Request));
    Request->Srb = View->Srb;
    Request->Core.op = Result->action == SCSI_READ    ? BLK_READ
                       : Result->action == SCSI_WRITE ? BLK_WRITE
                       : Result->action == SCSI_FLUSH ? BLK_FLUSH
                                                      : BLK_DISCARD;
    Request->Core.fua = Result->fua;
    if (Result->action != SCSI_READ && Result->action != SCSI_WRITE)
        return;
    Request->Core.sector = SectorsOf(Unit, Result->lba);
    Request->Core.sector_count = SectorsOf(Unit, Result->blocks);
    Request->Piece.bytes = View->Data;
    Request->Piece.length = Result->blocks * Unit->block_bytes;
    Request->Core.pieces = &Request->Piece;
    Request->Core.piece_count = 1;
    SrbSetDataLength(View->Srb, Request->Piece.length);
}

/* --- SCSI commands. --- */

/* Attentions are few: the word is only taken out while a command is decoded if there are any. */
static VOID Decode(_In_ PVBD_ADAPTER Adapter, _In_ const struct scsi_disk *Unit,
                   _In_ const SRB_VIEW *View, _Out_ struct scsi_result *Result)
{
    uint32_t Attentions = 0;

    if (Adapter->Attentions)
        Attentions = (uint32_t)InterlockedExchange(&Adapter->Attentions, 0);
    scsi_command(Unit, View->Lun, View->Cdb, View->CdbBytes, View->Data ? View->DataBytes : 0,
                 &Attentions, Result);
    if (Attentions)
        (VOID) InterlockedOr(&Adapter->Attentions, (LONG)Attentions);
}

static VOID Answer(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View,
                   _In_ const struct scsi_result *Result)
{
    if (Result->answer_bytes)
        RtlCopyMemory(View->Data, Result->answer, Result->answer_bytes);
    SrbSetDataLength(View->Srb, (ULONG)Result->answer_bytes);
    CompleteAs(Adapter, View->Srb, SRB_STATUS_SUCCESS);
}

/* Not for a queue, or refused: nothing is locked. */
static VOID StartUnmap(_In_ PVBD_ADAPTER Adapter, _In_ const struct scsi_disk *Unit,
                       _In_ const SRB_VIEW *View, _In_ const struct scsi_result *Result)
{
    PVBD_REQUEST Request = View->Extension;
    struct scsi_sense Sense;
    PVBD_UNMAP Unmap = ReadUnmap(Unit, View, Result->blocks, &Sense);
    PVBD_QUEUE Queue;
    KIRQL Irql;

    if (!Unmap && Sense.key == SCSI_KEY_NONE) {
        CompleteAs(Adapter, View->Srb, SRB_STATUS_BUSY);
    } else if (!Unmap) {
        CompleteSense(Adapter, View->Srb, Sense);
    } else if (Unmap->Count == 0) {
        PoolFree(Unmap, POOL_TAG_XENVBD);
        CompleteAs(Adapter, View->Srb, SRB_STATUS_SUCCESS);
    } else {
        MakeTransfer(Unit, View, Result, Request);
        Request->Unmap = Unmap;
        Queue = QueueLock(Adapter, &Irql);
        NextExtent(Unit, Request);
        QueueUnlock(Queue, Irql, &Request->Core);
    }
}

static VOID Execute(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    struct scsi_result Result;
    struct scsi_disk Unit;
    PVBD_REQUEST Request = View->Extension;
    KIRQL Irql;
    PVBD_QUEUE Queue = QueueLock(Adapter, &Irql);

    Decode(Adapter, &Queue->Unit, View, &Result);
    switch (Result.action) {
    case SCSI_READ:
    case SCSI_WRITE:
    case SCSI_FLUSH:
        /* A flush that the backend took back is an error, also for a write that asks for one. */
        if (Result.fua && Queue->Core.disk.flush == BLK_FLUSH_NONE)
            break;
        MakeTransfer(&Queue->Unit, View, &Result, Request);
        QueueUnlock(Queue, Irql, &Request->Core);
        return;
    case SCSI_UNMAP:
    case SCSI_DONE:
    case SCSI_FAILED:
        break;
    }
    Unit = Queue->Unit;
    QueueUnlock(Queue, Irql, NULL);
    if (Result.action == SCSI_DONE)
        Answer(Adapter, View, &Result);
    else if (Result.action == SCSI_FAILED)
        CompleteSense(Adapter, View->Srb, Result.sense);
    else if (Result.action == SCSI_UNMAP)
        StartUnmap(Adapter, &Unit, View, &Result);
    else
        CompleteSense(Adapter, View->Srb, scsi_sense_of(SCSI_FAULT_NOT_SUPPORTED));
}

/* SRB_FUNCTION_FLUSH and SHUTDOWN: everything that was written goes to the disk. */
static VOID Flush(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    static const struct scsi_result Result = {.action = SCSI_FLUSH};
    PVBD_REQUEST Request = View->Extension;
    KIRQL Irql;
    PVBD_QUEUE Queue = QueueLock(Adapter, &Irql);

    if (!Queue->Unit.write_cache) {
        QueueUnlock(Queue, Irql, NULL);
        CompleteAs(Adapter, View->Srb, SRB_STATUS_SUCCESS);
        return;
    }
    MakeTransfer(&Queue->Unit, View, &Result, Request);
    QueueUnlock(Queue, Irql, &Request->Core);
}

/* --- StorPort. --- */

static VOID Pnp(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    if (View->PnpAction == StorQueryCapabilities && View->Data &&
        View->DataBytes >= sizeof(STOR_DEVICE_CAPABILITIES) &&
        !(View->PnpFlags & SRB_PNP_FLAGS_ADAPTER_REQUEST)) {
        PSTOR_DEVICE_CAPABILITIES Capabilities = View->Data;

        Capabilities->Removable = 0; /* the disk goes with its adapter, not by itself */
        Capabilities->SurpriseRemovalOK = 0;
        Capabilities->UniqueID = 0;
    }
    CompleteAs(Adapter, View->Srb, SRB_STATUS_SUCCESS);
}

/* SRB_STATUS_SUCCESS: there is a unit to send to. */
static UCHAR UnitStatus(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    if (View->Path != 0 || View->Target != 0 || !Adapter->Offered || Adapter->State == VbdFailed)
        return SRB_STATUS_NO_DEVICE;
    if (Adapter->State == VbdResetting)
        return SRB_STATUS_BUSY;
    return SRB_STATUS_SUCCESS;
}

static VOID ForUnit(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View,
                    VOID (*Do)(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View))
{
    UCHAR Status = UnitStatus(Adapter, View);

    if (Status == SRB_STATUS_SUCCESS)
        Do(Adapter, View);
    else
        CompleteAs(Adapter, View->Srb, Status);
}

static VOID Reset(_In_ PVBD_ADAPTER Adapter, _In_ const SRB_VIEW *View)
{
    (VOID) VbdResetBus(Adapter, View->Path);
    CompleteAs(Adapter, View->Srb, SRB_STATUS_SUCCESS);
}

BOOLEAN VbdStartIo(_In_ PVOID DeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb)
{
    PVBD_ADAPTER Adapter = DeviceExtension;
    SRB_VIEW View;

    if (!SrbRead(Srb, &View)) {
        CompleteAs(Adapter, Srb, SRB_STATUS_INVALID_REQUEST);
        return TRUE;
    }
    switch (View.Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        if (View.Cdb)
            ForUnit(Adapter, &View, Execute);
        else
            CompleteAs(Adapter, Srb, SRB_STATUS_INVALID_REQUEST);
        break;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        ForUnit(Adapter, &View, Flush);
        break;
    case SRB_FUNCTION_RESET_BUS:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
        ForUnit(Adapter, &View, Reset);
        break;
    case SRB_FUNCTION_PNP:
        Pnp(Adapter, &View);
        break;
    case SRB_FUNCTION_POWER: /* the connection stays up through sleep */
    case SRB_FUNCTION_FREE_DUMP_POINTERS:
        CompleteAs(Adapter, Srb, SRB_STATUS_SUCCESS);
        break;
    case SRB_FUNCTION_DUMP_POINTERS:
        CompleteAs(Adapter, Srb,
                   DumpPointers(Adapter, View.Data, View.DataBytes) ? SRB_STATUS_SUCCESS
                                                                    : SRB_STATUS_INVALID_REQUEST);
        break;
    default:
        CompleteAs(Adapter, Srb, SRB_STATUS_INVALID_REQUEST);
    }
    return TRUE;
}
