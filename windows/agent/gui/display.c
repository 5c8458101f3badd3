/* SPDX-License-Identifier: BSD-2-Clause */
/* See display.h. */
#include <string.h>
#include "windows/agent/gui/display.h"
#include "windows/agent/common/log.h"

BOOL DisplayRefresh(_Inout_ DISPLAY *Display)
{
    RECT Now;

    Now.left = GetSystemMetrics(SM_XVIRTUALSCREEN);
    Now.top = GetSystemMetrics(SM_YVIRTUALSCREEN);
    Now.right = Now.left + GetSystemMetrics(SM_CXVIRTUALSCREEN);
    Now.bottom = Now.top + GetSystemMetrics(SM_CYVIRTUALSCREEN);
    if (EqualRect(&Now, &Display->Desktop))
        return FALSE;
    Display->Desktop = Now;
    return TRUE;
}

/* The largest mode that is no larger; with 32 bits, as all of today's are. FALSE: none. */
static BOOL FindMode(_In_ PCWSTR Device, _In_ const struct gui_monitor *Monitor,
                     _Out_ DEVMODEW *Found)
{
    DEVMODEW Mode = {.dmSize = sizeof(Mode)};

    memset(Found, 0, sizeof(*Found));
    for (DWORD i = 0; EnumDisplaySettingsW(Device, i, &Mode); i++)
        if (Mode.dmPelsWidth <= Monitor->width && Mode.dmPelsHeight <= Monitor->height &&
            Mode.dmBitsPerPel == 32 &&
            (ULONGLONG)Mode.dmPelsWidth * Mode.dmPelsHeight >
                (ULONGLONG)Found->dmPelsWidth * Found->dmPelsHeight)
            *Found = Mode;
    return Found->dmPelsWidth != 0;
}

static DWORD SetMonitor(_In_ PCWSTR Device, _In_ const struct gui_monitor *Monitor)
{
    DEVMODEW Mode;

    if (!FindMode(Device, Monitor, &Mode))
        return ERROR_NOT_SUPPORTED;
    Mode.dmPosition.x = Monitor->x;
    Mode.dmPosition.y = Monitor->y;
    Mode.dmFields = DM_PELSWIDTH | DM_PELSHEIGHT | DM_BITSPERPEL | DM_POSITION;
    const LONG Result =
        ChangeDisplaySettingsExW(Device, &Mode, NULL, CDS_UPDATEREGISTRY | CDS_NORESET, NULL);
    if (Result != DISP_CHANGE_SUCCESSFUL)
        return ERROR_GEN_FAILURE;
    return Mode.dmPelsWidth == Monitor->width && Mode.dmPelsHeight == Monitor->height
               ? ERROR_SUCCESS
               : ERROR_NOT_SUPPORTED;
}

DWORD DisplaySetLayout(_In_ const struct gui_layout *Layout)
{
    DISPLAY_DEVICEW Device = {.cb = sizeof(Device)};
    DWORD Error = ERROR_SUCCESS, Used = 0;

    for (DWORD i = 0; Used < Layout->count && EnumDisplayDevicesW(NULL, i, &Device, 0); i++) {
        if (!(Device.StateFlags & DISPLAY_DEVICE_ATTACHED_TO_DESKTOP))
            continue;
        const DWORD Result = SetMonitor(Device.DeviceName, &Layout->monitors[Used++]);
        if (Result)
            Error = Result;
    }
    if (Used < Layout->count)
        Error = ERROR_NOT_SUPPORTED;
    if (ChangeDisplaySettingsExW(NULL, NULL, NULL, 0, NULL) != DISP_CHANGE_SUCCESSFUL)
        Error = ERROR_GEN_FAILURE;
    return Error;
}
