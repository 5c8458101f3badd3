/* SPDX-License-Identifier: BSD-2-Clause */
/* See service_lookup.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "core/qrexec/arguments.h"
#include "core/qrexec/names.h"
#include "windows/agent/common/guarded_folder.h"
#include "windows/agent/common/log.h"
#include "windows/agent/qrexec/service_lookup.h"
#include "windows/agent/common/text.h"
#include "windows/agent/privatedisk/place.h"

enum {
    TABLE_FILE_MAX = 4096, /* bytes of a text file that names a program */
    COMMAND_LINE_BYTES = 3 * 32767,
};

static void OwnFolder(_Out_writes_(MAX_PATH) PWSTR Path)
{
    DWORD Length = GetModuleFileNameW(NULL, Path, MAX_PATH);
    while (Length && Path[Length - 1] != L'\\')
        Length--;
    Path[Length ? Length - 1 : 0] = 0;
}

static void AddGuarded(_Inout_ SERVICE_FOLDERS *Folders, _In_ PCWSTR Parent)
{
    swprintf(Folders->Paths[Folders->Count++], MAX_PATH, L"%ls\\qubes-rpc", Parent);
    Folders->Guarded = Folders->Count;
}

void ServiceFoldersDefault(_Out_ SERVICE_FOLDERS *Folders)
{
    WCHAR Data[MAX_PATH], Parent[MAX_PATH];

    memset(Folders, 0, sizeof(*Folders));
    OwnFolder(Folders->Programs);
    AddGuarded(Folders, PRIVATE_FOLDER L"Casement");
    const DWORD Length = GetEnvironmentVariableW(L"ProgramData", Data, MAX_PATH);
    if (Length && Length < MAX_PATH - 40) {
        swprintf(Parent, MAX_PATH, L"%ls\\Casement", Data);
        AddGuarded(Folders, Parent);
    }
    if (wcslen(Folders->Programs) < MAX_PATH - 40)
        swprintf(Folders->Paths[Folders->Count++], MAX_PATH, L"%ls\\..\\qubes-rpc",
                 Folders->Programs);
}

static BOOL NotThere(_In_ DWORD Error)
{
    return Error == ERROR_FILE_NOT_FOUND || Error == ERROR_PATH_NOT_FOUND;
}

static BOOL MayBeUsed(_In_ PCWSTR Path, _In_ DWORD Error)
{
    if (Error == ERROR_ACCESS_DENIED)
        LogLine("%ls: others than administrators may write there: not used", Path);
    return !Error;
}

/* Anybody may make folders in C:\, which Windows later mounts a volume on, in %ProgramData% and on
 * a new volume, and the settings beside the services name the user who runs them: overrides count
 * only when all of it belongs to the owner of the machine. */
static BOOL OverridesAreGuarded(_In_ PCWSTR Folder)
{
    static const PCWSTR Children[] = {L"qubes-rpc", L"rpc-config"};
    WCHAR Parent[MAX_PATH], Path[MAX_PATH * 2];

    wcscpy(Parent, Folder);
    *wcsrchr(Parent, L'\\') = 0;
    if (GetFileAttributesW(Parent) == INVALID_FILE_ATTRIBUTES ||
        !MayBeUsed(Parent, PathIsGuarded(Parent)))
        return FALSE;
    for (int i = 0; i < 2; i++) {
        swprintf(Path, MAX_PATH * 2, L"%ls\\%ls", Parent, Children[i]);
        const DWORD Error = FolderIsGuarded(Path);
        if (!NotThere(Error) && !MayBeUsed(Path, Error))
            return FALSE;
    }
    return TRUE;
}

/* Which folders count in this lookup. */
static void LookAtFolders(_In_ const SERVICE_FOLDERS *Folders,
                          _Out_writes_(SERVICE_FOLDERS_MAX) BOOL *Used)
{
    for (DWORD i = 0; i < Folders->Count; i++)
        Used[i] = i >= Folders->Guarded || OverridesAreGuarded(Folders->Paths[i]);
}

/* The beginning of a file; bytes read, or -1 with GetLastError(). Guarded: only when nobody but the
 * owners of the machine may write to it. */
static int ReadStart(_In_ PCWSTR Path, _In_ BOOL Guarded, _Out_writes_(Size) PSTR Buffer,
                     _In_ DWORD Size)
{
    DWORD Count = 0;
    const HANDLE File =
        CreateFileW(Path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    Guarded ? FILE_FLAG_OPEN_REPARSE_POINT : FILE_ATTRIBUTE_NORMAL, NULL);
    if (File == INVALID_HANDLE_VALUE)
        return -1;
    DWORD Error = Guarded ? FileIsGuarded(File) : ERROR_SUCCESS;
    if (!MayBeUsed(Path, Error))
        Count = 0;
    else if (!ReadFile(File, Buffer, Size, &Count, NULL))
        Error = GetLastError();
    CloseHandle(File);
    SetLastError(Error);
    return Error ? -1 : (int)Count;
}

static BOOL FileExists(_In_ PCWSTR Path)
{
    const DWORD Attributes = GetFileAttributesW(Path);
    return Attributes != INVALID_FILE_ATTRIBUTES && !(Attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* Folder\Name[Suffix]; FALSE: too long. The name has only ASCII, as its rule says. */
static BOOL MakePath(_Out_writes_(MAX_PATH * 2) PWSTR Path, _In_ PCWSTR Folder,
                     _In_ struct qrexec_piece Name, _In_ PCWSTR Suffix)
{
    if (wcslen(Folder) + Name.length + wcslen(Suffix) + 2 > MAX_PATH * 2)
        return FALSE;
    PWSTR At = wcscpy(Path, Folder) + wcslen(Folder);
    *At++ = L'\\';
    for (size_t i = 0; i < Name.length; i++)
        *At++ = (WCHAR)Name.text[i];
    wcscpy(At, Suffix);
    return TRUE;
}

/* First line that is neither empty nor a comment; ends it with a NUL. NULL: none. */
static PSTR FirstLine(_Inout_ PSTR Text)
{
    if (!memcmp(Text, "\xef\xbb\xbf", 3))
        Text += 3;
    while (*Text) {
        Text += strspn(Text, " \t\r\n");
        const SIZE_T Length = strcspn(Text, "\r\n");
        if (Length && *Text != '#') {
            Text[Length] = 0;
            return Text;
        }
        Text += Length;
    }
    return NULL;
}

/* Puts the program of a command line at its full path when it lies in one of our folders. */
static BOOL AppendLocated(_Inout_ PSTR Line, _In_ PCSTR Text, _In_ PCWSTR Beside, _In_ PCWSTR Own)
{
    const PCWSTR Folders[] = {Beside, Own};
    static const PCWSTR Suffixes[] = {L"", L".exe"};
    WCHAR Path[MAX_PATH * 2];
    const SIZE_T Length = strcspn(Text, " \t");

    if (*Text == '"' || strcspn(Text, "\\/:") < Length) {
        strcpy(Line, Text);
        return TRUE;
    }
    for (int i = 0; i < 4; i++) {
        const PWSTR Name = TextToWide(Text, Length);
        if (!Name)
            return FALSE;
        const int Fits =
            swprintf(Path, MAX_PATH * 2, L"%ls\\%ls%ls", Folders[i / 2], Name, Suffixes[i % 2]);
        free(Name);
        if (Fits < 0 || !FileExists(Path))
            continue;
        const PSTR Utf8 = TextToUtf8(Path);
        const BOOL Appended =
            Utf8 && qrexec_append_argument(Line, COMMAND_LINE_BYTES - TABLE_FILE_MAX, Utf8, true);
        free(Utf8);
        if (Appended)
            strcat(Line, Text + Length);
        return Appended;
    }
    strcpy(Line, Text);
    return TRUE;
}

static DWORD CommandLineOf(_In_ const SERVICE_FOLDERS *Folders, _In_ PCWSTR Folder,
                           _In_ PCWSTR Path, _Inout_ PSTR Start,
                           _In_ const struct qrexec_command *Command, _Out_ PWSTR *CommandLine)
{
    const PSTR Line = calloc(1, COMMAND_LINE_BYTES);
    const PSTR Argument = calloc(1, Command->argument.length + 1);
    BOOL Fits = FALSE;

    if (Line && Argument) {
        if (Start[0] == 'M' && Start[1] == 'Z') {
            const PSTR Program = TextToUtf8(Path);
            Fits = Program && qrexec_append_argument(Line, COMMAND_LINE_BYTES, Program, true);
            free(Program);
        } else {
            const PSTR Text = FirstLine(Start);
            Fits = Text && AppendLocated(Line, Text, Folder, Folders->Programs);
        }
        if (Fits && Command->has_argument) {
            memcpy(Argument, Command->argument.text, Command->argument.length);
            Fits = qrexec_append_argument(Line, COMMAND_LINE_BYTES, Argument, false);
        }
    }
    *CommandLine = Fits ? TextToWide(Line, strlen(Line)) : NULL;
    free(Argument);
    free(Line);
    return *CommandLine ? ERROR_SUCCESS : ERROR_BAD_FORMAT;
}

static BOOL ReadConfig(_In_ PCWSTR Folder, _In_ BOOL Guarded, _In_ struct qrexec_piece Name,
                       _Inout_ SERVICE_FOUND *Found, _Out_ BOOL *Exists)
{
    char Text[QREXEC_RPC_CONFIG_MAX + 1];
    WCHAR ConfigFolder[MAX_PATH * 2], Path[MAX_PATH * 2];

    *Exists = FALSE;
    if (swprintf(ConfigFolder, MAX_PATH * 2, L"%ls\\..\\rpc-config", Folder) < 0 ||
        !MakePath(Path, ConfigFolder, Name, L""))
        return TRUE;
    const int Size = ReadStart(Path, Guarded, Text, sizeof(Text));
    if (Size < 0 && NotThere(GetLastError()))
        return TRUE;
    if (Size < 0) { /* settings that somebody keeps us from reading are not none */
        LogError(GetLastError(), "rpc-config of %.*s", (int)Name.length, Name.text);
        return FALSE;
    }
    *Exists = TRUE;
    const size_t BadLine = qrexec_parse_rpc_config(Text, (size_t)Size, &Found->Config);
    if (BadLine) {
        LogLine("rpc-config of %.*s: line %u is wrong", (int)Name.length, Name.text,
                (unsigned int)BadLine);
        return FALSE;
    }
    const struct qrexec_piece User = Found->Config.force_user;
    const PWSTR Wide = TextToWide(User.text, User.length);
    const BOOL Fits = Wide && wcslen(Wide) < sizeof(Found->ForceUser) / sizeof(WCHAR);
    if (Fits)
        wcscpy(Found->ForceUser, Wide);
    free(Wide);
    Found->Config.force_user = (struct qrexec_piece){NULL, 0}; /* pointed into Text */
    return Fits;
}

/* Settings of "service+argument" win over those of "service"; the first folder that has any. */
static BOOL FindConfig(_In_ const SERVICE_FOLDERS *Folders, _In_ const BOOL *Used,
                       _In_ const struct qrexec_command *Command, _Inout_ SERVICE_FOUND *Found)
{
    const struct qrexec_piece Names[] = {Command->full_name, Command->service};

    for (DWORD i = 0; i < Folders->Count; i++)
        for (int n = 0; n < 2; n++) {
            BOOL Exists = FALSE;
            if (!Used[i] || !qrexec_windows_file_name_ok(Names[n].text, Names[n].length))
                continue;
            if (!ReadConfig(Folders->Paths[i], i < Folders->Guarded, Names[n], Found, &Exists))
                return FALSE;
            if (Exists)
                return TRUE;
        }
    return TRUE;
}

DWORD ServiceLookup(_In_ const SERVICE_FOLDERS *Folders, _In_ const struct qrexec_command *Command,
                    _Out_ SERVICE_FOUND *Found)
{
    const struct qrexec_piece Names[] = {Command->full_name, Command->service};
    char Start[TABLE_FILE_MAX + 1];
    WCHAR Path[MAX_PATH * 2];
    BOOL Used[SERVICE_FOLDERS_MAX];

    LookAtFolders(Folders, Used);
    memset(Found, 0, sizeof(*Found));
    for (DWORD i = 0; i < Folders->Count; i++) {
        for (int n = 0; n < 4; n++) {
            const struct qrexec_piece Name = Names[n / 2];
            if (!Used[i] || !qrexec_windows_file_name_ok(Name.text, Name.length) ||
                !MakePath(Path, Folders->Paths[i], Name, n % 2 ? L".exe" : L""))
                continue;
            const int Size = ReadStart(Path, i < Folders->Guarded, Start, TABLE_FILE_MAX);
            if (Size < 0 && NotThere(GetLastError()))
                continue;
            if (Size < 0) /* such as a folder of that name, or no permission */
                return GetLastError();
            memset(Start + Size, 0, sizeof(Start) - Size);
            if (!FindConfig(Folders, Used, Command, Found))
                return ERROR_BAD_FORMAT;
            return CommandLineOf(Folders, Folders->Paths[i], Path, Start, Command,
                                 &Found->CommandLine);
        }
    }
    return ERROR_FILE_NOT_FOUND;
}
