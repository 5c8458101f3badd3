/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines of the drivers: to the kernel debugger, and, in xenbus, to Xen's console. One line is
 * one call; it is built with text.h, because variadic functions are what drivers get wrong.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <ntddk.h>

typedef enum _LOG_LEVEL { LogError, LogWarning, LogInfo } LOG_LEVEL;

/* Any IRQL; above DISPATCH_LEVEL the debugger does not get it. Line: printable ASCII without a line
 * end; other bytes appear as '?'. */
VOID LogLine(_In_ LOG_LEVEL Level, _In_ PCSTR Line);
/* The line, a blank, and Status as 0x%08x. */
VOID LogStatus(_In_ LOG_LEVEL Level, _In_ PCSTR Line, _In_ NTSTATUS Status);

/* What each driver's link provides: its name, and where lines go besides the kernel debugger
 * (xenbus/console.c; nowhere: log_only_debugger.c). Any IRQL. */
extern const CHAR LogDriverName[];
VOID LogConsole(_In_ PCSTR Line);

#endif
