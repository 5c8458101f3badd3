/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting the machine's clock: the one call of Windows that does it, apart, because Wine refuses
 * it. The test's own file in its place records what is asked for. */
#pragma once

#include <windows.h>

/* Time is UTC. ERROR_SUCCESS, or why not (ERROR_PRIVILEGE_NOT_HELD: not SYSTEM). */
DWORD ClockSet(_In_ const SYSTEMTIME *Time);
