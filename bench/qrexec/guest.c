/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's end of the qrexec benchmarks, as a Windows program.
 *   guest stdin              writes "r"; reads stdin to its end; writes "e"
 *   guest stdout BYTES       reads one byte; writes that many bytes
 *   guest raw-in PORT        the same two over a vchan of its own instead of stdio,
 *   guest raw-out PORT BYTES again and again until the channel ends
 *   guest start COMMAND      for each line of stdin, a number: starts that command so often, one
 *                            after the other, with three pipes as the agent does; writes how many
 *                            nanoseconds that took
 *   guest pipe stdin BYTES   starts itself as "stdin" or "stdout BYTES" at the other end of an
 *   guest pipe stdout BYTES  overlapped pipe like the agent's; writes how many nanoseconds the
 *                            bytes took through that pipe alone
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "include/libvchan.h"

static char Buffer[65536];

static BOOL PutAll(_In_ HANDLE To, _In_ unsigned long long Size)
{
    DWORD Count;
    for (; Size; Size -= Count)
        if (!WriteFile(To, Buffer, (DWORD)min(Size, sizeof(Buffer)), &Count, NULL))
            return FALSE;
    return TRUE;
}

static void Stdin(void)
{
    DWORD Count;
    PutAll(GetStdHandle(STD_OUTPUT_HANDLE), 1);
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Buffer, sizeof(Buffer), &Count, NULL) && Count)
        ;
    PutAll(GetStdHandle(STD_OUTPUT_HANDLE), 1);
}

static void Stdout(_In_ unsigned long long Size)
{
    DWORD Count;
    if (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Buffer, 1, &Count, NULL))
        PutAll(GetStdHandle(STD_OUTPUT_HANDLE), Size);
}

/* The first 8 bytes of each run say how many follow; one byte answers. */
static void RawIn(_In_ libvchan_t *Vchan)
{
    unsigned long long Size;
    while (libvchan_recv(Vchan, &Size, sizeof(Size)) == sizeof(Size)) {
        while (Size) {
            const int Count = libvchan_read(Vchan, Buffer, min(Size, sizeof(Buffer)));
            if (Count <= 0)
                return;
            Size -= Count;
        }
        libvchan_send(Vchan, Buffer, 1);
    }
}

static void RawOut(_In_ libvchan_t *Vchan)
{
    unsigned long long Size;
    while (libvchan_recv(Vchan, &Size, sizeof(Size)) == sizeof(Size))
        while (Size) {
            const int Count = libvchan_write(Vchan, Buffer, min(Size, sizeof(Buffer)));
            if (Count <= 0)
                return;
            Size -= Count;
        }
}

static BOOL Start(_In_ PCWSTR CommandLine)
{
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION Process;
    HANDLE Pipes[3][2];
    WCHAR Line[512];
    DWORD Count;

    for (int i = 0; i < 3; i++) {
        CreatePipe(&Pipes[i][0], &Pipes[i][1], &Inherit, 65536);
        SetHandleInformation(Pipes[i][i == 0], HANDLE_FLAG_INHERIT, 0);
    }
    Startup.hStdInput = Pipes[0][0];
    Startup.hStdOutput = Pipes[1][1];
    Startup.hStdError = Pipes[2][1];
    wcscpy(Line, CommandLine);
    const BOOL Started = CreateProcessW(NULL, Line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                                        &Startup, &Process);
    CloseHandle(Pipes[0][0]);
    CloseHandle(Pipes[1][1]);
    CloseHandle(Pipes[2][1]);
    CloseHandle(Pipes[0][1]);
    while (ReadFile(Pipes[1][0], Buffer, sizeof(Buffer), &Count, NULL) && Count)
        ;
    if (Started) {
        WaitForSingleObject(Process.hProcess, INFINITE);
        CloseHandle(Process.hProcess);
        CloseHandle(Process.hThread);
    }
    CloseHandle(Pipes[1][0]);
    CloseHandle(Pipes[2][0]);
    return Started;
}

static void Starts(_In_ PCWSTR CommandLine)
{
    LARGE_INTEGER Begin, End, Frequency;
    char Line[64];

    QueryPerformanceFrequency(&Frequency);
    while (fgets(Line, sizeof(Line), stdin)) {
        const int Count = atoi(Line);
        QueryPerformanceCounter(&Begin);
        for (int i = 0; i < Count; i++)
            if (!Start(CommandLine))
                exit(1);
        QueryPerformanceCounter(&End);
        printf("%.0f\n", (double)(End.QuadPart - Begin.QuadPart) * 1e9 / Frequency.QuadPart);
        fflush(stdout);
    }
}

/* What a stream through any agent costs at least: the program's pipe. */
static void Pipe(_In_ BOOL In, _In_ unsigned long long Size)
{
    enum { BLOCK = 262144 };
    static char Block[BLOCK];
    SECURITY_ATTRIBUTES Inherit = {sizeof(Inherit), NULL, TRUE};
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    OVERLAPPED Io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    PROCESS_INFORMATION Process;
    LARGE_INTEGER Begin, End, Frequency;
    WCHAR Program[300], Line[400], Name[64];
    HANDLE Pipes[2], Theirs[2];
    DWORD Count;

    for (int i = 0; i < 2; i++) {
        swprintf(Name, 64, L"\\\\.\\pipe\\qrexec-bench-%lx-%d", GetCurrentProcessId(), i);
        Pipes[i] = CreateNamedPipeW(
            Name, (i ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND) | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_BYTE, 1, BLOCK, BLOCK, 0, NULL);
        Theirs[i] = CreateFileW(Name, i ? GENERIC_WRITE : GENERIC_READ, 0, &Inherit, OPEN_EXISTING,
                                0, NULL);
    }
    GetModuleFileNameW(NULL, Program, 300);
    swprintf(Line, 400, In ? L"\"%ls\" stdin" : L"\"%ls\" stdout %I64u", Program, Size);
    Startup.hStdInput = Theirs[0];
    Startup.hStdOutput = Theirs[1];
    if (!CreateProcessW(NULL, Line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &Startup,
                        &Process))
        exit(1);
    CloseHandle(Theirs[0]);
    CloseHandle(Theirs[1]);
    QueryPerformanceFrequency(&Frequency);
    /* "stdin" says that it is there; "stdout" waits for a byte. */
    if (In)
        ReadFile(Pipes[1], Block, 1, NULL, &Io), GetOverlappedResult(Pipes[1], &Io, &Count, TRUE);
    QueryPerformanceCounter(&Begin);
    if (!In)
        WriteFile(Pipes[0], Block, 1, NULL, &Io), GetOverlappedResult(Pipes[0], &Io, &Count, TRUE);
    for (; Size; Size -= Count) {
        const DWORD Part = (DWORD)min(Size, BLOCK);
        In ? WriteFile(Pipes[0], Block, Part, NULL, &Io)
           : ReadFile(Pipes[1], Block, Part, NULL, &Io);
        if (!GetOverlappedResult(Pipes[!In], &Io, &Count, TRUE))
            exit(1);
    }
    QueryPerformanceCounter(&End);
    printf("%.0f\n", (double)(End.QuadPart - Begin.QuadPart) * 1e9 / Frequency.QuadPart);
}

int wmain(int Count, WCHAR **Arguments)
{
    const PCWSTR What = Count > 1 ? Arguments[1] : L"";

    if (!wcscmp(What, L"stdin")) {
        Stdin();
    } else if (!wcscmp(What, L"stdout") && Count > 2) {
        Stdout(_wcstoui64(Arguments[2], NULL, 10));
    } else if (!wcscmp(What, L"start") && Count > 2) {
        Starts(Arguments[2]);
    } else if (!wcscmp(What, L"pipe") && Count > 3) {
        Pipe(!wcscmp(Arguments[2], L"stdin"), _wcstoui64(Arguments[3], NULL, 10));
    } else if (Count > 2) {
        libvchan_t *const Vchan = libvchan_server_init(0, _wtoi(Arguments[2]), 65536, 65536);
        if (!Vchan)
            return 1;
        libvchan_set_blocking(Vchan, true);
        if (!wcscmp(What, L"raw-in"))
            RawIn(Vchan);
        else
            RawOut(Vchan);
        libvchan_close(Vchan);
    } else {
        return 2;
    }
    return 0;
}
