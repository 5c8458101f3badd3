/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines: see log.h. */
#include "log.h"
#include "text.h"

VOID LogLine(_In_ LOG_LEVEL Level, _In_ PCSTR Line)
{
    static const PCSTR Names[] = {"error: ", "warning: ", ""};
    TEXT Text;

    TextInit(&Text, LogDriverName);
    TextAdd(&Text, ": ");
    TextAdd(&Text, Names[Level]);
    TextAdd(&Text, Line);
    for (ULONG i = 0; i < Text.Length; i++)
        if (Text.Buffer[i] < ' ' || Text.Buffer[i] > '~')
            Text.Buffer[i] = '?';
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL) /* the debugger stops CPUs by interrupts */
        DbgPrint("%s\n", Text.Buffer);
    LogConsole(Text.Buffer);
}

VOID LogStatus(_In_ LOG_LEVEL Level, _In_ PCSTR Line, _In_ NTSTATUS Status)
{
    TEXT Text;

    TextInit(&Text, Line);
    TextAdd(&Text, " ");
    TextAddHex(&Text, (ULONG)Status, 8);
    LogLine(Level, Text.Buffer);
}
