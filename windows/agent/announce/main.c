/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advertise-tools.exe: tells dom0 what this guest is and can (core/services/features.h), through
 * QubesDB and the services qubes.FeaturesRequest and qubes.NotifyTools. Once after each start of
 * the machine, as soon as dom0 can be reached; nobody needs to be logged on. A Windows service,
 * or in the foreground:
 *
 *   advertise-tools.exe [--console] [--log FILE]
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "core/services/features.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/os_version.h"
#include "windows/agent/common/run_quiet.h"
#include "windows/agent/common/service.h"

static const char Usage[] = "usage: advertise-tools.exe [--console] [--log FILE]\n";

/* dom0 or the agent may come later than we do; neither says when. */
enum { AGAIN_MS = 5000, CALL_LIMIT_MS = 60000 };
/* Exit codes of qrexec-client-vm. */
enum { REFUSED = 126, NO_SUCH_SERVICE = 127 };

typedef struct ANNOUNCER {
    WCHAR Programs[MAX_PATH]; /* our folder */
    HANDLE Stop;
    BOOL Done;
    struct feature_list Features;
} ANNOUNCER;

/* --- What there is to tell */

static BOOL HasProgram(_In_ const ANNOUNCER *Announcer, _In_ PCWSTR Name)
{
    WCHAR Path[2 * MAX_PATH];

    swprintf(Path, 2 * MAX_PATH, L"%ls\\%ls", Announcer->Programs, Name);
    return GetFileAttributesW(Path) != INVALID_FILE_ATTRIBUTES;
}

/* The files of the installed folder are the services; "name+argument" is one more way to call
 * the same, and a program may have its ending. */
static void AddService(_Inout_ struct feature_list *Features, _In_ PCWSTR FileName)
{
    char Name[MAX_PATH];
    const SIZE_T Length = wcslen(FileName);

    if (wcschr(FileName, L'+'))
        return;
    snprintf(Name, sizeof(Name), "%ls", FileName);
    if (Length > 4 && !_stricmp(Name + Length - 4, ".exe"))
        Name[Length - 4] = 0;
    features_add_service(Features, Name);
}

static void AddServices(_Inout_ ANNOUNCER *Announcer)
{
    WCHAR Pattern[2 * MAX_PATH];
    WIN32_FIND_DATAW Found;

    swprintf(Pattern, 2 * MAX_PATH, L"%ls\\..\\qubes-rpc\\*", Announcer->Programs);
    const HANDLE Search = FindFirstFileW(Pattern, &Found);
    if (Search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (!(Found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            AddService(&Announcer->Features, Found.cFileName);
    } while (FindNextFileW(Search, &Found));
    FindClose(Search);
}

static void Collect(_Inout_ ANNOUNCER *Announcer)
{
    OSVERSIONINFOW Windows;
    char Version[64];
    struct guest_facts Facts = {.os_version = Version,
                                .gui = HasProgram(Announcer, L"gui-agent.exe")};

    OsVersion(&Windows);
    snprintf(Version, sizeof(Version), "%lu.%lu.%lu", Windows.dwMajorVersion,
             Windows.dwMinorVersion, Windows.dwBuildNumber);
    features_begin(&Announcer->Features, &Facts);
    AddServices(Announcer);
    if (Announcer->Features.left_out)
        LogLine("%lu features have names or values that dom0 does not take",
                (DWORD)Announcer->Features.left_out);
}

/* --- Telling it */

/* FALSE: dom0's QubesDB is not connected yet. */
static BOOL WriteAll(_In_ const struct feature_list *Features, _In_ qdb_handle_t Db)
{
    for (size_t i = 0; i < Features->count; i++) {
        const struct feature *const Entry = &Features->entries[i];

        if (!qdb_write(Db, (PSTR)Entry->path, (PSTR)Entry->value,
                       (unsigned int)strlen(Entry->value)))
            return FALSE;
    }
    return TRUE;
}

/* TRUE: dom0 heard it, or does not want to hear it. */
static BOOL Tell(_In_ const ANNOUNCER *Announcer, _In_ PCWSTR Service)
{
    WCHAR Line[2 * MAX_PATH];
    DWORD Code;

    swprintf(Line, 2 * MAX_PATH, L"\"%ls\\qrexec-client-vm.exe\" dom0 %ls", Announcer->Programs,
             Service);
    const DWORD Error = RunQuiet(Line, Announcer->Stop, CALL_LIMIT_MS, &Code);
    if (Error)
        return FALSE;
    if (Code == REFUSED || Code == NO_SUCH_SERVICE)
        LogLine("dom0 does not take %ls (exit code %lu)", Service, Code);
    return Code == 0 || Code == REFUSED || Code == NO_SUCH_SERVICE;
}

static DWORD Apply(_In_ PVOID Context, _In_ qdb_handle_t Db)
{
    ANNOUNCER *const Announcer = Context;

    if (Announcer->Done)
        return INFINITE;
    if (!WriteAll(&Announcer->Features, Db) || !Tell(Announcer, L"qubes.FeaturesRequest") ||
        !Tell(Announcer, L"qubes.NotifyTools"))
        return AGAIN_MS;
    LogLine("dom0 was told of %lu features", (DWORD)Announcer->Features.count);
    Announcer->Done = TRUE;
    return INFINITE;
}

/* --- The service */

static DWORD Open(_In_ PVOID Context)
{
    ANNOUNCER *const Announcer = Context;
    const DWORD Length = GetModuleFileNameW(NULL, Announcer->Programs, MAX_PATH);
    PWSTR Slash = Length < MAX_PATH ? wcsrchr(Announcer->Programs, L'\\') : NULL;

    if (!Slash)
        return ERROR_PATH_NOT_FOUND;
    *Slash = 0;
    Collect(Announcer);
    return ERROR_SUCCESS;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    /* Written by dom0 when it connects. */
    static const PCSTR Paths[] = {"/name", NULL};
    ANNOUNCER *const Announcer = Context;
    const FOLLOW Follow = {.Context = Announcer, .Paths = Paths, .Apply = Apply};

    Announcer->Stop = Stop;
    return FollowRun(&Follow, Stop);
}

static void Close(_In_ PVOID Context)
{
}

int wmain(int Count, WCHAR **Arguments)
{
    static ANNOUNCER Announcer;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementAnnounce",
        .FileName = L"advertise-tools",
        .Context = &Announcer,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };

    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
