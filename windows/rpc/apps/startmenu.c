/* SPDX-License-Identifier: BSD-2-Clause */
/* See startmenu.h. */
#include <initguid.h>
#include <windows.h>
#include <bcrypt.h>
#include <knownfolders.h>
#include <shlobj.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/apps/app_name.h"
#include "windows/rpc/apps/startmenu.h"
#include "windows/rpc/apps/store_apps.h"

enum { DEPTH_MAX = 16, SHA1_BYTES = 20 };

typedef struct WALK {
    BOOL (*Found)(_In_ PVOID Context, _In_ const APP *App);
    PVOID Context;
    PCSTR Wanted; /* only the entry with this id; NULL: all */
    BCRYPT_ALG_HANDLE Sha1;
    WCHAR Root[MAX_PATH];  /* of this walk, without "\" at the end */
    WCHAR Other[MAX_PATH]; /* whose links count instead of the same here; empty: none */
    WCHAR Path[MAX_PATH];
    SIZE_T RootLength;
    BOOL Stopped;
} WALK;

static BOOL HashText(_In_ BCRYPT_ALG_HANDLE Sha1, _In_ PCWSTR Text,
                     _Out_writes_(SHA1_BYTES) BYTE *Sum)
{
    BCRYPT_HASH_HANDLE Hash = NULL;
    BOOL Done;

    if (BCryptCreateHash(Sha1, &Hash, NULL, 0, NULL, 0, 0))
        return FALSE;
    Done = !BCryptHashData(Hash, (PUCHAR)Text, (ULONG)(wcslen(Text) * sizeof(WCHAR)), 0) &&
           !BCryptFinishHash(Hash, Sum, SHA1_BYTES, 0);
    BCryptDestroyHash(Hash);
    return Done;
}

static BOOL MakeId(_In_ const WALK *Walk, _In_ PCWSTR Place, _Out_writes_(APP_ID_BYTES) PSTR Id)
{
    BYTE Sum[SHA1_BYTES];
    WCHAR Lower[MAX_PATH];

    wcscpy(Lower, Place);
    CharLowerW(Lower);
    if (!HashText(Walk->Sha1, Lower, Sum))
        return FALSE;
    for (int i = 0; i < SHA1_BYTES; i++)
        snprintf(Id + 2 * i, 3, "%02x", Sum[i]);
    return TRUE;
}

static BOOL StandsInOther(_In_ const WALK *Walk, _In_ PCWSTR Relative)
{
    WCHAR Path[2 * MAX_PATH];

    if (!Walk->Other[0] || swprintf(Path, 2 * MAX_PATH, L"%ls\\%ls", Walk->Other, Relative) < 0)
        return FALSE;
    return GetFileAttributesW(Path) != INVALID_FILE_ATTRIBUTES;
}

/* Place: what the id is made of. FALSE: nobody asks for this one. */
static BOOL IsWanted(_In_ const WALK *Walk, _In_ PCWSTR Place, _Inout_ APP *App)
{
    return MakeId(Walk, Place, App->Id) && (!Walk->Wanted || !strcmp(App->Id, Walk->Wanted));
}

/* All of the app but its name is set. */
static void Tell(_Inout_ WALK *Walk, _In_ PCWSTR Name, _Inout_ APP *App)
{
    AppNamePlain(Name, App->Name, sizeof(App->Name));
    if (App->Name[0])
        Walk->Stopped = !Walk->Found(Walk->Context, App);
}

/* Walk->Path is a link. */
static void TakeLink(_Inout_ WALK *Walk)
{
    const PCWSTR Relative = Walk->Path + Walk->RootLength + 1;
    WCHAR Name[MAX_PATH];
    APP App;

    /* In this order: one entry of a large menu is found without a look at the disk for each. */
    if (!IsWanted(Walk, Relative, &App) || StandsInOther(Walk, Relative))
        return;
    wcscpy(Name, wcsrchr(Walk->Path, L'\\') + 1);
    Name[wcslen(Name) - 4] = 0; /* ".lnk" */
    wcscpy(App.Link, Walk->Path);
    App.OfStore = FALSE;
    Tell(Walk, Name, &App);
}

/* Of a folder of the shell, not of the disk. */
static BOOL TakeStoreApp(_In_ PVOID Context, _In_ const STORE_APP *StoreApp)
{
    WALK *const Walk = Context;
    WCHAR Place[STORE_APP_ID_UNITS + 8];
    APP App;

    swprintf(Place, ARRAYSIZE(Place), L"store:%ls", StoreApp->Id);
    if (!IsWanted(Walk, Place, &App))
        return TRUE;
    wcscpy(App.Link, StoreApp->Id);
    App.OfStore = TRUE;
    Tell(Walk, StoreApp->Name, &App);
    return !Walk->Stopped;
}

static BOOL IsLink(_In_ PCWSTR Name)
{
    const SIZE_T Length = wcslen(Name);

    return Length > 4 && _wcsicmp(Name + Length - 4, L".lnk") == 0;
}

/* Walk->Path is a folder; the same on return. Links to folders are not followed. */
static void TakeFolder(_Inout_ WALK *Walk, _In_ int Depth)
{
    const SIZE_T Length = wcslen(Walk->Path);
    WIN32_FIND_DATAW Data;
    HANDLE Find;

    if (Length + 3 > MAX_PATH || Depth == DEPTH_MAX)
        return;
    wcscat(Walk->Path, L"\\*");
    Find = FindFirstFileW(Walk->Path, &Data);
    Walk->Path[Length] = 0;
    if (Find == INVALID_HANDLE_VALUE)
        return;
    do {
        if (!wcscmp(Data.cFileName, L".") || !wcscmp(Data.cFileName, L"..") ||
            Length + 2 + wcslen(Data.cFileName) > MAX_PATH ||
            (Data.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            continue;
        wcscat(Walk->Path, L"\\");
        wcscat(Walk->Path, Data.cFileName);
        if (Data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
            TakeFolder(Walk, Depth + 1);
        else if (IsLink(Data.cFileName))
            TakeLink(Walk);
        Walk->Path[Length] = 0;
    } while (!Walk->Stopped && FindNextFileW(Find, &Data));
    FindClose(Find);
}

static BOOL FolderPath(_In_ REFKNOWNFOLDERID Id, _Out_writes_(MAX_PATH) PWSTR Path)
{
    PWSTR Found = NULL;
    const BOOL Known =
        SUCCEEDED(SHGetKnownFolderPath(Id, 0, NULL, &Found)) && wcslen(Found) < MAX_PATH;

    Path[0] = 0;
    if (Known)
        wcscpy(Path, Found);
    CoTaskMemFree(Found);
    return Known;
}

static void TakeRoot(_Inout_ WALK *Walk, _In_ PCWSTR Root, _In_ PCWSTR Other)
{
    wcscpy(Walk->Root, Root);
    wcscpy(Walk->Path, Root);
    wcscpy(Walk->Other, Other);
    Walk->RootLength = wcslen(Root);
    if (Root[0] && !Walk->Stopped)
        TakeFolder(Walk, 0);
}

static DWORD WalkAll(_Inout_ WALK *Walk)
{
    WCHAR User[MAX_PATH], Machine[MAX_PATH];
    const BOOL HaveUser = FolderPath(&FOLDERID_Programs, User);

    if (!FolderPath(&FOLDERID_CommonPrograms, Machine) && !HaveUser)
        return ERROR_PATH_NOT_FOUND;
    if (BCryptOpenAlgorithmProvider(&Walk->Sha1, BCRYPT_SHA1_ALGORITHM, NULL, 0))
        return ERROR_NOT_SUPPORTED;
    TakeRoot(Walk, User, L"");
    TakeRoot(Walk, Machine, User);
    if (!Walk->Stopped)
        StoreAppsEnumerate(TakeStoreApp, Walk);
    BCryptCloseAlgorithmProvider(Walk->Sha1, 0);
    return ERROR_SUCCESS;
}

DWORD StartMenuEnumerate(_In_ BOOL (*Found)(_In_ PVOID Context, _In_ const APP *App),
                         _In_ PVOID Context)
{
    WALK Walk = {.Found = Found, .Context = Context};

    return WalkAll(&Walk);
}

static BOOL Take(_In_ PVOID Context, _In_ const APP *App)
{
    *(APP *)Context = *App;
    return FALSE;
}

BOOL StartMenuFind(_In_ PCSTR Id, _Out_ APP *App)
{
    WALK Walk = {.Found = Take, .Context = App, .Wanted = Id};

    return !WalkAll(&Walk) && Walk.Stopped;
}
