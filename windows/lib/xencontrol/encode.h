/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input buffers of the driver's IOCTLs. Every encoder has one shape: it returns the exact size
 * in bytes that the driver wants and, when Capacity is at least that, writes the buffer; with
 * Capacity 0 it only measures. Arguments have passed check.h. Bytes between fields are 0. No OS
 * call, so that the encodings are tested natively against the table of the field.
 */
#ifndef XENCONTROL_ENCODE_H
#define XENCONTROL_ENCODE_H

#include "check.h"

SIZE_T EncodeStorePath(PVOID Buffer, SIZE_T Capacity, const CHAR *Path);
SIZE_T EncodeStoreWrite(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, const CHAR *Value);
/* The path stays the caller's until the IOCTL completed. */
SIZE_T EncodeStoreSetPermissions(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, ULONG Count,
                                 const XENIFACE_STORE_PERMISSION *Permissions);
SIZE_T EncodeStoreAddWatch(PVOID Buffer, SIZE_T Capacity, const CHAR *Path, HANDLE Event);
/* Also for what is named by an address: revoke, unmap. */
SIZE_T EncodeAddress(PVOID Buffer, SIZE_T Capacity, PVOID Pointer);
/* A port, or the RequestId of version 1. */
SIZE_T EncodeUlong(PVOID Buffer, SIZE_T Capacity, ULONG Value);
SIZE_T EncodeBindUnbound(PVOID Buffer, SIZE_T Capacity, USHORT RemoteDomain, HANDLE Event,
                         BOOL Mask);
SIZE_T EncodeBindInterdomain(PVOID Buffer, SIZE_T Capacity, USHORT RemoteDomain, ULONG RemotePort,
                             HANDLE Event, BOOL Mask);
SIZE_T EncodePermit(PVOID Buffer, SIZE_T Capacity, const XC_SHARE_REQUEST *Share);
SIZE_T EncodePermitV1(PVOID Buffer, SIZE_T Capacity, ULONG RequestId,
                      const XC_SHARE_REQUEST *Share);
SIZE_T EncodeMap(PVOID Buffer, SIZE_T Capacity, const XC_SHARE_REQUEST *Share);
SIZE_T EncodeMapV1(PVOID Buffer, SIZE_T Capacity, ULONG RequestId, const XC_SHARE_REQUEST *Share);

/* The output of a grant, either version. */
SIZE_T PermitOutSize(ULONG NumberPages);

#endif
