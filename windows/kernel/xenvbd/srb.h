/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One view of StorPort's two kinds of requests: SCSI_REQUEST_BLOCK, and STORAGE_REQUEST_BLOCK
 * ("SRB_EX") of Windows 8 and later. A request's fields are read once; its outcome is written
 * through the view.
 */
#ifndef XENVBD_SRB_H
#define XENVBD_SRB_H

#include <storport_ddk.h>

typedef struct _SRB_VIEW {
    PSCSI_REQUEST_BLOCK Srb; /* the header is the same in both */
    BOOLEAN Extended;
    ULONG Function;
    UCHAR Path, Target, Lun;
    const UCHAR *Cdb; /* NULL: not a SCSI command that we can read */
    ULONG CdbBytes;
    PVOID Data; /* a system address */
    ULONG DataBytes;
    PVOID Extension;           /* this driver's memory for the request, SrbExtensionSize long */
    STOR_PNP_ACTION PnpAction; /* SRB_FUNCTION_PNP */
    ULONG PnpFlags;
} SRB_VIEW, *PSRB_VIEW;

/* FALSE: a request that makes no sense; it is to be completed as SRB_STATUS_INVALID_REQUEST. Any
 * IRQL. */
BOOLEAN SrbRead(_In_ PSCSI_REQUEST_BLOCK Srb, _Out_ PSRB_VIEW View);
/* How many bytes of the data buffer were read or written. */
VOID SrbSetDataLength(_In_ PSCSI_REQUEST_BLOCK Srb, _In_ ULONG Bytes);
VOID SrbSetStatus(_In_ PSCSI_REQUEST_BLOCK Srb, _In_ UCHAR Status);
/* Check condition with sense data, as much as there is room for. */
VOID SrbSetSense(_In_ PSCSI_REQUEST_BLOCK Srb, _In_reads_bytes_(Bytes) const VOID *Sense,
                 _In_ ULONG Bytes);

#endif
