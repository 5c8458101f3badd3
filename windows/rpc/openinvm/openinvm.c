/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openinvm.exe, the service qubes.OpenInVM: shows the document on stdin (its name first, see
 * core/services/document.h) with the user's program for it and, when the user has finished and has
 * changed it, writes it once to stdout. A document that is sent "view-only" is write-protected, and
 * nothing is sent back.
 *
 * Exit code: 0, or 1 with a line on stderr. A changed document that could not be sent back is kept,
 * and the line says where.
 */
#include <windows.h>
#include <objbase.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "core/services/document.h"
#include "windows/rpc/notice/notice.h"
#include "windows/rpc/openinvm/digest.h"
#include "windows/rpc/openinvm/viewer.h"
#include "windows/rpc/openinvm/workfolder.h"

typedef struct DOCUMENT {
    struct document_name Name;
    WORKFOLDER Work;
    BYTE Received[DIGEST_BYTES];
} DOCUMENT;

static int Complain(_In_ PCSTR What, _In_ DWORD Error)
{
    fprintf(stderr, "qubes.OpenInVM: %s", What);
    if (Error)
        fprintf(stderr, " (error %lu)", Error);
    fputs("\n", stderr);
    return 1;
}

/* From where they stand to the end. */
static DWORD Copy(_In_ HANDLE From, _In_ HANDLE To)
{
    static BYTE Bytes[65536];
    DWORD Count, Written;

    for (;;) {
        if (!ReadFile(From, Bytes, sizeof(Bytes), &Count, NULL))
            return GetLastError() == ERROR_BROKEN_PIPE ? ERROR_SUCCESS : GetLastError();
        if (Count == 0)
            return ERROR_SUCCESS;
        for (DWORD At = 0; At < Count; At += Written)
            if (!WriteFile(To, Bytes + At, Count - At, &Written, NULL))
                return GetLastError();
    }
}

/* Document->Work is made; the file and its sum become what stdin has. */
static DWORD ReceiveFile(_Inout_ DOCUMENT *Document)
{
    const HANDLE File = CreateFileW(Document->Work.File, GENERIC_READ | GENERIC_WRITE, 0, NULL,
                                    CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD Error;

    if (File == INVALID_HANDLE_VALUE)
        return GetLastError();
    Error = Copy(GetStdHandle(STD_INPUT_HANDLE), File);
    if (!Error)
        Error = DigestOfFile(File, Document->Received);
    CloseHandle(File);
    if (!Error && Document->Name.view_only &&
        !SetFileAttributesW(Document->Work.File, FILE_ATTRIBUTE_READONLY))
        Error = GetLastError();
    return Error;
}

/* TRUE: the whole field was there, and it is a name. */
static BOOL ReceiveName(_Out_ struct document_name *Name)
{
    CHAR Field[DOCUMENT_FIELD_BYTES];
    DWORD Used = 0, Count;

    while (Used < sizeof(Field)) {
        if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), Field + Used, sizeof(Field) - Used, &Count,
                      NULL) ||
            Count == 0)
            return FALSE;
        Used += Count;
    }
    return document_name_parse(Field, Name);
}

static DWORD Show(_In_ const DOCUMENT *Document)
{
    WCHAR Text[NOTICE_TEXT_UNITS], Domain[64] = L"";
    const BOOL ViewOnly = Document->Name.view_only;

    GetEnvironmentVariableW(L"QREXEC_REMOTE_DOMAIN", Domain, ARRAYSIZE(Domain));
    swprintf(Text, ARRAYSIZE(Text), L"\"%hs\" of %ls is open%ls.", Document->Name.text, Domain,
             ViewOnly ? L" for viewing" : L". Save it before you press Finished");
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const DWORD Error = ViewerShow(Document->Work.File, L"Document of another qube", Text);
    CoUninitialize();
    return Error;
}

/* *Changed: somebody wants it back; TRUE also when that cannot be told. */
static DWORD SendBack(_In_ const DOCUMENT *Document, _Out_ BOOL *Changed)
{
    BYTE Now[DIGEST_BYTES];
    DWORD Error;
    const HANDLE File = CreateFileW(Document->Work.File, GENERIC_READ,
                                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                    OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);

    *Changed = TRUE;
    if (File == INVALID_HANDLE_VALUE)
        return GetLastError();
    Error = DigestOfFile(File, Now);
    if (!Error) {
        *Changed = memcmp(Now, Document->Received, DIGEST_BYTES) != 0;
        Error = *Changed ? Copy(File, GetStdHandle(STD_OUTPUT_HANDLE)) : ERROR_SUCCESS;
    }
    CloseHandle(File);
    return Error;
}

static int Finish(_In_ const DOCUMENT *Document)
{
    BOOL Changed = FALSE;
    const DWORD Error = Document->Name.view_only ? ERROR_SUCCESS : SendBack(Document, &Changed);

    if (Error && Changed) {
        fprintf(stderr, "qubes.OpenInVM: what was changed is in %ls\n", Document->Work.File);
        return Complain("it cannot be sent back", Error);
    }
    WorkFolderRemove(&Document->Work);
    return 0;
}

int wmain(void)
{
    static DOCUMENT Document;
    DWORD Error;

    if (!ReceiveName(&Document.Name))
        return Complain("no document's name came", 0);
    if (document_is_program(Document.Name.text))
        return Complain("a program is not opened for another qube", 0);
    Error = WorkFolderMake(&Document.Work, Document.Name.text);
    if (Error)
        return Complain("no folder for the document", Error);
    Error = ReceiveFile(&Document);
    if (Error) {
        WorkFolderRemove(&Document.Work);
        return Complain("the document did not arrive", Error);
    }
    Error = Show(&Document);
    if (Error) {
        WorkFolderRemove(&Document.Work);
        return Complain("no program shows it", Error);
    }
    return Finish(&Document);
}
