/* SPDX-License-Identifier: BSD-2-Clause */
/* See user_program.h. */
#include "windows/rpc/userprogram/user_program.h"
#include <tlhelp32.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/notice/notice.h"

enum {
    /* Nobody has read, still less changed a document in a program that ended sooner: it knew
     * another that shows it. */
    HANDED_ON_MS = 3000,
    PROCESSES_MAX = NOTICE_HANDLES_MAX,
};

typedef struct PROCESSES {
    HANDLE Handles[PROCESSES_MAX]; /* of more only the first */
    DWORD Count;
} PROCESSES;

HANDLE UserProgramJob(void)
{
    const HANDLE Job = CreateJobObjectW(NULL, NULL);

    if (Job && AssignProcessToJobObject(Job, GetCurrentProcess()))
        return Job;
    if (Job)
        CloseHandle(Job);
    return NULL;
}

static void Add(_Inout_ PROCESSES *Processes, _In_ DWORD Id)
{
    HANDLE *const Next = &Processes->Handles[Processes->Count];

    if (Id != GetCurrentProcessId() && Processes->Count < PROCESSES_MAX &&
        (*Next = OpenProcess(SYNCHRONIZE, FALSE, Id)))
        Processes->Count++;
}

static void TakeJob(_Inout_ PROCESSES *Processes, _In_ HANDLE Job)
{
    union {
        JOBOBJECT_BASIC_PROCESS_ID_LIST List;
        BYTE Room[sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + PROCESSES_MAX * sizeof(ULONG_PTR)];
    } Ids = {.Room = {0}};

    if (!QueryInformationJobObject(Job, JobObjectBasicProcessIdList, &Ids, sizeof(Ids), NULL) &&
        GetLastError() != ERROR_MORE_DATA)
        return;
    for (DWORD i = 0; i < Ids.List.NumberOfProcessIdsInList; i++)
        Add(Processes, (DWORD)Ids.List.ProcessIdList[i]);
}

/* Those of this user. */
static void TakeNamed(_Inout_ PROCESSES *Processes, _In_ PCWSTR Name)
{
    const HANDLE Snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W Entry = {.dwSize = sizeof(Entry)};
    DWORD Own = 0, Its;

    if (Snapshot == INVALID_HANDLE_VALUE)
        return;
    ProcessIdToSessionId(GetCurrentProcessId(), &Own);
    for (BOOL More = Process32FirstW(Snapshot, &Entry); More;
         More = Process32NextW(Snapshot, &Entry))
        if (!_wcsicmp(Entry.szExeFile, Name) && ProcessIdToSessionId(Entry.th32ProcessID, &Its) &&
            Its == Own)
            Add(Processes, Entry.th32ProcessID);
    CloseHandle(Snapshot);
}

static void Close(_Inout_ PROCESSES *Processes)
{
    while (Processes->Count)
        CloseHandle(Processes->Handles[--Processes->Count]);
}

static void Collect(_Out_ PROCESSES *Processes, _In_ const USER_PROGRAM *Program, _In_ BOOL ByName)
{
    Processes->Count = 0;
    if (Program->Job)
        TakeJob(Processes, Program->Job);
    if (ByName && Program->Name[0])
        TakeNamed(Processes, Program->Name);
}

BOOL UserProgramOthersRun(_In_ const USER_PROGRAM *Program, _In_ BOOL ByName)
{
    PROCESSES Processes;

    Collect(&Processes, Program, ByName);
    const BOOL Some = Processes.Count > 0;
    Close(&Processes);
    return Some;
}

DWORD UserProgramAsk(_In_ const USER_PROGRAM *Program, _In_ BOOL ByName, _In_ PCWSTR Title,
                     _In_ PCWSTR Text)
{
    PROCESSES Processes;
    DWORD Which;
    NOTICE Notice;

    Collect(&Processes, Program, ByName);
    const BOOL OthersRan = Processes.Count > 0;
    const DWORD Error = NoticeOpen(&Notice, Title, Text, L"&Finished", FALSE);
    if (!Error)
        while (!NoticeWait(&Notice, Processes.Handles, Processes.Count, &Which)) {
            Close(&Processes);
            Collect(&Processes, Program, ByName);
            if (OthersRan && Processes.Count == 0)
                break;
        }
    Close(&Processes);
    NoticeClose(&Notice);
    return Error;
}

/* As it is when the process has ended already. */
static void TakeName(_In_ HANDLE Process, _Inout_updates_(MAX_PATH) PWSTR Name)
{
    WCHAR Path[2 * MAX_PATH];
    DWORD Units = ARRAYSIZE(Path);
    PCWSTR Last = NULL;

    if (QueryFullProcessImageNameW(Process, 0, Path, &Units))
        Last = wcsrchr(Path, L'\\');
    if (Last && wcslen(Last) < MAX_PATH)
        wcscpy(Name, Last + 1);
}

BOOL UserProgramWait(_Inout_ USER_PROGRAM *Program)
{
    const ULONGLONG Started = GetTickCount64();
    PROCESSES Same = {.Count = 0};

    if (!Program->Process)
        return TRUE;
    TakeName(Program->Process, Program->Name);
    WaitForSingleObject(Program->Process, INFINITE);
    CloseHandle(Program->Process);
    Program->Process = NULL;
    if (!Program->Name[0] || GetTickCount64() - Started < HANDED_ON_MS)
        return TRUE;
    TakeNamed(&Same, Program->Name);
    const BOOL OthersRun = Same.Count > 0;
    Close(&Same);
    return OthersRun;
}
