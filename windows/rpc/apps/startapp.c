/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * startapp.exe, the service qubes.StartApp: starts the program of the Start menu whose id
 * (startmenu.h) is the service argument. In a disposable it stays until the program has ended with
 * all that it has started, or what it handed its work to, because the qube ends with the call: by
 * the processes of the same program, and where the shell tells none by a window. Elsewhere it ends
 * at once.
 *
 * Exit code: 0; 127 no such program; 1 it does not start, with a line on stderr.
 */
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <shellapi.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "include/qubesdb-client.h"
#include "windows/rpc/apps/startmenu.h"
#include "windows/rpc/apps/store_apps.h"
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/userprogram/user_program.h"

static BOOL IsDisposable(void)
{
    const qdb_handle_t Handle = qdb_open(NULL);
    char *const Type = Handle ? qdb_read(Handle, (char[]){"/qubes-vm-type"}, NULL) : NULL;
    const BOOL Disposable = Type && !strcmp(Type, "DispVM");

    qdb_free(Type);
    qdb_close(Handle);
    return Disposable;
}

/* What a link says of its program; Path empty: it is something that only the shell can open. */
typedef struct TARGET {
    WCHAR Path[MAX_PATH], Arguments[4096], Folder[MAX_PATH];
    int Show;
    BOOL AsAdministrator;
} TARGET;

static void ReadLink(_In_ IShellLinkW *Link, _Inout_ TARGET *Target)
{
    IShellLinkDataList *Data;
    DWORD Flags = 0;

    if (IShellLinkW_GetPath(Link, Target->Path, MAX_PATH, NULL, 0) != S_OK ||
        FAILED(IShellLinkW_GetArguments(Link, Target->Arguments, 4096)) ||
        FAILED(IShellLinkW_GetWorkingDirectory(Link, Target->Folder, MAX_PATH)) ||
        FAILED(IShellLinkW_GetShowCmd(Link, &Target->Show)))
        Target->Path[0] = 0;
    if (SUCCEEDED(IShellLinkW_QueryInterface(Link, &IID_IShellLinkDataList, (void **)&Data))) {
        IShellLinkDataList_GetFlags(Data, &Flags);
        IShellLinkDataList_Release(Data);
    }
    Target->AsAdministrator = (Flags & SLDF_RUNAS_USER) != 0;
}

static void Resolve(_In_ PCWSTR Path, _Out_ TARGET *Target)
{
    IShellLinkW *Link;
    IPersistFile *File;

    memset(Target, 0, sizeof(*Target));
    if (FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                                (void **)&Link)))
        return;
    if (SUCCEEDED(IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File))) {
        if (SUCCEEDED(IPersistFile_Load(File, Path, STGM_READ)))
            ReadLink(Link, Target);
        IPersistFile_Release(File);
    }
    IShellLinkW_Release(Link);
}

static int CannotStart(_In_ const APP *App, _In_ DWORD Error)
{
    fprintf(stderr, "qubes.StartApp: \"%s\" does not start (error %lu)\n", App->Name, Error);
    return 1;
}

static int StayUntilFinished(_In_ const APP *App, _Inout_ USER_PROGRAM *Program)
{
    WCHAR Text[NOTICE_TEXT_UNITS];
    const BOOL Unknown = !Program->Process && !Program->Name[0];

    UserProgramWait(Program);
    if (!Unknown && !UserProgramOthersRun(Program, TRUE))
        return 0;
    swprintf(Text, ARRAYSIZE(Text),
             L"\"%hs\" was opened. This disposable qube ends with it, or when you press Finished.",
             App->Name);
    const DWORD Error = UserProgramAsk(Program, TRUE, L"Program of a disposable qube", Text);
    if (Error)
        fprintf(stderr, "qubes.StartApp: no window says that the program runs (error %lu)\n",
                Error);
    return Error ? 1 : 0;
}

static int Finish(_In_ const APP *App, _Inout_ USER_PROGRAM *Program)
{
    if (IsDisposable())
        return StayUntilFinished(App, Program);
    if (Program->Process)
        CloseHandle(Program->Process);
    return 0;
}

static int StartStoreApp(_In_ const APP *App)
{
    USER_PROGRAM Program = {.Job = NULL}; /* Windows starts it, not this program */
    DWORD ProcessId;
    const DWORD Error = StoreAppStart(App->Link, &ProcessId);

    if (Error)
        return CannotStart(App, Error);
    if (ProcessId)
        Program.Process =
            OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, ProcessId);
    return Finish(App, &Program);
}

/* The file name of the program that opens a file, which of a program is itself. */
static void NameOpener(_In_ PCWSTR Path, _Out_writes_(MAX_PATH) PWSTR Name)
{
    WCHAR Opener[MAX_PATH] = L"";

    Name[0] = 0;
    if ((INT_PTR)FindExecutableW(Path, NULL, Opener) > 32 && wcsrchr(Opener, L'\\'))
        wcscpy(Name, wcsrchr(Opener, L'\\') + 1);
}

/* The program itself rather than its link, because the shell tells no process for a link. */
static int StartLink(_In_ const APP *App)
{
    USER_PROGRAM Program = {.Job = UserProgramJob()};
    TARGET Target;
    SHELLEXECUTEINFOW Order = {
        .cbSize = sizeof(Order),
        .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        .lpFile = App->Link,
        .nShow = SW_SHOWNORMAL,
    };

    Resolve(App->Link, &Target);
    if (Target.Path[0]) {
        Order.lpFile = Target.Path;
        Order.lpParameters = Target.Arguments;
        Order.lpDirectory = Target.Folder[0] ? Target.Folder : NULL;
        Order.lpVerb = Target.AsAdministrator ? L"runas" : NULL;
        Order.nShow = Target.Show;
        NameOpener(Target.Path, Program.Name);
    }
    if (!ShellExecuteExW(&Order))
        return CannotStart(App, GetLastError());
    Program.Process = Order.hProcess;
    return Finish(App, &Program);
}

int wmain(void)
{
    CHAR Id[APP_ID_BYTES];
    APP App;
    const DWORD Length = GetEnvironmentVariableA("QREXEC_SERVICE_ARGUMENT", Id, sizeof(Id));

    if (Length == 0 || Length >= sizeof(Id)) {
        fputs("qubes.StartApp: the argument is no program's id (see qubes.GetAppmenus)\n", stderr);
        return 127;
    }
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const BOOL Found = StartMenuFind(Id, &App);
    if (!Found)
        fprintf(stderr, "qubes.StartApp: no program %s in the Start menu\n", Id);
    const int Code = !Found ? 127 : App.OfStore ? StartStoreApp(&App) : StartLink(&App);
    CoUninitialize();
    return Code;
}
