/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of a copy that is being sent; see outgoing.h. */
#include "windows/rpc/filecopy/outgoing.h"
#include "core/filecopy/name.h"
#include "core/filecopy/winname.h"
#include "windows/rpc/filecopy/checksum.h"
#include "windows/rpc/filecopy/linuxerror.h"

#include <stddef.h>
#include <string.h>
#include <winioctl.h>

/* The part of ntifs.h's REPARSE_DATA_BUFFER that a symbolic link has. */
typedef struct _SYMLINK_REPARSE_DATA {
    ULONG ReparseTag;
    USHORT ReparseDataLength;
    USHORT Reserved;
    USHORT SubstituteNameOffset; /* bytes, from PathBuffer */
    USHORT SubstituteNameLength;
    USHORT PrintNameOffset;
    USHORT PrintNameLength;
    ULONG Flags;
    WCHAR PathBuffer[1];
} SYMLINK_REPARSE_DATA;

enum { SYMLINK_IS_RELATIVE = 1 };

static enum fc_error SendEntry(_Inout_ POUTGOING Outgoing, _In_ const WIN32_FIND_DATAW *Found);

VOID OutgoingInit(_Inout_ POUTGOING Outgoing, _In_ HANDLE Stream)
{
    fc_sender_init(&Outgoing->Sender, ChecksumCrc32);
    fc_progress_start(&Outgoing->Progress, GetTickCount64(), 500);
    Outgoing->Stream = Stream;
}

static enum fc_error Fail(_Inout_ POUTGOING Outgoing, _In_ enum fc_error Error, _In_ PCSTR Problem)
{
    Outgoing->Problem = Problem;
    return Error;
}

static enum fc_error FailLast(_Inout_ POUTGOING Outgoing, _In_ PCSTR Problem)
{
    return Fail(Outgoing, LinuxLastError(), Problem);
}

static VOID ShowLine(_Inout_ POUTGOING Outgoing, _In_opt_z_ PCSTR Name, _In_ BOOL Last)
{
    CHAR Text[FC_PROGRESS_TEXT_SIZE + 8];
    SIZE_T Length = 0;
    DWORD Written;

    if (Outgoing->IsConsole)
        Text[Length++] = '\r';
    Length += fc_progress_text(&Outgoing->Progress, GetTickCount64(), Outgoing->Sender.files,
                               Outgoing->Sender.bytes, Name, Text + Length);
    if (Outgoing->IsConsole) {
        memcpy(Text + Length, "    ", 4); /* over the end of a longer line before */
        Length += 4;
    }
    if (!Outgoing->IsConsole || Last)
        Text[Length++] = '\n';
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), Text, (DWORD)Length, &Written, NULL);
}

VOID OutgoingShowEnd(_Inout_ POUTGOING Outgoing)
{
    if (Outgoing->ShowProgress)
        ShowLine(Outgoing, NULL, TRUE);
}

static enum fc_error Flush(_Inout_ POUTGOING Outgoing)
{
    for (SIZE_T At = 0; At < Outgoing->Used;) {
        DWORD Written;

        if (!WriteFile(Outgoing->Stream, Outgoing->Buffer + At, (DWORD)(Outgoing->Used - At),
                       &Written, NULL)) {
            enum fc_error Error = LinuxLastError();

            Outgoing->StreamBroken = Error == FC_EPIPE;
            return Fail(Outgoing, Error, "cannot write the stream");
        }
        At += Written;
    }
    Outgoing->Used = 0;
    if (Outgoing->ShowProgress && fc_progress_due(&Outgoing->Progress, GetTickCount64()))
        ShowLine(Outgoing, Outgoing->Name, FALSE);
    return FC_OK;
}

static SIZE_T Room(_In_ const OUTGOING *Outgoing)
{
    return OUTGOING_BUFFER_SIZE - Outgoing->Used;
}

/* Seconds and nanoseconds since 1970, within what the header can say: until 2106. */
static VOID LinuxTime(_In_ LONGLONG Time, _Out_ uint32_t *Seconds, _Out_ uint32_t *Nanoseconds)
{
    ULONGLONG Ticks = (ULONGLONG)Time; /* 100 ns since 1601 */
    ULONGLONG Since1970 = Ticks < 116444736000000000ULL ? 0 : Ticks - 116444736000000000ULL;

    if (Since1970 / 10000000 > UINT32_MAX)
        Since1970 = UINT32_MAX * 10000000ULL;
    *Seconds = (uint32_t)(Since1970 / 10000000);
    *Nanoseconds = (uint32_t)(Since1970 % 10000000) * 100;
}

static LONGLONG TicksOf(_In_ FILETIME Time)
{
    return (LONGLONG)Time.dwHighDateTime << 32 | Time.dwLowDateTime;
}

static VOID MakeHeader(_Out_ struct fc_header *Header, _In_ DWORD Mode, _In_ LONGLONG Access,
                       _In_ LONGLONG Write)
{
    ZeroMemory(Header, sizeof(*Header));
    Header->mode = Mode;
    LinuxTime(Access, &Header->atime_s, &Header->atime_ns);
    LinuxTime(Write, &Header->mtime_s, &Header->mtime_ns);
}

static enum fc_error PutEntry(_Inout_ POUTGOING Outgoing, _Inout_ struct fc_header *Header)
{
    if (Room(Outgoing) < FC_HEADER_SIZE + FC_NAME_LIMIT) {
        enum fc_error Error = Flush(Outgoing);

        if (Error != FC_OK)
            return Error;
    }
    Outgoing->Used +=
        fc_sender_entry(&Outgoing->Sender, Header, Outgoing->Name, Outgoing->NameLength,
                        Outgoing->Buffer + Outgoing->Used, Room(Outgoing));
    return FC_OK;
}

/* Reads until Size bytes or the end of the file; *Got tells which. */
static BOOL ReadUpTo(_In_ HANDLE File, _Out_writes_bytes_(Size) PBYTE Buffer, _In_ SIZE_T Size,
                     _Out_ SIZE_T *Got)
{
    *Got = 0;
    while (*Got < Size) {
        DWORD Read;

        if (!ReadFile(File, Buffer + *Got, (DWORD)(Size - *Got), &Read, NULL)) {
            if (GetLastError() == ERROR_HANDLE_EOF)
                return TRUE;
            return FALSE;
        }
        if (Read == 0)
            return TRUE;
        *Got += Read;
    }
    return TRUE;
}

/* The whole file fits behind its header: read first, announce what there was. */
static enum fc_error SendSmallFile(_Inout_ POUTGOING Outgoing, _In_ HANDLE File,
                                   _Inout_ struct fc_header *Header)
{
    SIZE_T Before = FC_HEADER_SIZE + Outgoing->NameLength + 1;
    PBYTE Data = Outgoing->Buffer + Outgoing->Used + Before;
    enum fc_error Error;
    SIZE_T Got;

    if (!ReadUpTo(File, Data, (SIZE_T)Header->file_size, &Got))
        return FailLast(Outgoing, "cannot read");
    Header->file_size = Got;
    Error = PutEntry(Outgoing, Header);
    if (Error != FC_OK)
        return Error;
    fc_sender_data(&Outgoing->Sender, Data, Got);
    Outgoing->Used += Got;
    return FC_OK;
}

static VOID WarnOfChange(_Inout_ POUTGOING Outgoing, _In_ HANDLE File, _In_ ULONGLONG Before)
{
    static const CHAR Text[] = "filecopy: a file changed its size while it was sent: ";
    LARGE_INTEGER After;
    DWORD Written;

    if (!GetFileSizeEx(File, &After) || (ULONGLONG)After.QuadPart == Before)
        return;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), Text, sizeof(Text) - 1, &Written, NULL);
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), Outgoing->Name, (DWORD)Outgoing->NameLength, &Written,
              NULL);
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), "\n", 1, &Written, NULL);
}

static enum fc_error SendLargeFile(_Inout_ POUTGOING Outgoing, _In_ HANDLE File,
                                   _Inout_ struct fc_header *Header)
{
    enum fc_error Error = PutEntry(Outgoing, Header);

    while (Error == FC_OK && Outgoing->Sender.data_left > 0) {
        SIZE_T Wanted = Room(Outgoing), Got;

        if (Wanted > Outgoing->Sender.data_left)
            Wanted = (SIZE_T)Outgoing->Sender.data_left;
        if (!ReadUpTo(File, Outgoing->Buffer + Outgoing->Used, Wanted, &Got))
            return FailLast(Outgoing, "cannot read");
        if (Got < Wanted)
            return Fail(Outgoing, FC_EIO, "the file became shorter while it was sent");
        fc_sender_data(&Outgoing->Sender, Outgoing->Buffer + Outgoing->Used, Got);
        Outgoing->Used += Got;
        Error = Flush(Outgoing);
    }
    if (Error == FC_OK)
        WarnOfChange(Outgoing, File, Header->file_size);
    return Error;
}

static enum fc_error SendOpenFile(_Inout_ POUTGOING Outgoing, _In_ HANDLE File)
{
    const SIZE_T Before = FC_HEADER_SIZE + FC_NAME_LIMIT;
    FILE_BASIC_INFO Basic;
    LARGE_INTEGER Size;
    struct fc_header Header;
    enum fc_error Error;
    DWORD Mode;

    /* Not GetFileInformationByHandle: it asks for the volume as well, which costs more than all the
     * rest under Wine. */
    if (!GetFileInformationByHandleEx(File, FileBasicInfo, &Basic, sizeof(Basic)) ||
        !GetFileSizeEx(File, &Size))
        return FailLast(Outgoing, "cannot read the attributes");
    Mode = Basic.FileAttributes & FILE_ATTRIBUTE_READONLY ? 0444 : 0644;
    MakeHeader(&Header, FC_MODE_REGULAR | Mode, Basic.LastAccessTime.QuadPart,
               Basic.LastWriteTime.QuadPart);
    Header.file_size = (ULONGLONG)Size.QuadPart;
    if (Header.file_size > OUTGOING_BUFFER_SIZE - Before)
        return SendLargeFile(Outgoing, File, &Header);
    if (Header.file_size + Before > Room(Outgoing) && (Error = Flush(Outgoing)) != FC_OK)
        return Error;
    return SendSmallFile(Outgoing, File, &Header);
}

static enum fc_error SendFile(_Inout_ POUTGOING Outgoing)
{
    HANDLE File = CreateFileW(Outgoing->Path, GENERIC_READ,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    enum fc_error Error;

    if (File == INVALID_HANDLE_VALUE)
        return FailLast(Outgoing, "cannot open");
    Error = SendOpenFile(Outgoing, File);
    CloseHandle(File);
    return Error;
}

/* The relative target of the link at Path as UTF-8 with "/"; 0 when there is none to be sent. */
static SIZE_T ReadLinkTarget(_In_z_ PCWSTR Path, _Out_writes_bytes_(FC_NAME_LIMIT) PCHAR Target)
{
    union {
        SYMLINK_REPARSE_DATA Link;
        BYTE Bytes[MAXIMUM_REPARSE_DATA_BUFFER_SIZE];
    } Data;
    const DWORD Head = offsetof(SYMLINK_REPARSE_DATA, PathBuffer);
    DWORD Size = 0;
    SIZE_T Length;
    BOOL Done;
    HANDLE Link =
        CreateFileW(Path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                    OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);

    if (Link == INVALID_HANDLE_VALUE)
        return 0;
    Done =
        DeviceIoControl(Link, FSCTL_GET_REPARSE_POINT, NULL, 0, &Data, sizeof(Data), &Size, NULL);
    CloseHandle(Link);
    if (!Done || Size < Head || Data.Link.ReparseTag != IO_REPARSE_TAG_SYMLINK ||
        !(Data.Link.Flags & SYMLINK_IS_RELATIVE) ||
        (DWORD)Data.Link.SubstituteNameOffset + Data.Link.SubstituteNameLength > Size - Head)
        return 0;
    Length =
        fc_utf16_to_utf8(Data.Link.PathBuffer + Data.Link.SubstituteNameOffset / sizeof(WCHAR),
                         Data.Link.SubstituteNameLength / sizeof(WCHAR), Target, FC_NAME_LIMIT - 1);
    if (Length == SIZE_MAX)
        return 0;
    for (SIZE_T Index = 0; Index < Length; Index++) {
        if (Target[Index] == '\\')
            Target[Index] = '/';
    }
    return Length;
}

static enum fc_error SendLink(_Inout_ POUTGOING Outgoing, _In_ const WIN32_FIND_DATAW *Found)
{
    CHAR Target[FC_NAME_LIMIT];
    struct fc_header Header;
    enum fc_error Error;

    if (Outgoing->IgnoreLinks)
        return FC_OK;
    MakeHeader(&Header, FC_MODE_SYMLINK | 0777, TicksOf(Found->ftLastAccessTime),
               TicksOf(Found->ftLastWriteTime));
    Header.file_size = ReadLinkTarget(Outgoing->Path, Target);
    if (Header.file_size == 0)
        return Fail(Outgoing, FC_EINVAL, "a link or junction that leads elsewhere");
    Error = PutEntry(Outgoing, &Header);
    if (Error == FC_OK && Room(Outgoing) < Header.file_size)
        Error = Flush(Outgoing);
    if (Error != FC_OK)
        return Error;
    fc_sender_data(&Outgoing->Sender, Target, (SIZE_T)Header.file_size);
    memcpy(Outgoing->Buffer + Outgoing->Used, Target, (SIZE_T)Header.file_size);
    Outgoing->Used += (SIZE_T)Header.file_size;
    return FC_OK;
}

/* Adds a component to Name, its escapes undone. */
static enum fc_error AppendName(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Component)
{
    CHAR Stored[4 * MAX_PATH], Original[4 * MAX_PATH];
    SIZE_T Length = fc_utf16_to_utf8(Component, wcslen(Component), Stored, sizeof(Stored));
    SIZE_T Separator = Outgoing->NameLength > 0;

    if (Length == SIZE_MAX)
        return Fail(Outgoing, FC_EILSEQ, "a name that is not valid Unicode, in");
    Length = fc_winname_unescape(Stored, Length, Original);
    if (Outgoing->NameLength + Separator + Length + 1 >= FC_NAME_LIMIT)
        return Fail(Outgoing, FC_ENAMETOOLONG, "a path longer than the protocol allows, in");
    if (Separator)
        Outgoing->Name[Outgoing->NameLength++] = '/';
    memcpy(Outgoing->Name + Outgoing->NameLength, Original, Length);
    Outgoing->NameLength += Length;
    Outgoing->Name[Outgoing->NameLength] = '\0';
    return FC_OK;
}

static VOID CutPath(_Inout_ POUTGOING Outgoing, _In_ SIZE_T Length)
{
    Outgoing->Path[Length] = L'\0';
    Outgoing->PathLength = Length;
}

static enum fc_error AppendPath(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Component)
{
    SIZE_T Length = wcslen(Component);

    if (Outgoing->PathLength + 1 + Length > FC_WINPATH_UNITS)
        return Fail(Outgoing, FC_ENAMETOOLONG, "a path longer than Windows allows, in");
    Outgoing->Path[Outgoing->PathLength] = L'\\';
    wcscpy(Outgoing->Path + Outgoing->PathLength + 1, Component);
    Outgoing->PathLength += 1 + Length;
    return FC_OK;
}

static enum fc_error SendChild(_Inout_ POUTGOING Outgoing, _In_ const WIN32_FIND_DATAW *Found)
{
    SIZE_T NameLength = Outgoing->NameLength, PathLength = Outgoing->PathLength;
    enum fc_error Error;

    if (wcscmp(Found->cFileName, L".") == 0 || wcscmp(Found->cFileName, L"..") == 0)
        return FC_OK;
    Error = AppendName(Outgoing, Found->cFileName);
    if (Error == FC_OK)
        Error = AppendPath(Outgoing, Found->cFileName);
    if (Error == FC_OK)
        Error = SendEntry(Outgoing, Found);
    if (Error != FC_OK)
        return Error; /* Name stays with what went wrong */
    Outgoing->NameLength = NameLength;
    Outgoing->Name[NameLength] = '\0';
    CutPath(Outgoing, PathLength);
    return FC_OK;
}

static enum fc_error SendContent(_Inout_ POUTGOING Outgoing)
{
    SIZE_T PathLength = Outgoing->PathLength;
    enum fc_error Error = AppendPath(Outgoing, L"*");
    WIN32_FIND_DATAW Found;
    HANDLE Find;

    if (Error != FC_OK)
        return Error;
    Find = FindFirstFileExW(Outgoing->Path, FindExInfoBasic, &Found, FindExSearchNameMatch, NULL,
                            FIND_FIRST_EX_LARGE_FETCH);
    CutPath(Outgoing, PathLength);
    if (Find == INVALID_HANDLE_VALUE) {
        if (GetLastError() == ERROR_FILE_NOT_FOUND) /* an empty root of a drive */
            return FC_OK;
        return FailLast(Outgoing, "cannot list");
    }
    do {
        Error = SendChild(Outgoing, &Found);
    } while (Error == FC_OK && FindNextFileW(Find, &Found));
    if (Error == FC_OK && GetLastError() != ERROR_NO_MORE_FILES)
        Error = FailLast(Outgoing, "cannot list");
    FindClose(Find);
    return Error;
}

static enum fc_error SendDirectory(_Inout_ POUTGOING Outgoing, _In_ const WIN32_FIND_DATAW *Found)
{
    struct fc_header Header;
    enum fc_error Error;

    MakeHeader(&Header, FC_MODE_DIRECTORY | 0755, TicksOf(Found->ftLastAccessTime),
               TicksOf(Found->ftLastWriteTime));
    Error = PutEntry(Outgoing, &Header);
    if (Error == FC_OK)
        Error = SendContent(Outgoing);
    return Error == FC_OK ? PutEntry(Outgoing, &Header) : Error;
}

/* Links and junctions are reparse points that name another place; files in a cloud or compressed
 * ones are reparse points as well, and plain files to everybody. */
static BOOL IsLink(_In_ const WIN32_FIND_DATAW *Found)
{
    return (Found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
           IsReparseTagNameSurrogate(Found->dwReserved0);
}

static enum fc_error SendEntry(_Inout_ POUTGOING Outgoing, _In_ const WIN32_FIND_DATAW *Found)
{
    if (IsLink(Found))
        return SendLink(Outgoing, Found);
    if (Found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
        return SendDirectory(Outgoing, Found);
    return SendFile(Outgoing);
}

/* Path becomes the full form of Argument with \\?\ and without a "\" at the end. */
static enum fc_error SetFullPath(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Argument)
{
    PCWSTR Prefix = L"\\\\?\\";
    WCHAR Full[FC_WINPATH_UNITS];
    DWORD Length = GetFullPathNameW(Argument, ARRAYSIZE(Full) - 8, Full, NULL);
    PCWSTR Rest = Full;

    if (Length == 0)
        return FailLast(Outgoing, "not a path");
    if (Length >= ARRAYSIZE(Full) - 8)
        return Fail(Outgoing, FC_ENAMETOOLONG, "a path longer than Windows allows");
    while (Length > 0 && Full[Length - 1] == L'\\')
        Full[--Length] = L'\0';
    if (wcsncmp(Full, L"\\\\?\\", 4) == 0) {
        Rest = Full + 4;
    } else if (wcsncmp(Full, L"\\\\", 2) == 0) {
        Prefix = L"\\\\?\\UNC\\";
        Rest = Full + 2;
    }
    wcscpy(Outgoing->Path, Prefix);
    wcscat(Outgoing->Path, Rest);
    Outgoing->PathLength = wcslen(Outgoing->Path);
    return FC_OK;
}

static VOID NameForMessages(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Argument)
{
    SIZE_T Length = fc_utf16_to_utf8(Argument, wcslen(Argument), Outgoing->Name, FC_NAME_LIMIT - 1);

    Outgoing->Name[Length == SIZE_MAX ? 0 : Length] = '\0';
    Outgoing->NameLength = 0;
}

enum fc_error OutgoingSend(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Argument)
{
    WIN32_FIND_DATAW Found;
    enum fc_error Error;
    PCWSTR Component;
    HANDLE Find;

    NameForMessages(Outgoing, Argument);
    Error = SetFullPath(Outgoing, Argument);
    if (Error != FC_OK)
        return Error;
    Component = wcsrchr(Outgoing->Path, L'\\') + 1;
    if (Component[0] == L'\0' || wcspbrk(Component, L":*?") != NULL)
        return Fail(Outgoing, FC_EINVAL, "no file or folder to be sent");
    Find =
        FindFirstFileExW(Outgoing->Path, FindExInfoBasic, &Found, FindExSearchNameMatch, NULL, 0);
    if (Find == INVALID_HANDLE_VALUE)
        return FailLast(Outgoing, "cannot find");
    FindClose(Find);
    /* As it is written on disk, whatever the case of the argument. */
    Error = AppendName(Outgoing, Found.cFileName);
    return Error == FC_OK ? SendEntry(Outgoing, &Found) : Error;
}

enum fc_error OutgoingEnd(_Inout_ POUTGOING Outgoing)
{
    enum fc_error Error = Room(Outgoing) < FC_HEADER_SIZE ? Flush(Outgoing) : FC_OK;

    if (Error != FC_OK)
        return Error;
    if (!fc_sender_end(&Outgoing->Sender, Outgoing->Buffer + Outgoing->Used))
        return Fail(Outgoing, FC_EIO, "a file was not sent completely");
    Outgoing->Used += FC_HEADER_SIZE;
    return Flush(Outgoing);
}
