/* SPDX-License-Identifier: BSD-2-Clause */
/* See placing.h. */
#include "windows/agent/gui/placing.h"
#include "windows/agent/gui/tracking.h"

/* A program that hung a moment ago is not waited for again. */
static BOOL Do(_Inout_ GUI_AGENT *Agent, _In_ const BOUNDED_CALL *Call)
{
    return !(Call->Window && IsHungAppWindow(Call->Window)) && BoundedDo(&Agent->Bounded, Call);
}

static void DoMove(_In_ const BOUNDED_CALL *Call)
{
    const RECT *const To = &Call->Place;

    SetWindowPos(Call->Window, NULL, To->left, To->top, To->right - To->left, To->bottom - To->top,
                 SWP_NOZORDER | SWP_NOOWNERZORDER | SWP_NOACTIVATE);
}

void PlacingMove(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                 _In_ const struct gui_place *Place)
{
    /* The invisible borders lie outside of what the host knows. */
    const RECT *const Frame = &Shown->Frame, *const Bounds = &Shown->Bounds;
    BOUNDED_CALL Call = {.Do = DoMove, .Window = Shown->Handle};

    if (!Shown->Handle || Shown->Kind.Minimized)
        return;
    Call.Place.left = Place->x - (Bounds->left - Frame->left);
    Call.Place.top = Place->y - (Bounds->top - Frame->top);
    Call.Place.right = Place->x + (LONG)Place->width + (Frame->right - Bounds->right);
    Call.Place.bottom = Place->y + (LONG)Place->height + (Frame->bottom - Bounds->bottom);
    if (IsZoomed(Shown->Handle)) /* a maximized window is not moved: it is one no more */
        ShowWindowAsync(Shown->Handle, SW_RESTORE);
    Do(Agent, &Call);
    TrackingLookAt(Agent, Shown);
}

static void DoRaise(_In_ const BOUNDED_CALL *Call)
{
    const UINT Flags = SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE | SWP_NOOWNERZORDER;

    /* Windows raises no other program's window to the top, but to the topmost and down again. */
    if (GetWindowLongW(Call->Window, GWL_EXSTYLE) & WS_EX_TOPMOST) {
        SetWindowPos(Call->Window, HWND_TOPMOST, 0, 0, 0, 0, Flags);
        return;
    }
    SetWindowPos(Call->Window, HWND_TOPMOST, 0, 0, 0, 0, Flags);
    SetWindowPos(Call->Window, HWND_NOTOPMOST, 0, 0, 0, 0, Flags);
}

void PlacingRaise(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown)
{
    const BOUNDED_CALL Call = {.Do = DoRaise, .Window = Shown->Handle};

    if (Shown->Handle)
        Do(Agent, &Call);
}

/* Windows lets a program give the keyboard away only when the last input was its own: a key that
 * no keyboard has is such input. */
static void DoActivate(_In_ const BOUNDED_CALL *Call)
{
    INPUT Nothing = {.type = INPUT_KEYBOARD};

    if (GetForegroundWindow() == Call->Window)
        return;
    Nothing.ki.wVk = VK_NONAME;
    Nothing.ki.dwFlags = KEYEVENTF_KEYUP;
    SendInput(1, &Nothing, sizeof(Nothing));
    SetForegroundWindow(Call->Window);
}

void PlacingActivate(_Inout_ GUI_AGENT *Agent, _In_opt_ const SHOWN_WINDOW *Shown)
{
    BOUNDED_CALL Call = {.Do = DoActivate};

    if (Shown && !Shown->Handle)
        return; /* the screen: Windows' own matter */
    if (Shown && Shown->Kind.OwnPlace)
        return; /* a menu takes no keyboard; its owner has it */
    Call.Window = Shown ? Shown->Handle : GetDesktopWindow();
    if (Shown && Shown->Kind.Minimized)
        ShowWindowAsync(Call.Window, SW_RESTORE);
    if (Shown)
        PlacingRaise(Agent, Shown);
    Do(Agent, &Call);
}

void PlacingClose(_In_ const SHOWN_WINDOW *Shown)
{
    if (Shown->Handle)
        PostMessageW(Shown->Handle, WM_SYSCOMMAND, SC_CLOSE, 0);
}

void PlacingFlags(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                  _In_ const struct gui_flags *Flags)
{
    if (!Shown->Handle)
        return;
    if (Flags->set & GUI_FLAG_MINIMIZE)
        ShowWindowAsync(Shown->Handle, SW_SHOWMINNOACTIVE);
    else if (Flags->set & GUI_FLAG_FULLSCREEN)
        ShowWindowAsync(Shown->Handle, SW_SHOWMAXIMIZED);
    else if (Flags->unset & (GUI_FLAG_MINIMIZE | GUI_FLAG_FULLSCREEN))
        ShowWindowAsync(Shown->Handle, SW_RESTORE);
    TrackingSoon(Agent);
}

void PlacingRestore(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    if (Shown->Handle && IsIconic(Shown->Handle))
        ShowWindowAsync(Shown->Handle, SW_RESTORE);
    TrackingSoon(Agent);
}
