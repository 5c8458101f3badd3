/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How services tell the running agent something: a WM_COPYDATA to a window of it that nobody sees.
 * What arrives is text of any local program, and is checked.
 */
#pragma once

#include <windows.h>

#define CONTROL_CLASS L"CasementGuiControl"
/* Set while an agent of this session can be told something. */
#define CONTROL_READY L"Local\\CasementGuiReady"

typedef enum CONTROL_ORDER {
    ControlMode = 1,   /* "SEAMLESS" or "FULLSCREEN" */
    ControlLayout = 2, /* core/gui/layout.h */
} CONTROL_ORDER;

enum { CONTROL_TEXT_MAX = 1024, CONTROL_LIMIT_MS = 10000 };

struct GUI_AGENT;

/* The agent's side; the window belongs to the calling thread. NULL: it cannot be made. */
HWND ControlOpen(_In_ struct GUI_AGENT *Agent);
/* What an order means to the agent; ERROR_SUCCESS or why it was not followed. */
DWORD ControlObey(_Inout_ struct GUI_AGENT *Agent, _In_ CONTROL_ORDER Order,
                  _In_reads_(Size) PCSTR Text, _In_ SIZE_T Size);

/* A service's side; an agent that is just starting is waited for. ERROR_SUCCESS, what the agent
 * answered, or ERROR_SERVICE_NOT_ACTIVE. */
DWORD ControlSend(_In_ CONTROL_ORDER Order, _In_reads_(Size) PCSTR Text, _In_ DWORD Size);
