/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to the disk, as the tests of xenvbd send them. */
#ifndef TESTS_NT_XENVBD_SCSI_H
#define TESTS_NT_XENVBD_SCSI_H

#include "harness.h"
#include "model/storport.h"
#include "vbd_bus.h"

/* A command with up to 16 bytes of CDB; its outcome stays in *Request. */
#define SCSI(Request, Data, Bytes, ...)                                                            \
    scsi_run(Request, Data, Bytes, (const UCHAR[16]){__VA_ARGS__}, sizeof((UCHAR[]){__VA_ARGS__}))

static inline void scsi_make(struct storport_request *request, PVOID data, ULONG bytes,
                             const UCHAR *cdb, UCHAR cdb_bytes)
{
    RtlZeroMemory(request, sizeof(*request));
    request->function = SRB_FUNCTION_EXECUTE_SCSI;
    request->data = data;
    request->data_bytes = bytes;
    RtlCopyMemory(request->cdb, cdb, 16);
    request->cdb_bytes = cdb_bytes;
}

static inline UCHAR scsi_run(struct storport_request *request, PVOID data, ULONG bytes,
                             const UCHAR *cdb, UCHAR cdb_bytes)
{
    scsi_make(request, data, bytes, cdb, cdb_bytes);
    return storport_run(VbdBusAdapter(), request);
}

/* READ (16) or WRITE (16). */
static inline void scsi_make_transfer(struct storport_request *request, BOOLEAN write, ULONG lba,
                                      ULONG blocks, PVOID data, ULONG bytes)
{
    const UCHAR cdb[16] = {write ? 0x8a : 0x88,
                           0,
                           0,
                           0,
                           0,
                           0,
                           (UCHAR)(lba >> 24),
                           (UCHAR)(lba >> 16),
                           (UCHAR)(lba >> 8),
                           (UCHAR)lba,
                           (UCHAR)(blocks >> 24),
                           (UCHAR)(blocks >> 16),
                           (UCHAR)(blocks >> 8),
                           (UCHAR)blocks};

    scsi_make(request, data, bytes, cdb, 16);
}

static inline UCHAR scsi_transfer(BOOLEAN write, ULONG lba, ULONG blocks, PVOID data)
{
    struct storport_request request;

    scsi_make_transfer(&request, write, lba, blocks, data, blocks * 512);
    return storport_run(VbdBusAdapter(), &request);
}

static inline ULONG scsi_number(const UCHAR *at)
{
    return (ULONG)at[0] << 24 | (ULONG)at[1] << 16 | (ULONG)at[2] << 8 | at[3];
}

#endif
