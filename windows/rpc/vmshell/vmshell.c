/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qubes.VMShell: the first line of stdin is a command line for the shell, what follows is stdin of
 * that command. dom0 ends the line with "& exit" (or "; exit"), which a shell that reads its
 * commands from stdin would need; here the command is the shell's only one, and its exit code is
 * ours.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/common/text.h"
#include "windows/rpc/run.h"

enum { LINE_MAX_BYTES = 32767 };

/* One byte at a time: what follows the line must stay in the pipe. */
static PSTR ReadLine(_In_ HANDLE Input)
{
    const PSTR Line = malloc(LINE_MAX_BYTES + 1);
    DWORD Count, Used = 0;
    char Byte;

    if (!Line)
        return NULL;
    while (ReadFile(Input, &Byte, 1, &Count, NULL) && Count && Byte != '\n') {
        if (Used == LINE_MAX_BYTES || !Byte) {
            free(Line);
            return NULL;
        }
        Line[Used++] = Byte;
    }
    Line[Used] = 0;
    return Line;
}

static void CutBlanks(_Inout_ PSTR Line)
{
    SIZE_T Length = strlen(Line);
    while (Length && strchr(" \t\r", Line[Length - 1]))
        Line[--Length] = 0;
}

static void CutExit(_Inout_ PSTR Line)
{
    CutBlanks(Line);
    SIZE_T Length = strlen(Line);
    if (Length < 4 || _stricmp(Line + Length - 4, "exit"))
        return;
    Length -= 4;
    while (Length && (Line[Length - 1] == ' ' || Line[Length - 1] == '\t'))
        Length--;
    if (Length && (Line[Length - 1] == '&' || Line[Length - 1] == ';')) {
        Line[Length - 1] = 0;
        CutBlanks(Line);
    }
}

int wmain(void)
{
    static const char Before[] = "cmd.exe /d /s /c \"", After[] = "\"";
    const PSTR Line = ReadLine(GetStdHandle(STD_INPUT_HANDLE));

    if (!Line) {
        fputs("qubes.VMShell: no command line of a usable length\n", stderr);
        return 125;
    }
    CutExit(Line);
    if (!*Line)
        return 0;
    const SIZE_T Length = sizeof(Before) + strlen(Line) + sizeof(After);
    const PSTR CommandLine = malloc(Length);
    if (!CommandLine)
        return 125;
    strcpy(CommandLine, Before);
    strcat(CommandLine, Line);
    strcat(CommandLine, After);
    return RunCommandLine("qubes.VMShell", CommandLine);
}
