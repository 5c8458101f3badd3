/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture (capture.h) of single windows by Windows.Graphics.Capture (Windows 10 1903 and later):
 * what the compositor has of a window, also where the GPU alone draws it, whatever covers it and
 * wherever it lies. Frames come by themselves (wgc_event.h); here is which windows are captured so
 * at once, and how long.
 *
 * Each takes textures: windows beyond a number or a sum of bytes are left to the next method, and
 * so is for a while what Windows refuses. One that nobody asked for in a while is let go.
 */
#include <initguid.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/wgc_window.h"

enum {
    PLACES = 64,           /* windows that something is known of */
    OPEN_MAX = 16,         /* captured at once */
    BYTES_MAX = 256 << 20, /* of all textures */
    PATIENCE_MS = 500,     /* for the first frame, and for one of a new size */
    REFUSED_MS = 5000,     /* until it is tried again */
    IDLE_MS = 10000,
};

typedef struct PLACE {
    HWND Handle; /* NULL: free */
    BOOL Open;
    WGC_WINDOW Window;
    ULONGLONG AskedMs, RefusedUntilMs;
    ULONGLONG PatientUntilMs; /* 0: it had what was asked for last */
} PLACE;

typedef struct WGC_CAPTURE {
    WGC_SOURCE Source;
    HANDLE Wake;
    PLACE Places[PLACES];
    PLACE *Mapped; /* NULL: none */
} WGC_CAPTURE;

/* --- Life */

static BOOL IsLost(_In_ HRESULT Result)
{
    switch (Result) {
    case DXGI_ERROR_DEVICE_REMOVED:
    case DXGI_ERROR_DEVICE_RESET:
    case DXGI_ERROR_DEVICE_HUNG:
    case DXGI_ERROR_DRIVER_INTERNAL_ERROR:
        return TRUE;
    }
    return FALSE;
}

static PVOID Open(_In_opt_ HANDLE Wake, _Out_ DWORD *Error)
{
    WGC_CAPTURE *const Wgc = calloc(1, sizeof(*Wgc));

    *Error = ERROR_NOT_ENOUGH_MEMORY;
    if (!Wgc)
        return NULL;
    const HRESULT Result = WgcSourceOpen(&Wgc->Source);
    if (SUCCEEDED(Result)) {
        Wgc->Wake = Wake;
        *Error = ERROR_SUCCESS;
        return Wgc;
    }
    WgcSourceClose(&Wgc->Source);
    free(Wgc);
    *Error = IsLost(Result) || Result == E_OUTOFMEMORY ? ERROR_NOT_READY : ERROR_NOT_SUPPORTED;
    return NULL;
}

static void Unmap(_Inout_ WGC_CAPTURE *Wgc)
{
    if (Wgc->Mapped)
        WgcWindowUnmap(&Wgc->Source, &Wgc->Mapped->Window);
    Wgc->Mapped = NULL;
}

static void ClosePlace(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place)
{
    if (Place->Open)
        WgcWindowClose(&Wgc->Source, &Place->Window);
    Place->Open = FALSE;
    Place->PatientUntilMs = 0;
}

static void Close(_In_ PVOID Capture)
{
    WGC_CAPTURE *const Wgc = Capture;

    Unmap(Wgc);
    for (int i = 0; i < PLACES; i++)
        ClosePlace(Wgc, &Wgc->Places[i]);
    WgcSourceClose(&Wgc->Source);
    free(Wgc);
}

/* --- Places */

static PLACE *FindPlace(_Inout_ WGC_CAPTURE *Wgc, _In_opt_ HWND Handle)
{
    for (int i = 0; i < PLACES; i++)
        if (Wgc->Places[i].Handle == Handle)
            return &Wgc->Places[i];
    return NULL;
}

static PLACE *TakePlace(_Inout_ WGC_CAPTURE *Wgc, _In_ HWND Handle)
{
    PLACE *Place = FindPlace(Wgc, Handle);

    if (Place)
        return Place;
    Place = FindPlace(Wgc, NULL);
    if (Place)
        *Place = (PLACE){.Handle = Handle};
    return Place;
}

static void FreePlace(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place)
{
    ClosePlace(Wgc, Place);
    Place->Handle = NULL;
}

/* Not at once again: each try costs. */
static void Refuse(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place)
{
    ClosePlace(Wgc, Place);
    Place->RefusedUntilMs = WgcSourceNowMs() + REFUSED_MS;
}

static BOOL IsOver(_In_ const WGC_CAPTURE *Wgc)
{
    SIZE_T Bytes = 0;

    for (int i = 0; i < PLACES; i++)
        if (Wgc->Places[i].Open)
            Bytes += WgcWindowBytes(&Wgc->Places[i].Window);
    return Bytes > BYTES_MAX;
}

static BOOL IsFull(_In_ const WGC_CAPTURE *Wgc)
{
    int Count = 0;

    for (int i = 0; i < PLACES; i++)
        Count += Wgc->Places[i].Open;
    return Count >= OPEN_MAX;
}

/* --- Changes */

/* One step of an open window. S_OK: it has a new picture. */
static HRESULT Step(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place)
{
    const HRESULT Result = WgcWindowTake(&Wgc->Source, &Place->Window);

    if (FAILED(Result))
        return Result;
    return IsOver(Wgc) ? E_OUTOFMEMORY : Result;
}

/* A window's image lives as long as the window: gone, its handle may be another's. */
static BOOL IsGone(_Inout_ PLACE *Place)
{
    if (Place->Open && WgcEventTake(Place->Window.Closed))
        return TRUE;
    return WgcSourceNowMs() > Place->AskedMs + IDLE_MS;
}

static CAPTURE_RESULT Changes(_In_ PVOID Capture, _Out_ CAPTURE_CHANGES *Changes)
{
    WGC_CAPTURE *const Wgc = Capture;

    Changes->Count = Changes->WindowCount = 0;
    Unmap(Wgc);
    for (int i = 0; i < PLACES; i++) {
        PLACE *const Place = &Wgc->Places[i];
        if (!Place->Handle)
            continue;
        if (IsGone(Place)) {
            FreePlace(Wgc, Place);
            continue;
        }
        if (!Place->Open || !WgcEventTake(Place->Window.Arrived))
            continue;
        const HRESULT Result = Step(Wgc, Place);
        if (IsLost(Result))
            return CaptureLost;
        if (FAILED(Result))
            Refuse(Wgc, Place);
        if (Result == S_OK && Changes->WindowCount < CAPTURE_WINDOWS_MAX)
            Changes->Windows[Changes->WindowCount++] = Place->Handle;
    }
    return Changes->WindowCount ? CaptureDone : CaptureNothing;
}

/* --- Pixels */

/* Opens it, or takes what came since. */
static HRESULT Bring(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place)
{
    if (Place->Open)
        return Step(Wgc, Place);
    if (IsFull(Wgc))
        return E_OUTOFMEMORY;
    const HRESULT Result = WgcWindowOpen(&Wgc->Source, Place->Handle, Wgc->Wake, &Place->Window);
    Place->Open = SUCCEEDED(Result);
    return Place->Open && IsOver(Wgc) ? E_OUTOFMEMORY : Result;
}

/* Part, in the window's picture. S_FALSE: it is not in there, or there is none. */
static HRESULT Show(_Inout_ WGC_CAPTURE *Wgc, _Inout_ PLACE *Place, _In_ const RECT *Part,
                    _Out_ CAPTURE_PIXELS *Pixels)
{
    const POINT Corner = WgcSourceCorner(Place->Handle);
    const WGC_SIZE *const Size = &Place->Window.Content;
    const LONG Left = Part->left - Corner.x, Top = Part->top - Corner.y;
    D3D11_MAPPED_SUBRESOURCE Mapped;
    const HRESULT Result = WgcWindowMap(&Wgc->Source, &Place->Window, &Mapped);

    if (Result != S_OK)
        return Result;
    Wgc->Mapped = Place;
    if (Left < 0 || Top < 0 || Part->right - Corner.x > Size->Width ||
        Part->bottom - Corner.y > Size->Height)
        return S_FALSE;
    Pixels->Pixels = (const BYTE *)Mapped.pData + (SIZE_T)Top * Mapped.RowPitch + (SIZE_T)Left * 4;
    Pixels->StrideBytes = Mapped.RowPitch;
    return S_OK;
}

static CAPTURE_RESULT Window(_In_ PVOID Capture, _In_ HWND Window, _In_ const RECT *Part,
                             _Out_ CAPTURE_PIXELS *Pixels)
{
    WGC_CAPTURE *const Wgc = Capture;
    const ULONGLONG Now = WgcSourceNowMs();

    Unmap(Wgc);
    PLACE *const Place = TakePlace(Wgc, Window);
    if (!Place)
        return CaptureUnavailable;
    if (IsGone(Place)) /* this window is another, or begins anew */
        ClosePlace(Wgc, Place);
    Place->AskedMs = Now;
    if (!Place->Open && Now < Place->RefusedUntilMs)
        return CaptureUnavailable;
    HRESULT Result = Bring(Wgc, Place);
    if (SUCCEEDED(Result))
        Result = Show(Wgc, Place, Part, Pixels);
    if (IsLost(Result))
        return CaptureLost;
    if (FAILED(Result)) {
        Unmap(Wgc);
        Refuse(Wgc, Place);
        return CaptureUnavailable;
    }
    if (Result == S_OK) {
        Place->PatientUntilMs = 0;
        return CaptureDone;
    }
    /* A frame of it is on its way. If none comes, others may have more. */
    if (!Place->PatientUntilMs)
        Place->PatientUntilMs = Now + PATIENCE_MS;
    return Now < Place->PatientUntilMs ? CaptureNothing : CaptureUnavailable;
}

const CAPTURE_METHOD CaptureWgc = {
    .Name = "Windows.Graphics.Capture",
    .OnDemand = TRUE,
    .Open = Open,
    .Close = Close,
    .Changes = Changes,
    .Window = Window,
};
