/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder that a copy is received into; see incoming.h. */
#include "windows/rpc/filecopy/incoming.h"
#include "windows/rpc/filecopy/linuxerror.h"

#include <ntsecapi.h>
#include <stdio.h>
#include <string.h>

static const WCHAR PartPattern[] = L"~casement-*.part";

NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR Unit);

static uint16_t Upcase(uint16_t Unit)
{
    return RtlUpcaseUnicodeChar(Unit);
}

static void *Allocate(size_t Size)
{
    return HeapAlloc(GetProcessHeap(), 0, Size);
}

static void Release(void *Block)
{
    HeapFree(GetProcessHeap(), 0, Block);
}

/* Makes Path and what leads to it; the prefix \\?\C:\ or \\?\UNC\server\share\ must exist. */
static enum fc_error MakeFolders(_Inout_ PWSTR Path)
{
    if (CreateDirectoryW(Path, NULL) || GetLastError() == ERROR_ALREADY_EXISTS)
        return FC_OK;
    if (GetLastError() != ERROR_PATH_NOT_FOUND)
        return LinuxLastError();
    for (PWSTR Slash = wcschr(Path + 4, L'\\'); Slash != NULL; Slash = wcschr(Slash + 1, L'\\')) {
        *Slash = L'\0';
        CreateDirectoryW(Path, NULL); /* the last call below tells whether all were made */
        *Slash = L'\\';
    }
    if (CreateDirectoryW(Path, NULL) || GetLastError() == ERROR_ALREADY_EXISTS)
        return FC_OK;
    return LinuxLastError();
}

/* Parts of earlier copies: those of copies that run now are open and cannot be deleted. */
static VOID RemoveOldParts(_Inout_ PINCOMING Incoming)
{
    WIN32_FIND_DATAW Found;
    HANDLE Find;

    wcscpy(Incoming->Part, Incoming->Path);
    wcscat(Incoming->Part, PartPattern);
    Find = FindFirstFileW(Incoming->Part, &Found);
    if (Find == INVALID_HANDLE_VALUE)
        return;
    do {
        wcscpy(Incoming->Part + Incoming->RootLength, Found.cFileName);
        DeleteFileW(Incoming->Part);
    } while (FindNextFileW(Find, &Found));
    FindClose(Find);
}

enum fc_error IncomingOpen(_Out_ PINCOMING Incoming, _In_z_ PCWSTR Folder)
{
    static const struct fc_memory Memory = {Allocate, Release};
    PCWSTR Prefix = L"\\\\?\\";
    struct fc_hash_key Key;
    enum fc_error Error;

    ZeroMemory(Incoming, sizeof(*Incoming));
    if (Folder[0] == L'\\' && Folder[1] == L'\\') {
        Prefix = L"\\\\?\\UNC\\";
        Folder += 2;
    }
    if (wcslen(Prefix) + wcslen(Folder) + 64 > FC_WINPATH_UNITS)
        return FC_ENAMETOOLONG;
    if (!RtlGenRandom(&Key, sizeof(Key)))
        return FC_EIO;
    fc_winmap_init(&Incoming->Names, &Memory, &Key, Upcase);
    wcscpy(Incoming->Path, Prefix);
    wcscat(Incoming->Path, Folder);
    Error = MakeFolders(Incoming->Path);
    if (Error != FC_OK)
        return Error;
    wcscat(Incoming->Path, L"\\");
    Incoming->RootLength = wcslen(Incoming->Path);
    RemoveOldParts(Incoming);
    return FC_OK;
}

VOID IncomingClose(_Inout_ PINCOMING Incoming)
{
    if (Incoming->File != NULL)
        CloseHandle(Incoming->File); /* it is marked for deletion */
    Incoming->File = NULL;
    if (Incoming->Names.upcase != NULL)
        fc_winmap_free(&Incoming->Names);
}

/* Path becomes where Name is stored. */
static enum fc_error SetPath(_Inout_ PINCOMING Incoming, _In_ PCSTR Name, _In_ SIZE_T Length)
{
    const uint16_t *Stored;
    size_t Units;
    enum fc_error Error = fc_winmap_path(&Incoming->Names, Name, Length, &Stored, &Units);

    if (Error != FC_OK)
        return Error;
    if (Incoming->RootLength + Units > FC_WINPATH_UNITS)
        return FC_ENAMETOOLONG;
    memcpy(Incoming->Path + Incoming->RootLength, Stored, Units * sizeof(WCHAR));
    Incoming->Path[Incoming->RootLength + Units] = L'\0';
    return FC_OK;
}

static enum fc_error CheckIsPlainDirectory(_In_z_ PCWSTR Path)
{
    DWORD Attributes = GetFileAttributesW(Path);

    if (Attributes == INVALID_FILE_ATTRIBUTES)
        return LinuxLastError();
    if (!(Attributes & FILE_ATTRIBUTE_DIRECTORY))
        return FC_ENOTDIR;
    return Attributes & FILE_ATTRIBUTE_REPARSE_POINT ? FC_ELOOP : FC_OK;
}

/* The directories between the top folder and the entry: none may be a link that the user, or
 * another program, has put there. Neighbours share the answer. */
static enum fc_error CheckParents(_Inout_ PINCOMING Incoming)
{
    PWSTR Last = wcsrchr(Incoming->Path, L'\\');
    SIZE_T Length = (SIZE_T)(Last - Incoming->Path);

    if (Length == Incoming->ParentLength &&
        memcmp(Incoming->Path, Incoming->Parent, Length * sizeof(WCHAR)) == 0)
        return FC_OK;
    Incoming->ParentLength = 0;
    for (PWSTR Slash = wcschr(Incoming->Path + Incoming->RootLength, L'\\'); Slash != NULL;
         Slash = wcschr(Slash + 1, L'\\')) {
        enum fc_error Error;

        *Slash = L'\0';
        Error = CheckIsPlainDirectory(Incoming->Path);
        *Slash = L'\\';
        if (Error != FC_OK)
            return Error;
    }
    memcpy(Incoming->Parent, Incoming->Path, Length * sizeof(WCHAR));
    Incoming->ParentLength = Length;
    return FC_OK;
}

static enum fc_error EnterPath(_Inout_ PINCOMING Incoming, _In_ PCSTR Name, _In_ SIZE_T Length)
{
    enum fc_error Error = SetPath(Incoming, Name, Length);

    return Error != FC_OK ? Error : CheckParents(Incoming);
}

enum fc_error IncomingOpenDirectory(_Inout_ PINCOMING Incoming, _In_ PCSTR Name, _In_ SIZE_T Length)
{
    enum fc_error Error = EnterPath(Incoming, Name, Length);

    if (Error != FC_OK)
        return Error;
    if (CreateDirectoryW(Incoming->Path, NULL))
        return FC_OK;
    if (GetLastError() != ERROR_ALREADY_EXISTS)
        return LinuxLastError();
    Error = CheckIsPlainDirectory(Incoming->Path);
    return Error == FC_ENOTDIR ? FC_EEXIST : Error;
}

static LARGE_INTEGER WindowsTime(_In_ uint32_t Seconds, _In_ uint32_t Nanoseconds)
{
    /* 100 ns since 1601. */
    LARGE_INTEGER Time = {.QuadPart =
                              116444736000000000LL + Seconds * 10000000LL + Nanoseconds / 100};

    return Time;
}

static enum fc_error SetTimesAndAttributes(_In_ HANDLE Handle, _In_ const struct fc_header *Header)
{
    /* Zero leaves a time as it is. */
    FILE_BASIC_INFO Basic = {
        .LastAccessTime = WindowsTime(Header->atime_s, Header->atime_ns),
        .LastWriteTime = WindowsTime(Header->mtime_s, Header->mtime_ns),
    };
    BOOL IsFile = (Header->mode & FC_MODE_TYPE) == FC_MODE_REGULAR;

    /* On a directory the attribute means something else to Explorer, and does not protect it. */
    if (IsFile && !(Header->mode & FC_MODE_OWNER_WRITES))
        Basic.FileAttributes = FILE_ATTRIBUTE_READONLY;
    if (!SetFileInformationByHandle(Handle, FileBasicInfo, &Basic, sizeof(Basic)))
        return LinuxLastError();
    return FC_OK;
}

enum fc_error IncomingCloseDirectory(_Inout_ PINCOMING Incoming, _In_ PCSTR Name,
                                     _In_ SIZE_T Length, _In_ const struct fc_header *Header)
{
    enum fc_error Error = EnterPath(Incoming, Name, Length);
    HANDLE Directory;

    if (Error != FC_OK)
        return Error;
    Directory =
        CreateFileW(Incoming->Path, FILE_WRITE_ATTRIBUTES,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (Directory == INVALID_HANDLE_VALUE)
        return LinuxLastError();
    Error = SetTimesAndAttributes(Directory, Header);
    CloseHandle(Directory);
    return Error;
}

static BOOL MarkForDeletion(_In_ HANDLE File, _In_ BOOL Delete)
{
    FILE_DISPOSITION_INFO Disposition = {.DeleteFile = (BOOLEAN)Delete};

    return SetFileInformationByHandle(File, FileDispositionInfo, &Disposition, sizeof(Disposition));
}

/* What a large file would fail on after hours is better known now. */
static enum fc_error CheckSpace(_Inout_ PINCOMING Incoming, _In_ ULONGLONG Size)
{
    WCHAR Next = Incoming->Path[Incoming->RootLength];
    ULARGE_INTEGER Available;
    BOOL Known;

    Incoming->Path[Incoming->RootLength] = L'\0';
    Known = GetDiskFreeSpaceExW(Incoming->Path, &Available, NULL, NULL);
    Incoming->Path[Incoming->RootLength] = Next;
    return Known && Size > Available.QuadPart ? FC_ENOSPC : FC_OK;
}

static enum fc_error ChoosePart(_Inout_ PINCOMING Incoming, _In_ ULONGLONG Size)
{
    enum fc_error Error = CheckSpace(Incoming, Size);

    if (Error != FC_OK)
        return Error;
    /* The rename at the end decides; this spares the peer sending it all for nothing. */
    if (GetFileAttributesW(Incoming->Path) != INVALID_FILE_ATTRIBUTES)
        return FC_EEXIST;
    memcpy(Incoming->Part, Incoming->Path, Incoming->RootLength * sizeof(WCHAR));
    _snwprintf(Incoming->Part + Incoming->RootLength, 64, L"~casement-%lu-%lu.part",
               GetCurrentProcessId(), Incoming->PartCount++);
    return FC_OK;
}

enum fc_error IncomingCreateFile(_Inout_ PINCOMING Incoming, _In_ PCSTR Name, _In_ SIZE_T Length,
                                 _In_ ULONGLONG Size, _In_ BOOL AllHere)
{
    enum fc_error Error = EnterPath(Incoming, Name, Length);
    HANDLE File;

    if (Error != FC_OK)
        return Error;
    Incoming->Renamed = !AllHere || Size > INCOMING_SMALL_BYTES;
    if (Incoming->Renamed && (Error = ChoosePart(Incoming, Size)) != FC_OK)
        return Error;
    File = CreateFileW(Incoming->Renamed ? Incoming->Part : Incoming->Path, GENERIC_WRITE | DELETE,
                       0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (File == INVALID_HANDLE_VALUE)
        return LinuxLastError();
    Incoming->File = File;
    if (MarkForDeletion(File, TRUE))
        return FC_OK;
    Error = LinuxLastError();
    CloseHandle(File);
    Incoming->File = NULL;
    DeleteFileW(Incoming->Renamed ? Incoming->Part : Incoming->Path);
    return Error;
}

enum fc_error IncomingWrite(_Inout_ PINCOMING Incoming, _In_reads_bytes_(Size) const VOID *Data,
                            _In_ SIZE_T Size)
{
    const BYTE *Bytes = Data;

    while (Size > 0) {
        DWORD Written;

        if (!WriteFile(Incoming->File, Bytes, (DWORD)Size, &Written, NULL))
            return LinuxLastError();
        if (Written == 0)
            return FC_EIO;
        Bytes += Written;
        Size -= Written;
    }
    return FC_OK;
}

static BOOL RenamePart(_Inout_ PINCOMING Incoming)
{
    SIZE_T Bytes = wcslen(Incoming->Path) * sizeof(WCHAR);
    SIZE_T Size = sizeof(FILE_RENAME_INFO) + Bytes;
    PFILE_RENAME_INFO Rename = Allocate(Size);
    DWORD Code;
    BOOL Done;

    if (Rename == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    ZeroMemory(Rename, Size);
    Rename->FileNameLength = (DWORD)Bytes;
    memcpy(Rename->FileName, Incoming->Path, Bytes);
    Done = SetFileInformationByHandle(Incoming->File, FileRenameInfo, Rename, (DWORD)Size);
    Code = GetLastError();
    Release(Rename);
    SetLastError(Code);
    return Done;
}

enum fc_error IncomingFinishFile(_Inout_ PINCOMING Incoming, _In_ const struct fc_header *Header)
{
    enum fc_error Error;

    /* The read-only attribute would forbid a mark for deletion: it comes after the unmarking, and
     * whatever fails from there on is undone by hand. */
    if (!MarkForDeletion(Incoming->File, FALSE))
        return LinuxLastError();
    if (Incoming->Renamed && !RenamePart(Incoming)) {
        Error = LinuxLastError();
        MarkForDeletion(Incoming->File, TRUE);
        return Error;
    }
    Error = SetTimesAndAttributes(Incoming->File, Header);
    if (Error != FC_OK) {
        MarkForDeletion(Incoming->File, TRUE);
        return Error;
    }
    CloseHandle(Incoming->File);
    Incoming->File = NULL;
    return FC_OK;
}
