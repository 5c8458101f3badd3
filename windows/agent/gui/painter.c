/* SPDX-License-Identifier: BSD-2-Clause */
/* See painter.h. */
#include <string.h>
#include "core/gui/change.h"
#include "windows/agent/gui/painter.h"
#include "windows/agent/gui/tracking.h"
#include "windows/agent/common/log.h"

enum {
    STEP_US = 30000,           /* of looking at moving windows */
    RETRY_US = 50000,          /* for what could not be captured */
    METHOD_RETRY_US = 1000000, /* for a method that is not to be had now */
    GPU_ASK_US = 5000000,      /* between two looks for what the GPU draws */
    BLACK_POINTS = 16,         /* in a row, and rows */
    DAMAGE_RECTS = GUI_DAMAGE_MAX,
};

/* --- Methods */

static void CloseMethod(_Inout_ CAPTURE *Capture)
{
    if (Capture->Context)
        Capture->Method->Close(Capture->Context);
    Capture->Context = NULL;
}

void PainterClose(_Inout_ GUI_AGENT *Agent)
{
    for (int i = 0; i < CAPTURE_METHODS; i++)
        CloseMethod(&Agent->Captures[i]);
}

/* Open, if it can be. One that this machine does not have at all is not tried again. */
static BOOL Usable(_Inout_ CAPTURE *Capture, _In_ HANDLE Wake)
{
    DWORD Error;

    if (Capture->Context)
        return TRUE;
    if (NowUs() < Capture->RetryUs)
        return FALSE;
    Capture->Context = Capture->Method->Open(Wake, &Error);
    if (Capture->Context)
        return TRUE;
    if (Capture->RetryUs == 0)
        LogError(Error, "capture by %s is not available", Capture->Method->Name);
    Capture->RetryUs = Error == ERROR_NOT_SUPPORTED ? MAXULONGLONG : NowUs() + METHOD_RETRY_US;
    return FALSE;
}

/* A device takes its time to come up: before anybody waits for a picture. */
void PainterOpen(_Inout_ GUI_AGENT *Agent)
{
    static const CAPTURE_METHOD *const Methods[CAPTURE_METHODS] = {&CaptureDxgi, &CaptureWgc,
                                                                   &CaptureGdi};

    for (int i = 0; i < CAPTURE_METHODS; i++) {
        Agent->Captures[i] = (CAPTURE){.Method = Methods[i]};
        if (!Methods[i]->OnDemand)
            Usable(&Agent->Captures[i], Agent->Loop.Event);
    }
}

/* Whether a method is to be asked for pixels of that. */
static BOOL IsFor(_In_ const CAPTURE_METHOD *Method, _In_ const SHOWN_WINDOW *Shown)
{
    if (Method->OnDemand && !Shown->GpuDrawn)
        return FALSE;
    return Shown->Handle ? Method->Window != NULL : Method->Screen != NULL;
}

/* A few points, far apart, tell it. */
static BOOL IsBlack(_In_ const CAPTURE_PIXELS *Pixels, _In_ const RECT *Part)
{
    const LONG Width = Part->right - Part->left, Height = Part->bottom - Part->top;

    for (LONG y = 0; y < BLACK_POINTS; y++)
        for (LONG x = 0; x < BLACK_POINTS; x++) {
            const LONG Column = (2 * x + 1) * Width / (2 * BLACK_POINTS);
            const LONG Row = (2 * y + 1) * Height / (2 * BLACK_POINTS);
            const BYTE *const Pixel =
                Pixels->Pixels + Row * Pixels->StrideBytes + Column * GUI_PIXEL_BYTES;
            if (Pixel[0] | Pixel[1] | Pixel[2])
                return FALSE;
        }
    return TRUE;
}

/* Programs make the window that the GPU draws into some time after their own. */
static void AskGpuDrawn(_Inout_ SHOWN_WINDOW *Shown)
{
    const ULONGLONG Now = NowUs();

    if (Shown->GpuDrawn || !Shown->Handle ||
        (!Shown->Unsettled && Now < Shown->GpuAskedUs + GPU_ASK_US))
        return;
    Shown->GpuAskedUs = Now;
    Shown->GpuDrawn = LookAtGpuDrawn(Shown->Handle);
}

/* A part of a window (of the desktop, for the screen), by the first method that can. Part is in
 * the image's coordinates. */
static CAPTURE_RESULT Get(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown,
                          _In_ const RECT *Part, _Out_ CAPTURE_PIXELS *Pixels)
{
    CAPTURE_RESULT Result = CaptureUnavailable;
    RECT Source = *Part;

    AskGpuDrawn(Shown);
    if (Shown->Handle)
        OffsetRect(&Source, Shown->Bounds.left - Shown->Frame.left,
                   Shown->Bounds.top - Shown->Frame.top);
    else
        OffsetRect(&Source, Shown->Bounds.left, Shown->Bounds.top);
    for (int i = 0; i < CAPTURE_METHODS && Result == CaptureUnavailable; i++) {
        CAPTURE *const Capture = &Agent->Captures[i];
        const CAPTURE_METHOD *const Method = Capture->Method;
        if (!IsFor(Method, Shown) || !Usable(Capture, Agent->Loop.Event))
            continue;
        Result = Shown->Handle ? Method->Window(Capture->Context, Shown->Handle, &Source, Pixels)
                               : Method->Screen(Capture->Context, &Source, Pixels);
        if (Result == CaptureLost) {
            CloseMethod(Capture);
            Result = CaptureUnavailable;
        }
    }
    if (Result == CaptureDone && Shown->Handle && Shown->Unsettled && !Shown->GpuDrawn)
        Shown->GpuDrawn = IsBlack(Pixels, Part);
    return Result;
}

/* --- One window */

static void ImageSize(_In_ const SHOWN_WINDOW *Shown, _Out_ DWORD *Width, _Out_ DWORD *Height)
{
    *Width = (DWORD)min(Shown->Bounds.right - Shown->Bounds.left, GUI_WIDTH_MAX);
    *Height = (DWORD)min(Shown->Bounds.bottom - Shown->Bounds.top, GUI_HEIGHT_MAX);
    *Height = min(*Height, PAINTER_PIXELS_MAX / *Width);
}

/* Captures rows of a window into Surface. Returns the rectangles that differ, at most DAMAGE_RECTS,
 * or -1: there are no pixels now. */
static int CopyPart(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown, _Inout_ SURFACE *Surface,
                    _In_ const RECT *Part, _Out_ struct gui_rect *Rects)
{
    const struct gui_rect Area = {Part->left, Part->top, (uint32_t)(Part->right - Part->left),
                                  (uint32_t)(Part->bottom - Part->top)};
    CAPTURE_PIXELS Pixels;

    if (Get(Agent, Shown, Part, &Pixels) != CaptureDone)
        return -1;
    /* As if the whole had been captured: where its first pixel would be is never read. */
    const ptrdiff_t Skipped = Part->top * Pixels.StrideBytes + Part->left * GUI_PIXEL_BYTES;
    return (int)gui_change_copy(Surface->Pixels, Surface->Image.width, Surface->Image.height,
                                (const BYTE *)((ULONG_PTR)Pixels.Pixels - (ULONG_PTR)Skipped),
                                Pixels.StrideBytes, &Area, Rects, DAMAGE_RECTS);
}

/* TRUE: something changed. */
static BOOL LookAtPart(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown, _In_ const RECT *Part)
{
    struct gui_rect Rects[DAMAGE_RECTS];
    const int Count = CopyPart(Agent, Shown, Shown->Surface, Part, Rects);

    for (int i = 0; i < Count; i++)
        gui_window_damage(&Agent->Model, &Shown->Model, &Rects[i]);
    return Count > 0;
}

/* The first picture, or one of another size. */
static void Renew(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    struct gui_rect Rects[DAMAGE_RECTS];
    DWORD Width, Height;

    ImageSize(Shown, &Width, &Height);
    SURFACE *const Surface = SurfaceTake(&Agent->Surfaces, Width, Height);
    const RECT Whole = {0, 0, (LONG)Width, (LONG)Height};
    if (!Surface && !Agent->Surfaces.Exhausted)
        LogLine("no memory or no grants for more windows: Xen's limit is gnttab_max_frames");
    Agent->Surfaces.Exhausted = !Surface;
    if (!Surface || CopyPart(Agent, Shown, Surface, &Whole, Rects) < 0 ||
        !gui_window_image(&Agent->Model, &Shown->Model, &Surface->Image)) {
        SurfaceGive(&Agent->Surfaces, Surface);
        Shown->Pace.next_us = NowUs() + RETRY_US;
        return;
    }
    Shown->Surface = Surface;
    TrackingSettle(Agent, Shown);
    gui_pace_changed(&Shown->Pace, NowUs());
}

/* All of a window that is new or moves. */
static void LookAtMoving(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    const ULONGLONG Begin = NowUs();

    if (Shown->Unsettled) {
        Renew(Agent, Shown);
    } else {
        const RECT Whole = {0, 0, (LONG)Shown->Surface->Image.width,
                            (LONG)Shown->Surface->Image.height};
        if (LookAtPart(Agent, Shown, &Whole))
            gui_pace_changed(&Shown->Pace, Begin);
    }
    const ULONGLONG Cost = NowUs() - Begin;
    if (!Shown->Unsettled)
        gui_pace_looked(&Shown->Pace, Begin, Cost);
    Agent->MovingCostUs += Cost;
}

static void LookAtStill(_Inout_ GUI_AGENT *Agent, _Inout_ SHOWN_WINDOW *Shown)
{
    const ULONGLONG Begin = NowUs();
    uint32_t Rows;
    const LONG Top = (LONG)gui_pace_next_strip(&Shown->Pace, Shown->Surface->Image.height, &Rows);
    const RECT Strip = {0, Top, (LONG)Shown->Surface->Image.width, Top + (LONG)Rows};

    Shown->Pace.next_us = Begin + GUI_PACE_ROUND_US;
    if (LookAtPart(Agent, Shown, &Strip)) {
        gui_pace_changed(&Shown->Pace, Begin);
        Shown->Pace.next_us = Begin; /* the rest of it, at once */
    }
    gui_pace_spend(&Agent->Budget, NowUs() - Begin);
}

/* --- All of them */

/* What a method knows to have changed becomes due. */
static void TakeChanges(_Inout_ GUI_AGENT *Agent)
{
    CAPTURE_CHANGES Changes;

    for (int i = 0; i < CAPTURE_METHODS; i++) {
        CAPTURE *const Capture = &Agent->Captures[i];
        if (!Capture->Method->Changes || (Capture->Method->OnDemand && !Capture->Context) ||
            !Usable(Capture, Agent->Loop.Event))
            continue;
        const CAPTURE_RESULT Result = Capture->Method->Changes(Capture->Context, &Changes);
        if (Result == CaptureLost)
            CloseMethod(Capture);
        for (DWORD j = 0; Result == CaptureDone && j < Changes.Count; j++)
            TrackingHint(Agent, &Changes.Rects[j]);
        for (DWORD j = 0; Result == CaptureDone && j < Changes.WindowCount; j++) {
            SHOWN_WINDOW *const Shown = TrackingFind(Agent, Changes.Windows[j]);
            if (Shown)
                gui_pace_hint(&Shown->Pace, NowUs());
        }
    }
}

static BOOL IsStill(_In_ const SHOWN_WINDOW *Shown, _In_ ULONGLONG Now)
{
    return !Shown->Unsettled && !gui_pace_moving(&Shown->Pace, Now);
}

/* Of the still or of the moving ones, the one that has been due for the longest time. */
static SHOWN_WINDOW *Find(_Inout_ GUI_AGENT *Agent, _In_ BOOL Still)
{
    const ULONGLONG Now = NowUs();
    SHOWN_WINDOW *Found = Agent->Screen;

    if (Found && IsStill(Found, Now) != Still)
        Found = NULL;
    for (TRACKED_WINDOW *Window = Agent->Tracking.First; Window; Window = Window->Next) {
        SHOWN_WINDOW *const Shown = Window->Shown;
        if (Shown && !Shown->Kind.Minimized && IsStill(Shown, Now) == Still &&
            (!Found || Shown->Pace.next_us < Found->Pace.next_us))
            Found = Shown;
    }
    return Found;
}

/* Not all at one go: there is more to do in a round. */
static void StepMoving(_Inout_ GUI_AGENT *Agent, _Inout_ ULONGLONG *NextUs)
{
    const ULONGLONG End = NowUs() + STEP_US;
    SHOWN_WINDOW *Shown = Find(Agent, FALSE);

    while (Shown && Shown->Pace.next_us <= NowUs() && NowUs() < End) {
        Agent->ActiveUntilUs = max(Agent->ActiveUntilUs, Shown->Pace.moving_until_us);
        LookAtMoving(Agent, Shown);
        Shown = Find(Agent, FALSE);
    }
    if (Shown)
        *NextUs = min(*NextUs, Shown->Pace.next_us);
}

static void StepStill(_Inout_ GUI_AGENT *Agent, _Inout_ ULONGLONG *NextUs)
{
    SHOWN_WINDOW *Shown = Find(Agent, TRUE);

    while (Shown && Shown->Pace.next_us <= NowUs() && gui_pace_may_spend(&Agent->Budget)) {
        LookAtStill(Agent, Shown);
        Shown = Find(Agent, TRUE);
    }
    if (Shown)
        *NextUs =
            min(*NextUs, max(Shown->Pace.next_us, NowUs() + gui_pace_wait_us(&Agent->Budget)));
}

void PainterStep(_Inout_ GUI_AGENT *Agent, _Inout_ ULONGLONG *NextUs)
{
    TakeChanges(Agent);
    StepMoving(Agent, NextUs);
    gui_pace_earn(&Agent->Budget, NowUs(), Agent->MovingCostUs);
    Agent->MovingCostUs = 0;
    StepStill(Agent, NextUs);
}
