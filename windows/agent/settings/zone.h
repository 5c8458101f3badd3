/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's time zone. */
#pragma once

#include <windows.h>

/* Name: a key below Windows' "Time Zones". *Changed: it was another. ERROR_SUCCESS or why not;
 * ERROR_FILE_NOT_FOUND: this Windows has no such zone. */
DWORD ZoneSet(_In_ PCSTR Name, _Out_ BOOL *Changed);
