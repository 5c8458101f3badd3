/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of the imports of the shipped session-agent that change the running programs'
 * layout: writes them to C:\keyboard-calls, with what the user's registry says at that moment
 * (Wine's next program writes its own layout there). Wine's calls succeed and change nothing.
 */
#include <windows.h>
#include <stdio.h>

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
