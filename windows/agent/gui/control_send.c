/* SPDX-License-Identifier: BSD-2-Clause */
/* A service's side of control.h. */
#include "windows/agent/gui/control.h"

DWORD ControlSend(_In_ CONTROL_ORDER Order, _In_reads_(Size) PCSTR Text, _In_ DWORD Size)
{
    const HANDLE Ready = CreateEventW(NULL, TRUE, FALSE, CONTROL_READY);
    const BOOL Waited = Ready && WaitForSingleObject(Ready, CONTROL_LIMIT_MS) == WAIT_OBJECT_0;
    const HWND Window = Waited ? FindWindowExW(HWND_MESSAGE, NULL, CONTROL_CLASS, NULL) : NULL;
    COPYDATASTRUCT Data = {.dwData = Order, .cbData = Size, .lpData = (PVOID)Text};
    DWORD_PTR Result = 0;

    if (Ready)
        CloseHandle(Ready);
    if (!Window)
        return ERROR_SERVICE_NOT_ACTIVE;
    if (!SendMessageTimeoutW(Window, WM_COPYDATA, 0, (LPARAM)&Data, SMTO_ABORTIFHUNG,
                             CONTROL_LIMIT_MS, &Result) ||
        Result == 0)
        return ERROR_TIMEOUT;
    return (DWORD)Result - 1;
}
