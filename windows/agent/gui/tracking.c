/* SPDX-License-Identifier: BSD-2-Clause */
/* See tracking.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/flash.h"
#include "windows/agent/gui/tracking.h"
#include "windows/agent/common/log.h"

enum {
    SCAN_ACTIVE_US = 25000, /* between scans while something happens */
    SCAN_STILL_US = 150000,
    SCAN_STILL_MAX_US = 1000000,
    SCAN_SOON_US = 4000,   /* after an event: several come together */
    SCAN_ACTIVE_PART = 15, /* at most one part in so many of the time */
    SCAN_STILL_PART = 400,
};

/* --- The table */

static TRACKED_WINDOW **Bucket(_Inout_ TRACKING *Tracking, _In_ HWND Handle)
{
    return &Tracking->Buckets[((ULONG_PTR)Handle >> 1) % TRACKED_BUCKETS];
}

static TRACKED_WINDOW *Find(_Inout_ TRACKING *Tracking, _In_ HWND Handle)
{
    TRACKED_WINDOW *Window = *Bucket(Tracking, Handle);

    while (Window && Window->Origin.Handle != Handle)
        Window = Window->HashNext;
    return Window;
}

static SHOWN_WINDOW *FindShown(_Inout_ TRACKING *Tracking, _In_ HWND Handle)
{
    const TRACKED_WINDOW *const Window = Handle ? Find(Tracking, Handle) : NULL;

    return Window ? Window->Shown : NULL;
}

static TRACKED_WINDOW *Add(_Inout_ TRACKING *Tracking, _In_ HWND Handle)
{
    TRACKED_WINDOW *const Window = calloc(1, sizeof(*Window));
    TRACKED_WINDOW **const Link = Bucket(Tracking, Handle);

    if (!Window)
        return NULL;
    if (!LookAtOrigin(Handle, &Window->Origin)) {
        free(Window);
        return NULL;
    }
    Window->HashNext = *Link;
    *Link = Window;
    Window->Next = Tracking->First;
    Tracking->First = Window;
    return Window;
}

static void Unhash(_Inout_ TRACKING *Tracking, _In_ const TRACKED_WINDOW *Window)
{
    TRACKED_WINDOW **Link = Bucket(Tracking, Window->Origin.Handle);

    while (*Link != Window)
        Link = &(*Link)->HashNext;
    *Link = Window->HashNext;
}

/* --- A window's way into the model and out of it */

static struct gui_place PlaceOf(_In_ const RECT *Bounds)
{
    return (struct gui_place){Bounds->left, Bounds->top, (uint32_t)(Bounds->right - Bounds->left),
                              (uint32_t)(Bounds->bottom - Bounds->top)};
}

static SHOWN_WINDOW *ShownNew(_Inout_ GUI_AGENT *Agent, _In_opt_ HWND Handle,
                              _In_ const RECT *Bounds)
{
    const struct gui_place Place = PlaceOf(Bounds);
    SHOWN_WINDOW *const Shown = calloc(1, sizeof(*Shown));

    if (!Shown)
        return NULL;
    Shown->Model.user = Shown;
    Shown->Handle = Handle;
    Shown->Bounds = Shown->Frame = *Bounds;
    Shown->Unsettled = TRUE;
    if (gui_window_add(&Agent->Model, &Shown->Model, Handle ? GUI_ORDINARY : GUI_SCREEN, &Place))
        return Shown;
    free(Shown);
    return NULL;
}

/* The model keeps it until the host knows; GuiAgentReclaim() frees it. */
static void ShownEnd(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    Shown->Ended = TRUE;
    gui_window_remove(&Agent->Model, &Shown->Model);
}

/* The program's file is the class by which the host groups windows and finds their menu entry. */
static void TellClass(_Inout_ GUI_AGENT *Agent, _In_ const TRACKED_WINDOW *Window)
{
    char Program[GUI_CLASS_BYTES], Class[3 * LOOK_CLASS_ROOM];

    LookAtProgram(Window->Origin.Process, Program, sizeof(Program));
    if (!WideCharToMultiByte(CP_UTF8, 0, Window->Origin.Class, -1, Class, sizeof(Class), NULL,
                             NULL))
        Class[0] = 0;
    gui_window_class(&Agent->Model, &Window->Shown->Model, Program, Class);
}

static void TellTitle(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    char Title[3 * LOOK_TITLE_ROOM];
    const DWORD Bytes = LookAtTitle(Shown->Handle, Title);
    DWORD Hash = 2166136261u; /* FNV-1a */

    for (DWORD i = 0; i < Bytes; i++)
        Hash = (Hash ^ (BYTE)Title[i]) * 16777619u;
    if (Hash == Shown->TitleHash)
        return;
    Shown->TitleHash = Hash;
    gui_window_title(&Agent->Model, &Shown->Model, Title, Bytes);
}

static BOOL SameSize(_In_ const RECT *A, _In_ const RECT *B)
{
    return A->right - A->left == B->right - B->left && A->bottom - A->top == B->bottom - B->top;
}

static void TellPlace(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                      _In_ const WINDOW_LOOK *Look)
{
    if (Shown->Kind.Minimized) /* it lies somewhere far outside */
        return;
    Shown->Frame = Look->Frame;
    if (EqualRect(&Shown->Bounds, &Look->Bounds))
        return;
    if (!SameSize(&Shown->Bounds, &Look->Bounds))
        Shown->Unsettled = TRUE;
    Shown->Bounds = Look->Bounds;
    const struct gui_place Place = PlaceOf(&Shown->Bounds);
    gui_window_place(&Agent->Model, &Shown->Model, &Place);
}

static DWORD FlagsOf(_In_ const SHOWN_WINDOW *Shown)
{
    return (Shown->Kind.Minimized ? GUI_FLAG_MINIMIZE : 0) |
           (Shown->Kind.FullScreen ? GUI_FLAG_FULLSCREEN : 0) |
           (Shown->Demands ? GUI_FLAG_ATTENTION : 0);
}

/* The nearest owner that the host shows too. */
static const struct gui_window *ParentOf(_Inout_ GUI_AGENT *Agent, _In_opt_ HWND Owner)
{
    for (int Depth = 0; Owner && Depth < 8; Depth++, Owner = GetWindow(Owner, GW_OWNER)) {
        const SHOWN_WINDOW *const Shown = FindShown(&Agent->Tracking, Owner);
        if (Shown)
            return &Shown->Model;
    }
    return NULL;
}

static void Tell(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                 _In_ const WINDOW_LOOK *Look, _In_ const WINDOW_KIND *Kind)
{
    Shown->Kind = *Kind;
    Shown->Owner = Look->Owner;
    if (Shown->Demands && GetForegroundWindow() == Shown->Handle)
        Shown->Demands = FALSE;
    TellPlace(Agent, Shown, Look);
    TellTitle(Agent, Shown);
    gui_window_flags(&Agent->Model, &Shown->Model, FlagsOf(Shown));
    gui_window_relate(&Agent->Model, &Shown->Model, Kind->OwnPlace, ParentOf(Agent, Shown->Owner));
}

static WINDOW_KIND KindNow(_In_ const GUI_AGENT *Agent, _In_ const WINDOW_ORIGIN *Origin,
                           _In_ const WINDOW_LOOK *Look)
{
    MONITORINFO Info = {.cbSize = sizeof(Info)};

    GetMonitorInfoW(MonitorFromRect(&Look->Bounds, MONITOR_DEFAULTTONEAREST), &Info);
    return KindOf(Origin, Look, &Info.rcMonitor);
}

static void Ask(_Inout_ GUI_AGENT *Agent, _In_ const SHOWN_WINDOW *Shown, _In_ BOOL Icon)
{
    const ASKER_QUESTION Question = {
        .Window = Shown->Handle,
        .Id = Shown->Model.id,
        .Icon = Icon,
        .Size = {Shown->Bounds.right - Shown->Bounds.left,
                 Shown->Bounds.bottom - Shown->Bounds.top},
    };

    AskerAsk(&Agent->Asker, &Question);
}

/* Brings one window up to date. TRUE: it is shown. */
static BOOL Refresh(_Inout_ GUI_AGENT *Agent, _Inout_ TRACKED_WINDOW *Window)
{
    WINDOW_LOOK Look;
    WINDOW_KIND Kind = {0};

    if (!Agent->FullNow && LookAt(&Window->Origin, &Look))
        Kind = KindNow(Agent, &Window->Origin, &Look);
    if (!Kind.Shown) {
        if (Window->Shown)
            ShownEnd(Agent, Window->Shown);
        Window->Shown = NULL;
        return FALSE;
    }
    if (!Window->Shown) {
        if (Kind.Minimized) /* has no place and no picture yet; it is shown once restored */
            return FALSE;
        Window->Shown = ShownNew(Agent, Window->Origin.Handle, &Look.Bounds);
        if (!Window->Shown)
            return FALSE;
        Window->Shown->Frame = Look.Frame;
        TellClass(Agent, Window);
        if (!Kind.OwnPlace)
            Ask(Agent, Window->Shown, TRUE);
    }
    Tell(Agent, Window->Shown, &Look, &Kind);
    return TRUE;
}

/* --- The scan */

typedef struct SCAN {
    GUI_AGENT *Agent;
    /* Shown windows of each process; processes that share a place share what they may have. */
    USHORT Counts[256];
    ULONG Shown;
} SCAN;

static USHORT *CountOf(_Inout_ SCAN *Scan, _In_ const TRACKED_WINDOW *Window)
{
    return &Scan->Counts[Window->Origin.Process / 4 % 256];
}

static void Count(_Inout_ SCAN *Scan)
{
    for (const TRACKED_WINDOW *Window = Scan->Agent->Tracking.First; Window; Window = Window->Next)
        if (Window->Shown) {
            ++*CountOf(Scan, Window);
            Scan->Shown++;
        }
}

/* What is shown stays so; others come as long as there is room. */
static BOOL CALLBACK Visit(HWND Handle, LPARAM Parameter)
{
    SCAN *const Scan = (SCAN *)Parameter;
    TRACKING *const Tracking = &Scan->Agent->Tracking;
    TRACKED_WINDOW *Window = Find(Tracking, Handle);

    if (!Window)
        Window = Add(Tracking, Handle);
    if (!Window)
        return TRUE;
    Window->SeenInScan = Tracking->Scan;
    const BOOL Was = Window->Shown != NULL;
    USHORT *const Of = CountOf(Scan, Window);
    if (!Was && (*Of >= TRACKING_PROGRAM_MAX || Scan->Shown >= TRACKING_ALL_MAX))
        return TRUE;
    const int Change = Refresh(Scan->Agent, Window) - Was;
    *Of = (USHORT)(*Of + Change);
    Scan->Shown += (ULONG)Change;
    return TRUE;
}

/* A handle that was used again names another window, of another thread; the scan in between sees
 * the old one missing, as Windows counts handles up before it uses a number again. */
static void ForgetMissing(_Inout_ GUI_AGENT *Agent)
{
    TRACKING *const Tracking = &Agent->Tracking;

    for (TRACKED_WINDOW **Link = &Tracking->First; *Link;) {
        TRACKED_WINDOW *const Window = *Link;
        if (Window->SeenInScan == Tracking->Scan) {
            Link = &Window->Next;
            continue;
        }
        *Link = Window->Next;
        Unhash(Tracking, Window);
        if (Window->Shown)
            ShownEnd(Agent, Window->Shown);
        free(Window);
    }
}

static void Scan(_Inout_ GUI_AGENT *Agent)
{
    TRACKING *const Tracking = &Agent->Tracking;
    SCAN State = {.Agent = Agent};
    const ULONGLONG Begin = NowUs();

    Tracking->Scan++;
    Count(&State);
    if (Agent->FullNow || !EnumWindows(Visit, (LPARAM)&State)) {
        if (!Agent->FullNow) /* another desktop: nothing is known of it, so nothing is lost */
            Tracking->Scan--;
    }
    ForgetMissing(Agent);
    Tracking->ScanCostUs = NowUs() - Begin;
}

/* Between two scans. */
static ULONGLONG Rest(_In_ const TRACKING *Tracking)
{
    return Tracking->ScanCostUs * SCAN_ACTIVE_PART;
}

static ULONGLONG StillRest(_In_ const TRACKING *Tracking)
{
    const ULONGLONG Cheap = min(Tracking->ScanCostUs * SCAN_STILL_PART, SCAN_STILL_MAX_US);

    return max(Cheap, max(SCAN_STILL_US, Rest(Tracking)));
}

/* --- Events */

static GUI_AGENT *EventAgent; /* WinEvents bring no context */

/* A program may send thousands: each costs a look into a table. */
static void CALLBACK OnEvent(HWINEVENTHOOK Hook, DWORD Event, HWND Handle, LONG Object, LONG Child,
                             DWORD Thread, DWORD Time)
{
    GUI_AGENT *const Agent = EventAgent;

    if (!Agent || !Handle)
        return;
    SHOWN_WINDOW *const Shown = FindShown(&Agent->Tracking, GetAncestor(Handle, GA_ROOT));
    if (Shown)
        gui_pace_hint(&Shown->Pace, NowUs());
    if (Object == OBJID_WINDOW || Event < EVENT_OBJECT_CREATE)
        TrackingSoon(Agent);
}

void TrackingOpen(_Inout_ GUI_AGENT *Agent)
{
    EventAgent = Agent;
    Agent->Tracking.Hook = SetWinEventHook(EVENT_MIN, EVENT_OBJECT_VALUECHANGE, NULL, OnEvent, 0, 0,
                                           WINEVENT_OUTOFCONTEXT | WINEVENT_SKIPOWNPROCESS);
    Agent->Tracking.Flash = FlashOpen(Agent);
    Agent->Tracking.NextScanUs = 0;
}

void TrackingClose(_Inout_ GUI_AGENT *Agent)
{
    if (Agent->Tracking.Hook)
        UnhookWinEvent(Agent->Tracking.Hook);
    Agent->Tracking.Hook = NULL;
    FlashClose(Agent->Tracking.Flash);
    Agent->Tracking.Flash = NULL;
    EventAgent = NULL;
    Agent->Tracking.Scan++;
    ForgetMissing(Agent);
    TrackingShowScreen(Agent, FALSE);
}

/* Not at any price: a program that makes windows without end does not take all the time. */
void TrackingSoon(_Inout_ GUI_AGENT *Agent)
{
    TRACKING *const Tracking = &Agent->Tracking;
    const ULONGLONG Soon = max(NowUs() + SCAN_SOON_US, Tracking->LastScanUs + Rest(Tracking));

    if (Tracking->NextScanUs > Soon)
        Tracking->NextScanUs = Soon;
}

ULONGLONG TrackingNextUs(_In_ const GUI_AGENT *Agent)
{
    return Agent->Tracking.NextScanUs;
}

BOOL TrackingStep(_Inout_ GUI_AGENT *Agent)
{
    TRACKING *const Tracking = &Agent->Tracking;
    const ULONGLONG Now = NowUs();

    if (Now < Tracking->NextScanUs)
        return FALSE;
    Scan(Agent);
    Tracking->LastScanUs = NowUs();
    Tracking->NextScanUs =
        Tracking->LastScanUs +
        (Now < Agent->ActiveUntilUs ? max(SCAN_ACTIVE_US, Rest(Tracking)) : StillRest(Tracking));
    return TRUE;
}

void TrackingAnswers(_Inout_ GUI_AGENT *Agent)
{
    ASKER_ANSWER Answer;

    while (AskerTake(&Agent->Asker, &Answer)) {
        SHOWN_WINDOW *const Shown = FindShown(&Agent->Tracking, Answer.Window);
        if (Shown)
            gui_window_hints(&Agent->Model, &Shown->Model, &Answer.Hints);
    }
}

SHOWN_WINDOW *TrackingFind(_Inout_ GUI_AGENT *Agent, _In_opt_ HWND Handle)
{
    return FindShown(&Agent->Tracking, Handle);
}

void TrackingSettle(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    /* The limits of a window that has one size only are that size. */
    if (Shown->Handle && Shown->Surface && !Shown->Kind.OwnPlace)
        Ask(Agent, Shown, FALSE);
    Shown->Unsettled = FALSE;
    if (Shown->Handle)
        gui_window_relate(&Agent->Model, &Shown->Model, Shown->Kind.OwnPlace,
                          ParentOf(Agent, Shown->Owner));
    gui_window_show(&Agent->Model, &Shown->Model, TRUE);
}

void TrackingLookAt(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    TRACKED_WINDOW *const Window = Shown->Handle ? Find(&Agent->Tracking, Shown->Handle) : NULL;

    if (Window)
        Refresh(Agent, Window);
}

void TrackingShowScreen(_Inout_ GUI_AGENT *Agent, _In_ BOOL Show)
{
    if (!Show && Agent->Screen) {
        ShownEnd(Agent, Agent->Screen);
        Agent->Screen = NULL;
    }
    if (Show && !Agent->Screen) {
        Agent->Screen = ShownNew(Agent, NULL, &Agent->Display.Desktop);
        if (Agent->Screen)
            gui_window_title(&Agent->Model, &Agent->Screen->Model, "Windows", 7);
    }
    Agent->FullNow = Agent->Screen != NULL;
    Agent->Tracking.NextScanUs = 0;
}

void TrackingDemands(_Inout_ GUI_AGENT *Agent, _In_ HWND Handle)
{
    SHOWN_WINDOW *const Shown = FindShown(&Agent->Tracking, Handle);

    if (!Shown)
        return;
    Shown->Demands = TRUE;
    TrackingSoon(Agent);
}

static void HintIfThere(_Inout_ SHOWN_WINDOW *Shown, _In_ const RECT *Part)
{
    RECT Common;

    if (IntersectRect(&Common, &Shown->Bounds, Part))
        gui_pace_hint(&Shown->Pace, NowUs());
}

void TrackingHint(_Inout_ GUI_AGENT *Agent, _In_ const RECT *Part)
{
    if (Agent->Screen)
        HintIfThere(Agent->Screen, Part);
    for (TRACKED_WINDOW *Window = Agent->Tracking.First; Window; Window = Window->Next)
        if (Window->Shown)
            HintIfThere(Window->Shown, Part);
}
