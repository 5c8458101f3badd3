/* SPDX-License-Identifier: BSD-2-Clause */
/* See viewer.h. */
#include <windows.h>
#include <shellapi.h>
#include <tlhelp32.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/openinvm/viewer.h"

enum {
    /* Nobody has read, still less changed a document in a program that ended sooner: it knew
     * another that shows it. */
    HANDED_ON_MS = 3000,
    PROCESSES_MAX = NOTICE_HANDLES_MAX,
};

/* Programs that this one starts from now on, and those that they start, are in the job. */
static HANDLE EnterJob(void)
{
    const HANDLE Job = CreateJobObjectW(NULL, NULL);

    if (Job && AssignProcessToJobObject(Job, GetCurrentProcess()))
        return Job;
    if (Job)
        CloseHandle(Job);
    return NULL; /* Windows 7 knows no job in a job: only the program itself is waited for */
}

/* The processes of the job without this one, of many only the first. */
static DWORD ProcessesOf(_In_opt_ HANDLE Job, _Out_writes_(PROCESSES_MAX) HANDLE *Processes)
{
    union {
        JOBOBJECT_BASIC_PROCESS_ID_LIST List;
        BYTE Room[sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + PROCESSES_MAX * sizeof(ULONG_PTR)];
    } Ids = {.Room = {0}};
    DWORD Count = 0;

    if (Job &&
        !QueryInformationJobObject(Job, JobObjectBasicProcessIdList, &Ids, sizeof(Ids), NULL) &&
        GetLastError() != ERROR_MORE_DATA)
        return 0;
    for (DWORD i = 0; i < Ids.List.NumberOfProcessIdsInList && Count < PROCESSES_MAX; i++) {
        const DWORD Id = (DWORD)Ids.List.ProcessIdList[i];

        if (Id != GetCurrentProcessId() && (Processes[Count] = OpenProcess(SYNCHRONIZE, FALSE, Id)))
            Count++;
    }
    return Count;
}

/* Until the button is pressed or, when the job is not empty, it becomes so. */
static DWORD WaitForUser(_In_opt_ HANDLE Job, _In_ PCWSTR Title, _In_ PCWSTR Text)
{
    HANDLE Processes[PROCESSES_MAX];
    DWORD Count = ProcessesOf(Job, Processes), Which;
    const BOOL StartedOthers = Count > 0;
    NOTICE Notice;
    const DWORD Error = NoticeOpen(&Notice, Title, Text, L"&Finished", FALSE);

    if (!Error)
        while (!NoticeWait(&Notice, Processes, Count, &Which)) {
            for (DWORD i = 0; i < Count; i++)
                CloseHandle(Processes[i]);
            Count = ProcessesOf(Job, Processes);
            if (StartedOthers && Count == 0)
                break;
        }
    for (DWORD i = 0; i < Count; i++)
        CloseHandle(Processes[i]);
    NoticeClose(&Notice);
    return Error;
}

/* The program's file name without its folder; "": it has ended. */
static void NameOf(_In_ HANDLE Process, _Out_writes_(MAX_PATH) PWSTR Name)
{
    WCHAR Path[2 * MAX_PATH];
    DWORD Units = ARRAYSIZE(Path);
    PCWSTR Last = L"";

    if (QueryFullProcessImageNameW(Process, 0, Path, &Units) && (Last = wcsrchr(Path, L'\\')))
        Last++;
    wcscpy(Name, Last && wcslen(Last) < MAX_PATH ? Last : L"");
}

/* Whether this user runs a program of that name, which may have taken the document over. */
static BOOL RunsToo(_In_ PCWSTR Name)
{
    const HANDLE Snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W Entry = {.dwSize = sizeof(Entry)};
    DWORD Own = 0, Its;
    BOOL Found = FALSE;

    if (Snapshot == INVALID_HANDLE_VALUE)
        return FALSE;
    ProcessIdToSessionId(GetCurrentProcessId(), &Own);
    for (BOOL More = Process32FirstW(Snapshot, &Entry); More && !Found;
         More = Process32NextW(Snapshot, &Entry))
        Found = !_wcsicmp(Entry.szExeFile, Name) &&
                ProcessIdToSessionId(Entry.th32ProcessID, &Its) && Its == Own;
    CloseHandle(Snapshot);
    return Found;
}

/* Until the program has ended, when there is one. TRUE: it is not known that the user has
 * finished. */
static BOOL WaitForProgram(_In_opt_ HANDLE Process)
{
    const ULONGLONG Started = GetTickCount64();
    WCHAR Name[MAX_PATH];

    if (!Process)
        return TRUE;
    NameOf(Process, Name);
    WaitForSingleObject(Process, INFINITE);
    CloseHandle(Process);
    return !Name[0] || GetTickCount64() - Started < HANDED_ON_MS || RunsToo(Name);
}

static DWORD Start(_In_ PCWSTR File, _Out_ HANDLE *Process)
{
    SHELLEXECUTEINFOW Order = {
        .cbSize = sizeof(Order),
        .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        .lpFile = File,
        .nShow = SW_SHOWNORMAL,
    };

    if (!ShellExecuteExW(&Order)) {
        if (GetLastError() != ERROR_NO_ASSOCIATION)
            return GetLastError();
        Order.lpVerb = L"openas"; /* the user chooses a program */
        if (!ShellExecuteExW(&Order))
            return GetLastError();
    }
    *Process = Order.hProcess;
    return ERROR_SUCCESS;
}

DWORD ViewerShow(_In_ PCWSTR File, _In_ PCWSTR Title, _In_ PCWSTR Text)
{
    const HANDLE Job = EnterJob();
    HANDLE Process = NULL, Others[PROCESSES_MAX];
    const DWORD Error = Start(File, &Process);

    if (Error)
        return Error;
    const BOOL Unknown = WaitForProgram(Process);
    const DWORD Count = ProcessesOf(Job, Others);
    for (DWORD i = 0; i < Count; i++)
        CloseHandle(Others[i]);
    return Unknown || Count > 0 ? WaitForUser(Job, Title, Text) : ERROR_SUCCESS;
}
