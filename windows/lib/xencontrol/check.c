/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limits of xeniface_ioctls.h applied to a caller's arguments; see check.h. Sizes are counted
 * in 64 bits: a count that passes here cannot overflow anything that is computed from it.
 */
#include <windows.h>

#include "check.h"

BOOL CheckShareRequest(const XC_SHARE_REQUEST *Request)
{
    ULONG64 SizeBytes = (ULONG64)Request->NumberPages * XENIFACE_PAGE_SIZE;

    if (Request->NumberPages == 0 || Request->NumberPages > XENIFACE_GNTTAB_PAGES_MAX)
        return FALSE;
    if (((ULONG)Request->Flags & ~(ULONG)XENIFACE_GNTTAB_ALLOWED_FLAGS) != 0)
        return FALSE;
    if ((Request->Flags & XENIFACE_GNTTAB_USE_NOTIFY_OFFSET) && Request->NotifyOffset >= SizeBytes)
        return FALSE;
    return ((ULONG_PTR)Request->Address & (XENIFACE_PAGE_SIZE - 1)) == 0;
}

ULONG CheckPath(const CHAR *Path)
{
    ULONG Length;

    if (Path == NULL)
        return 0;
    for (Length = 0; Length < XENIFACE_STORE_PATH_MAX; Length++)
        if (Path[Length] == '\0')
            return Length + 1;
    return 0;
}

BOOL CheckValue(ULONG PathSize, const CHAR *Value)
{
    ULONG Length;

    if (Value == NULL)
        return FALSE;
    for (Length = 0; PathSize + Length <= STORE_PAYLOAD_MAX; Length++)
        if (Value[Length] == '\0')
            return TRUE;
    return FALSE;
}

BOOL CheckPrintable(const CHAR *Text)
{
    for (; *Text != '\0'; Text++)
        if (*Text < ' ' || *Text > '~')
            return FALSE;
    return TRUE;
}

BOOL CheckPermissions(ULONG Count, const XENIFACE_STORE_PERMISSION *List)
{
    ULONG Index;

    if (List == NULL || Count == 0 || Count > XENIFACE_STORE_PERMISSIONS_MAX)
        return FALSE;
    for (Index = 0; Index < Count; Index++)
        if (((ULONG)List[Index].Mask & ~(ULONG)XENIFACE_STORE_ALLOWED_PERMISSIONS) != 0)
            return FALSE;
    return TRUE;
}
