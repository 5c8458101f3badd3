/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One call that a program of this machine answers: EXEC_CMDLINE or JUST_EXEC. Its data channel
 * comes up, its program starts (once its user is logged on), its streams flow, its exit code ends
 * it. A reader that does not read, on either side, stops this call and no other: each direction
 * holds at most one block and takes the next only when that one is gone. Loop thread only.
 */
#pragma once

#include <windows.h>
#include "core/qrexec/channel.h"
#include "core/qrexec/command.h"
#include "windows/agent/qrexec/child_start.h"
#include "windows/agent/common/pipe_io.h"
#include "windows/agent/common/vchan_link.h"

struct AGENT;

/* A stream that the program writes. Data lies behind room for the header in front of it. While the
 * program is silent or slow, reads go to Small: no block is held for what may never come. */
typedef struct CALL_OUTPUT {
    PIPE_IO Io;
    BYTE *Block;
    BYTE Small[8 + 504];
    BOOL Fast;    /* the last read filled its buffer */
    DWORD Filled; /* data bytes read, ... */
    DWORD Sent;   /* ... and how many of them are in messages that went out */
    DWORD Chunk;  /* of these, those in the message on its way */
    BOOL Ended;   /* nothing more will come */
} CALL_OUTPUT;

/* stdin, between the channel and the program: one block is being written to the pipe, another
 * takes what comes meanwhile. */
typedef struct CALL_INPUT {
    PIPE_IO Io;
    BYTE *Writing;
    BYTE *Gathering;
    DWORD Gathered;
    DWORD Held;  /* rounds that this much was held back for more to come */
    BOOL Ended;  /* the caller ended it */
    BOOL Broken; /* the program closed it: the rest is dropped */
} CALL_INPUT;

typedef struct CALL {
    struct CALL *Next;
    ULONGLONG Session; /* of the control channel that asked for it */
    unsigned int Domain, Port;
    BOOL JustExec;
    PSTR Text; /* what Command points into */
    struct qrexec_command Command;
    BOOL CommandBad;
    VCHAN_LINK Link;
    struct qrexec_channel Channel;
    CHILD_START *Start; /* NULL: not yet, or over */
    CHILD Child;
    BOOL Started; /* the program was started, or could not be */
    BOOL Decided; /* ExitCode is known */
    int ExitCode;
    PWSTR CommandLine; /* what will be started; NULL until looked up */
    WCHAR User[256];
    BOOL AnySession; /* rpc-config wait-for-session */
    BOOL EndOnClientEof, EndOnServiceEof;
    CALL_INPUT Input;
    CALL_OUTPUT Outputs[2]; /* stdout, stderr */
    BYTE Small[64];         /* HELLO, ends, exit code on their way */
    CALL_OUTPUT *Sending;   /* whose data is on its way; NULL: none */
    BOOL Over;              /* remove it */
} CALL;

void CallOpen(_Inout_ struct AGENT *Agent, _In_ const struct qrexec_control *Message);
/* TRUE: something was done. */
BOOL CallStep(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call);
/* Frees it; pipes and vchan close. */
void CallClose(_Inout_ struct AGENT *Agent, _Inout_ CALL *Call);
