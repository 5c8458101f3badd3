/* SPDX-License-Identifier: BSD-2-Clause */
/* See control.h. */
#include <string.h>
#include "core/gui/layout.h"
#include "windows/agent/gui/agent.h"
#include "windows/agent/gui/control.h"
#include "windows/agent/gui/display.h"
#include "windows/agent/gui/hidden_window.h"
#include "windows/agent/common/log.h"

/* Of one line, without its end. */
static BOOL IsWord(_In_reads_(Size) PCSTR Text, _In_ SIZE_T Size, _In_ PCSTR Word)
{
    const SIZE_T Length = strlen(Word);

    return Size >= Length && !memcmp(Text, Word, Length) &&
           strspn(Text + Length, "\r\n") == Size - Length;
}

static DWORD ObeyMode(_Inout_ GUI_AGENT *Agent, _In_reads_(Size) PCSTR Text, _In_ SIZE_T Size)
{
    if (IsWord(Text, Size, "SEAMLESS"))
        GuiAgentSetMode(Agent, ModeSeamless);
    else if (IsWord(Text, Size, "FULLSCREEN"))
        GuiAgentSetMode(Agent, ModeFull);
    else
        return ERROR_INVALID_DATA;
    return ERROR_SUCCESS;
}

static DWORD ObeyLayout(_Inout_ GUI_AGENT *Agent, _In_reads_(Size) PCSTR Text, _In_ SIZE_T Size)
{
    struct gui_layout Layout;

    if (!gui_layout_parse(&Layout, Text, Size))
        return ERROR_INVALID_DATA;
    Agent->LayoutSet = TRUE;
    const DWORD Error = DisplaySetLayout(&Layout);
    if (Error)
        LogError(Error, "the host's %u monitors could not all be followed", Layout.count);
    return Error;
}

DWORD ControlObey(_Inout_ struct GUI_AGENT *Agent, _In_ CONTROL_ORDER Order,
                  _In_reads_(Size) PCSTR Text, _In_ SIZE_T Size)
{
    char Copy[CONTROL_TEXT_MAX + 1];

    if (Size > CONTROL_TEXT_MAX)
        return ERROR_INVALID_DATA;
    memcpy(Copy, Text, Size);
    Copy[Size] = 0;
    switch (Order) {
    case ControlMode:
        return ObeyMode(Agent, Copy, Size);
    case ControlLayout:
        return ObeyLayout(Agent, Copy, Size);
    }
    return ERROR_INVALID_FUNCTION;
}

/* 0 is what a window that knows nothing of this would answer: results are counted from 1. */
static LRESULT CALLBACK WindowProc(HWND Window, UINT Message, WPARAM WParam, LPARAM LParam)
{
    GUI_AGENT *const Agent = HiddenWindowAgent(Window);
    const COPYDATASTRUCT *const Data = (const COPYDATASTRUCT *)LParam;

    if (Message != WM_COPYDATA || !Agent || !Data)
        return DefWindowProcW(Window, Message, WParam, LParam);
    return 1 + (LRESULT)ControlObey(Agent, (CONTROL_ORDER)Data->dwData, Data->lpData, Data->cbData);
}

HWND ControlOpen(_In_ struct GUI_AGENT *Agent)
{
    const HWND Window = HiddenWindowOpen(CONTROL_CLASS, WindowProc, HWND_MESSAGE, Agent);

    if (!Window)
        return NULL;
    /* The services run as the user, the agent as SYSTEM: Windows would keep them apart. */
    ChangeWindowMessageFilterEx(Window, WM_COPYDATA, MSGFLT_ALLOW, NULL);
    return Window;
}
