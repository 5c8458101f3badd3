/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connecttcp.exe, the service qubes.ConnectTCP+<port>: joins the caller with a TCP port of this
 * machine (127.0.0.1, or ::1 when nobody listens there). The end of stdin is passed on as the end
 * of what is sent; the call ends with what the port sends.
 *
 * Exit code: 0, or 1 with a line on stderr.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdio.h>
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

int wmain(void)
{
    CHAR Argument[16];
    WSADATA Data;
    uint16_t Port;
    const DWORD Length =
        GetEnvironmentVariableA("QREXEC_SERVICE_ARGUMENT", Argument, sizeof(Argument));

    if (Length == 0 || Length >= sizeof(Argument) || !port_parse(Argument, &Port)) {
        fputs("qubes.ConnectTCP: the argument is no port\n", stderr);
        return 1;
    }
    if (WSAStartup(MAKEWORD(2, 2), &Data))
        return 1;
    SOCKET Socket = ConnectHere(Port);
    if (Socket == INVALID_SOCKET) {
        fprintf(stderr, "qubes.ConnectTCP: nobody listens at port %u (error %d)\n", Port,
                WSAGetLastError());
        return 1;
    }
    const HANDLE Thread = CreateThread(NULL, 0, PassInput, &Socket, 0, NULL);
    const UINT Code = Thread && ReceiveOutput(Socket) ? 0 : 1;
    /* The other thread may be reading, which nobody can stop in every case. */
    TerminateProcess(GetCurrentProcess(), Code);
    return 0;
}
