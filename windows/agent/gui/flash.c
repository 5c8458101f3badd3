/* SPDX-License-Identifier: BSD-2-Clause */
/* See flash.h. */
#include "windows/agent/gui/flash.h"
#include "windows/agent/gui/tracking.h"

static LRESULT CALLBACK WindowProc(HWND Window, UINT Message, WPARAM WParam, LPARAM LParam)
{
    GUI_AGENT *const Agent = (GUI_AGENT *)GetWindowLongPtrW(Window, GWLP_USERDATA);

    if (!Agent || Message != Agent->Tracking.ShellMessage)
        return DefWindowProcW(Window, Message, WParam, LParam);
    if (WParam == HSHELL_FLASH)
        TrackingDemands(Agent, (HWND)LParam);
    return 0;
}

/* Shells have a top-level window; this one is never visible. */
HWND FlashOpen(_In_ GUI_AGENT *Agent)
{
    const WNDCLASSW Class = {
        .lpfnWndProc = WindowProc,
        .hInstance = GetModuleHandleW(NULL),
        .lpszClassName = FLASH_CLASS,
    };

    RegisterClassW(&Class); /* fails when it is there, from before a switch of the desktop */
    const HWND Window = CreateWindowExW(0, FLASH_CLASS, NULL, WS_POPUP, 0, 0, 0, 0, NULL, NULL,
                                        Class.hInstance, NULL);
    if (!Window)
        return NULL;
    SetWindowLongPtrW(Window, GWLP_USERDATA, (LONG_PTR)Agent);
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
