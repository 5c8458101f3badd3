/* SPDX-License-Identifier: BSD-2-Clause */
/* XenStore's IOCTLs, without watches (watch.h). */
#ifndef XENIFACE_STORE_H
#define XENIFACE_STORE_H

#include "ioctl.h"

IOCTL_HANDLER IoctlStoreRead, IoctlStoreWrite, IoctlStoreDirectory, IoctlStoreRemove;
IOCTL_HANDLER IoctlStoreSetPermissions;

/* How many bytes the path at Text has, with its NUL, which stands within Length; 0: it has none, is
 * too long, or has bytes that no path has. */
ULONG StorePathLength(_In_reads_bytes_(Length) PCSTR Text, _In_ ULONG Length);

/* The path that the caller gave by address. STATUS_INVALID_PARAMETER; on success PoolFree() is
 * owed. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    StoreCapturePath(_In_ PIOCTL_CALL Call, _In_ const VOID *UserPath, _In_ ULONG Length,
                     _Outptr_ PSTR *Path);

#endif
