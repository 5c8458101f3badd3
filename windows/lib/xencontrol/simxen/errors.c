/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors of simxen and of XenStore as Win32 codes; see errors.h. */
#include <string.h>

#include "errors.h"

enum { LINUX_ENOMEM = 12, LINUX_ENOSPC = 28 };

DWORD ErrorFromXen(int Error)
{
    if (Error >= 0)
        return ERROR_SUCCESS;
    if (Error == -LINUX_ENOMEM)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Error == -LINUX_ENOSPC)
        return ERROR_NO_SYSTEM_RESOURCES;
    return ERROR_GEN_FAILURE;
}

DWORD ErrorFromStore(const CHAR *Name)
{
    static const struct {
        const CHAR *Name;
        DWORD Error;
    } Errors[] = {
        {"ENOENT", ERROR_FILE_NOT_FOUND},
        {"EACCES", ERROR_ACCESS_DENIED},
        {"EPERM", ERROR_ACCESS_DENIED},
        {"EINVAL", ERROR_INVALID_PARAMETER},
        {"EEXIST", ERROR_ALREADY_EXISTS},
        {"ENOMEM", ERROR_NOT_ENOUGH_MEMORY},
        {"ENOSPC", ERROR_NO_SYSTEM_RESOURCES},
        {"E2BIG", ERROR_NO_SYSTEM_RESOURCES},
        {"EBUSY", ERROR_BUSY},
        {"EROFS", ERROR_WRITE_PROTECT},
    };

    for (SIZE_T Index = 0; Index < ARRAYSIZE(Errors); Index++)
        if (strcmp(Errors[Index].Name, Name) == 0)
            return Errors[Index].Error;
    return ERROR_GEN_FAILURE;
}
