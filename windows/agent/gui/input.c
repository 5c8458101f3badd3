/* SPDX-License-Identifier: BSD-2-Clause */
/* See input.h. */
#include "windows/agent/gui/input.h"
#include "windows/agent/gui/attention.h"
#include "windows/agent/gui/placing.h"

enum {
    BUTTON_WHEEL_UP = 4,
    BUTTON_WHEEL_DOWN = 5,
    BUTTON_WHEEL_LEFT = 6,
    BUTTON_WHEEL_RIGHT = 7,
    ABSOLUTE_RANGE = 65536,
    KEYCODE_DELETE = 111 + GUI_KEYCODE_OFFSET,
    KEYCODE_END = 107 + GUI_KEYCODE_OFFSET,
};

/* --- Keys */

/* The layout of the window that will get the key. */
static HKL LayoutNow(void)
{
    return GetKeyboardLayout(GetWindowThreadProcessId(GetForegroundWindow(), NULL));
}

/* Windows goes by the scan code; the virtual key beside it serves systems that do not. */
static void Inject(_In_ uint32_t Keycode, _In_ BOOL Press)
{
    const uint16_t Scan = gui_scan_code(Keycode);
    INPUT Input = {.type = INPUT_KEYBOARD};

    Input.ki.dwFlags = Press ? 0 : KEYEVENTF_KEYUP;
    if (Scan == GUI_SCAN_PAUSE) { /* of two bytes, which cannot be given as a scan code */
        Input.ki.wVk = VK_PAUSE;
    } else {
        Input.ki.wScan = Scan & 0xff;
        Input.ki.dwFlags |= KEYEVENTF_SCANCODE;
        if (Scan & GUI_SCAN_EXTENDED)
            Input.ki.dwFlags |= KEYEVENTF_EXTENDEDKEY;
        Input.ki.wVk = (WORD)MapVirtualKeyExW(Scan, MAPVK_VSC_TO_VK_EX, LayoutNow());
    }
    SendInput(1, &Input, sizeof(Input));
}

static void Tap(_In_ WORD VirtualKey)
{
    INPUT Input[2] = {{.type = INPUT_KEYBOARD}, {.type = INPUT_KEYBOARD}};

    for (int i = 0; i < 2; i++) {
        Input[i].ki.wVk = VirtualKey;
        Input[i].ki.wScan = (WORD)MapVirtualKeyW(VirtualKey, MAPVK_VK_TO_VSC);
    }
    Input[1].ki.dwFlags = KEYEVENTF_KEYUP;
    SendInput(2, Input, sizeof(*Input));
}

/* The host's locks are the user's keyboard's: ours follow. The state is that before the event, so
 * the lock keys themselves need no care. */
static void FollowLocks(_In_ uint32_t State)
{
    static const struct {
        WORD Key;
        uint32_t Mask;
    } Locks[] = {{VK_CAPITAL, GUI_STATE_CAPS_LOCK}, {VK_NUMLOCK, GUI_STATE_NUM_LOCK}};

    for (int i = 0; i < 2; i++)
        if ((GetKeyState(Locks[i].Key) & 1) != ((State & Locks[i].Mask) != 0))
            Tap(Locks[i].Key);
}

static BOOL IsHeld(_In_ const GUI_AGENT *Agent, _In_ uint32_t LinuxKey)
{
    const uint32_t Keycode = LinuxKey + GUI_KEYCODE_OFFSET;

    return Agent->Keys.down[Keycode / 8] >> Keycode % 8 & 1;
}

/* Ctrl+Alt+Del cannot be injected; Windows has a call for it. Ctrl+Alt+End is its other name, for
 * hosts that keep the first for themselves. */
static BOOL IsAttention(_In_ const GUI_AGENT *Agent, _In_ uint32_t Keycode)
{
    return (Keycode == KEYCODE_DELETE || Keycode == KEYCODE_END) &&
           (IsHeld(Agent, 29) || IsHeld(Agent, 97)) && (IsHeld(Agent, 56) || IsHeld(Agent, 100));
}

void InputKey(_Inout_ GUI_AGENT *Agent, _In_ const struct gui_key *Key)
{
    const BOOL Press = Key->action == GUI_KEY_PRESS;

    if (Press && gui_scan_code(Key->keycode) != 0)
        FollowLocks(Key->state);
    if (!gui_keys_event(&Agent->Keys, Key->keycode, Press))
        return;
    if (Press && IsAttention(Agent, Key->keycode))
        AttentionAsk();
    else
        Inject(Key->keycode, Press);
}

void InputRelease(_Inout_ GUI_AGENT *Agent, _In_opt_ const struct gui_keymap *Keymap)
{
    uint32_t Keycode;

    while ((Keycode = gui_keys_take_stray(&Agent->Keys, Keymap ? Keymap->down : NULL)) != 0)
        Inject(Keycode, FALSE);
}

/* --- The mouse */

static LONG Absolute(_In_ LONG Value, _In_ LONG Size)
{
    /* The smallest number that Windows makes this pixel of. */
    return (LONG)(((LONGLONG)Value * ABSOLUTE_RANGE + Size - 1) / max(Size, 1));
}

static void InjectMouse(_In_ POINT Point, _In_ DWORD Flags, _In_ DWORD Data)
{
    INPUT Input = {.type = INPUT_MOUSE};

    Input.mi.dx = Absolute(Point.x - GetSystemMetrics(SM_XVIRTUALSCREEN),
                           GetSystemMetrics(SM_CXVIRTUALSCREEN));
    Input.mi.dy = Absolute(Point.y - GetSystemMetrics(SM_YVIRTUALSCREEN),
                           GetSystemMetrics(SM_CYVIRTUALSCREEN));
    Input.mi.mouseData = Data;
    Input.mi.dwFlags = Flags | MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK;
    SendInput(1, &Input, sizeof(Input));
}

/* While a button is down the mouse belongs to the window that it went down in: nothing is raised
 * under a drag. */
static BOOL IsDragging(void)
{
    static const int Buttons[] = {VK_LBUTTON, VK_RBUTTON, VK_MBUTTON};

    for (int i = 0; i < 3; i++)
        if (GetAsyncKeyState(Buttons[i]) < 0)
            return TRUE;
    return FALSE;
}

static POINT Aim(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown, _In_ LONG X, _In_ LONG Y)
{
    const POINT Point = {Shown->Bounds.left + X, Shown->Bounds.top + Y};

    Agent->PointerWindow = Shown->Handle;
    if (Shown->Handle && PtInRect(&Shown->Bounds, Point) &&
        GetAncestor(WindowFromPoint(Point), GA_ROOT) != Shown->Handle && !IsDragging())
        PlacingRaise(Agent, Shown);
    return Point;
}

void InputMotion(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown, _In_ LONG X, _In_ LONG Y)
{
    InjectMouse(Aim(Agent, Shown, X, Y), 0, 0);
}

static DWORD ButtonFlags(_In_ uint32_t Button, _In_ BOOL Press, _Out_ DWORD *Data)
{
    *Data = 0;
    switch (Button) {
    case 1:
    case 3: {
        /* X names buttons by their meaning, SendInput by their place. */
        const BOOL Left = (Button == 1) != (GetSystemMetrics(SM_SWAPBUTTON) != 0);
        if (Left)
            return Press ? MOUSEEVENTF_LEFTDOWN : MOUSEEVENTF_LEFTUP;
        return Press ? MOUSEEVENTF_RIGHTDOWN : MOUSEEVENTF_RIGHTUP;
    }
    case 2:
        return Press ? MOUSEEVENTF_MIDDLEDOWN : MOUSEEVENTF_MIDDLEUP;
    case BUTTON_WHEEL_UP:
    case BUTTON_WHEEL_DOWN:
        *Data = (DWORD)(Button == BUTTON_WHEEL_UP ? WHEEL_DELTA : -WHEEL_DELTA);
        return Press ? MOUSEEVENTF_WHEEL : 0;
    case BUTTON_WHEEL_LEFT:
    case BUTTON_WHEEL_RIGHT:
        *Data = (DWORD)(Button == BUTTON_WHEEL_RIGHT ? WHEEL_DELTA : -WHEEL_DELTA);
        return Press ? MOUSEEVENTF_HWHEEL : 0;
    case 8:
    case 9:
        *Data = Button == 8 ? XBUTTON1 : XBUTTON2;
        return Press ? MOUSEEVENTF_XDOWN : MOUSEEVENTF_XUP;
    }
    return 0;
}

void InputButton(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown,
                 _In_ const struct gui_button *Button)
{
    DWORD Data;
    const DWORD Flags = ButtonFlags(Button->button, Button->action == GUI_BUTTON_PRESS, &Data);

    if (Flags)
        InjectMouse(Aim(Agent, Shown, Button->x, Button->y), Flags, Data);
}
