/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qvm-open-in-vm.exe [--view-only] TARGET FILE: opens a file in another qube, or in a disposable
 * (TARGET @dispvm). It calls qubes.OpenInVM there; what comes back is the new content of the file,
 * nothing when it was not changed.
 *
 * The content is first complete, and its sender has ended well, before it takes the file's place in
 * one step: a call that breaks off leaves the file as it is. Was the file changed here meanwhile,
 * both are kept. Exit code: the call's, or 1 with a line on stderr.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "core/qrexec/arguments.h"
#include "core/services/document.h"
#include "windows/agent/common/text.h"

enum { LINE_BYTES = 2048, PATH_UNITS = 32767 };

typedef struct EDIT {
    WCHAR File[PATH_UNITS], New[PATH_UNITS + 32];
    CHAR Field[DOCUMENT_FIELD_BYTES];
    HANDLE Content;     /* the file, opened for reading */
    FILETIME LastWrite; /* when it was sent */
    BOOL ViewOnly;
} EDIT;

static int Fail(_In_ PCSTR What, _In_ DWORD Error)
{
    fprintf(stderr, "qvm-open-in-vm: %s (error %lu)\n", What, Error);
    return 1;
}

static DWORD OpenContent(_Inout_ EDIT *Edit, _In_ PCWSTR Path)
{
    PWSTR Name;

    if (!GetFullPathNameW(Path, PATH_UNITS, Edit->File, &Name) || !Name)
        return ERROR_BAD_PATHNAME;
    Edit->Content = CreateFileW(Edit->File, GENERIC_READ,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (Edit->Content == INVALID_HANDLE_VALUE ||
        !GetFileTime(Edit->Content, NULL, NULL, &Edit->LastWrite))
        return GetLastError();
    const PSTR Utf8 = TextToUtf8(Name);
    const BOOL Named = Utf8 && document_name_put(Utf8, Edit->ViewOnly, Edit->Field);
    free(Utf8);
    return Named ? ERROR_SUCCESS : ERROR_INVALID_NAME;
}

/* Beside the file, so that it can take its place in one step. NULL: not possible. */
static HANDLE MakeNew(_Inout_ EDIT *Edit)
{
    SECURITY_ATTRIBUTES Inherit = {.nLength = sizeof(Inherit), .bInheritHandle = TRUE};

    if (Edit->ViewOnly) /* nothing comes; what does all the same is dropped */
        return CreateFileW(L"NUL", GENERIC_WRITE, 0, &Inherit, OPEN_EXISTING, 0, NULL);
    swprintf(Edit->New, ARRAYSIZE(Edit->New), L"%ls.edited-%lu", Edit->File, GetCurrentProcessId());
    return CreateFileW(Edit->New, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, &Inherit,
                       CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
}

static PWSTR CallLine(_In_ PCWSTR Target)
{
    CHAR Line[LINE_BYTES] = "";
    const PSTR Utf8 = TextToUtf8(Target);
    const BOOL Fits = Utf8 &&
                      qrexec_append_argument(Line, LINE_BYTES, "qrexec-client-vm.exe", true) &&
                      qrexec_append_argument(Line, LINE_BYTES, "--", false) &&
                      qrexec_append_argument(Line, LINE_BYTES, Utf8, false) &&
                      qrexec_append_argument(Line, LINE_BYTES, "qubes.OpenInVM", false);

    free(Utf8);
    return Fits ? TextToWide(Line, strlen(Line)) : NULL;
}

/* Its stdin is the pipe whose other end is *Input. */
static DWORD StartCall(_In_ PCWSTR Target, _In_ HANDLE New, _Out_ HANDLE *Input,
                       _Out_ HANDLE *Process)
{
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION Started = {NULL, NULL, 0, 0};
    const PWSTR Line = CallLine(Target);
    DWORD Error = ERROR_SUCCESS;

    if (!Line || !CreatePipe(&Startup.hStdInput, Input, NULL, 262144)) {
        free(Line);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    Startup.hStdOutput = New;
    Startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    SetHandleInformation(Startup.hStdInput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    SetHandleInformation(Startup.hStdError, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (!CreateProcessW(NULL, Line, NULL, NULL, TRUE, 0, NULL, NULL, &Startup, &Started))
        Error = GetLastError();
    CloseHandle(Startup.hStdInput);
    free(Line);
    if (Error)
        CloseHandle(*Input);
    else
        CloseHandle(Started.hThread);
    *Process = Started.hProcess;
    return Error;
}

static BOOL WriteAll(_In_ HANDLE To, _In_reads_(Size) const void *Bytes, _In_ DWORD Size)
{
    const BYTE *Next = Bytes;
    DWORD Count;

    for (; Size; Next += Count, Size -= Count)
        if (!WriteFile(To, Next, Size, &Count, NULL))
            return FALSE;
    return TRUE;
}

/* FALSE: the file cannot be read. A call that no longer reads tells why by its exit code. */
static BOOL Send(_In_ const EDIT *Edit, _In_ HANDLE Input)
{
    static BYTE Bytes[65536];
    BOOL Going = WriteAll(Input, Edit->Field, sizeof(Edit->Field)), Read = TRUE;
    DWORD Count = 1;

    while (Going && Count && (Read = ReadFile(Edit->Content, Bytes, sizeof(Bytes), &Count, NULL)))
        Going = WriteAll(Input, Bytes, Count);
    return Read;
}

static BOOL IsAsItWas(_In_ const EDIT *Edit)
{
    WIN32_FILE_ATTRIBUTE_DATA Data;

    return GetFileAttributesExW(Edit->File, GetFileExInfoStandard, &Data) &&
           CompareFileTime(&Data.ftLastWriteTime, &Edit->LastWrite) == 0;
}

/* The call has ended well. */
static int TakeNew(_In_ const EDIT *Edit, _In_ BOOL Empty)
{
    if (Empty) {
        DeleteFileW(Edit->New);
        return 0;
    }
    if (IsAsItWas(Edit) && (ReplaceFileW(Edit->File, Edit->New, NULL, 0, NULL, NULL) ||
                            MoveFileExW(Edit->New, Edit->File, MOVEFILE_REPLACE_EXISTING)))
        return 0;
    fprintf(stderr,
            "qvm-open-in-vm: the file was changed here as well, or cannot be written: "
            "the other qube's is %ls\n",
            Edit->New);
    return 1;
}

static int Run(_Inout_ EDIT *Edit, _In_ PCWSTR Target)
{
    const HANDLE New = MakeNew(Edit);
    LARGE_INTEGER Size = {.QuadPart = 0};
    HANDLE Input, Process;
    DWORD Code = 1;

    if (New == INVALID_HANDLE_VALUE)
        return Fail("nothing can be written beside the file", GetLastError());
    const DWORD Error = StartCall(Target, New, &Input, &Process);
    if (!Error) {
        const BOOL Sent = Send(Edit, Input);
        if (!Sent) /* the other qube must not take a part for the whole */
            TerminateProcess(Process, 1);
        CloseHandle(Input);
        WaitForSingleObject(Process, INFINITE);
        GetExitCodeProcess(Process, &Code);
    }
    CloseHandle(Edit->Content);
    if (!Edit->ViewOnly)
        GetFileSizeEx(New, &Size);
    CloseHandle(New);
    if (Error || Code || Edit->ViewOnly) {
        DeleteFileW(Edit->New);
        return Error ? Fail("the call cannot be made", Error) : (int)Code;
    }
    return TakeNew(Edit, Size.QuadPart == 0);
}

int wmain(int Count, PWSTR *Arguments)
{
    static EDIT Edit;

    Edit.ViewOnly = Count > 1 && !wcscmp(Arguments[1], L"--view-only");
    if (Count != 3 + Edit.ViewOnly) {
        fputs("usage: qvm-open-in-vm [--view-only] TARGET FILE\n", stderr);
        return 2;
    }
    const DWORD Error = OpenContent(&Edit, Arguments[2 + Edit.ViewOnly]);
    return Error ? Fail("the file cannot be opened", Error)
                 : Run(&Edit, Arguments[1 + Edit.ViewOnly]);
}
