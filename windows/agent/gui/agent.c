/* SPDX-License-Identifier: BSD-2-Clause */
/* See agent.h. What the host says is followed in host_events.c. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/agent.h"
#include "windows/agent/gui/control.h"
#include "windows/agent/gui/host_events.h"
#include "windows/agent/gui/input.h"
#include "windows/agent/gui/painter.h"
#include "windows/agent/gui/placing.h"
#include "windows/agent/gui/tracking.h"
#include "windows/agent/common/log.h"

enum { SERVE_RETRY_MS = 1000, WAIT_MAX_MS = 1000, MESSAGES_MAX = 256 };

ULONGLONG NowUs(void)
{
    LARGE_INTEGER Frequency, Now;

    QueryPerformanceFrequency(&Frequency);
    QueryPerformanceCounter(&Now);
    return (ULONGLONG)((double)Now.QuadPart * 1e6 / (double)Frequency.QuadPart);
}

/* --- Life */

/* Coordinates are pixels on every monitor. The call came with Windows 10; older ones have one scale
 * for all monitors. */
static void SetDpiAware(void)
{
    typedef BOOL(WINAPI * SET_CONTEXT)(HANDLE);
    const HANDLE PerMonitor2 = (HANDLE)-4; /* DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2 */
    const SET_CONTEXT Set = (SET_CONTEXT)(PVOID)GetProcAddress(GetModuleHandleW(L"user32.dll"),
                                                               "SetProcessDpiAwarenessContext");

    if (!Set || !Set(PerMonitor2))
        SetProcessDPIAware();
}

DWORD GuiAgentOpen(_Out_ GUI_AGENT *Agent)
{
    memset(Agent, 0, sizeof(*Agent));
    SetDpiAware();
    Agent->Loop.Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    Agent->Body = malloc(GUI_AGENT_BODY_MAX);
    if (!Agent->Loop.Event || !Agent->Body || !BoundedOpen(&Agent->Bounded) ||
        !AskerOpen(&Agent->Asker) || !ClipboardWorkerOpen(&Agent->Clipboard))
        return ERROR_NOT_ENOUGH_MEMORY;
    gui_model_init(&Agent->Model, GUI_VERSION, Agent->Body);
    DomainOpen(&Agent->Domain);
    DesktopOpen(&Agent->Desktop);
    DisplayRefresh(&Agent->Display);
    const DWORD Error = SurfacesOpen(&Agent->Surfaces, Agent->Domain.Domain);
    if (Error)
        return Error;
    PainterOpen(Agent);
    TrackingOpen(Agent);
    Agent->ControlWindow = ControlOpen(Agent);
    Agent->ControlReady = CreateEventW(NULL, TRUE, FALSE, CONTROL_READY);
    if (Agent->ControlReady && Agent->ControlWindow)
        SetEvent(Agent->ControlReady);
    Agent->ServeAtMs = 1;
    return ERROR_SUCCESS;
}

/* Frees what the model does not need any more. */
static void Reclaim(_Inout_ GUI_AGENT *Agent)
{
    struct gui_window *Window;
    struct gui_image *Image;

    while ((Window = gui_model_free_window(&Agent->Model)))
        free(Window->user);
    while ((Image = gui_model_free_image(&Agent->Model)))
        SurfaceGive(&Agent->Surfaces, Image->user);
}

static void Disconnect(_Inout_ GUI_AGENT *Agent)
{
    LinkClose(&Agent->Link);
    gui_model_disconnected(&Agent->Model);
    InputRelease(Agent, NULL);
    Agent->Ready = FALSE;
    Agent->InLeft = 0;
    Reclaim(Agent);
}

void GuiAgentClose(_Inout_ GUI_AGENT *Agent)
{
    if (Agent->ControlReady) {
        ResetEvent(Agent->ControlReady);
        CloseHandle(Agent->ControlReady);
    }
    if (Agent->ControlWindow)
        DestroyWindow(Agent->ControlWindow);
    if (Agent->Surfaces.Xc) {
        TrackingClose(Agent);
        Disconnect(Agent);
        PainterClose(Agent);
        SurfacesClose(&Agent->Surfaces);
    }
    ClipboardWorkerClose(&Agent->Clipboard);
    AskerClose(&Agent->Asker);
    BoundedClose(&Agent->Bounded);
    DesktopClose(&Agent->Desktop);
    DomainClose(&Agent->Domain);
    free(Agent->ClipboardText);
    free(Agent->Body);
    if (Agent->Loop.Event)
        CloseHandle(Agent->Loop.Event);
}

void GuiAgentSetMode(_Inout_ GUI_AGENT *Agent, _In_ GUI_MODE Mode)
{
    if (Agent->Mode != Mode)
        LogLine("%s mode", Mode == ModeFull ? "full-desktop" : "seamless");
    Agent->Mode = Mode;
    TrackingSoon(Agent);
}

/* --- The host */

static BOOL Serve(_Inout_ GUI_AGENT *Agent)
{
    if (GetTickCount64() < Agent->ServeAtMs) {
        LoopWakeBy(&Agent->Loop, Agent->ServeAtMs);
        return FALSE;
    }
    if (!LinkServe(&Agent->Link, &Agent->Loop, Agent->Domain.Domain, GUI_PORT, GUI_RING_BYTES, 0)) {
        Agent->ServeAtMs = GetTickCount64() + SERVE_RETRY_MS;
        LoopWakeBy(&Agent->Loop, Agent->ServeAtMs);
        return FALSE;
    }
    Agent->ServeAtMs = 0;
    return TRUE;
}

static BOOL Send(_Inout_ GUI_AGENT *Agent)
{
    const uint8_t *Bytes;
    size_t Size;
    BOOL Did = FALSE;

    while (Agent->Link.State == LinkOpen && (Size = gui_model_output(&Agent->Model, &Bytes)) != 0) {
        LinkSend(&Agent->Link, Bytes, (DWORD)Size);
        Did |= LinkFlush(&Agent->Link);
        const DWORD Left = Agent->Link.OutLeft;
        Agent->Link.OutLeft = 0; /* the model keeps the rest */
        gui_model_sent(&Agent->Model, Size - Left);
        if (Left)
            break;
    }
    return Did;
}

/* *Problem: what the host did wrong. */
static BOOL Take(_Inout_ GUI_AGENT *Agent, _Inout_ PCSTR *Problem)
{
    struct gui_event Event;
    BOOL Did = FALSE;

    if (Agent->InLeft == 0) {
        Agent->InAt = Agent->In;
        Agent->InLeft = LinkRead(&Agent->Link, Agent->In, sizeof(Agent->In));
    }
    while (Agent->InLeft != 0) {
        Did = TRUE;
        switch (gui_model_feed(&Agent->Model, &Agent->InAt, &Agent->InLeft, &Event)) {
        case GUI_MESSAGE:
            HostEvent(Agent, &Event);
            break;
        case GUI_FAILED:
            *Problem = gui_error_text(Agent->Model.decoder.error);
            return FALSE;
        case GUI_MORE:
            break;
        }
    }
    return Did;
}

static BOOL StepLink(_Inout_ GUI_AGENT *Agent)
{
    PCSTR Problem = NULL;

    if (Agent->ServeAtMs)
        return Serve(Agent);
    BOOL Did = LinkPoll(&Agent->Link);
    if (Did && Agent->Link.State == LinkOpen)
        gui_model_connected(&Agent->Model);
    Did |= Take(Agent, &Problem);
    Did |= Send(Agent);
    if (!Did && (Agent->Link.State == LinkFailed || Agent->Link.State == LinkEnded))
        Problem = "it is gone";
    if (!Problem)
        return Did;
    LogLine("the GUI daemon: %s; waiting for the next", Problem);
    Disconnect(Agent);
    Agent->ServeAtMs = 1;
    return TRUE;
}

/* Pages are granted to one domain: for another everything begins anew. */
static void FollowDomain(_Inout_ GUI_AGENT *Agent)
{
    if (!DomainStep(&Agent->Domain))
        return;
    LogLine("the GUI domain is %u now", Agent->Domain.Domain);
    TrackingClose(Agent);
    Disconnect(Agent);
    SurfacesClose(&Agent->Surfaces);
    const DWORD Error = SurfacesOpen(&Agent->Surfaces, Agent->Domain.Domain);
    if (Error)
        LogError(Error, "Xen cannot be reached");
    TrackingOpen(Agent);
    Agent->ServeAtMs = 1;
}

/* --- Desktops and modes */

/* Everything of this thread that belongs to the old desktop goes before. */
static void FollowDesktop(_Inout_ GUI_AGENT *Agent)
{
    if (!DesktopChanged(&Agent->Desktop))
        return;
    InputRelease(Agent, NULL);
    TrackingClose(Agent);
    PainterClose(Agent);
    if (Agent->ControlWindow)
        DestroyWindow(Agent->ControlWindow);
    if (!DesktopFollow(&Agent->Desktop))
        LogError(GetLastError(), "another desktop has the screen, and cannot be shown");
    Agent->ControlWindow = ControlOpen(Agent);
    TrackingOpen(Agent);
}

static void FollowMode(_Inout_ GUI_AGENT *Agent)
{
    const BOOL Full = Agent->Mode == ModeFull || Agent->Desktop.Secure;

    if (DisplayRefresh(&Agent->Display) && Agent->Screen)
        TrackingShowScreen(Agent, FALSE);
    if (Full != Agent->FullNow)
        TrackingShowScreen(Agent, Full);
}

/* --- The loop */

static BOOL Round(_In_ PVOID Context)
{
    GUI_AGENT *const Agent = Context;

    LoopBeginRound(&Agent->Loop);
    const BOOL Did = StepLink(Agent);
    Reclaim(Agent);
    return Did;
}

/* What goes by the clock. Without a host there is nothing to do. */
static ULONGLONG Look(_Inout_ GUI_AGENT *Agent)
{
    ULONGLONG NextUs = MAXULONGLONG;

    FollowDomain(Agent);
    if (!Agent->Ready)
        return NextUs;
    if (NowUs() >= TrackingNextUs(Agent)) {
        FollowDesktop(Agent);
        FollowMode(Agent);
        TrackingStep(Agent);
    }
    TrackingAnswers(Agent);
    PainterStep(Agent, &NextUs);
    HostFollowUp(Agent);
    return min(NextUs, TrackingNextUs(Agent));
}

/* Events of other programs and orders of services arrive as messages; a flood of them waits. */
static void TakeMessages(void)
{
    MSG Message;

    for (int i = 0; i < MESSAGES_MAX && PeekMessageW(&Message, NULL, 0, 0, PM_REMOVE); i++)
        DispatchMessageW(&Message);
}

static DWORD TimeLimitMs(_In_ const GUI_AGENT *Agent, _In_ ULONGLONG NextUs)
{
    const ULONGLONG Now = NowUs(), NowMs = GetTickCount64();
    ULONGLONG Limit = min(WAIT_MAX_MS, LoopTimeLimitMs(&Agent->Loop));

    if (NextUs != MAXULONGLONG)
        Limit = min(Limit, NextUs <= Now ? 0 : (NextUs - Now + 999) / 1000);
    if (Agent->UnfocusAtMs)
        Limit = min(Limit, Agent->UnfocusAtMs <= NowMs ? 0 : Agent->UnfocusAtMs - NowMs);
    return (DWORD)Limit;
}

DWORD GuiAgentRun(_Inout_ GUI_AGENT *Agent, _In_ HANDLE Stop)
{
    for (;;) {
        ULONGLONG NextUs = Look(Agent);
        while (Round(Agent) || LoopLastRound(&Agent->Loop, Round, Agent))
            NextUs = 0;
        const HANDLE Handles[] = {Stop, Agent->Loop.Event, Agent->Asker.Worker.Done,
                                  Agent->Clipboard.Worker.Done, DomainEvent(&Agent->Domain)};
        const DWORD Count = Handles[4] ? 5 : 4;
        const DWORD Result = MsgWaitForMultipleObjectsEx(Count, Handles, TimeLimitMs(Agent, NextUs),
                                                         QS_ALLINPUT, MWMO_INPUTAVAILABLE);
        if (Result == WAIT_OBJECT_0)
            return ERROR_SUCCESS;
        if (Result == WAIT_FAILED)
            return GetLastError();
        if (Result == WAIT_OBJECT_0 + 1)
            Agent->Loop.Signals++;
        if (Result == WAIT_OBJECT_0 + 3)
            HostClipboard(Agent);
        TakeMessages();
    }
}
