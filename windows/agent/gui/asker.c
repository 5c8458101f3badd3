/* SPDX-License-Identifier: BSD-2-Clause */
/* See asker.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/gui/asker.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/pixels.h"

enum { ANSWER_LIMIT_MS = 200 };

/* --- Sizes */

static BOOL AskSizes(_In_ HWND Window, _Out_ MINMAXINFO *Info)
{
    DWORD_PTR Result;

    memset(Info, 0, sizeof(*Info));
    Info->ptMaxSize.x = Info->ptMaxTrackSize.x = GetSystemMetrics(SM_CXMAXTRACK);
    Info->ptMaxSize.y = Info->ptMaxTrackSize.y = GetSystemMetrics(SM_CYMAXTRACK);
    Info->ptMinTrackSize.x = GetSystemMetrics(SM_CXMINTRACK);
    Info->ptMinTrackSize.y = GetSystemMetrics(SM_CYMINTRACK);
    return SendMessageTimeoutW(Window, WM_GETMINMAXINFO, 0, (LPARAM)Info,
                               SMTO_ABORTIFHUNG | SMTO_BLOCK, ANSWER_LIMIT_MS, &Result) != 0;
}

static struct gui_hints HintsOf(_In_ const ASKER_QUESTION *Question)
{
    struct gui_hints Hints = {.flags = GUI_HINT_POSITION};
    MINMAXINFO Info;

    if (!(GetWindowLongW(Question->Window, GWL_STYLE) & WS_THICKFRAME)) {
        Hints.flags |= GUI_HINT_MIN_SIZE | GUI_HINT_MAX_SIZE; /* it has one size */
        Hints.min_width = Hints.max_width = (uint32_t)Question->Size.cx;
        Hints.min_height = Hints.max_height = (uint32_t)Question->Size.cy;
        return Hints;
    }
    if (!AskSizes(Question->Window, &Info))
        return Hints;
    if (Info.ptMinTrackSize.x > 0 && Info.ptMinTrackSize.y > 0) {
        Hints.flags |= GUI_HINT_MIN_SIZE;
        Hints.min_width = (uint32_t)min(Info.ptMinTrackSize.x, GUI_WIDTH_MAX);
        Hints.min_height = (uint32_t)min(Info.ptMinTrackSize.y, GUI_HEIGHT_MAX);
    }
    if (Info.ptMaxTrackSize.x > 0 && Info.ptMaxTrackSize.y > 0 &&
        (Info.ptMaxTrackSize.x < GetSystemMetrics(SM_CXMAXTRACK) ||
         Info.ptMaxTrackSize.y < GetSystemMetrics(SM_CYMAXTRACK))) {
        Hints.flags |= GUI_HINT_MAX_SIZE;
        Hints.max_width = (uint32_t)min(Info.ptMaxTrackSize.x, GUI_WIDTH_MAX);
        Hints.max_height = (uint32_t)min(Info.ptMaxTrackSize.y, GUI_HEIGHT_MAX);
    }
    return Hints;
}

/* --- Icons */

static HICON IconOf(_In_ HWND Window)
{
    static const WPARAM Kinds[] = {ICON_BIG, ICON_SMALL2, ICON_SMALL};
    DWORD_PTR Icon = 0;

    for (int i = 0; i < 3 && !Icon; i++)
        if (!SendMessageTimeoutW(Window, WM_GETICON, Kinds[i], 0, SMTO_ABORTIFHUNG | SMTO_BLOCK,
                                 ANSWER_LIMIT_MS, &Icon))
            break;
    if (!Icon)
        Icon = GetClassLongPtrW(Window, GCLP_HICON);
    if (!Icon)
        Icon = GetClassLongPtrW(Window, GCLP_HICONSM);
    return (HICON)Icon; /* the window's */
}

/* Its stdin; what it prints is nobody's. INVALID_HANDLE_VALUE: it cannot be started. */
static HANDLE StartUpdater(void)
{
    WCHAR Folder[MAX_PATH], Line[2 * MAX_PATH];
    STARTUPINFOW Startup = {.cb = sizeof(Startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION Process;
    HANDLE Read = NULL, Write = INVALID_HANDLE_VALUE;
    const DWORD Length = GetModuleFileNameW(NULL, Folder, MAX_PATH);
    PWSTR Slash = Length && Length < MAX_PATH ? wcsrchr(Folder, L'\\') : NULL;

    if (!Slash || !CreatePipe(&Read, &Write, NULL, 1 << 16))
        return INVALID_HANDLE_VALUE;
    *Slash = 0;
    swprintf(Line, ARRAYSIZE(Line), L"\"%ls\\qrexec-client-vm.exe\" dom0 qubes.WindowIconUpdater",
             Folder);
    SetHandleInformation(Read, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    Startup.hStdInput = Read;
    const BOOL Started = CreateProcessW(NULL, Line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL,
                                        &Startup, &Process);
    CloseHandle(Read);
    if (!Started) {
        CloseHandle(Write);
        return INVALID_HANDLE_VALUE;
    }
    CloseHandle(Process.hThread);
    CloseHandle(Process.hProcess);
    return Write;
}

static void SendIcon(_Inout_ ASKER *Asker, _In_ ULONG Id, _In_ HICON Icon)
{
    PIXELS Pixels;
    SIZE_T Size;
    DWORD Written;

    if (!Asker->IconPipe)
        Asker->IconPipe = StartUpdater();
    if (Asker->IconPipe == INVALID_HANDLE_VALUE || PixelsOfIcon(Icon, &Pixels))
        return;
    BYTE *const Bytes = PixelsEncodeForWindow(Id, &Pixels, &Size);
    free(Pixels.Rgba);
    if (Bytes && !WriteFile(Asker->IconPipe, Bytes, (DWORD)Size, &Written, NULL)) {
        LogLine("dom0 takes no icons");
        CloseHandle(Asker->IconPipe);
        Asker->IconPipe = INVALID_HANDLE_VALUE;
    }
    free(Bytes);
}

/* --- The thread */

static BOOL TakeQuestion(_Inout_ ASKER *Asker, _Out_ ASKER_QUESTION *Question)
{
    AcquireSRWLockExclusive(&Asker->Worker.Lock);
    const BOOL Some = Asker->Count != 0 && !Asker->Worker.End;
    if (Some) {
        *Question = Asker->Questions[Asker->First];
        Asker->First = (Asker->First + 1) % ASKER_QUEUE_MAX;
        Asker->Count--;
    }
    ReleaseSRWLockExclusive(&Asker->Worker.Lock);
    return Some;
}

static void Answer(_Inout_ ASKER *Asker, _In_ const ASKER_QUESTION *Question)
{
    const ASKER_ANSWER Made = {Question->Window, HintsOf(Question)};

    AcquireSRWLockExclusive(&Asker->Worker.Lock);
    if (Asker->AnswerCount < ASKER_QUEUE_MAX)
        Asker->Answers[Asker->AnswerCount++] = Made;
    ReleaseSRWLockExclusive(&Asker->Worker.Lock);
    SetEvent(Asker->Worker.Done);
}

static DWORD WINAPI Work(_In_ PVOID Context)
{
    ASKER *const Asker = Context;
    ASKER_QUESTION Question;

    while (WorkerNext(&Asker->Worker)) {
        while (TakeQuestion(Asker, &Question)) {
            Answer(Asker, &Question);
            const HICON Icon = Question.Icon ? IconOf(Question.Window) : NULL;
            if (Icon)
                SendIcon(Asker, Question.Id, Icon);
        }
    }
    if (Asker->IconPipe && Asker->IconPipe != INVALID_HANDLE_VALUE)
        CloseHandle(Asker->IconPipe);
    return 0;
}

BOOL AskerOpen(_Out_ ASKER *Asker)
{
    memset(Asker, 0, sizeof(*Asker));
    return WorkerOpen(&Asker->Worker, Work, Asker);
}

void AskerClose(_Inout_ ASKER *Asker)
{
    WorkerClose(&Asker->Worker);
}

void AskerAsk(_Inout_ ASKER *Asker, _In_ const ASKER_QUESTION *Question)
{
    AcquireSRWLockExclusive(&Asker->Worker.Lock);
    if (Asker->Count == ASKER_QUEUE_MAX) {
        Asker->First = (Asker->First + 1) % ASKER_QUEUE_MAX;
        Asker->Count--;
    }
    Asker->Questions[(Asker->First + Asker->Count++) % ASKER_QUEUE_MAX] = *Question;
    ReleaseSRWLockExclusive(&Asker->Worker.Lock);
    SetEvent(Asker->Worker.Wake);
}

BOOL AskerTake(_Inout_ ASKER *Asker, _Out_ ASKER_ANSWER *Answer)
{
    AcquireSRWLockExclusive(&Asker->Worker.Lock);
    const BOOL Some = Asker->AnswerCount != 0;
    if (Some)
        *Answer = Asker->Answers[--Asker->AnswerCount];
    ReleaseSRWLockExclusive(&Asker->Worker.Lock);
    return Some;
}
