/* SPDX-License-Identifier: BSD-2-Clause */
/* See flash.h. */
#include "windows/agent/gui/flash.h"
#include "windows/agent/gui/hidden_window.h"
#include "windows/agent/gui/tracking.h"

static LRESULT CALLBACK WindowProc(HWND Window, UINT Message, WPARAM WParam, LPARAM LParam)
{
    GUI_AGENT *const Agent = HiddenWindowAgent(Window);

    if (!Agent || Message != Agent->Tracking.ShellMessage)
        return DefWindowProcW(Window, Message, WParam, LParam);
    if (WParam == HSHELL_FLASH)
        TrackingDemands(Agent, (HWND)LParam);
    return 0;
}

/* Shells have a top-level window; this one is never visible. */
HWND FlashOpen(_In_ GUI_AGENT *Agent)
{
    const HWND Window = HiddenWindowOpen(FLASH_CLASS, WindowProc, NULL, Agent);

    if (!Window)
        return NULL;
    Agent->Tracking.ShellMessage = RegisterWindowMessageW(L"SHELLHOOK");
    RegisterShellHookWindow(Window);
    return Window;
}

void FlashClose(_In_opt_ HWND Window)
{
    if (!Window)
        return;
    DeregisterShellHookWindow(Window);
    DestroyWindow(Window);
}
