/* SPDX-License-Identifier: BSD-2-Clause */
/* Both kinds of requests: see srb.h. */
#include "srb.h"

enum { SCSI_CHECK_CONDITION = 2 };

static PSTORAGE_REQUEST_BLOCK Extended(_In_ PSCSI_REQUEST_BLOCK Srb)
{
    return Srb->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK ? (PSTORAGE_REQUEST_BLOCK)Srb : NULL;
}

/* The extended data of that type and at least that size, or NULL. */
static PVOID ExtendedData(_In_ PSTORAGE_REQUEST_BLOCK Srb, _In_ ULONG Type, _In_ ULONG Bytes)
{
    for (ULONG i = 0; i < Srb->NumSrbExData; i++) {
        ULONG Offset;

        if (FIELD_OFFSET(STORAGE_REQUEST_BLOCK, SrbExDataOffset) + (i + 1) * sizeof(ULONG) >
            Srb->SrbLength)
            return NULL;
        Offset = Srb->SrbExDataOffset[i];
        if (Offset < sizeof(*Srb) || Bytes > Srb->SrbLength || Offset > Srb->SrbLength - Bytes)
            continue;
        if (*(const ULONG *)((PUCHAR)Srb + Offset) == Type)
            return (PUCHAR)Srb + Offset;
    }
    return NULL;
}

static BOOLEAN ReadExtended(_In_ PSTORAGE_REQUEST_BLOCK Srb, _Out_ PSRB_VIEW View)
{
    const STOR_ADDR_BTL8 *Address = (const STOR_ADDR_BTL8 *)((PUCHAR)Srb + Srb->AddressOffset);
    const SRBEX_DATA_SCSI_CDB16 *Command =
        ExtendedData(Srb, SrbExDataTypeScsiCdb16, sizeof(SRBEX_DATA_SCSI_CDB16));
    const SRBEX_DATA_PNP *Pnp = ExtendedData(Srb, SrbExDataTypePnP, sizeof(SRBEX_DATA_PNP));

    if (Srb->Signature != SRB_SIGNATURE || Srb->SrbLength < sizeof(*Srb) + sizeof(*Address) ||
        Srb->AddressOffset > Srb->SrbLength - sizeof(*Address) ||
        Address->Type != STOR_ADDRESS_TYPE_BTL8)
        return FALSE;
    View->Extended = TRUE;
    View->Function = Srb->SrbFunction;
    View->Path = Address->Path;
    View->Target = Address->Target;
    View->Lun = Address->Lun;
    if (Command && Command->CdbLength <= sizeof(Command->Cdb)) {
        View->Cdb = Command->Cdb;
        View->CdbBytes = Command->CdbLength;
    }
    if (Pnp) {
        View->PnpAction = Pnp->PnPAction;
        View->PnpFlags = Pnp->SrbPnPFlags;
    }
    View->Data = Srb->DataBuffer;
    View->DataBytes = Srb->DataTransferLength;
    View->Extension = Srb->MiniportContext;
    return TRUE;
}

static VOID ReadLegacy(_In_ PSCSI_REQUEST_BLOCK Srb, _Out_ PSRB_VIEW View)
{
    View->Function = Srb->Function;
    View->Path = Srb->PathId;
    View->Target = Srb->TargetId;
    View->Lun = Srb->Lun;
    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI && Srb->CdbLength <= sizeof(Srb->Cdb)) {
        View->Cdb = Srb->Cdb;
        View->CdbBytes = Srb->CdbLength;
    }
    if (Srb->Function == SRB_FUNCTION_PNP) {
        View->PnpAction = ((PSCSI_PNP_REQUEST_BLOCK)Srb)->PnPAction;
        View->PnpFlags = ((PSCSI_PNP_REQUEST_BLOCK)Srb)->SrbPnPFlags;
    }
    View->Data = Srb->DataBuffer;
    View->DataBytes = Srb->DataTransferLength;
    View->Extension = Srb->SrbExtension;
}

BOOLEAN SrbRead(_In_ PSCSI_REQUEST_BLOCK Srb, _Out_ PSRB_VIEW View)
{
    RtlZeroMemory(View, sizeof(*View));
    View->Srb = Srb;
    if (Extended(Srb))
        return ReadExtended(Extended(Srb), View);
    ReadLegacy(Srb, View);
    return TRUE;
}

VOID SrbSetDataLength(_In_ PSCSI_REQUEST_BLOCK Srb, _In_ ULONG Bytes)
{
    if (Extended(Srb))
        Extended(Srb)->DataTransferLength = Bytes;
    else
        Srb->DataTransferLength = Bytes;
}

VOID SrbSetStatus(_In_ PSCSI_REQUEST_BLOCK Srb, _In_ UCHAR Status)
{
    Srb->SrbStatus = Status;
}

VOID SrbSetSense(_In_ PSCSI_REQUEST_BLOCK Srb, _In_reads_bytes_(Bytes) const VOID *Sense,
                 _In_ ULONG Bytes)
{
    PSRBEX_DATA_SCSI_CDB16 Command = NULL;
    PVOID Buffer = NULL;
    UCHAR Room = 0;

    Srb->SrbStatus = SRB_STATUS_ERROR;
    if (Extended(Srb)) {
        Command = ExtendedData(Extended(Srb), SrbExDataTypeScsiCdb16, sizeof(*Command));
        if (Command) {
            Command->ScsiStatus = SCSI_CHECK_CONDITION;
            Buffer = Command->SenseInfoBuffer;
            Room = Command->SenseInfoBufferLength;
        }
    } else {
        Srb->ScsiStatus = SCSI_CHECK_CONDITION;
        Buffer = Srb->SenseInfoBuffer;
        Room = Srb->SenseInfoBufferLength;
    }
    if (!Buffer || Room == 0)
        return;
    if (Bytes > Room)
        Bytes = Room;
    RtlCopyMemory(Buffer, Sense, Bytes);
    if (Command)
        Command->SenseInfoBufferLength = (UCHAR)Bytes;
    else
        Srb->SenseInfoBufferLength = (UCHAR)Bytes;
    Srb->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
}
