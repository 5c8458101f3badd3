/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a caller may ask, whatever the transport: the limits of xeniface_ioctls.h applied to
 * arguments. No OS call, so that it is tested natively. <windows.h> comes first.
 */
#ifndef XENCONTROL_CHECK_H
#define XENCONTROL_CHECK_H

#include "xeniface_ioctls.h"

/* A grant or a foreign mapping that is asked for. */
typedef struct _XC_SHARE_REQUEST {
    USHORT RemoteDomain;
    ULONG NumberPages;
    XENIFACE_GNTTAB_PAGE_FLAGS Flags;
    ULONG NotifyOffset;      /* bytes; with XENIFACE_GNTTAB_USE_NOTIFY_OFFSET */
    ULONG NotifyPort;        /* with XENIFACE_GNTTAB_USE_NOTIFY_PORT */
    PVOID Address;           /* a grant: the caller's own pages, or NULL for fresh ones */
    const ULONG *References; /* a mapping: NumberPages of them */
} XC_SHARE_REQUEST;

BOOL CheckShareRequest(_In_ const XC_SHARE_REQUEST *Request);
/* Bytes with the NUL, or 0 when it is NULL or too long. */
ULONG CheckPath(_In_opt_z_ const CHAR *Path);
/* Bytes that XenStore carries in one message: path, NUL and value. */
#define STORE_PAYLOAD_MAX 4096u
BOOL CheckValue(_In_ ULONG PathSize, _In_opt_z_ const CHAR *Value);
/* The driver passes printable ASCII and nothing else. */
BOOL CheckPrintable(_In_z_ const CHAR *Text);
BOOL CheckPermissions(_In_ ULONG Count,
                      _In_reads_opt_(Count) const XENIFACE_STORE_PERMISSION *List);

#endif
