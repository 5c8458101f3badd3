/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests let the agent start: probe.exe WHAT [ARGUMENT...]
 *   cat                copies stdin to stdout
 *   sink               reads stdin to its end, then prints how many bytes that were
 *   source COUNT       writes COUNT bytes (byte n is n % 251)
 *   both               "out" to stdout, "err" to stderr
 *   args [...]         prints its arguments as UTF-8, one a line
 *   env NAME...        prints those variables, one a line ("NAME=value", or "NAME" when unset)
 *   exit CODE          ends with that code
 *   close              closes stdin, writes "closed", waits until stdout breaks
 *   event NAME         sets that event, then copies like cat
 *   child EVENT        starts itself as "event EVENT" without stdio pipes, ends
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static char Buffer[65536];

static BOOL Put(_In_ const void *Bytes, _In_ DWORD Size)
{
    DWORD Count;
    for (const char *At = Bytes; Size; At += Count, Size -= Count)
        if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), At, Size, &Count, NULL))
            return FALSE;
    return TRUE;
}

static void PutLine(_In_ PCWSTR Text)
{
    const int Size = WideCharToMultiByte(CP_UTF8, 0, Text, -1, Buffer, sizeof(Buffer), NULL, NULL);
    Buffer[Size - 1] = '\n';
    Put(Buffer, Size);
}

static unsigned long long Drain(_In_ BOOL Copy)
{
    unsigned long long Total = 0;
    DWORD Count;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Buffer, sizeof(Buffer), &Count, NULL) &&
           Count) {
        Total += Count;
        if (Copy && !Put(Buffer, Count))
            break;
    }
    return Total;
}

static void Source(_In_ unsigned long long Total)
{
    static char Pattern[251 * 256];
    for (DWORD i = 0; i < sizeof(Pattern); i++)
        Pattern[i] = (char)(i % 251);
    for (DWORD Size; Total; Total -= Size) {
        Size = Total < sizeof(Pattern) ? (DWORD)Total : sizeof(Pattern);
        if (!Put(Pattern, Size))
            return;
    }
}

static void PutVariable(_In_ PCWSTR Name)
{
    WCHAR Line[4096];
    SetLastError(0);
    wcscpy(Line, Name);
    const DWORD Length = GetEnvironmentVariableW(Name, Line + wcslen(Name) + 1, 2048);
    if (Length || GetLastError() != ERROR_ENVVAR_NOT_FOUND)
        Line[wcslen(Name)] = L'=';
    if (!Length)
        Line[wcslen(Name) + (Line[wcslen(Name)] == L'=')] = 0;
    PutLine(Line);
}

static void SetNamed(_In_ PCWSTR Name)
{
    const HANDLE Event = CreateEventW(NULL, TRUE, FALSE, Name);
    SetEvent(Event);
}

static int StartChild(_In_ PCWSTR EventName)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup)};
    PROCESS_INFORMATION Process;
    WCHAR Line[600], Program[300];
    GetModuleFileNameW(NULL, Program, 300);
    swprintf(Line, 600, L"\"%ls\" event %ls", Program, EventName);
    return !CreateProcessW(NULL, Line, NULL, NULL, FALSE, 0, NULL, NULL, &Startup, &Process);
}

int wmain(int Count, WCHAR **Arguments)
{
    const PCWSTR What = Count > 1 ? Arguments[1] : L"";
    const PCWSTR First = Count > 2 ? Arguments[2] : L"";

    if (!wcscmp(What, L"cat"))
        Drain(TRUE);
    else if (!wcscmp(What, L"sink"))
        sprintf(Buffer, "%llu", Drain(FALSE)), Put(Buffer, strlen(Buffer));
    else if (!wcscmp(What, L"source"))
        Source(_wcstoui64(First, NULL, 10));
    else if (!wcscmp(What, L"both"))
        Put("out", 3), fputs("err", stderr);
    else if (!wcscmp(What, L"exit"))
        return _wtoi(First);
    else if (!wcscmp(What, L"event"))
        SetNamed(First), Drain(TRUE);
    else if (!wcscmp(What, L"child"))
        return StartChild(First);
    else if (!wcscmp(What, L"close")) {
        CloseHandle(GetStdHandle(STD_INPUT_HANDLE));
        Put("closed", 6);
    } else
        for (int i = 2; i < Count; i++)
            if (!wcscmp(What, L"env"))
                PutVariable(Arguments[i]);
            else
                PutLine(Arguments[i]);
    return 0;
}
