/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * updates-proxy.exe: the way to updates for a qube without a network. While dom0 has the service
 * "updates-proxy-setup" on for this qube, it listens at 127.0.0.1:8082, is the machine's proxy
 * (proxy.h), and joins each connection with a call of qubes.UpdatesProxy, which dom0's policy sends
 * to a qube that has a network. A Windows service, or in the foreground:
 *
 *   updates-proxy.exe [--console] [--log FILE]
 *
 * A connection is a qrexec-client-vm.exe whose stdin and stdout are the socket.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/follow.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/updatesproxy/proxy.h"

static const char Usage[] = "usage: updates-proxy.exe [--console] [--log FILE]\n";

static const WCHAR LocalProxy[] = L"127.0.0.1:8082";

enum { PORT = 8082, CONNECTIONS_MAX = 64, AGAIN_MS = 5000 };

typedef struct UPDATES_PROXY {
    HANDLE Arrived; /* auto-reset: somebody connects */
    HANDLE Job;     /* the programs of the connections, which end with it */
    SOCKET Listener;
    WCHAR Client[2 * MAX_PATH];
} UPDATES_PROXY;

/* --- The connections */

/* Only the two handles reach the program: another connection's must end with its own. */
static BOOL StartWith(_In_ PWSTR Line, _In_ STARTUPINFOEXW *Startup, _In_ HANDLE *Handles,
                      _Out_ PROCESS_INFORMATION *Process)
{
    BYTE Room[128];
    SIZE_T Size = sizeof(Room);
    BOOL Started;

    Startup->lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)Room;
    if (!InitializeProcThreadAttributeList(Startup->lpAttributeList, 1, 0, &Size))
        return FALSE;
    Started =
        UpdateProcThreadAttribute(Startup->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                  Handles, sizeof(*Handles), NULL, NULL) &&
        CreateProcessW(NULL, Line, NULL, NULL, TRUE,
                       CREATE_SUSPENDED | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT, NULL,
                       NULL, &Startup->StartupInfo, Process);
    DeleteProcThreadAttributeList(Startup->lpAttributeList);
    return Started;
}

static DWORD Join(_In_ const UPDATES_PROXY *Proxy, _In_ SOCKET Socket)
{
    HANDLE Handle = (HANDLE)Socket;
    STARTUPINFOEXW Startup = {.StartupInfo = {
                                  .cb = sizeof(Startup),
                                  .dwFlags = STARTF_USESTDHANDLES,
                                  .hStdInput = Handle,
                                  .hStdOutput = Handle,
                              }};
    PROCESS_INFORMATION Process;
    WCHAR Line[2 * MAX_PATH + 64];

    swprintf(Line, ARRAYSIZE(Line), L"\"%ls\" @default qubes.UpdatesProxy", Proxy->Client);
    if (!SetHandleInformation(Handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) ||
        !StartWith(Line, &Startup, &Handle, &Process))
        return GetLastError();
    const BOOL InJob = AssignProcessToJobObject(Proxy->Job, Process.hProcess);
    const DWORD Error = InJob ? ERROR_SUCCESS : GetLastError();
    if (InJob)
        ResumeThread(Process.hThread);
    else
        TerminateProcess(Process.hProcess, 1);
    CloseHandle(Process.hThread);
    CloseHandle(Process.hProcess);
    return Error;
}

/* Everybody who waits. A socket of a connection blocks, as a program expects of its stdin. */
static void Accept(_In_ const UPDATES_PROXY *Proxy)
{
    u_long Blocks = 0;
    SOCKET Socket;

    while ((Socket = accept(Proxy->Listener, NULL, NULL)) != INVALID_SOCKET) {
        WSAEventSelect(Socket, NULL, 0);
        ioctlsocket(Socket, FIONBIO, &Blocks);
        const DWORD Error = Join(Proxy, Socket);
        if (Error)
            LogError(Error, "a connection cannot be passed on");
        closesocket(Socket);
    }
}

/* --- Listening */

static void StopListening(_Inout_ UPDATES_PROXY *Proxy)
{
    if (Proxy->Listener == INVALID_SOCKET)
        return;
    closesocket(Proxy->Listener);
    Proxy->Listener = INVALID_SOCKET;
    TerminateJobObject(Proxy->Job, 1);
    const DWORD Error = ProxyReset(LocalProxy);
    if (Error)
        LogError(Error, "the machine's proxy cannot be taken away");
    LogLine("no way to updates any more");
}

/* Not overlapped: its connections become the stdin of programs. Of no other program's while this
 * one has it. */
static DWORD Listen(_Inout_ UPDATES_PROXY *Proxy)
{
    const struct sockaddr_in Address = {
        .sin_family = AF_INET,
        .sin_port = htons(PORT),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const SOCKET Socket = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    const BOOL Alone = TRUE;

    if (Socket == INVALID_SOCKET)
        return (DWORD)WSAGetLastError();
    setsockopt(Socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&Alone, sizeof(Alone));
    if (bind(Socket, (const struct sockaddr *)&Address, sizeof(Address)) ||
        listen(Socket, SOMAXCONN) || WSAEventSelect(Socket, Proxy->Arrived, FD_ACCEPT)) {
        const DWORD Error = (DWORD)WSAGetLastError();
        closesocket(Socket);
        return Error;
    }
    Proxy->Listener = Socket;
    return ERROR_SUCCESS;
}

static DWORD StartListening(_Inout_ UPDATES_PROXY *Proxy)
{
    DWORD Error;

    if (Proxy->Listener != INVALID_SOCKET)
        return INFINITE;
    Error = Listen(Proxy);
    if (Error) {
        LogError(Error, "cannot listen at port %d", PORT);
        return AGAIN_MS;
    }
    Error = ProxySet(LocalProxy);
    if (Error == ERROR_ALREADY_EXISTS)
        LogLine("this machine has another proxy, which stays; ours is 127.0.0.1:%d", PORT);
    else if (Error)
        LogError(Error, "the machine's proxy cannot be set");
    LogLine("the way to updates is 127.0.0.1:%d", PORT);
    return INFINITE;
}

/* --- The service */

static DWORD Apply(_In_ PVOID Context, _In_ qdb_handle_t Db)
{
    UPDATES_PROXY *const Proxy = Context;
    CHAR Value[8];
    DWORD Later = INFINITE;

    if (FollowRead(Db, "/qubes-service/updates-proxy-setup", Value, sizeof(Value)) &&
        !strcmp(Value, "1"))
        Later = StartListening(Proxy);
    else
        StopListening(Proxy);
    if (Proxy->Listener != INVALID_SOCKET)
        Accept(Proxy);
    return Later;
}

static DWORD Open(_In_ PVOID Context)
{
    UPDATES_PROXY *const Proxy = Context;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION Limits = {
        .BasicLimitInformation = {
            .LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
            .ActiveProcessLimit = CONNECTIONS_MAX,
        }};
    WSADATA Data;
    PWSTR Slash;

    Proxy->Listener = INVALID_SOCKET;
    if (WSAStartup(MAKEWORD(2, 2), &Data))
        return ERROR_NOT_READY;
    if (GetModuleFileNameW(NULL, Proxy->Client, MAX_PATH) >= MAX_PATH ||
        !(Slash = wcsrchr(Proxy->Client, L'\\')))
        return ERROR_PATH_NOT_FOUND;
    wcscpy(Slash + 1, L"qrexec-client-vm.exe");
    Proxy->Arrived = CreateEventW(NULL, FALSE, FALSE, NULL);
    Proxy->Job = CreateJobObjectW(NULL, NULL);
    if (!Proxy->Arrived || !Proxy->Job ||
        !SetInformationJobObject(Proxy->Job, JobObjectExtendedLimitInformation, &Limits,
                                 sizeof(Limits)))
        return GetLastError();
    return ERROR_SUCCESS;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    static const PCSTR Paths[] = {"/qubes-service/updates-proxy-setup", NULL};
    UPDATES_PROXY *const Proxy = Context;
    const FOLLOW Follow = {
        .Context = Proxy,
        .Paths = Paths,
        .Apply = Apply,
        .Events = &Proxy->Arrived,
        .EventCount = 1,
    };

    return FollowRun(&Follow, Stop);
}

static void Close(_In_ PVOID Context)
{
    UPDATES_PROXY *const Proxy = Context;

    StopListening(Proxy);
    if (Proxy->Arrived)
        CloseHandle(Proxy->Arrived);
    if (Proxy->Job)
        CloseHandle(Proxy->Job);
}

int wmain(int Count, WCHAR **Arguments)
{
    static UPDATES_PROXY Proxy;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementUpdatesProxy",
        .FileName = L"updates-proxy",
        .Context = &Proxy,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
