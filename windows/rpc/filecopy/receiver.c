/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filecopy-receiver.exe: the service qubes.Filecopy. Reads the stream from stdin, writes the result
 * to stdout; exit code is the errno (Linux's number) of the result.
 *
 * The files go to QubesIncoming\<source> in the user's Documents; the source comes from the agent
 * in QREXEC_REMOTE_DOMAIN. The service argument "allow-all-names" takes names that could deceive a
 * reader. Symbolic links are refused with EINVAL, because making them takes a privilege.
 * Outside a service, "filecopy-receiver --into FOLDER" names another folder; a service call cannot
 * say that, since its argument comes from the peer.
 */
#include "core/filecopy/name.h"
#include "core/filecopy/receiver.h"
#include "core/filecopy/winname.h"
#include "windows/rpc/filecopy/checksum.h"
#include "windows/rpc/filecopy/incoming.h"
#include "windows/rpc/filecopy/linuxerror.h"
#include "windows/rpc/filecopy/readahead.h"

#include <initguid.h>
#include <windows.h>
#include <knownfolders.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>

typedef HRESULT(WINAPI *GET_KNOWN_FOLDER_PATH)(REFKNOWNFOLDERID, DWORD, HANDLE, PWSTR *);
typedef VOID(WINAPI *CO_TASK_MEM_FREE)(PVOID);

typedef struct _RECEIVE {
    struct fc_receiver Machine;
    INCOMING Incoming;
    WCHAR Folder[FC_WINPATH_UNITS + 1];
    READ_AHEAD Ahead;
} RECEIVE, *PRECEIVE;

static enum fc_error Apply(_Inout_ PRECEIVE Receive, _In_ enum fc_receiver_action Action,
                           _In_ SIZE_T InputLeft)
{
    struct fc_receiver *Machine = &Receive->Machine;
    PINCOMING Incoming = &Receive->Incoming;
    ULONGLONG Size = Machine->header.file_size;

    switch (Action) {
    case FC_RECEIVER_OPEN_DIRECTORY:
        return IncomingOpenDirectory(Incoming, Machine->name, Machine->name_length);
    case FC_RECEIVER_CLOSE_DIRECTORY:
        return IncomingCloseDirectory(Incoming, Machine->name, Machine->name_length,
                                      &Machine->header);
    case FC_RECEIVER_CREATE_FILE:
        return IncomingCreateFile(Incoming, Machine->name, Machine->name_length, Size,
                                  Size <= InputLeft);
    case FC_RECEIVER_WRITE_DATA:
        return IncomingWrite(Incoming, Machine->data, Machine->data_size);
    case FC_RECEIVER_FINISH_FILE:
        return IncomingFinishFile(Incoming, &Machine->header);
    default:
        return FC_EINVAL;
    }
}

/* FALSE: the end or an error has come. */
static BOOL Take(_Inout_ PRECEIVE Receive, _In_reads_bytes_(Size) const BYTE *Block,
                 _In_ SIZE_T Size)
{
    SIZE_T At = 0;

    for (;;) {
        size_t Consumed;
        enum fc_receiver_action Action =
            fc_receiver_next(&Receive->Machine, Block + At, Size - At, &Consumed);
        enum fc_error Error;

        At += Consumed;
        if (Action == FC_RECEIVER_NEED_INPUT)
            return TRUE;
        if (Action == FC_RECEIVER_END || Action == FC_RECEIVER_FAILED)
            return FALSE;
        Error = Apply(Receive, Action, Size - At);
        if (Error != FC_OK)
            fc_receiver_fail(&Receive->Machine, Error, fc_error_text(Error));
    }
}

static VOID TakeStream(_Inout_ PRECEIVE Receive)
{
    const BYTE *Block;
    DWORD Size;

    do {
        uint64_t Promised = fc_receiver_promised(&Receive->Machine);
        DWORD Code = ReadAheadNext(&Receive->Ahead, &Block, &Size);

        if (Code != ERROR_SUCCESS) {
            SetLastError(Code);
            fc_receiver_fail(&Receive->Machine, LinuxLastError(), "cannot read the stream");
            return;
        }
        if (Size == 0) {
            fc_receiver_eof(&Receive->Machine);
            return;
        }
        if (Promised > Size)
            ReadAheadStart(&Receive->Ahead, Promised - Size);
    } while (Take(Receive, Block, Size));
}

static VOID WriteAll(_In_ DWORD Which, _In_reads_bytes_(Size) const VOID *Data, _In_ SIZE_T Size)
{
    const BYTE *Bytes = Data;
    DWORD Written;

    while (Size > 0 && WriteFile(GetStdHandle(Which), Bytes, (DWORD)Size, &Written, NULL) &&
           Written > 0) {
        Bytes += Written;
        Size -= Written;
    }
}

/* shell32 brings half of Windows with it: only the calls that need it pay for it. */
static BOOL DocumentsFolder(_Out_ PWSTR Folder)
{
    HMODULE Shell = LoadLibraryExW(L"shell32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    HMODULE Ole = LoadLibraryExW(L"ole32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    GET_KNOWN_FOLDER_PATH GetKnownFolderPath;
    CO_TASK_MEM_FREE TaskMemFree;
    PWSTR Documents = NULL;
    BOOL Fits;

    if (Shell == NULL || Ole == NULL)
        return FALSE;
    GetKnownFolderPath =
        (GET_KNOWN_FOLDER_PATH)(PVOID)GetProcAddress(Shell, "SHGetKnownFolderPath");
    TaskMemFree = (CO_TASK_MEM_FREE)(PVOID)GetProcAddress(Ole, "CoTaskMemFree");
    if (GetKnownFolderPath == NULL || TaskMemFree == NULL ||
        FAILED(GetKnownFolderPath(&FOLDERID_Documents, KF_FLAG_CREATE, NULL, &Documents)))
        return FALSE;
    Fits = wcslen(Documents) + 64 < FC_WINPATH_UNITS;
    if (Fits)
        wcscpy(Folder, Documents);
    TaskMemFree(Documents);
    return Fits;
}

/* The name of a domain is safe text, but may be that of a device: "nul", "com1". */
static BOOL AppendSource(_Inout_ PWSTR Folder, _In_z_ PCSTR Source)
{
    CHAR Escaped[FC_WINNAME_BYTES];
    SIZE_T Length = fc_winname_escape(Source, strlen(Source), 0, Escaped, sizeof(Escaped));
    SIZE_T At;

    if (Length == 0)
        return FALSE;
    wcscat(Folder, L"\\QubesIncoming\\");
    At = wcslen(Folder);
    for (SIZE_T Index = 0; Index < Length; Index++)
        Folder[At + Index] = (WCHAR)Escaped[Index];
    Folder[At + Length] = L'\0';
    return TRUE;
}

static BOOL IsService(VOID)
{
    return GetEnvironmentVariableA("QREXEC_SERVICE_FULL_NAME", NULL, 0) != 0;
}

static BOOL ChooseFolder(_Inout_ PRECEIVE Receive, _In_ int Count, _In_ PWSTR Arguments[])
{
    CHAR Source[64];
    DWORD Length;

    if (Count == 3 && wcscmp(Arguments[1], L"--into") == 0 && !IsService()) {
        Length = GetFullPathNameW(Arguments[2], FC_WINPATH_UNITS, Receive->Folder, NULL);
        while (Length > 3 && Length < FC_WINPATH_UNITS && Receive->Folder[Length - 1] == L'\\')
            Receive->Folder[--Length] = L'\0';
        return Length > 0 && Length < FC_WINPATH_UNITS;
    }
    Length = GetEnvironmentVariableA("QREXEC_REMOTE_DOMAIN", Source, sizeof(Source));
    if (Length == 0 || Length >= sizeof(Source) || !fc_check_domain(Source))
        return FALSE;
    return DocumentsFolder(Receive->Folder) && AppendSource(Receive->Folder, Source);
}

static BOOL AllowsAllNames(VOID)
{
    CHAR Argument[32];
    DWORD Length = GetEnvironmentVariableA("QREXEC_SERVICE_ARGUMENT", Argument, sizeof(Argument));

    return Length > 0 && Length < sizeof(Argument) && strcmp(Argument, "allow-all-names") == 0;
}

static VOID ReportError(_Inout_ struct fc_receiver *Machine)
{
    CHAR Text[FC_NAME_LIMIT + 256];
    int Length;

    fc_make_printable(Machine->name);
    Length = snprintf(Text, sizeof(Text), "filecopy: %s%s%s (error %d)\n", Machine->problem,
                      Machine->name_length > 0 ? ": " : "",
                      Machine->name_length > 0 ? Machine->name : "", (int)Machine->error);
    WriteAll(STD_ERROR_HANDLE, Text, (SIZE_T)Length);
}

static VOID ReceiveAll(_Inout_ PRECEIVE Receive)
{
    enum fc_error Error = IncomingOpen(&Receive->Incoming, Receive->Folder);

    if (Error == FC_OK)
        TakeStream(Receive);
    else
        fc_receiver_fail(&Receive->Machine, Error, "cannot make the folder to receive into");
    IncomingClose(&Receive->Incoming);
}

int wmain(int Count, PWSTR Arguments[])
{
    struct fc_receiver_options Options = {.crc32 = ChecksumCrc32,
                                          .allow_all_names = AllowsAllNames()};
    PRECEIVE Receive = VirtualAlloc(NULL, sizeof(*Receive), MEM_COMMIT, PAGE_READWRITE);
    BYTE Result[FC_RESULT_LIMIT];
    SIZE_T Size;

    if (Receive == NULL)
        return FC_ENOMEM;
    fc_receiver_init(&Receive->Machine, &Options);
    ReadAheadInit(&Receive->Ahead, GetStdHandle(STD_INPUT_HANDLE));
    if (ChooseFolder(Receive, Count, Arguments))
        ReceiveAll(Receive);
    else
        fc_receiver_fail(&Receive->Machine, FC_EINVAL, "no usable QREXEC_REMOTE_DOMAIN or folder");
    Size = fc_receiver_result(&Receive->Machine, Result);
    WriteAll(STD_OUTPUT_HANDLE, Result, Size);
    if (Receive->Machine.error != FC_OK)
        ReportError(&Receive->Machine);
    ReadAheadEnd(&Receive->Ahead); /* the result has told the peer to stop */
    return (int)Receive->Machine.error;
}
