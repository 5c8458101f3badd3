/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * send-to.exe, what Explorer's Send-to menu starts with the chosen files:
 *
 *   copy PATH...     copies files and folders into the qube that dom0 asks the user for
 *   edit FILE...     opens each there; what was changed comes back
 *   view FILE...     opens each in a new disposable, write-protected
 *   make-links       puts these three into the menu of this user (links.h)
 *
 * A window shows how far it is, and cancels it (errand.h). Exit code: 0, or another.
 */
#include <windows.h>
#include <objbase.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "core/qrexec/arguments.h"
#include "windows/agent/common/text.h"
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/sendto/errand.h"
#include "windows/rpc/sendto/links.h"

enum { LINE_BYTES = 3 * 32767, WORDS_MAX = 4 };

typedef struct JOB {
    PCWSTR Name, Title, Text;
    PCSTR Words[WORDS_MAX]; /* program and first arguments, up to NULL; the paths follow */
    BOOL OneAtATime;
} JOB;

static const JOB Jobs[] = {
    {L"copy",
     L"Copy to other qube",
     L"Copying...",
     {"qrexec-client-vm.exe", "@default", "qubes.Filecopy", "filecopy-sender.exe"},
     FALSE},
    {L"edit",
     L"Edit in other qube",
     L"It is open in another qube. Cancel forgets what is changed there.",
     {"qvm-open-in-vm.exe", "@default", NULL, NULL},
     TRUE},
    {L"view",
     L"View in disposable",
     L"It is open in a disposable.",
     {"qvm-open-in-vm.exe", "--view-only", "@dispvm", NULL},
     TRUE},
};

static BOOL Append(_Inout_ PSTR Line, _In_ PCWSTR Argument)
{
    const PSTR Utf8 = TextToUtf8(Argument);
    const BOOL Fits = Utf8 && qrexec_append_argument(Line, LINE_BYTES, Utf8, false);

    free(Utf8);
    return Fits;
}

/* NULL: it does not fit into a command line. */
static PWSTR CommandLine(_In_ const JOB *Job, _In_reads_(Count) PWSTR *Paths, _In_ int Count)
{
    const PSTR Line = calloc(1, LINE_BYTES);
    BOOL Fits = Line != NULL;
    PWSTR Wide = NULL;

    for (int i = 0; i < WORDS_MAX && Job->Words[i] && Fits; i++)
        Fits = qrexec_append_argument(Line, LINE_BYTES, Job->Words[i], i == 0);
    for (int i = 0; i < Count && Fits; i++)
        Fits = Append(Line, Paths[i]);
    if (Fits)
        Wide = TextToWide(Line, strlen(Line));
    free(Line);
    return Wide;
}

static DWORD Run(_In_ const JOB *Job, _In_reads_(Count) PWSTR *Paths, _In_ int Count)
{
    const PWSTR Line = CommandLine(Job, Paths, Count);

    return Line ? ErrandRun(Line, Job->Title, Job->Text) : ERROR_FILENAME_EXCED_RANGE;
}

/* Each further file in a process of its own, so that none waits for another. */
static DWORD StartAgain(_In_ const JOB *Job, _In_ PWSTR Path)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup)};
    PROCESS_INFORMATION Process;
    JOB Again = *Job;
    CHAR Name[16];

    snprintf(Name, sizeof(Name), "%ls", Job->Name);
    memset(Again.Words, 0, sizeof(Again.Words));
    Again.Words[0] = "send-to.exe";
    Again.Words[1] = Name;
    const PWSTR Line = CommandLine(&Again, &Path, 1);
    if (!Line || !CreateProcessW(NULL, Line, NULL, NULL, FALSE, 0, NULL, NULL, &Startup, &Process))
        return ERROR_NOT_ENOUGH_MEMORY;
    CloseHandle(Process.hThread);
    CloseHandle(Process.hProcess);
    return ERROR_SUCCESS;
}

static DWORD Serve(_In_ PCWSTR Name, _In_reads_(Count) PWSTR *Paths, _In_ int Count)
{
    for (SIZE_T i = 0; i < ARRAYSIZE(Jobs); i++) {
        if (wcscmp(Jobs[i].Name, Name) || Count < 1)
            continue;
        if (!Jobs[i].OneAtATime)
            return Run(&Jobs[i], Paths, Count);
        for (int n = 1; n < Count; n++)
            StartAgain(&Jobs[i], Paths[n]);
        return Run(&Jobs[i], Paths, 1);
    }
    return ERROR_INVALID_PARAMETER;
}

int WINAPI wWinMain(HINSTANCE Instance, HINSTANCE Previous, PWSTR Arguments, int Show)
{
    int Count;
    PWSTR *const Words = CommandLineToArgvW(GetCommandLineW(), &Count);
    DWORD Error = ERROR_INVALID_PARAMETER;

    if (!Words || Count < 2)
        return ERROR_INVALID_PARAMETER;
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    if (!wcscmp(Words[1], L"make-links"))
        Error = LinksMake();
    else
        Error = Serve(Words[1], Words + 2, Count - 2);
    CoUninitialize();
    return (int)Error;
}
