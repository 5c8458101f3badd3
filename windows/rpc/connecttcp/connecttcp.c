/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connecttcp.exe, the service qubes.ConnectTCP+<port>: joins the caller with a TCP port of this
 * machine (127.0.0.1, or ::1 when nobody listens there). The end of stdin is passed on as the end
 * of what is sent; the call ends with what the port sends.
 *
 *   connecttcp.exe               the port is the service's argument
 *   connecttcp.exe --to HOST PORT   for an administrator's own service, whose file names where it
 *                                lives (on Linux a link to /dev/tcp/HOST/PORT does)
 *
 * Exit code: 0, or 1 with a line on stderr.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdio.h>
#include <wchar.h>
#include "core/services/port.h"

enum { BUFFER_BYTES = 65536 };

static SOCKET Connect(_In_ const struct sockaddr *Address, _In_ int Size)
{
    const SOCKET Socket = socket(Address->sa_family, SOCK_STREAM, IPPROTO_TCP);

    if (Socket == INVALID_SOCKET || !connect(Socket, Address, Size))
        return Socket;
    closesocket(Socket);
    return INVALID_SOCKET;
}

static SOCKET ConnectHere(_In_ uint16_t Port)
{
    const struct sockaddr_in Ip4 = {
        .sin_family = AF_INET,
        .sin_port = htons(Port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct sockaddr_in6 Ip6 = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(Port),
        .sin6_addr = IN6ADDR_LOOPBACK_INIT,
    };
    const SOCKET Socket = Connect((const struct sockaddr *)&Ip4, sizeof(Ip4));

    if (Socket != INVALID_SOCKET)
        return Socket;
    return Connect((const struct sockaddr *)&Ip6, sizeof(Ip6));
}

static SOCKET ConnectTo(_In_ PCWSTR Host, _In_ PCWSTR Port)
{
    const ADDRINFOW Hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    SOCKET Socket = INVALID_SOCKET;
    PADDRINFOW All;

    if (GetAddrInfoW(Host, Port, &Hints, &All))
        return INVALID_SOCKET;
    for (PADDRINFOW One = All; One && Socket == INVALID_SOCKET; One = One->ai_next)
        Socket = Connect(One->ai_addr, (int)One->ai_addrlen);
    FreeAddrInfoW(All);
    return Socket;
}

static DWORD WINAPI PassInput(_In_ PVOID Context)
{
    static CHAR Bytes[BUFFER_BYTES];
    const SOCKET Socket = *(const SOCKET *)Context;
    DWORD Count;
    int Sent;

    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Bytes, sizeof(Bytes), &Count, NULL) && Count)
        for (DWORD At = 0; At < Count; At += (DWORD)Sent)
            if ((Sent = send(Socket, Bytes + At, (int)(Count - At), 0)) <= 0)
                return 1;
    shutdown(Socket, SD_SEND);
    return 0;
}

/* TRUE: until the port ended it. */
static BOOL ReceiveOutput(_In_ SOCKET Socket)
{
    static CHAR Bytes[BUFFER_BYTES];
    int Count;

    while ((Count = recv(Socket, Bytes, sizeof(Bytes), 0)) > 0)
        for (DWORD At = 0, Written; At < (DWORD)Count; At += Written)
            if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Bytes + At, (DWORD)Count - At, &Written,
                           NULL))
                return FALSE;
    return Count == 0;
}

static SOCKET ConnectToArgument(void)
{
    CHAR Argument[16];
    uint16_t Port;
    const DWORD Length =
        GetEnvironmentVariableA("QREXEC_SERVICE_ARGUMENT", Argument, sizeof(Argument));

    if (Length == 0 || Length >= sizeof(Argument) || !port_parse(Argument, &Port)) {
        fputs("qubes.ConnectTCP: the argument is no port\n", stderr);
        return INVALID_SOCKET;
    }
    const SOCKET Socket = ConnectHere(Port);
    if (Socket == INVALID_SOCKET)
        fprintf(stderr, "qubes.ConnectTCP: nobody listens at port %u (error %d)\n", Port,
                WSAGetLastError());
    return Socket;
}

int wmain(int Count, PWSTR *Arguments)
{
    SOCKET Socket;
    WSADATA Data;

    if (WSAStartup(MAKEWORD(2, 2), &Data))
        return 1;
    /* An argument of the call stands behind these. */
    if (Count >= 4 && !wcscmp(Arguments[1], L"--to")) {
        Socket = ConnectTo(Arguments[2], Arguments[3]);
        if (Socket == INVALID_SOCKET)
            fprintf(stderr, "connecttcp: nobody listens at %ls port %ls (error %d)\n", Arguments[2],
                    Arguments[3], WSAGetLastError());
    } else {
        Socket = ConnectToArgument();
    }
    if (Socket == INVALID_SOCKET)
        return 1;
    const HANDLE Thread = CreateThread(NULL, 0, PassInput, &Socket, 0, NULL);
    const UINT Code = Thread && ReceiveOutput(Socket) ? 0 : 1;
    /* The other thread may be reading, which nobody can stop in every case. */
    TerminateProcess(GetCurrentProcess(), Code);
    return 0;
}
