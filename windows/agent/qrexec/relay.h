/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One call that a program of this machine makes: a local client (qrexec-client-vm.exe) on our
 * named pipe. It says HELLO and TRIGGER_SERVICE3 and gets HELLO and the daemon's answer,
 * SERVICE_CONNECT or SERVICE_REFUSED (a pipe that closes without one: a problem). Connected, it
 * speaks the data channel's protocol as its caller, and we pass the bytes on between pipe and
 * vchan, looking at each message it sends. The client runs its own programs with its own token:
 * nothing here starts anything, so a client can act only as itself. A client that breaks a rule
 * loses its connection; no other does. One that does not say what it wants within
 * RELAY_REQUEST_MS loses it as well: an open question costs memory. No more than RELAYS_ASKED_MAX
 * questions are open at once, and no more than RELAYS_MAX clients are served; the next ones wait
 * for the pipe. Loop thread only.
 *
 * Identifiers in TRIGGER_SERVICE3 are ours. In a client's own message that field may say how large
 * the rings should be: "RING 131072".
 */
#pragma once

#include <windows.h>
#include "core/qrexec/channel.h"
#include "windows/agent/common/pipe_io.h"
#include "windows/agent/common/vchan_link.h"

struct AGENT;

#define QREXEC_LOCAL_PIPE L"\\\\.\\pipe\\casement-qrexec"

enum { RELAY_REQUEST_MS = 5000, RELAYS_ASKED_MAX = 64, RELAYS_MAX = 1024 };

typedef enum RELAY_STATE {
    RelayAsked,     /* what it wants */
    RelayRequested, /* the daemon has it */
    RelayRunning,
    RelayAnswering, /* only the last words to the client are left */
} RELAY_STATE;

typedef struct RELAY {
    struct RELAY *Next;
    RELAY_STATE State;
    HANDLE Pipe;
    PIPE_IO In, Out; /* from and to the client */
    BYTE *InBlock, *OutBlock;
    BYTE Small[64];  /* reads while the client is slow */
    BYTE Answer[64]; /* the daemon's, on its way to the client */
    BOOL Fast;       /* the last read filled its buffer */
    BOOL ClientGone;
    ULONGLONG AskBy;               /* GetTickCount64() units, when RelayAsked */
    struct qrexec_decoder Request; /* of HELLO and TRIGGER_SERVICE3 */
    BYTE *RequestBody;
    struct qrexec_channel Check; /* of what the client sends afterwards */
    DWORD RingBytes;
    struct qrexec_ident Ident;
    ULONGLONG Session;
    unsigned int Domain, Port; /* when RelayRunning */
    VCHAN_LINK Link;
    BOOL Over;
} RELAY;

/* Begins to listen; while somebody else has the name, RelayAccept() tries again. */
void RelayListen(_Inout_ struct AGENT *Agent);
/* Takes the client that came, and listens for the next. TRUE: something was done. */
BOOL RelayAccept(_Inout_ struct AGENT *Agent);
BOOL RelayStep(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay);
void RelayClose(_Inout_ struct AGENT *Agent, _Inout_ RELAY *Relay);

/* The daemon's answers. FALSE: nobody asked this. */
BOOL RelayAccepted(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_control *Message);
BOOL RelayRefused(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_ident *Ident);
/* The daemon is gone: its requests will never be answered. */
void RelaysForgetRequests(_Inout_ struct AGENT *Agent);
