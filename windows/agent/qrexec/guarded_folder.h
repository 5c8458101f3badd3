/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether only those who own the machine can change what a folder holds. Any thread. */
#pragma once

#include <windows.h>

/* ERROR_SUCCESS: it is a folder, no link to one, and nobody but SYSTEM, administrators, Windows
 * itself and this process's user owns it or may write to it. ERROR_ACCESS_DENIED: others may.
 * Another: why it could not be looked at. */
DWORD FolderIsGuarded(_In_ PCWSTR Path);
