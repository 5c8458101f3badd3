/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a program of ours without a window, input or output. */
#pragma once

#include <windows.h>

/* CommandLine may be changed by Windows. *Code: its exit code. ERROR_TIMEOUT: it had not ended
 * after TimeLimitMs; ERROR_CANCELLED: Stop (may be NULL) was set meanwhile. In both cases it is
 * ended. */
DWORD RunQuiet(_Inout_ PWSTR CommandLine, _In_opt_ HANDLE Stop, _In_ DWORD TimeLimitMs,
               _Out_ DWORD *Code);
