/* SPDX-License-Identifier: BSD-2-Clause */
/* See notice.h. */
#include <string.h>
#include <windows.h>
#include <commctrl.h>
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/notice/notice_ids.h"

enum { BAR_STEP_MS = 30 };

static INT_PTR CALLBACK Procedure(_In_ HWND Window, _In_ UINT Message, _In_ WPARAM W, _In_ LPARAM L)
{
    NOTICE *const Notice = (NOTICE *)GetWindowLongPtrW(Window, DWLP_USER);

    switch (Message) {
    case WM_INITDIALOG:
        SetWindowLongPtrW(Window, DWLP_USER, L);
        return TRUE;
    case WM_COMMAND:
        if (LOWORD(W) != NOTICE_BUTTON && LOWORD(W) != IDCANCEL) /* Escape, or closed */
            return FALSE;
        Notice->Pressed = TRUE;
        return TRUE;
    }
    return FALSE;
}

DWORD NoticeOpen(_Out_ NOTICE *Notice, _In_ PCWSTR Title, _In_ PCWSTR Text, _In_ PCWSTR Button,
                 _In_ BOOL WithBar)
{
    const INITCOMMONCONTROLSEX Controls = {sizeof(Controls), ICC_PROGRESS_CLASS};

    memset(Notice, 0, sizeof(*Notice));
    InitCommonControlsEx(&Controls);
    Notice->Window = CreateDialogParamW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(NOTICE_DIALOG),
                                        NULL, Procedure, (LPARAM)Notice);
    if (!Notice->Window)
        return GetLastError();
    SetWindowTextW(Notice->Window, Title);
    SetDlgItemTextW(Notice->Window, NOTICE_TEXT, Text);
    SetDlgItemTextW(Notice->Window, NOTICE_BUTTON, Button);
    if (WithBar)
        SendDlgItemMessageW(Notice->Window, NOTICE_BAR, PBM_SETMARQUEE, TRUE, BAR_STEP_MS);
    else
        ShowWindow(GetDlgItem(Notice->Window, NOTICE_BAR), SW_HIDE);
    ShowWindow(Notice->Window, SW_SHOWNORMAL);
    return ERROR_SUCCESS;
}

void NoticeSetText(_In_ const NOTICE *Notice, _In_ PCWSTR Text)
{
    SetDlgItemTextW(Notice->Window, NOTICE_TEXT, Text);
}

void NoticeClose(_Inout_ NOTICE *Notice)
{
    if (Notice->Window)
        DestroyWindow(Notice->Window);
    Notice->Window = NULL;
}

BOOL NoticeWait(_Inout_ NOTICE *Notice, _In_reads_(Count) const HANDLE *Handles, _In_ DWORD Count,
                _Out_ DWORD *Which)
{
    MSG Message;

    for (;;) {
        while (!Notice->Pressed && PeekMessageW(&Message, NULL, 0, 0, PM_REMOVE))
            if (!IsDialogMessageW(Notice->Window, &Message)) {
                TranslateMessage(&Message);
                DispatchMessageW(&Message);
            }
        if (Notice->Pressed)
            return TRUE;
        *Which = MsgWaitForMultipleObjectsEx(Count, Handles, INFINITE, QS_ALLINPUT,
                                             MWMO_INPUTAVAILABLE) -
                 WAIT_OBJECT_0;
        if (*Which != Count) /* no message */
            return *Which > Count;
    }
}
