/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channel to dom0's daemon: we serve it, say HELLO, take its orders, and serve anew whenever
 * the daemon goes away or breaks the protocol. Messages to the daemon wait in a queue while its
 * ring is full. Loop thread only.
 */
#pragma once

#include <windows.h>
#include "core/qrexec/message.h"
#include "windows/agent/common/vchan_link.h"

struct AGENT;

typedef struct CONTROL_CHANNEL {
    VCHAN_LINK Link;
    ULONGLONG Session; /* counts daemons: what an earlier one asked, the next does not know */
    struct qrexec_decoder Decoder;
    BYTE *Body;  /* QREXEC_CONTROL_BODY_MAX + 1 bytes */
    BYTE *Queue; /* messages to send: QueueStart up to QueueEnd */
    DWORD QueueStart, QueueEnd, QueueRoom;
    ULONGLONG RetryAt; /* GetTickCount64() units: when to try to serve again; 0: not waiting */
} CONTROL_CHANNEL;

/* FALSE: no memory. The vchan itself comes up in ControlStep(). */
BOOL ControlOpen(_Out_ CONTROL_CHANNEL *Control);
void ControlClose(_Inout_ CONTROL_CHANNEL *Control);
BOOL ControlStep(_Inout_ struct AGENT *Agent);

/* Tells the daemon that a port is free. Session: under which it was given out. */
void ControlTerminated(_Inout_ struct AGENT *Agent, _In_ ULONGLONG Session, _In_ DWORD Domain,
                       _In_ DWORD Port);
/* FALSE: no daemon is there, or its version cannot carry these names. */
BOOL ControlTrigger(_Inout_ struct AGENT *Agent, _In_ PCSTR Target, _In_ PCSTR Service,
                    _In_ const struct qrexec_ident *Ident);
