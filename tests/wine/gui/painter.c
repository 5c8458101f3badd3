/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's program in the tests of the GUI agent: makes windows with known pixels and says what
 * input they got. Orders are lines on stdin, answered by one line each on stdout; input is
 * reported by lines of its own, at any time. NAME is a window's title.
 *
 *   window NAME X Y W H SEED     an ordinary window; answers its client area: "at X Y W H"
 *   popup NAME X Y W H SEED      a menu-like one, owned by the last ordinary one
 *   dialog NAME X Y W H SEED     an ordinary one, owned by the last ordinary one
 *   area NAME                    answers "at ..." as above
 *   where NAME                   answers its place and size: "done X Y W H"
 *   paint NAME SEED              its client area's pixels become pattern(SEED)
 *   move NAME X Y W H            title NAME NEW     minimize NAME     restore NAME
 *   close NAME                   raise NAME         limits NAME W H (the smallest size)
 *   many COUNT                   so many ordinary windows that nobody asked for
 *   titles NAME BYTES            a title of so many bytes
 *   animate NAME MS              a new seed each MS milliseconds, 0: stops
 *   flip NAME                    a new seed with each key that it gets (prints nothing)
 *   flash NAME                   what Windows tells shells of one that calls FlashWindowEx (Wine
 *                                tells nobody)
 *   hang MS                      answers no messages for so long; answers before it begins
 *   clip                         the clipboard's text, as one line
 *
 * The pattern of SEED: pixel (x, y) of the client area is (SEED * 0x9e3779 + x * 7 + y * 0x301) &
 * 0xffffff, as 0xRRGGBB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { NAMES_MAX = 512, ORDER = WM_APP };

typedef struct PAINTED {
    char Name[64];
    HWND Handle;
    DWORD Seed;
    SIZE Least;
    BOOL Flip;
} PAINTED;

static PAINTED Windows[NAMES_MAX];
static int WindowCount;
static HWND LastOrdinary;

static void Say(const char *Format, ...)
{
    va_list Arguments;
    va_start(Arguments, Format);
    vprintf(Format, Arguments);
    va_end(Arguments);
    putchar('\n');
    fflush(stdout);
}

static PAINTED *Find(const char *Name)
{
    for (int i = 0; i < WindowCount; i++)
        if (!strcmp(Windows[i].Name, Name))
            return &Windows[i];
    return NULL;
}

static PAINTED *Of(HWND Handle)
{
    for (int i = 0; i < WindowCount; i++)
        if (Windows[i].Handle == Handle)
            return &Windows[i];
    return NULL;
}

static void Paint(HWND Handle, HDC Dc, DWORD Seed)
{
    RECT Client;
    GetClientRect(Handle, &Client);
    const BITMAPINFO Info = {.bmiHeader = {.biSize = sizeof(BITMAPINFOHEADER),
                                           .biWidth = Client.right,
                                           .biHeight = -Client.bottom,
                                           .biPlanes = 1,
                                           .biBitCount = 32}};
    DWORD *const Pixels = malloc((size_t)Client.right * Client.bottom * 4 + 4);
    for (LONG y = 0; Pixels && y < Client.bottom; y++)
        for (LONG x = 0; x < Client.right; x++)
            Pixels[y * Client.right + x] = (Seed * 0x9e3779u + x * 7u + y * 0x301u) & 0xffffffu;
    if (Pixels)
        SetDIBitsToDevice(Dc, 0, 0, Client.right, Client.bottom, 0, 0, 0, Client.bottom, Pixels,
                          &Info, DIB_RGB_COLORS);
    free(Pixels);
}

static void Repaint(PAINTED *Window, DWORD Seed)
{
    Window->Seed = Seed;
    const HDC Dc = GetDC(Window->Handle);
    Paint(Window->Handle, Dc, Seed);
    ReleaseDC(Window->Handle, Dc);
    GdiFlush();
}

static const struct {
    UINT Message;
    const char *What;
    int Button;
} Buttons[] = {
    {WM_LBUTTONDOWN, "down", 1}, {WM_LBUTTONUP, "up", 1},     {WM_RBUTTONDOWN, "down", 3},
    {WM_RBUTTONUP, "up", 3},     {WM_MBUTTONDOWN, "down", 2}, {WM_MBUTTONUP, "up", 2},
    {WM_XBUTTONDOWN, "down", 8}, {WM_XBUTTONUP, "up", 8},
};

static void Mouse(PAINTED *Window, UINT Message, WPARAM WParam, LPARAM LParam)
{
    for (unsigned i = 0; i < ARRAYSIZE(Buttons); i++)
        if (Buttons[i].Message == Message)
            Say("mouse %s %s %d %d %d", Window->Name, Buttons[i].What, Buttons[i].Button,
                (short)LOWORD(LParam), (short)HIWORD(LParam));
    if (Message == WM_MOUSEWHEEL || Message == WM_MOUSEHWHEEL)
        Say("wheel %s %s %d", Window->Name, Message == WM_MOUSEWHEEL ? "v" : "h",
            GET_WHEEL_DELTA_WPARAM(WParam));
}

static void Key(PAINTED *Window, UINT Message, WPARAM WParam, LPARAM LParam)
{
    const BOOL Down = Message == WM_KEYDOWN || Message == WM_SYSKEYDOWN;

    if (Message == WM_CHAR || Message == WM_SYSCHAR)
        return;
    if (!Window->Flip)
        Say("key %s %s vk %x scan %x%s", Window->Name, Down ? "down" : "up", (int)WParam,
            (int)(LParam >> 16 & 0xff), LParam & 1 << 24 ? " ext" : "");
    else if (Down)
        Repaint(Window, Window->Seed + 1);
}

static LRESULT CALLBACK Procedure(HWND Handle, UINT Message, WPARAM WParam, LPARAM LParam)
{
    PAINTED *const Window = Of(Handle);
    PAINTSTRUCT Part;

    if (!Window)
        return DefWindowProcW(Handle, Message, WParam, LParam);
    if (Message >= WM_MOUSEFIRST && Message <= WM_MOUSELAST) {
        Mouse(Window, Message, WParam, LParam);
        return 0;
    }
    if (Message >= WM_KEYFIRST && Message <= WM_KEYLAST) {
        Key(Window, Message, WParam, LParam);
        return 0;
    }
    switch (Message) {
    case WM_PAINT:
        BeginPaint(Handle, &Part);
        Paint(Handle, Part.hdc, Window->Seed);
        EndPaint(Handle, &Part);
        return 0;
    case WM_ERASEBKGND:
        return 1;
    case WM_TIMER:
        Repaint(Window, Window->Seed + 1);
        return 0;
    case WM_GETMINMAXINFO:
        if (Window->Least.cx)
            ((MINMAXINFO *)LParam)->ptMinTrackSize = (POINT){Window->Least.cx, Window->Least.cy};
        return 0;
    case WM_CLOSE:
        Say("closing %s", Window->Name);
        return 0;
    case WM_SETFOCUS:
        Say("focus %s", Window->Name);
        return 0;
    }
    return DefWindowProcW(Handle, Message, WParam, LParam);
}

static void SayArea(HWND Handle)
{
    RECT Frame, Client;
    POINT Origin = {0, 0};

    GetWindowRect(Handle, &Frame);
    GetClientRect(Handle, &Client);
    ClientToScreen(Handle, &Origin);
    Say("at %ld %ld %ld %ld", Origin.x - Frame.left, Origin.y - Frame.top, Client.right,
        Client.bottom);
}

static void SayPlace(HWND Handle)
{
    RECT Frame;

    GetWindowRect(Handle, &Frame);
    Say("done %ld %ld %ld %ld", Frame.left, Frame.top, Frame.right - Frame.left,
        Frame.bottom - Frame.top);
}

static void Make(const char *Kind, const char *Name, int X, int Y, int W, int H, DWORD Seed)
{
    const BOOL Popup = !strcmp(Kind, "popup"), Owned = strcmp(Kind, "window") != 0;
    PAINTED *const Window = &Windows[WindowCount++ % NAMES_MAX];
    WCHAR Title[64];

    memset(Window, 0, sizeof(*Window));
    snprintf(Window->Name, sizeof(Window->Name), "%s", Name);
    Window->Seed = Seed;
    MultiByteToWideChar(CP_UTF8, 0, Name, -1, Title, 64);
    Window->Handle = CreateWindowExW(Popup ? WS_EX_TOOLWINDOW : 0, L"painter", Title,
                                     Popup ? WS_POPUP : WS_OVERLAPPEDWINDOW, X, Y, W, H,
                                     Owned ? LastOrdinary : NULL, NULL, NULL, NULL);
    if (!strcmp(Kind, "window"))
        LastOrdinary = Window->Handle;
    ShowWindow(Window->Handle, Popup ? SW_SHOWNA : SW_SHOWNORMAL);
    UpdateWindow(Window->Handle);
    SayArea(Window->Handle);
}

static void SayClipboard(HWND Owner)
{
    char Text[1000] = "";
    if (OpenClipboard(Owner)) {
        const HANDLE Data = GetClipboardData(CF_UNICODETEXT);
        const WCHAR *const Wide = Data ? GlobalLock(Data) : NULL;
        if (Wide)
            WideCharToMultiByte(CP_UTF8, 0, Wide, -1, Text, sizeof(Text), NULL, NULL);
        if (Wide)
            GlobalUnlock(Data);
        CloseClipboard();
    }
    for (char *c = Text; *c; c++)
        if (*c == '\r' || *c == '\n')
            *c = *c == '\r' ? '<' : '>';
    Say("clip %s", Text);
}

static void Many(int Count)
{
    for (int i = 0; i < Count; i++)
        ShowWindow(CreateWindowExW(0, L"painter", L"one of many", WS_OVERLAPPEDWINDOW, i % 500,
                                   i % 300, 200, 100, NULL, NULL, NULL, NULL),
                   SW_SHOWNOACTIVATE);
    Say("done");
}

/* Text NULL: Length letters. */
static void Title(PAINTED *Window, const char *Text, int Length)
{
    WCHAR *const Wide = calloc(Length + 2, sizeof(WCHAR));
    if (!Wide)
        return;
    if (Text)
        MultiByteToWideChar(CP_UTF8, 0, Text, -1, Wide, Length + 1);
    for (int i = 0; !Text && i < Length; i++)
        Wide[i] = L'x';
    SetWindowTextW(Window->Handle, Wide);
    free(Wide);
}

static void Flash(HWND Handle)
{
    PostMessageW(FindWindowW(L"CasementGuiFlash", NULL), RegisterWindowMessageW(L"SHELLHOOK"),
                 HSHELL_FLASH, (LPARAM)Handle);
}

static void Change(PAINTED *Window, const char *Word, const char *Line, const int *N)
{
    char More[64] = "";

    if (!strcmp(Word, "paint"))
        Repaint(Window, N[0]);
    else if (!strcmp(Word, "move"))
        SetWindowPos(Window->Handle, NULL, N[0], N[1], N[2], N[3], SWP_NOZORDER | SWP_NOACTIVATE);
    else if (!strcmp(Word, "minimize"))
        ShowWindow(Window->Handle, SW_MINIMIZE);
    else if (!strcmp(Word, "restore"))
        ShowWindow(Window->Handle, SW_RESTORE);
    else if (!strcmp(Word, "close"))
        DestroyWindow(Window->Handle);
    else if (!strcmp(Word, "raise"))
        SetWindowPos(Window->Handle, HWND_TOP, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE);
    else if (!strcmp(Word, "limits"))
        Window->Least = (SIZE){N[0], N[1]};
    else if (!strcmp(Word, "title") && sscanf(Line, "%*s %*s %63s", More) == 1)
        Title(Window, More, (int)strlen(More));
    else if (!strcmp(Word, "titles"))
        Title(Window, NULL, N[0]);
    else if (!strcmp(Word, "flip"))
        Window->Flip = TRUE;
    else if (!strcmp(Word, "flash"))
        Flash(Window->Handle);
    else if (!strcmp(Word, "animate") && N[0] > 0)
        SetTimer(Window->Handle, 1, N[0], NULL);
    else if (!strcmp(Word, "animate"))
        KillTimer(Window->Handle, 1);
    Say("done");
}

static void Obey(const char *Line)
{
    char Word[16] = "", Name[64] = "";
    int N[5] = {0};
    const int Fields =
        sscanf(Line, "%15s %63s %d %d %d %d %d", Word, Name, &N[0], &N[1], &N[2], &N[3], &N[4]);
    PAINTED *const Window = Find(Name);

    if (!strcmp(Word, "many")) {
        Many(atoi(Name));
    } else if (!strcmp(Word, "hang")) {
        Say("done");
        Sleep(atoi(Name));
    } else if (!strcmp(Word, "clip")) {
        SayClipboard(Windows[0].Handle);
    } else if (!strcmp(Word, "window") || !strcmp(Word, "popup") || !strcmp(Word, "dialog")) {
        Make(Word, Name, N[0], N[1], N[2], N[3], N[4]);
    } else if (Window && !strcmp(Word, "area")) {
        SayArea(Window->Handle);
    } else if (Window && !strcmp(Word, "where")) {
        SayPlace(Window->Handle);
    } else if (Window && Fields >= 2) {
        Change(Window, Word, Line, N);
    } else {
        Say("unknown: %s", Line);
    }
}

/* Lines come on a thread of their own, and are obeyed by the one that has the windows. */
static DWORD WINAPI Listen(void *Main)
{
    char Line[256];
    while (fgets(Line, sizeof(Line), stdin)) {
        Line[strcspn(Line, "\r\n")] = 0;
        while (!PostThreadMessageW((DWORD)(ULONG_PTR)Main, ORDER, 0, (LPARAM)_strdup(Line)))
            SwitchToThread();
    }
    ExitProcess(0);
}

int main(void)
{
    const WNDCLASSW Class = {.lpfnWndProc = Procedure,
                             .lpszClassName = L"painter",
                             .hCursor = LoadCursorW(NULL, (PCWSTR)IDC_ARROW)};
    MSG Message;

    RegisterClassW(&Class);
    PeekMessageW(&Message, NULL, 0, 0, PM_NOREMOVE); /* makes the queue */
    CreateThread(NULL, 0, Listen, (void *)(ULONG_PTR)GetCurrentThreadId(), 0, NULL);
    Say("ready");
    while (GetMessageW(&Message, NULL, 0, 0) > 0) {
        if (!Message.hwnd && Message.message == ORDER) {
            Obey((char *)Message.lParam);
            free((void *)Message.lParam);
            continue;
        }
        TranslateMessage(&Message);
        DispatchMessageW(&Message);
    }
    return 0;
}
