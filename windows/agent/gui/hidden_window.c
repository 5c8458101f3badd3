/* SPDX-License-Identifier: BSD-2-Clause */
/* See hidden_window.h. */
#include "windows/agent/gui/hidden_window.h"

HWND HiddenWindowOpen(_In_ PCWSTR Class, _In_ WNDPROC Procedure, _In_opt_ HWND Parent,
                      _In_ struct GUI_AGENT *Agent)
{
    const WNDCLASSW Description = {
        .lpfnWndProc = Procedure,
        .hInstance = GetModuleHandleW(NULL),
        .lpszClassName = Class,
    };

    RegisterClassW(&Description); /* fails when it is there, from before a switch of the desktop */
    const HWND Window =
        CreateWindowExW(0, Class, NULL, 0, 0, 0, 0, 0, Parent, NULL, Description.hInstance, NULL);
    if (Window)
        SetWindowLongPtrW(Window, GWLP_USERDATA, (LONG_PTR)Agent);
    return Window;
}

struct GUI_AGENT *HiddenWindowAgent(_In_ HWND Window)
{
    return (struct GUI_AGENT *)GetWindowLongPtrW(Window, GWLP_USERDATA);
}
