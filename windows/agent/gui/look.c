/* SPDX-License-Identifier: BSD-2-Clause */
/* See look.h. */
#include <string.h>
#include <wchar.h>
#include "windows/agent/gui/look.h"
#include <dwmapi.h>

/* Windows 8; mingw's headers lack them, or hide them from programs for Windows 7. */
enum { CLOAKED_ATTRIBUTE = 14, EX_NOREDIRECTIONBITMAP = 0x00200000 };
/* A program may have made any number. */
enum { CHILDREN_MAX = 64 };

BOOL LookAtOrigin(_In_ HWND Handle, _Out_ WINDOW_ORIGIN *Origin)
{
    memset(Origin, 0, sizeof(*Origin));
    Origin->Handle = Handle;
    GetClassNameW(Handle, Origin->Class, LOOK_CLASS_ROOM);
    return GetWindowThreadProcessId(Handle, &Origin->Process) != 0;
}

static BOOL IsCloaked(_In_ HWND Handle)
{
    DWORD Cloaked = 0;

    return SUCCEEDED(DwmGetWindowAttribute(Handle, CLOAKED_ATTRIBUTE, &Cloaked, sizeof(Cloaked))) &&
           Cloaked;
}

static BOOL IsClear(_In_ HWND Handle)
{
    COLORREF Key;
    BYTE Alpha;
    DWORD Flags;

    return GetLayeredWindowAttributes(Handle, &Key, &Alpha, &Flags) && (Flags & LWA_ALPHA) &&
           Alpha == 0;
}

BOOL LookAt(_In_ const WINDOW_ORIGIN *Origin, _Out_ WINDOW_LOOK *Look)
{
    WINDOWINFO Info = {.cbSize = sizeof(Info)};

    memset(Look, 0, sizeof(*Look));
    if (!(GetWindowLongW(Origin->Handle, GWL_STYLE) & WS_VISIBLE) ||
        !GetWindowInfo(Origin->Handle, &Info))
        return FALSE;
    Look->Style = (LONG)Info.dwStyle;
    Look->ExStyle = (LONG)Info.dwExStyle;
    Look->Owner = GetWindow(Origin->Handle, GW_OWNER);
    Look->Frame = Look->Bounds = Info.rcWindow;
    /* A minimized window's bounds are nowhere. */
    if (!(Look->Style & WS_MINIMIZE) &&
        FAILED(DwmGetWindowAttribute(Origin->Handle, DWMWA_EXTENDED_FRAME_BOUNDS, &Look->Bounds,
                                     sizeof(Look->Bounds))))
        Look->Bounds = Look->Frame;
    Look->Cloaked = IsCloaked(Origin->Handle);
    Look->Clear = (Look->ExStyle & WS_EX_LAYERED) && IsClear(Origin->Handle);
    return TRUE;
}

static BOOL HasNoImage(_In_ HWND Handle)
{
    return (GetWindowLongW(Handle, GWL_EXSTYLE) & EX_NOREDIRECTIONBITMAP) != 0;
}

/* A positive count is left: look at one more. Zero: all that may be looked at; negative: found. */
static BOOL CALLBACK VisitChild(HWND Child, LPARAM Parameter)
{
    int *const Left = (int *)Parameter;

    *Left = HasNoImage(Child) ? -1 : *Left - 1;
    return *Left > 0;
}

BOOL LookAtGpuDrawn(_In_ HWND Handle)
{
    int Left = CHILDREN_MAX;

    if (HasNoImage(Handle))
        return TRUE;
    EnumChildWindows(Handle, VisitChild, (LPARAM)&Left);
    return Left < 0;
}

DWORD LookAtTitle(_In_ HWND Handle, _Out_writes_(3 * LOOK_TITLE_ROOM) PSTR Title)
{
    WCHAR Wide[LOOK_TITLE_ROOM];
    /* Not GetWindowText(): of another program's window it may ask that program. */
    const int Length = InternalGetWindowText(Handle, Wide, LOOK_TITLE_ROOM);
    const int Bytes = Length > 0 ? WideCharToMultiByte(CP_UTF8, 0, Wide, Length, Title,
                                                       3 * LOOK_TITLE_ROOM - 1, NULL, NULL)
                                 : 0;

    Title[Bytes] = 0;
    return (DWORD)Bytes;
}

void LookAtProgram(_In_ DWORD Process, _Out_writes_(Size) PSTR Name, _In_ DWORD Size)
{
    WCHAR Path[MAX_PATH];
    DWORD Length = MAX_PATH;
    const HANDLE Handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, Process);
    const BOOL Known = Handle && QueryFullProcessImageNameW(Handle, 0, Path, &Length);

    if (Handle)
        CloseHandle(Handle);
    Name[0] = 0;
    if (!Known)
        return;
    PWSTR Base = wcsrchr(Path, L'\\');
    Base = Base ? Base + 1 : Path;
    const PWSTR Dot = wcsrchr(Base, L'.');
    if (Dot)
        *Dot = 0;
    if (!WideCharToMultiByte(CP_UTF8, 0, Base, -1, Name, (int)Size, NULL, NULL))
        Name[0] = 0;
}

/* --- Kinds */

static BOOL IsOneOf(_In_ PCWSTR Class, _In_reads_(Count) const PCWSTR *Names, _In_ int Count)
{
    for (int i = 0; i < Count; i++)
        if (!_wcsicmp(Class, Names[i]))
            return TRUE;
    return FALSE;
}

/* The desktop itself, the taskbar, and helpers that are never seen: the host has its own. */
static BOOL IsShell(_In_ PCWSTR Class)
{
    static const PCWSTR Names[] = {
        L"Progman", L"WorkerW",     L"Shell_TrayWnd",     L"Shell_SecondaryTrayWnd", L"IME",
        L"#32769",  L"MSCTFIME UI", L"ForegroundStaging", L"EdgeUiInputTopWndClass"};

    return IsOneOf(Class, Names, ARRAYSIZE(Names));
}

static BOOL IsPopupClass(_In_ PCWSTR Class)
{
    static const PCWSTR Names[] = {L"#32768",       L"tooltips_class32",
                                   L"ComboLBox",    L"Auto-Suggest Dropdown",
                                   L"SysDragImage", L"DropDown"};

    return IsOneOf(Class, Names, ARRAYSIZE(Names));
}

/* A popup without any frame that is no program's main window. */
static BOOL IsPopup(_In_ const WINDOW_LOOK *Look)
{
    const LONG Framed = WS_CAPTION | WS_THICKFRAME | WS_SYSMENU;
    const LONG Aside = WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE | WS_EX_TOPMOST;

    return (Look->Style & WS_POPUP) && !(Look->Style & Framed) &&
           !(Look->ExStyle & WS_EX_APPWINDOW) && (Look->Owner || (Look->ExStyle & Aside));
}

static BOOL Covers(_In_ const RECT *Outer, _In_ const RECT *Inner)
{
    return Outer->left <= Inner->left && Outer->top <= Inner->top && Outer->right >= Inner->right &&
           Outer->bottom >= Inner->bottom;
}

WINDOW_KIND KindOf(_In_ const WINDOW_ORIGIN *Origin, _In_ const WINDOW_LOOK *Look,
                   _In_ const RECT *Monitor)
{
    WINDOW_KIND Kind = {0};
    const BOOL Empty =
        Look->Bounds.right <= Look->Bounds.left || Look->Bounds.bottom <= Look->Bounds.top;

    Kind.Minimized = (Look->Style & WS_MINIMIZE) != 0;
    Kind.FullScreen = !Kind.Minimized && !Empty && Covers(&Look->Bounds, Monitor) &&
                      (Look->Style & WS_CAPTION) != WS_CAPTION;
    Kind.OwnPlace = !Kind.FullScreen && (IsPopupClass(Origin->Class) || IsPopup(Look));
    Kind.Shown = (Look->Style & WS_VISIBLE) && !Look->Cloaked && !Look->Clear &&
                 !IsShell(Origin->Class) && (Kind.Minimized || !Empty) &&
                 !(Kind.Minimized && Kind.OwnPlace);
    return Kind;
}
