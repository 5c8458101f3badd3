/* SPDX-License-Identifier: BSD-2-Clause */
/* Win32 error codes as Linux's errno numbers; see linuxerror.h. */
#include "windows/rpc/filecopy/linuxerror.h"

/* Missing in Debian 12's winerror.h. */
#ifndef ERROR_VIRUS_INFECTED
#define ERROR_VIRUS_INFECTED 225
#define ERROR_VIRUS_DELETED  226
#endif
#ifndef ERROR_STOPPED_ON_SYMLINK
#define ERROR_STOPPED_ON_SYMLINK 681
#endif
#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295
#endif

enum fc_error LinuxErrorFromWin32(_In_ DWORD Code)
{
    static const struct {
        DWORD Code;
        enum fc_error Error;
    } Table[] = {
        {ERROR_SUCCESS, FC_OK},
        {ERROR_FILE_NOT_FOUND, FC_ENOENT},
        {ERROR_PATH_NOT_FOUND, FC_ENOENT},
        {ERROR_INVALID_DRIVE, FC_ENOENT},
        {ERROR_BAD_NETPATH, FC_ENOENT},
        {ERROR_BAD_NET_NAME, FC_ENOENT},
        {ERROR_TOO_MANY_OPEN_FILES, FC_EMFILE},
        {ERROR_ACCESS_DENIED, FC_EACCES},
        {ERROR_PRIVILEGE_NOT_HELD, FC_EPERM},
        {ERROR_NETWORK_ACCESS_DENIED, FC_EACCES},
        {ERROR_SHARING_VIOLATION, FC_EBUSY},
        {ERROR_LOCK_VIOLATION, FC_EBUSY},
        {ERROR_DELETE_PENDING, FC_EBUSY},
        {ERROR_USER_MAPPED_FILE, FC_EBUSY},
        {ERROR_VIRUS_INFECTED, FC_EACCES},
        {ERROR_VIRUS_DELETED, FC_EACCES},
        {ERROR_NOT_ENOUGH_MEMORY, FC_ENOMEM},
        {ERROR_OUTOFMEMORY, FC_ENOMEM},
        {ERROR_NO_SYSTEM_RESOURCES, FC_ENOMEM},
        {ERROR_COMMITMENT_LIMIT, FC_ENOMEM},
        {ERROR_WRITE_PROTECT, FC_EROFS},
        {ERROR_FILE_EXISTS, FC_EEXIST},
        {ERROR_ALREADY_EXISTS, FC_EEXIST},
        {ERROR_INVALID_PARAMETER, FC_EINVAL},
        {ERROR_DISK_FULL, FC_ENOSPC},
        {ERROR_HANDLE_DISK_FULL, FC_ENOSPC},
        {ERROR_DISK_QUOTA_EXCEEDED, FC_EDQUOT},
        {ERROR_NOT_ENOUGH_QUOTA, FC_EDQUOT},
        {ERROR_FILE_TOO_LARGE, FC_EFBIG},
        {ERROR_INVALID_NAME, FC_EILSEQ},
        {ERROR_BAD_PATHNAME, FC_EILSEQ},
        {ERROR_NO_UNICODE_TRANSLATION, FC_EILSEQ},
        {ERROR_FILENAME_EXCED_RANGE, FC_ENAMETOOLONG},
        {ERROR_BUFFER_OVERFLOW, FC_ENAMETOOLONG},
        {ERROR_DIRECTORY, FC_ENOTDIR},
        {ERROR_DIR_NOT_EMPTY, FC_ENOTEMPTY},
        {ERROR_CANT_RESOLVE_FILENAME, FC_ELOOP},
        {ERROR_STOPPED_ON_SYMLINK, FC_ELOOP},
        {ERROR_BROKEN_PIPE, FC_EPIPE},
        {ERROR_NO_DATA, FC_EPIPE},
        {ERROR_PIPE_NOT_CONNECTED, FC_EPIPE},
        {ERROR_OPERATION_ABORTED, FC_ECANCELED},
        {ERROR_CANCELLED, FC_ECANCELED},
    };

    for (SIZE_T Index = 0; Index < ARRAYSIZE(Table); Index++) {
        if (Table[Index].Code == Code)
            return Table[Index].Error;
    }
    return FC_EIO;
}

enum fc_error LinuxLastError(VOID)
{
    DWORD Code = GetLastError();

    return Code == ERROR_SUCCESS ? FC_EIO : LinuxErrorFromWin32(Code);
}
