/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: one process, one loop thread that owns everything here. Each open call is a CALL (a
 * program of ours answers) or a RELAY (a program of ours calls), stepped by the loop: a step does
 * what can be done without waiting and says whether it did anything. The loop waits only after a
 * round in which nothing was done, so an event that was overwritten is never missed.
 */
#pragma once

#include <windows.h>
#include "core/vchan/vchan_spin.h"
#include "windows/agent/common/pipe_listener.h"
#include "windows/agent/qrexec/blocks.h"
#include "windows/agent/qrexec/child_start.h"
#include "windows/agent/qrexec/control_channel.h"
#include "windows/agent/qrexec/service_lookup.h"
#include "windows/agent/qrexec/session.h"

struct CALL;
struct RELAY;

typedef struct AGENT {
    LINK_LOOP Links;
    HANDLE IoEvent;   /* auto-reset: any pipe request */
    HANDLE WakeEvent; /* auto-reset: a child ended, a session changed */
    HANDLE StopEvent; /* the owner's; manual reset: end the loop */
    BLOCKS Blocks;
    CHILD_STARTER Starter;
    SESSIONS Sessions;
    SERVICE_FOLDERS Folders;
    CONTROL_CHANNEL Control;
    PCWSTR PipeName;
    struct CALL *Calls;     /* singly linked */
    PIPE_LISTENER Listener; /* for local clients */
    struct RELAY *Relays;   /* singly linked */
    ULONGLONG NextRequest;  /* numbers the requests of this agent's life */
    struct vchan_spin Spin; /* before a wait: the other side of a busy ring answers soon */
    BOOL SessionsChanged;   /* somebody logged on or off since the last round */
} AGENT;

typedef struct AGENT_OPTIONS {
    BOOL Console;
    PCWSTR LogonEventName; /* console only; NULL: logged on from the start */
    PCWSTR PipeName;
    SERVICE_FOLDERS Folders;
} AGENT_OPTIONS;

/* ERROR_SUCCESS or why not. The agent stays where it is until AgentClose(). */
DWORD AgentOpen(_Out_ AGENT *Agent, _In_ const AGENT_OPTIONS *Options);
/* Serves until Stop is set. ERROR_SUCCESS, or why it could not go on. */
DWORD AgentRun(_Inout_ AGENT *Agent, _In_ HANDLE Stop);
void AgentClose(_Inout_ AGENT *Agent);
/* From any thread: somebody logged on or off. */
void AgentSessionChanged(_Inout_ AGENT *Agent);
