/* SPDX-License-Identifier: BSD-2-Clause */
/* See log.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "windows/agent/common/log.h"

static HANDLE LogFile; /* NULL: stderr. Set once, before other threads exist. */

BOOL LogOpen(_In_opt_ PCWSTR FileName)
{
    if (!FileName)
        return TRUE;
    const HANDLE File = CreateFileW(FileName, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS,
                                    FILE_ATTRIBUTE_NORMAL, NULL);
    if (File == INVALID_HANDLE_VALUE)
        return FALSE;
    LogFile = File;
    return TRUE;
}

/* One WriteFile a line, so that lines of several threads do not mix. */
static void Write(_In_ PCSTR Format, va_list Arguments, _In_opt_ PCSTR Tail)
{
    char Line[1024];
    SYSTEMTIME Now;
    DWORD Written;

    GetSystemTime(&Now);
    int Used =
        snprintf(Line, sizeof(Line), "%04u-%02u-%02u %02u:%02u:%02u.%03u ", Now.wYear, Now.wMonth,
                 Now.wDay, Now.wHour, Now.wMinute, Now.wSecond, Now.wMilliseconds);
    vsnprintf(Line + Used, sizeof(Line) - Used - 2, Format, Arguments);
    Line[sizeof(Line) - 3] = 0;
    Used = (int)strlen(Line);
    if (Tail)
        snprintf(Line + Used, sizeof(Line) - Used - 2, ": %s", Tail);
    Line[sizeof(Line) - 3] = 0;
    strcat(Line, "\r\n");
    WriteFile(LogFile ? LogFile : GetStdHandle(STD_ERROR_HANDLE), Line, (DWORD)strlen(Line),
              &Written, NULL);
}

void LogLine(_In_ PCSTR Format, ...)
{
    va_list Arguments;
    va_start(Arguments, Format);
    Write(Format, Arguments, NULL);
    va_end(Arguments);
}

void LogError(_In_ DWORD Error, _In_ PCSTR Format, ...)
{
    char Text[300], Number[16];
    va_list Arguments;

    DWORD Length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  Error, 0, Text, sizeof(Text) - sizeof(Number), NULL);
    while (Length && strchr("\r\n ", Text[Length - 1]))
        Length--;
    Text[Length] = 0;
    snprintf(Number, sizeof(Number), " (%lu)", Error);
    strcat(Text, Number);
    va_start(Arguments, Format);
    Write(Format, Arguments, Text);
    va_end(Arguments);
}
