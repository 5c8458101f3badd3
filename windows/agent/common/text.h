/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 outside, UTF-16 for Windows. Results are from the process heap: free() them. */
#pragma once

#include <windows.h>

/* NULL: not UTF-8 (ERROR_NO_UNICODE_TRANSLATION) or no memory. `Length` bytes count. */
PWSTR TextToWide(_In_reads_(Length) PCSTR Text, _In_ SIZE_T Length);
PSTR TextToUtf8(_In_ PCWSTR Text);
