/* SPDX-License-Identifier: BSD-2-Clause */
/* A privilege that the process's token holds, but switched off, as privileges are at first. */
#pragma once

#include <windows.h>

/* Name: SE_SHUTDOWN_NAME and the like. Without the right to it nothing changes: the call that needs
 * it says so. */
void PrivilegeEnable(_In_ PCWSTR Name);
