/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings-agent.exe: gives the machine dom0's time zone, and the log-on screen dom0's keyboard
 * layout, again whenever dom0 changes them; and in a qube whose system disk is thrown away new
 * users' profiles a place on the private disk. The layout of a user's session is
 * session-agent.exe's.
 * A Windows service, or in the foreground:
 *
 *   settings-agent.exe [--console] [--log FILE]
 */
#include <string.h>
#include "core/privatedisk/profiles.h"
#include "core/services/keyboard.h"
#include "core/services/timezone.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/privatedisk/profiles.h"
#include "windows/agent/settings/preload.h"
#include "windows/agent/settings/zone.h"

static const char Usage[] = "usage: settings-agent.exe [--console] [--log FILE]\n";

enum { VALUE_BYTES = 256, AGAIN_MS = 5000 };

/* So that a value is complained about once. */
typedef struct SETTINGS {
    char Zone[VALUE_BYTES], Keyboard[VALUE_BYTES];
} SETTINGS;

static BOOL IsNew(_Inout_ PSTR Known, _In_ PCSTR Value)
{
    const BOOL New = strcmp(Known, Value) != 0;

    memcpy(Known, Value, strlen(Value) + 1);
    return New;
}

static void ApplyZone(_Inout_ SETTINGS *Settings, _In_ qdb_handle_t Db)
{
    char Value[VALUE_BYTES];
    BOOL Changed;

    if (!FollowRead(Db, "/qubes-timezone", Value, sizeof(Value)) || !IsNew(Settings->Zone, Value))
        return;
    const PCSTR Name = timezone_windows_name(Value);
    if (!Name) {
        LogLine("/qubes-timezone has no time zone that Windows knows");
        return;
    }
    const DWORD Error = ZoneSet(Name, &Changed);
    if (Error)
        LogError(Error, "the time zone \"%s\" cannot be set", Name);
    else
        LogLine("time zone: %s%s", Name, Changed ? "" : " already");
}

static void ApplyKeyboard(_Inout_ SETTINGS *Settings, _In_ qdb_handle_t Db)
{
    char Value[VALUE_BYTES];
    WCHAR Name[LAYOUT_UNITS];
    HKEY User;
    BOOL Changed;
    DWORD Error;

    if (!FollowRead(Db, "/keyboard-layout", Value, sizeof(Value)) ||
        !IsNew(Settings->Keyboard, Value))
        return;
    const DWORD Layout = keyboard_windows_id(Value);
    if (!Layout || !LayoutName(Layout, Name)) {
        LogLine("/keyboard-layout has no layout that Windows knows");
        return;
    }
    /* The user of the log-on screen. */
    Error = RegOpenKeyExW(HKEY_USERS, L".DEFAULT", 0, KEY_CREATE_SUB_KEY, &User);
    if (!Error) {
        Error = PreloadSet(User, Name, &Changed);
        RegCloseKey(User);
    }
    if (Error)
        LogError(Error, "the log-on screen's keyboard layout %ls cannot be set", Name);
    else
        LogLine("log-on screen's keyboard layout: %ls%s", Name, Changed ? "" : " already");
}

/* Nothing tells when the private disk is mounted: it is waited for. */
static DWORD ApplyProfiles(_In_ qdb_handle_t Db)
{
    char Value[VALUE_BYTES];
    struct profiles_state State;
    DWORD Error = ProfilesLook(&State);

    FollowRead(Db, "/qubes-vm-persistence", Value, sizeof(Value));
    const enum profiles_step Step = Error ? PROFILES_LEAVE : profiles_next(Value, &State);
    if (Step == PROFILES_TO_DISK)
        Error = ProfilesToDisk();
    else if (Step == PROFILES_BACK)
        Error = ProfilesBack();
    if (Error)
        LogError(Error, "new users' profiles");
    else if (Step != PROFILES_LEAVE)
        LogLine("new users' profiles: %s",
                Step == PROFILES_TO_DISK ? "on the private disk" : "where Windows has them");
    return !Error && !State.mounted && system_is_thrown_away(Value) ? AGAIN_MS : INFINITE;
}

static DWORD Apply(_In_ PVOID Context, _In_ qdb_handle_t Db)
{
    SETTINGS *const Settings = Context;

    ApplyZone(Settings, Db);
    ApplyKeyboard(Settings, Db);
    return ApplyProfiles(Db);
}

static DWORD Open(_In_ PVOID Context)
{
    return ERROR_SUCCESS;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    static const PCSTR Paths[] = {"/qubes-timezone", "/keyboard-layout", "/qubes-vm-persistence",
                                  NULL};
    const FOLLOW Follow = {.Context = Context, .Paths = Paths, .Apply = Apply};

    return FollowRun(&Follow, Stop);
}

static void Close(_In_ PVOID Context)
{
}

int wmain(int Count, WCHAR **Arguments)
{
    static SETTINGS Settings;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementSettings",
        .FileName = L"settings-agent",
        .Context = &Settings,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
