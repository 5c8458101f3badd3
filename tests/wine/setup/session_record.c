/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of the imports of the shipped session-agent that change the running programs'
 * layout and the user's folders: writes them to C:\keyboard-calls, with what the user's registry
 * says at that moment (Wine's next program writes its own layout there). Wine's calls succeed and
 * change nothing. The folders that were set are remembered. With volume_record.c.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <shlobj.h>

static void Record(PCSTR Line)
{
    FILE *const File = fopen("C:\\keyboard-calls", "ab");

    fprintf(File, "%s\n", Line);
    fclose(File);
}

static HKL WINAPI RecordLoad(PCWSTR Name, UINT Flags)
{
    WCHAR Preload[16] = L"";
    DWORD Size = sizeof(Preload);
    char Line[96];

    RegGetValueW(HKEY_CURRENT_USER, L"Keyboard Layout\\Preload", L"1", RRF_RT_REG_SZ, NULL, Preload,
                 &Size);
    snprintf(Line, sizeof(Line), "LoadKeyboardLayout %ls flags=%x preload=%ls", Name, Flags,
             Preload);
    Record(Line);
    return (HKL)(ULONG_PTR)0x4070407;
}

static WINBOOL WINAPI RecordParameter(UINT Action, UINT Size, PVOID Value, UINT Flags)
{
    char Line[96];

    snprintf(Line, sizeof(Line), "SystemParametersInfo %x value=%p flags=%x", Action,
             *(PVOID *)Value, Flags);
    Record(Line);
    return TRUE;
}

static WINBOOL WINAPI RecordPost(HWND Window, UINT Message, WPARAM First, LPARAM Second)
{
    char Line[96];

    snprintf(Line, sizeof(Line), "PostMessage to=%p message=%x layout=%p", (void *)Window, Message,
             (void *)Second);
    Record(Line);
    return TRUE;
}

HKL(WINAPI *const __imp_LoadKeyboardLayoutW)(PCWSTR, UINT) = RecordLoad;
WINBOOL(WINAPI *const __imp_SystemParametersInfoW)(UINT, UINT, PVOID, UINT) = RecordParameter;
WINBOOL(WINAPI *const __imp_PostMessageW)(HWND, UINT, WPARAM, LPARAM) = RecordPost;

/* --- The user's folders */

enum { FOLDERS_MAX = 16 };
static struct {
    GUID Id;
    WCHAR Path[MAX_PATH];
} Folders[FOLDERS_MAX];

static int IndexOf(const GUID *Id)
{
    static const GUID None;
    int i = 0;

    while (memcmp(&Folders[i].Id, Id, sizeof(*Id)) && memcmp(&Folders[i].Id, &None, sizeof(None)))
        i++;
    Folders[i].Id = *Id;
    return i;
}

HRESULT WINAPI SHGetKnownFolderPath(REFKNOWNFOLDERID Id, DWORD Flags, HANDLE Token, PWSTR *Path)
{
    const PCWSTR Set = Folders[IndexOf(Id)].Path;

    *Path = CoTaskMemAlloc(sizeof(Folders[0].Path));
    if (*Set && !(Flags & KF_FLAG_DEFAULT_PATH))
        wcscpy(*Path, Set);
    else
        swprintf(*Path, MAX_PATH, L"C:\\users\\default\\%08lx", Id->Data1);
    return S_OK;
}

HRESULT WINAPI SHSetKnownFolderPath(REFKNOWNFOLDERID Id, DWORD Flags, HANDLE Token, PCWSTR Path)
{
    FILE *const File = fopen("C:\\folder-calls", "ab");

    fprintf(File, "SHSetKnownFolderPath %08lx %ls\n", Id->Data1, Path);
    fclose(File);
    wcscpy(Folders[IndexOf(Id)].Path, Path);
    return S_OK;
}
