/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A local client of the agent's pipe that breaks its protocol: pipe_probe.exe WHAT. Exits 0 when
 * the agent then closes the pipe, 1 when it does not even open.
 *   silent says nothing
 *   await  does not mind that there is no agent yet; then as garbage
 *   many   opens the pipe again and again and says nothing: exits 0 when it must wait, and when a
 *          place that was given up is given to it
 *   squat  makes a pipe of that name itself, says so on stdout, and stays until stdin ends
 */
#include <windows.h>
#include <string.h>
#include <wchar.h>
#include "core/qrexec/message.h"
#include "windows/agent/qrexec/relay.h"

static BYTE Bytes[1024];

static DWORD Compose(_In_ PCWSTR What)
{
    static const struct qrexec_ident Ident = {"RING 65536"};
    struct qrexec_header Header = {QREXEC_TRIGGER_SERVICE3, 0xffffffff};
    DWORD Size = 0;

    if (!wcscmp(What, L"silent"))
        return 0;
    if (!wcscmp(What, L"garbage") || !wcscmp(What, L"await")) {
        memset(Bytes, 0xee, 200);
        return 200;
    }
    if (wcscmp(What, L"no-hello"))
        Size = qrexec_put_hello(Bytes, sizeof(Bytes), 3);
    if (!wcscmp(What, L"endless")) {
        memcpy(Bytes + Size, &Header, sizeof(Header));
        return Size + sizeof(Header);
    }
    if (!wcscmp(What, L"old-trigger"))
        return Size + qrexec_put_trigger(Bytes + Size, 500, 2, "vm", "service", &Ident);
    const DWORD Begin = Size;
    Size += qrexec_put_trigger(Bytes + Size, 500, 3, "vm", "service", &Ident);
    if (!wcscmp(What, L"bad-name"))
        Bytes[Size - 3] = '/';
    if (!wcscmp(What, L"two-requests")) {
        memcpy(Bytes + Size, Bytes + Begin, Size - Begin);
        Size += Size - Begin;
    }
    return Size;
}

static int Squat(void)
{
    DWORD Moved;
    const HANDLE Server = CreateNamedPipeW(QREXEC_LOCAL_PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1,
                                           4096, 4096, 0, NULL);

    if (Server == INVALID_HANDLE_VALUE ||
        !WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "r", 1, &Moved, NULL))
        return 1;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Bytes, 1, &Moved, NULL) && Moved)
        ;
    return 0;
}

static HANDLE Open(void)
{
    return CreateFileW(QREXEC_LOCAL_PIPE, GENERIC_READ | FILE_WRITE_DATA, 0, NULL, OPEN_EXISTING, 0,
                       NULL);
}

static int Many(void)
{
    enum { A_WAIT_MS = 1000 }; /* far less than the agent gives a silent client */
    HANDLE Pipes[2 * RELAYS_ASKED_MAX];
    DWORD Count = 0;

    while (Count < ARRAYSIZE(Pipes)) {
        Pipes[Count] = Open();
        if (Pipes[Count] != INVALID_HANDLE_VALUE)
            Count++;
        else if (GetLastError() != ERROR_PIPE_BUSY)
            return 1;
        else if (!WaitNamedPipeW(QREXEC_LOCAL_PIPE, A_WAIT_MS))
            break;
    }
    if (Count == ARRAYSIZE(Pipes))
        return 1;
    CloseHandle(Pipes[Count - 1]);
    return !WaitNamedPipeW(QREXEC_LOCAL_PIPE, A_WAIT_MS) || Open() == INVALID_HANDLE_VALUE;
}

int wmain(int Count, WCHAR **Arguments)
{
    HANDLE Pipe;
    DWORD Moved;

    if (Count != 2)
        return 2;
    if (!wcscmp(Arguments[1], L"squat"))
        return Squat();
    if (!wcscmp(Arguments[1], L"many"))
        return Many();
    const BOOL Awaits = !wcscmp(Arguments[1], L"await");
    while ((Pipe = Open()) == INVALID_HANDLE_VALUE)
        if (Awaits && GetLastError() == ERROR_FILE_NOT_FOUND)
            Sleep(20); /* nothing tells of a new name */
        else if (GetLastError() != ERROR_PIPE_BUSY || !WaitNamedPipeW(QREXEC_LOCAL_PIPE, 30000))
            return 1;
    if (wcscmp(Arguments[1], L"silent"))
        WriteFile(Pipe, Bytes, Compose(Arguments[1]), &Moved, NULL);
    while (ReadFile(Pipe, Bytes, sizeof(Bytes), &Moved, NULL) && Moved)
        ;
    return 0;
}
