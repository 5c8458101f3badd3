/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one program in the place of a service: it gets our stdio, and its exit code becomes ours.
 */
#pragma once

#include <windows.h>

/* CommandLine: UTF-8. Returns the program's exit code, or 127, 126, 125 with a line on stderr when
 * it cannot be started. */
int RunCommandLine(_In_ PCSTR Service, _In_ PCSTR CommandLine);
