/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent tells its owner: one line for each thing that went wrong or ended, to stderr in a
 * console and to a file as a service. Any thread.
 */
#pragma once

#include <windows.h>

/* NULL: stderr. Otherwise lines are appended to that file. FALSE: it cannot be opened. */
BOOL LogOpen(_In_opt_ PCWSTR FileName);
/* printf-like, UTF-8, no line end. */
void LogLine(_In_ PCSTR Format, ...) __attribute__((format(printf, 1, 2)));
/* The same, with the text of a Win32 error behind it. */
void LogError(_In_ DWORD Error, _In_ PCSTR Format, ...) __attribute__((format(printf, 2, 3)));
