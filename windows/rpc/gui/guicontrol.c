/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guicontrol.exe mode, the service qubes.SetGuiMode: stdin says SEAMLESS or FULLSCREEN.
 * guicontrol.exe layout, the service qubes.SetMonitorLayout: stdin has the host's monitors, a line
 * each (core/gui/layout.h).
 *
 * Both are for the GUI agent of the session that they run in. Exit code: 0, or 1 with a line on
 * stderr. A layout that the display can follow only in part is followed so far, and said.
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/gui/control.h"

static int Failed(_In_ DWORD Error)
{
    switch (Error) {
    case ERROR_SERVICE_NOT_ACTIVE:
        fputs("guicontrol: the GUI agent does not run in this session\n", stderr);
        break;
    case ERROR_INVALID_DATA:
        fputs("guicontrol: stdin does not say what this service expects\n", stderr);
        break;
    case ERROR_NOT_SUPPORTED:
        fputs("guicontrol: the display has fewer monitors or smaller modes than the host\n",
              stderr);
        return 0;
    default:
        fprintf(stderr, "guicontrol: error %lu\n", Error);
    }
    return 1;
}

int wmain(int Count, WCHAR **Arguments)
{
    char Text[CONTROL_TEXT_MAX + 1];
    const BOOL Mode = Count == 2 && !wcscmp(Arguments[1], L"mode");

    if (!Mode && (Count != 2 || wcscmp(Arguments[1], L"layout"))) {
        fputs("usage: guicontrol mode | layout\n", stderr);
        return 2;
    }
    _setmode(_fileno(stdin), _O_BINARY);
    const size_t Size = fread(Text, 1, sizeof(Text), stdin);
    const DWORD Error = Size > CONTROL_TEXT_MAX
                            ? ERROR_INVALID_DATA
                            : ControlSend(Mode ? ControlMode : ControlLayout, Text, (DWORD)Size);
    return Error ? Failed(Error) : 0;
}
