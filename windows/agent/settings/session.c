/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session-agent.exe: gives this user's session dom0's keyboard layout, now and whenever dom0
 * changes it, and in a qube whose system disk is thrown away (a template-based one) puts the
 * user's folders on the private disk. Started at each log-on (casement-services.exe says so in the
 * registry), runs with the user's rights, has no window and ends with the session.
 */
#include "core/privatedisk/profiles.h"
#include "core/services/keyboard.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/privatedisk/place.h"
#include "windows/agent/settings/folders.h"
#include "windows/agent/settings/preload.h"
#include <objbase.h>

enum { VALUE_BYTES = 256, AGAIN_MS = 5000 };

/* For the programs that run: each thread has a layout of its own, and changes it when asked. */
static void Switch(_In_ PCWSTR Name)
{
    HKL Layout = LoadKeyboardLayoutW(Name, KLF_ACTIVATE | KLF_REORDER | KLF_SUBSTITUTE_OK);

    if (!Layout)
        return;
    SystemParametersInfoW(SPI_SETDEFAULTINPUTLANG, 0, &Layout, SPIF_SENDCHANGE);
    PostMessageW(HWND_BROADCAST, WM_INPUTLANGCHANGEREQUEST, 0, (LPARAM)Layout);
}

/* A layout that the user chose meanwhile is kept until dom0 says another. */
static void ApplyKeyboard(_Inout_ DWORD *Known, _In_ qdb_handle_t Db)
{
    WCHAR Name[LAYOUT_UNITS];
    char Value[VALUE_BYTES];
    BOOL Changed;

    FollowRead(Db, "/keyboard-layout", Value, sizeof(Value));
    const DWORD Layout = keyboard_windows_id(Value);
    if (!Layout || Layout == *Known || !LayoutName(Layout, Name))
        return;
    *Known = Layout;
    PreloadSet(HKEY_CURRENT_USER, Name, &Changed);
    Switch(Name);
}

/* The disk may be mounted after the log-on; nothing tells a program of a user. */
static DWORD ApplyFolders(_In_ qdb_handle_t Db)
{
    char Value[VALUE_BYTES];

    if (!FollowRead(Db, "/qubes-vm-persistence", Value, sizeof(Value)))
        return INFINITE;
    const BOOL Private = system_is_thrown_away(Value);
    if (Private && !PrivateIsMounted())
        return AGAIN_MS;
    FoldersSet(Private);
    return INFINITE;
}

static DWORD Apply(_In_ PVOID Context, _In_ qdb_handle_t Db)
{
    ApplyKeyboard(Context, Db);
    return ApplyFolders(Db);
}

int wmain(void)
{
    static const PCSTR Paths[] = {"/keyboard-layout", "/qubes-vm-persistence", NULL};
    DWORD Known = 0;
    const FOLLOW Follow = {.Context = &Known, .Paths = Paths, .Apply = Apply};
    const HANDLE Never = CreateEventW(NULL, TRUE, FALSE, NULL);

    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    return Never && FollowRun(&Follow, Never) == ERROR_SUCCESS ? 0 : 1;
}
