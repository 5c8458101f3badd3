/* SPDX-License-Identifier: BSD-2-Clause */
/* Win32 error codes as Linux's errno numbers, which cross the wire and become exit codes. */
#ifndef CASEMENT_RPC_FILECOPY_LINUXERROR_H
#define CASEMENT_RPC_FILECOPY_LINUXERROR_H

#include "core/filecopy/wire.h"

#include <windows.h>

/* FC_EIO for what has no counterpart; never FC_OK unless the code is ERROR_SUCCESS. Any thread. */
enum fc_error LinuxErrorFromWin32(_In_ DWORD Code);

/* The same for GetLastError(); FC_EIO when that says success, because the caller saw a failure. */
enum fc_error LinuxLastError(VOID);

#endif
