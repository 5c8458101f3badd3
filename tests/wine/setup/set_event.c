/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets the named event that is the argument: by it a test tells a recording service that something
 * of Windows changed. Exit code 1: nobody has such an event. */
#include <windows.h>

int wmain(int Count, WCHAR **Arguments)
{
    const HANDLE Event = Count == 2 ? OpenEventW(EVENT_MODIFY_STATE, FALSE, Arguments[1]) : NULL;

    return Event && SetEvent(Event) ? 0 : 1;
}
