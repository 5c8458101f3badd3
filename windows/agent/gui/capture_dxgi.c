/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture (capture.h) of what monitors show, by desktop duplication (Windows 8 and later): Windows
 * says which rectangles changed or moved. Each monitor has a texture that programs can read; of a
 * frame only what changed is copied into it. A frame is given back at once, as Windows collects
 * changes meanwhile.
 *
 * A duplication is lost at each change of the mode or desktop: all are closed then, and opened
 * anew by whoever uses this. A rotated monitor's image lies in memory as the panel has it; its
 * pixels are turned into a buffer.
 */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/dxgi_source.h"

enum { MONITORS_MAX = 16, PIXEL_BYTES = 4, METADATA_MAX_BYTES = 1 << 20 };

typedef struct MONITOR {
    DXGI_SOURCE Source;
    IDXGIOutputDuplication *Duplication;
    ID3D11Texture2D *Texture; /* what was shown last, readable; NULL: nothing yet */
    RECT Desktop;             /* where it is */
    LONG Width, Height;       /* of the texture: the panel's way round */
    DXGI_MODE_ROTATION Rotation;
    BOOL Fresh; /* nothing was copied yet: all of the next frame is */
    BYTE *Metadata;
    UINT MetadataBytes;
} MONITOR;

typedef struct DXGI_CAPTURE {
    MONITOR Monitors[MONITORS_MAX];
    UINT Count;
    MONITOR *Mapped; /* its texture is; NULL: none */
    BYTE *Turned;
    SIZE_T TurnedBytes;
} DXGI_CAPTURE;

/* --- Opening */

static void CloseMonitor(_Inout_ MONITOR *Monitor)
{
    if (Monitor->Texture)
        ID3D11Texture2D_Release(Monitor->Texture);
    if (Monitor->Duplication)
        IDXGIOutputDuplication_Release(Monitor->Duplication);
    if (Monitor->Source.Context)
        ID3D11DeviceContext_Release(Monitor->Source.Context);
    if (Monitor->Source.Device)
        ID3D11Device_Release(Monitor->Source.Device);
    if (Monitor->Source.Output)
        IDXGIOutput1_Release(Monitor->Source.Output);
    free(Monitor->Metadata);
    memset(Monitor, 0, sizeof(*Monitor));
}

static HRESULT OpenMonitor(_In_ UINT Index, _Out_ MONITOR *Monitor)
{
    DXGI_OUTPUT_DESC Where;
    DXGI_OUTDUPL_DESC Desc;

    memset(Monitor, 0, sizeof(*Monitor));
    HRESULT Result = DxgiSourceOpen(Index, &Monitor->Source);
    if (SUCCEEDED(Result))
        Result = IDXGIOutput1_GetDesc(Monitor->Source.Output, &Where);
    if (SUCCEEDED(Result))
        Result = IDXGIOutput1_DuplicateOutput(
            Monitor->Source.Output, (IUnknown *)Monitor->Source.Device, &Monitor->Duplication);
    if (SUCCEEDED(Result)) {
        IDXGIOutputDuplication_GetDesc(Monitor->Duplication, &Desc);
        Monitor->Desktop = Where.DesktopCoordinates;
        Monitor->Rotation = Desc.Rotation;
        Monitor->Fresh = TRUE;
    }
    if (FAILED(Result))
        CloseMonitor(Monitor);
    return Result;
}

static void Close(_In_ PVOID Capture);

/* What passes by itself (another desktop has the screen, too many duplications) is tried again. */
static DWORD ErrorOf(_In_ HRESULT Result)
{
    switch (Result) {
    case E_ACCESSDENIED:
    case DXGI_ERROR_SESSION_DISCONNECTED:
    case DXGI_ERROR_NOT_CURRENTLY_AVAILABLE:
    case DXGI_ERROR_ACCESS_LOST:
    case DXGI_ERROR_DEVICE_REMOVED:
    case DXGI_ERROR_DEVICE_RESET:
    case E_OUTOFMEMORY:
        return ERROR_NOT_READY;
    }
    return ERROR_NOT_SUPPORTED;
}

static PVOID Open(_In_opt_ HANDLE Wake, _Out_ DWORD *Error)
{
    DXGI_CAPTURE *const Dxgi = calloc(1, sizeof(*Dxgi));
    HRESULT Result = S_OK;

    *Error = ERROR_NOT_ENOUGH_MEMORY;
    if (!Dxgi)
        return NULL;
    while (Dxgi->Count < MONITORS_MAX &&
           SUCCEEDED(Result = OpenMonitor(Dxgi->Count, &Dxgi->Monitors[Dxgi->Count])))
        Dxgi->Count++;
    if (Dxgi->Count && (SUCCEEDED(Result) || Result == DXGI_ERROR_NOT_FOUND)) {
        *Error = ERROR_SUCCESS;
        return Dxgi;
    }
    Close(Dxgi);
    *Error = ErrorOf(Result);
    return NULL;
}

static void Unmap(_Inout_ DXGI_CAPTURE *Dxgi)
{
    if (Dxgi->Mapped)
        ID3D11DeviceContext_Unmap(Dxgi->Mapped->Source.Context,
                                  (ID3D11Resource *)Dxgi->Mapped->Texture, 0);
    Dxgi->Mapped = NULL;
}

static void Close(_In_ PVOID Capture)
{
    DXGI_CAPTURE *const Dxgi = Capture;

    Unmap(Dxgi);
    for (UINT i = 0; i < Dxgi->Count; i++)
        CloseMonitor(&Dxgi->Monitors[i]);
    free(Dxgi->Turned);
    free(Dxgi);
}

/* --- Turning. The panel's pixel of a desktop's one, both from the monitor's own corner; Width and
 * Height are the panel's. */

static POINT ToPanel(_In_ const MONITOR *Monitor, _In_ POINT Point)
{
    switch (Monitor->Rotation) {
    case DXGI_MODE_ROTATION_ROTATE90:
        return (POINT){Point.y, Monitor->Height - 1 - Point.x};
    case DXGI_MODE_ROTATION_ROTATE180:
        return (POINT){Monitor->Width - 1 - Point.x, Monitor->Height - 1 - Point.y};
    case DXGI_MODE_ROTATION_ROTATE270:
        return (POINT){Monitor->Width - 1 - Point.y, Point.x};
    default:
        return Point;
    }
}

static POINT FromPanel(_In_ const MONITOR *Monitor, _In_ POINT Point)
{
    switch (Monitor->Rotation) {
    case DXGI_MODE_ROTATION_ROTATE90:
        return (POINT){Monitor->Height - 1 - Point.y, Point.x};
    case DXGI_MODE_ROTATION_ROTATE180:
        return (POINT){Monitor->Width - 1 - Point.x, Monitor->Height - 1 - Point.y};
    case DXGI_MODE_ROTATION_ROTATE270:
        return (POINT){Point.y, Monitor->Width - 1 - Point.x};
    default:
        return Point;
    }
}

/* A rectangle of the panel, as one of the desktop. */
static RECT OnDesktop(_In_ const MONITOR *Monitor, _In_ const RECT *Panel)
{
    const POINT A = FromPanel(Monitor, (POINT){Panel->left, Panel->top});
    const POINT B = FromPanel(Monitor, (POINT){Panel->right - 1, Panel->bottom - 1});
    RECT Rect = {min(A.x, B.x), min(A.y, B.y), max(A.x, B.x) + 1, max(A.y, B.y) + 1};

    OffsetRect(&Rect, Monitor->Desktop.left, Monitor->Desktop.top);
    return Rect;
}

/* --- Changes */

/* More rectangles than there is room for become one around all. */
static void AddRect(_Inout_ CAPTURE_CHANGES *Changes, _In_ const RECT *Rect)
{
    if (Changes->Count < CAPTURE_RECTS_MAX)
        Changes->Rects[Changes->Count++] = *Rect;
    else
        UnionRect(&Changes->Rects[CAPTURE_RECTS_MAX - 1], &Changes->Rects[CAPTURE_RECTS_MAX - 1],
                  Rect);
}

/* Copies a part of the frame, cut to what there is, and says so. */
static void TakeRect(_Inout_ MONITOR *Monitor, _In_ ID3D11Texture2D *Frame, _In_ const RECT *Rect,
                     _Inout_ CAPTURE_CHANGES *Changes)
{
    const RECT Whole = {0, 0, Monitor->Width, Monitor->Height};
    RECT Part;

    if (!IntersectRect(&Part, Rect, &Whole))
        return;
    const D3D11_BOX Box = {(UINT)Part.left,  (UINT)Part.top,    0,
                           (UINT)Part.right, (UINT)Part.bottom, 1};
    ID3D11DeviceContext_CopySubresourceRegion(
        Monitor->Source.Context, (ID3D11Resource *)Monitor->Texture, 0, (UINT)Part.left,
        (UINT)Part.top, 0, (ID3D11Resource *)Frame, 0, &Box);
    const RECT Changed = OnDesktop(Monitor, &Part);
    AddRect(Changes, &Changed);
}

static BOOL Reserve(_Inout_ MONITOR *Monitor, _In_ UINT Bytes)
{
    if (Bytes <= Monitor->MetadataBytes)
        return TRUE;
    BYTE *const Metadata = Bytes <= METADATA_MAX_BYTES ? realloc(Monitor->Metadata, Bytes) : NULL;
    if (!Metadata)
        return FALSE;
    Monitor->Metadata = Metadata;
    Monitor->MetadataBytes = Bytes;
    return TRUE;
}

/* Where something moved to has changed, as the frame has it there. FALSE: it is not known where. */
static HRESULT TakeMoves(_Inout_ MONITOR *Monitor, _In_ ID3D11Texture2D *Frame,
                         _Inout_ CAPTURE_CHANGES *Changes)
{
    const DXGI_OUTDUPL_MOVE_RECT *const Moves = (DXGI_OUTDUPL_MOVE_RECT *)Monitor->Metadata;
    UINT Bytes = 0;
    const HRESULT Result = IDXGIOutputDuplication_GetFrameMoveRects(
        Monitor->Duplication, Monitor->MetadataBytes, (DXGI_OUTDUPL_MOVE_RECT *)Monitor->Metadata,
        &Bytes);

    for (UINT i = 0; SUCCEEDED(Result) && i < Bytes / sizeof(*Moves); i++)
        TakeRect(Monitor, Frame, &Moves[i].DestinationRect, Changes);
    return Result;
}

static HRESULT TakeDirty(_Inout_ MONITOR *Monitor, _In_ ID3D11Texture2D *Frame,
                         _Inout_ CAPTURE_CHANGES *Changes)
{
    const RECT *const Rects = (RECT *)Monitor->Metadata;
    UINT Bytes = 0;
    const HRESULT Result = IDXGIOutputDuplication_GetFrameDirtyRects(
        Monitor->Duplication, Monitor->MetadataBytes, (RECT *)Monitor->Metadata, &Bytes);

    for (UINT i = 0; SUCCEEDED(Result) && i < Bytes / sizeof(*Rects); i++)
        TakeRect(Monitor, Frame, &Rects[i], Changes);
    return Result;
}

/* A frame whose changes cannot be told (no memory, no data) is taken whole. */
static HRESULT TakeFrame(_Inout_ MONITOR *Monitor, _In_ const DXGI_OUTDUPL_FRAME_INFO *Info,
                         _In_ ID3D11Texture2D *Frame, _Inout_ CAPTURE_CHANGES *Changes)
{
    const RECT Whole = {0, 0, Monitor->Width, Monitor->Height};
    HRESULT Result = DXGI_ERROR_MORE_DATA;

    if (!Monitor->Fresh && Info->TotalMetadataBufferSize &&
        Reserve(Monitor, Info->TotalMetadataBufferSize)) {
        Result = TakeMoves(Monitor, Frame, Changes);
        if (SUCCEEDED(Result))
            Result = TakeDirty(Monitor, Frame, Changes);
        if (Result == DXGI_ERROR_ACCESS_LOST)
            return Result;
    }
    if (FAILED(Result))
        TakeRect(Monitor, Frame, &Whole, Changes);
    Monitor->Fresh = FALSE;
    return S_OK;
}

/* A texture like the frame's, that programs can read. Frames do not change their size while a
 * duplication lives; one that does is lost. */
static HRESULT MakeTexture(_Inout_ MONITOR *Monitor, _In_ ID3D11Texture2D *Frame)
{
    D3D11_TEXTURE2D_DESC Desc;

    ID3D11Texture2D_GetDesc(Frame, &Desc);
    if (Monitor->Texture)
        return Desc.Width == (UINT)Monitor->Width && Desc.Height == (UINT)Monitor->Height
                   ? S_OK
                   : DXGI_ERROR_ACCESS_LOST;
    Monitor->Width = (LONG)Desc.Width;
    Monitor->Height = (LONG)Desc.Height;
    Desc.MipLevels = Desc.ArraySize = 1;
    Desc.Usage = D3D11_USAGE_STAGING;
    Desc.BindFlags = Desc.MiscFlags = 0;
    Desc.CPUAccessFlags = D3D11_CPU_ACCESS_READ;
    return ID3D11Device_CreateTexture2D(Monitor->Source.Device, &Desc, NULL, &Monitor->Texture);
}

/* S_OK, also when there is no new frame; an error: the duplication is lost. */
static HRESULT StepMonitor(_Inout_ MONITOR *Monitor, _Inout_ CAPTURE_CHANGES *Changes)
{
    DXGI_OUTDUPL_FRAME_INFO Info;
    IDXGIResource *Resource = NULL;
    ID3D11Texture2D *Frame = NULL;
    HRESULT Result =
        IDXGIOutputDuplication_AcquireNextFrame(Monitor->Duplication, 0, &Info, &Resource);

    if (Result == DXGI_ERROR_WAIT_TIMEOUT)
        return S_OK;
    if (FAILED(Result))
        return Result;
    /* Without a time of presentation only the pointer moved; the first frame counts anyway. */
    if (Info.LastPresentTime.QuadPart || Monitor->Fresh) {
        Result = IDXGIResource_QueryInterface(Resource, &IID_ID3D11Texture2D, (void **)&Frame);
        if (SUCCEEDED(Result)) {
            Result = MakeTexture(Monitor, Frame);
            if (SUCCEEDED(Result))
                Result = TakeFrame(Monitor, &Info, Frame, Changes);
            ID3D11Texture2D_Release(Frame);
        }
    }
    IDXGIResource_Release(Resource);
    const HRESULT Released = IDXGIOutputDuplication_ReleaseFrame(Monitor->Duplication);
    return FAILED(Result) ? Result : Released;
}

static CAPTURE_RESULT Changes(_In_ PVOID Capture, _Out_ CAPTURE_CHANGES *Changes)
{
    DXGI_CAPTURE *const Dxgi = Capture;

    Changes->Count = Changes->WindowCount = 0;
    Unmap(Dxgi);
    for (UINT i = 0; i < Dxgi->Count; i++)
        if (FAILED(StepMonitor(&Dxgi->Monitors[i], Changes)))
            return CaptureLost;
    return Changes->Count ? CaptureDone : CaptureNothing;
}

/* --- Pixels */

static MONITOR *FindMonitor(_Inout_ DXGI_CAPTURE *Dxgi, _In_ const RECT *Part)
{
    for (UINT i = 0; i < Dxgi->Count; i++) {
        const RECT *const Desktop = &Dxgi->Monitors[i].Desktop;
        if (Part->left >= Desktop->left && Part->top >= Desktop->top &&
            Part->right <= Desktop->right && Part->bottom <= Desktop->bottom)
            return &Dxgi->Monitors[i];
    }
    return NULL;
}

static CAPTURE_RESULT Turn(_Inout_ DXGI_CAPTURE *Dxgi, _In_ const MONITOR *Monitor,
                           _In_ const RECT *Part, _In_ const D3D11_MAPPED_SUBRESOURCE *Panel,
                           _Out_ CAPTURE_PIXELS *Pixels)
{
    const LONG Width = Part->right - Part->left, Height = Part->bottom - Part->top;
    const SIZE_T Bytes = (SIZE_T)Width * Height * PIXEL_BYTES;

    if (Bytes > Dxgi->TurnedBytes) {
        BYTE *const Turned = realloc(Dxgi->Turned, Bytes);
        if (!Turned)
            return CaptureUnavailable;
        Dxgi->Turned = Turned;
        Dxgi->TurnedBytes = Bytes;
    }
    for (LONG y = 0; y < Height; y++)
        for (LONG x = 0; x < Width; x++) {
            const POINT From = ToPanel(Monitor, (POINT){Part->left + x, Part->top + y});
            memcpy(Dxgi->Turned + ((SIZE_T)y * Width + x) * PIXEL_BYTES,
                   (const BYTE *)Panel->pData + (SIZE_T)From.y * Panel->RowPitch +
                       (SIZE_T)From.x * PIXEL_BYTES,
                   PIXEL_BYTES);
        }
    Pixels->Pixels = Dxgi->Turned;
    Pixels->StrideBytes = (ptrdiff_t)Width * PIXEL_BYTES;
    return CaptureDone;
}

/* A part that lies on two monitors is another method's. */
static CAPTURE_RESULT Screen(_In_ PVOID Capture, _In_ const RECT *Part,
                             _Out_ CAPTURE_PIXELS *Pixels)
{
    DXGI_CAPTURE *const Dxgi = Capture;
    MONITOR *const Monitor = FindMonitor(Dxgi, Part);
    D3D11_MAPPED_SUBRESOURCE Panel;
    RECT Own = *Part;

    Unmap(Dxgi);
    if (!Monitor || Monitor->Fresh)
        return CaptureUnavailable;
    if (FAILED(ID3D11DeviceContext_Map(Monitor->Source.Context, (ID3D11Resource *)Monitor->Texture,
                                       0, D3D11_MAP_READ, 0, &Panel)))
        return CaptureLost;
    Dxgi->Mapped = Monitor;
    OffsetRect(&Own, -Monitor->Desktop.left, -Monitor->Desktop.top);
    if (Monitor->Rotation > DXGI_MODE_ROTATION_IDENTITY)
        return Turn(Dxgi, Monitor, &Own, &Panel, Pixels);
    Pixels->Pixels = (const BYTE *)Panel.pData + (SIZE_T)Own.top * Panel.RowPitch +
                     (SIZE_T)Own.left * PIXEL_BYTES;
    Pixels->StrideBytes = Panel.RowPitch;
    return CaptureDone;
}

const CAPTURE_METHOD CaptureDxgi = {
    .Name = "desktop duplication",
    .Open = Open,
    .Close = Close,
    .Changes = Changes,
    .Screen = Screen,
};
