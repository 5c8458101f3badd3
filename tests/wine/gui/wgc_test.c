/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves capture by Windows.Graphics.Capture (windows/agent/gui/capture_wgc.c) against a stand-in
 * of its COM interfaces, since Wine has none. The stand-in is strict: every object counts its own
 * references and is used only while it lives, frames come back before a pool is made anew or a
 * third is drawn, handlers are taken away with the token that was given, sessions and pools are
 * closed, a pool never has a size of 0. Windows whose pixels and sizes change at random are
 * compared pixel by pixel; each call fails in each way, at each moment.
 */
#include <initguid.h>
#include <stdlib.h>
#include <string.h>
#include "tests/wine/expect.h"
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/wgc_source.h"

enum { SIDE_MAX = 80, STRIDE_EXTRA = 5, WINDOWS = 24, BUFFERS = 2 };

/* What an object is; whatever its interface, its table of calls comes first. */
typedef enum KIND {
    KindItem,
    KindPool,
    KindSession,
    KindFrame,
    KindTexture,
} KIND;

typedef struct OBJECT {
    const void *Calls;
    KIND Kind;
    LONG References;
    struct WINDOW *Of;
    WGC_SIZE Size;  /* of a pool or texture */
    BOOL Closed;    /* a pool, session or frame */
    int Generation; /* of the pool that a frame belongs to */
    BOOL IsStaging; /* a texture */
    BOOL IsMapped;
    DWORD *Pixels; /* a texture's */
} OBJECT;

typedef struct WINDOW {
    WGC_SIZE Size; /* now */
    DWORD Pixels[SIDE_MAX * SIDE_MAX];
    OBJECT *Pool, *Queue[BUFFERS];
    int Queued, Held, Generation;
    BOOL Started, Late; /* Late: drawn while no buffer was free: comes with the next that is */
    ITypedEventHandler *Arrived, *Closed;
} WINDOW;

static struct {
    WINDOW Windows[WINDOWS];
    WINDOW *Measured; /* its size was asked for last: a pool is made for it */
    LONG Objects;     /* that live */
    int Opened;       /* sources */
    BOOL NoSession2, NoSession3;
    BOOL NoRedraw; /* a pool made anew stays empty until the window draws */
    int CursorOff, BorderOff;
    POINT Corner;
    ULONGLONG NowMs;
    /* Faults: the call of that name fails with that, once, after so many good ones. */
    const char *FaultAt;
    HRESULT Fault;
    int FaultAfter;
    int Calls; /* of FaultAt, since it was set */
} Fake;

static HRESULT Fault(const char *Where)
{
    if (!Fake.FaultAt || strcmp(Fake.FaultAt, Where))
        return S_OK;
    return Fake.Calls++ == Fake.FaultAfter ? Fake.Fault : S_OK;
}

static HWND HandleOf(int Index)
{
    return (HWND)(ULONG_PTR)(0x1000 + Index * 2);
}

/* --- Objects */

static OBJECT *New(const void *Calls, KIND Kind, WINDOW *Of)
{
    OBJECT *const Object = calloc(1, sizeof(*Object));

    EXPECT(Object);
    *Object = (OBJECT){.Calls = Calls, .Kind = Kind, .References = 1, .Of = Of};
    Fake.Objects++;
    return Object;
}

static OBJECT *Live(void *This, KIND Kind)
{
    OBJECT *const Object = This;

    EXPECT(Object->References > 0);
    EXPECT_EQUAL(Object->Kind, Kind);
    return Object;
}

static ULONG STDMETHODCALLTYPE AddRef(void *This)
{
    return (ULONG)++((OBJECT *)This)->References;
}

static void Draw(WINDOW *Window);

/* A buffer is Windows' again. */
static void GiveBack(OBJECT *Frame)
{
    if (Frame->Closed)
        return;
    Frame->Closed = TRUE;
    if (Frame->Of->Pool && Frame->Generation == Frame->Of->Generation) {
        Frame->Of->Held--;
        if (Frame->Of->Late)
            Draw(Frame->Of);
    }
}

static ULONG STDMETHODCALLTYPE Release(void *This)
{
    OBJECT *const Object = This;

    EXPECT(Object->References > 0);
    if (--Object->References)
        return (ULONG)Object->References;
    if (Object->Kind == KindFrame)
        GiveBack(Object);
    if (Object->Kind == KindSession || Object->Kind == KindPool)
        EXPECT(Object->Closed);
    EXPECT(!Object->IsMapped);
    Fake.Objects--;
    free(Object->Pixels);
    memset(Object, 0xdd, sizeof(*Object)); /* kept no longer: a late use is seen */
    free(Object);
    return 0;
}

/* An object's second interface holds it, and is another pointer. */
typedef struct FACE {
    const void *Calls;
    OBJECT *Object;
} FACE;

static ULONG STDMETHODCALLTYPE ReleaseFace(void *This)
{
    FACE *const Face = This;

    Release(Face->Object);
    free(Face);
    Fake.Objects--;
    return 0;
}

static void *NewFace(const void *Calls, OBJECT *Object)
{
    FACE *const Face = malloc(sizeof(*Face));

    EXPECT(Face);
    *Face = (FACE){Calls, Object};
    AddRef(Object);
    Fake.Objects++;
    return Face;
}

static void DropQueue(WINDOW *Window)
{
    while (Window->Queued)
        Release(Window->Queue[--Window->Queued]);
}

static HRESULT STDMETHODCALLTYPE CloseFace(IClosable *This)
{
    OBJECT *const Object = ((FACE *)This)->Object;

    if (Object->Kind == KindFrame) {
        GiveBack(Object);
        return S_OK;
    }
    EXPECT(!Object->Closed);
    Object->Closed = TRUE;
    Object->Of->Started = FALSE;
    if (Object->Kind == KindPool) {
        Object->Of->Pool = NULL;
        DropQueue(Object->Of);
        EXPECT(!Object->Of->Arrived);
    }
    return S_OK;
}

static const struct IClosableVtbl CloseCalls = {.Release = (void *)ReleaseFace, .Close = CloseFace};

/* --- Textures and the device */

static void STDMETHODCALLTYPE TextureDesc(ID3D11Texture2D *This, D3D11_TEXTURE2D_DESC *Desc)
{
    const OBJECT *const Texture = Live(This, KindTexture);

    memset(Desc, 0, sizeof(*Desc));
    Desc->Width = (UINT)Texture->Size.Width;
    Desc->Height = (UINT)Texture->Size.Height;
    Desc->MipLevels = Desc->ArraySize = Desc->SampleDesc.Count = 1;
    Desc->Format = DXGI_FORMAT_B8G8R8A8_UNORM;
    Desc->BindFlags = D3D11_BIND_RENDER_TARGET;
}

static ID3D11Texture2DVtbl TextureCalls = {.Release = (void *)Release, .GetDesc = TextureDesc};

static OBJECT *NewTexture(WGC_SIZE Size)
{
    OBJECT *const Texture = New(&TextureCalls, KindTexture, NULL);

    Texture->Size = Size;
    Texture->Pixels = calloc((size_t)(Size.Width + STRIDE_EXTRA) * (size_t)Size.Height, 4);
    EXPECT(Texture->Pixels);
    return Texture;
}

static HRESULT STDMETHODCALLTYPE CreateTexture(ID3D11Device *This, const D3D11_TEXTURE2D_DESC *Desc,
                                               const D3D11_SUBRESOURCE_DATA *Data,
                                               ID3D11Texture2D **Texture)
{
    const HRESULT Result = Fault("CreateTexture2D");

    EXPECT(Desc->Usage == D3D11_USAGE_STAGING && Desc->CPUAccessFlags == D3D11_CPU_ACCESS_READ);
    EXPECT(Desc->BindFlags == 0 && Desc->Width && Desc->Height);
    if (FAILED(Result))
        return Result;
    OBJECT *const Object = NewTexture((WGC_SIZE){(INT32)Desc->Width, (INT32)Desc->Height});
    Object->IsStaging = TRUE;
    *Texture = (void *)Object;
    return S_OK;
}

static void STDMETHODCALLTYPE CopyRegion(ID3D11DeviceContext *This, ID3D11Resource *To, UINT ToSub,
                                         UINT X, UINT Y, UINT Z, ID3D11Resource *From, UINT FromSub,
                                         const D3D11_BOX *Box)
{
    OBJECT *const Staging = Live(To, KindTexture), *const Frame = Live(From, KindTexture);

    EXPECT(Staging->IsStaging && !Staging->IsMapped && !Frame->IsStaging && !X && !Y);
    EXPECT(Box->right <= (UINT)Frame->Size.Width && Box->bottom <= (UINT)Frame->Size.Height);
    EXPECT(Box->right <= (UINT)Staging->Size.Width && Box->bottom <= (UINT)Staging->Size.Height);
    for (UINT y = Box->top; y < Box->bottom; y++)
        memcpy(Staging->Pixels + y * (UINT)(Staging->Size.Width + STRIDE_EXTRA),
               Frame->Pixels + y * (UINT)(Frame->Size.Width + STRIDE_EXTRA), Box->right * 4);
}

static HRESULT STDMETHODCALLTYPE Map(ID3D11DeviceContext *This, ID3D11Resource *Resource, UINT Sub,
                                     D3D11_MAP Type, UINT Flags, D3D11_MAPPED_SUBRESOURCE *Mapped)
{
    OBJECT *const Texture = Live(Resource, KindTexture);
    const HRESULT Result = Fault("Map");

    EXPECT(Texture->IsStaging && !Texture->IsMapped && Type == D3D11_MAP_READ);
    if (FAILED(Result))
        return Result;
    Texture->IsMapped = TRUE;
    Mapped->pData = Texture->Pixels;
    Mapped->RowPitch = (UINT)(Texture->Size.Width + STRIDE_EXTRA) * 4;
    return S_OK;
}

static void STDMETHODCALLTYPE UnmapIt(ID3D11DeviceContext *This, ID3D11Resource *Resource, UINT Sub)
{
    OBJECT *const Texture = Live(Resource, KindTexture);

    EXPECT(Texture->IsMapped);
    Texture->IsMapped = FALSE;
}

static ID3D11DeviceVtbl DeviceCalls = {.CreateTexture2D = CreateTexture};
static ID3D11Device Device = {&DeviceCalls};
static ID3D11DeviceContextVtbl ContextCalls = {
    .CopySubresourceRegion = CopyRegion, .Map = Map, .Unmap = UnmapIt};
static ID3D11DeviceContext Context = {&ContextCalls};
static IDirect3DDevice Graphics;

/* --- Frames */

static HRESULT STDMETHODCALLTYPE GetInterface(IDirect3DDxgiInterfaceAccess *This, REFIID Id,
                                              void **Object)
{
    OBJECT *const Frame = ((FACE *)This)->Object;
    const HRESULT Result = Fault("GetInterface");

    EXPECT(IsEqualIID(Id, &IID_ID3D11Texture2D));
    if (FAILED(Result))
        return Result;
    OBJECT *const Texture = NewTexture(Frame->Size);
    memcpy(Texture->Pixels, Frame->Pixels,
           (size_t)(Frame->Size.Width + STRIDE_EXTRA) * (size_t)Frame->Size.Height * 4);
    *Object = Texture;
    return S_OK;
}

static const struct IDirect3DDxgiInterfaceAccessVtbl AccessCalls = {.Release = (void *)ReleaseFace,
                                                                    .GetInterface = GetInterface};

static HRESULT STDMETHODCALLTYPE QuerySurface(IDirect3DSurface *This, REFIID Id, void **Object)
{
    const HRESULT Result = Fault("QuerySurface");

    EXPECT(IsEqualIID(Id, &IID_IDirect3DDxgiInterfaceAccess));
    if (FAILED(Result))
        return Result;
    *Object = NewFace(&AccessCalls, ((FACE *)This)->Object);
    return S_OK;
}

static const struct IDirect3DSurfaceVtbl SurfaceCalls = {.QueryInterface = QuerySurface,
                                                         .Release = (void *)ReleaseFace};

static HRESULT STDMETHODCALLTYPE GetSurface(IDirect3D11CaptureFrame *This,
                                            IDirect3DSurface **Surface)
{
    OBJECT *const Frame = Live(This, KindFrame);
    const HRESULT Result = Fault("get_Surface");

    EXPECT(!Frame->Closed && Frame->Generation == Frame->Of->Generation);
    if (FAILED(Result))
        return Result;
    *Surface = NewFace(&SurfaceCalls, Frame);
    return S_OK;
}

/* What the window's size was when the frame was drawn: kept in the texture's first pixels beyond
 * any row, which nobody copies. */
static WGC_SIZE *ContentOf(OBJECT *Frame)
{
    return (WGC_SIZE *)(Frame->Pixels + Frame->Size.Width);
}

static HRESULT STDMETHODCALLTYPE GetContentSize(IDirect3D11CaptureFrame *This, WGC_SIZE *Size)
{
    OBJECT *const Frame = Live(This, KindFrame);
    const HRESULT Result = Fault("get_ContentSize");

    EXPECT(!Frame->Closed);
    *Size = *ContentOf(Frame);
    return Result;
}

static HRESULT STDMETHODCALLTYPE QueryObject(void *This, REFIID Id, void **Object);

static const struct IDirect3D11CaptureFrameVtbl FrameCalls = {.QueryInterface = (void *)QueryObject,
                                                              .Release = (void *)Release,
                                                              .get_Surface = GetSurface,
                                                              .get_ContentSize = GetContentSize};

/* Windows draws a window into a buffer of its pool, cut to that, and says so. */
static void Draw(WINDOW *Window)
{
    if (!Window->Started || !Window->Pool)
        return;
    Window->Late = Window->Held + Window->Queued >= BUFFERS;
    if (Window->Late)
        return;
    const WGC_SIZE Size = Window->Pool->Size;
    OBJECT *const Frame = New(&FrameCalls, KindFrame, Window);
    Frame->Size = Size;
    Frame->Generation = Window->Generation;
    Frame->Pixels = calloc((size_t)(Size.Width + STRIDE_EXTRA) * (size_t)Size.Height, 4);
    EXPECT(Frame->Pixels);
    for (INT32 y = 0; y < min(Size.Height, Window->Size.Height); y++)
        memcpy(Frame->Pixels + y * (Size.Width + STRIDE_EXTRA), Window->Pixels + y * SIDE_MAX,
               (size_t)min(Size.Width, Window->Size.Width) * 4);
    *ContentOf(Frame) = Window->Size;
    Window->Queue[Window->Queued++] = Frame;
    Window->Arrived->lpVtbl->Invoke(Window->Arrived, NULL, NULL);
}

/* --- Pools and sessions */

static HRESULT STDMETHODCALLTYPE Recreate(IDirect3D11CaptureFramePool *This, IDirect3DDevice *On,
                                          INT32 Pixels, INT32 Count, WGC_SIZE Size)
{
    OBJECT *const Pool = Live(This, KindPool);
    const HRESULT Result = Fault("Recreate");

    EXPECT(!Pool->Closed && Pool->Of->Held == 0 && On == &Graphics);
    EXPECT(Pixels == WGC_PIXELS_BGRA8 && Count == BUFFERS && Size.Width > 0 && Size.Height > 0);
    if (FAILED(Result))
        return Result;
    DropQueue(Pool->Of);
    Pool->Of->Generation++;
    Pool->Size = Size;
    if (!Fake.NoRedraw)
        Draw(Pool->Of);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE NextFrame(IDirect3D11CaptureFramePool *This,
                                           IDirect3D11CaptureFrame **Frame)
{
    WINDOW *const Window = Live(This, KindPool)->Of;
    const HRESULT Result = Fault("TryGetNextFrame");

    *Frame = NULL;
    if (FAILED(Result) || !Window->Queued)
        return Result;
    *Frame = (void *)Window->Queue[0];
    Window->Queue[0] = Window->Queue[1];
    Window->Queued--;
    Window->Held++;
    return S_OK;
}

static HRESULT AddHandler(const char *Name, ITypedEventHandler **To, ITypedEventHandler *Handler,
                          REFIID Id, EventRegistrationToken *Token)
{
    const HRESULT Result = Fault(Name);
    void *Same;

    EXPECT(!*To);
    if (FAILED(Result))
        return Result;
    EXPECT(SUCCEEDED(Handler->lpVtbl->QueryInterface(Handler, Id, &Same)) && Same == Handler);
    EXPECT_EQUAL(Handler->lpVtbl->QueryInterface(Handler, &IID_IClosable, &Same), E_NOINTERFACE);
    *To = Handler;
    Token->value = (INT64)(ULONG_PTR)To;
    return S_OK;
}

static HRESULT RemoveHandler(ITypedEventHandler **From, EventRegistrationToken Token)
{
    EXPECT(*From && Token.value == (INT64)(ULONG_PTR)From);
    (*From)->lpVtbl->Release(*From);
    *From = NULL;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE AddArrived(IDirect3D11CaptureFramePool *This,
                                            ITypedEventHandler *Handler,
                                            EventRegistrationToken *Token)
{
    return AddHandler("add_FrameArrived", &Live(This, KindPool)->Of->Arrived, Handler,
                      &IID_WgcFrameArrived, Token);
}

static HRESULT STDMETHODCALLTYPE RemoveArrived(IDirect3D11CaptureFramePool *This,
                                               EventRegistrationToken Token)
{
    return RemoveHandler(&Live(This, KindPool)->Of->Arrived, Token);
}

static HRESULT STDMETHODCALLTYPE Start(IGraphicsCaptureSession *This)
{
    OBJECT *const Session = Live(This, KindSession);
    const HRESULT Result = Fault("StartCapture");

    if (FAILED(Result))
        return Result;
    Session->Of->Started = TRUE;
    Draw(Session->Of);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE PutCursor(IGraphicsCaptureSession2 *This, boolean Value)
{
    EXPECT(!Value);
    Fake.CursorOff++;
    return Fault("put_IsCursorCaptureEnabled");
}

static HRESULT STDMETHODCALLTYPE PutBorder(IGraphicsCaptureSession3 *This, boolean Value)
{
    EXPECT(!Value);
    Fake.BorderOff++;
    return Fault("put_IsBorderRequired");
}

static const struct IGraphicsCaptureSessionVtbl SessionCalls = {
    .QueryInterface = (void *)QueryObject, .Release = (void *)Release, .StartCapture = Start};
static const struct IGraphicsCaptureSession2Vtbl Session2Calls = {
    .Release = (void *)ReleaseFace, .put_IsCursorCaptureEnabled = PutCursor};
static const struct IGraphicsCaptureSession3Vtbl Session3Calls = {
    .Release = (void *)ReleaseFace, .put_IsBorderRequired = PutBorder};

static HRESULT STDMETHODCALLTYPE CreateSession(IDirect3D11CaptureFramePool *This,
                                               IGraphicsCaptureItem *Item,
                                               IGraphicsCaptureSession **Session)
{
    OBJECT *const Pool = Live(This, KindPool);
    const HRESULT Result = Fault("CreateCaptureSession");

    EXPECT(Live(Item, KindItem)->Of == Pool->Of);
    if (FAILED(Result))
        return Result;
    *Session = (void *)New(&SessionCalls, KindSession, Pool->Of);
    return S_OK;
}

static const struct IDirect3D11CaptureFramePoolVtbl PoolCalls = {
    .QueryInterface = (void *)QueryObject,
    .Release = (void *)Release,
    .Recreate = Recreate,
    .TryGetNextFrame = NextFrame,
    .add_FrameArrived = AddArrived,
    .remove_FrameArrived = RemoveArrived,
    .CreateCaptureSession = CreateSession};

/* Closable all, and a session has what newer systems brought. */
static HRESULT STDMETHODCALLTYPE QueryObject(void *This, REFIID Id, void **Object)
{
    OBJECT *const Of = This;

    *Object = NULL;
    EXPECT(Of->References > 0);
    if (IsEqualIID(Id, &IID_IClosable))
        *Object = NewFace(&CloseCalls, Of);
    else if (IsEqualIID(Id, &IID_IGraphicsCaptureSession2) && !Fake.NoSession2)
        *Object = NewFace(&Session2Calls, Of);
    else if (IsEqualIID(Id, &IID_IGraphicsCaptureSession3) && !Fake.NoSession3)
        *Object = NewFace(&Session3Calls, Of);
    return *Object ? S_OK : E_NOINTERFACE;
}

/* --- Items and the source */

static HRESULT STDMETHODCALLTYPE GetSize(IGraphicsCaptureItem *This, WGC_SIZE *Size)
{
    Fake.Measured = Live(This, KindItem)->Of;
    *Size = Fake.Measured->Size;
    return Fault("get_Size");
}

static HRESULT STDMETHODCALLTYPE AddClosed(IGraphicsCaptureItem *This, ITypedEventHandler *Handler,
                                           EventRegistrationToken *Token)
{
    return AddHandler("add_Closed", &Live(This, KindItem)->Of->Closed, Handler, &IID_WgcItemClosed,
                      Token);
}

static HRESULT STDMETHODCALLTYPE RemoveClosed(IGraphicsCaptureItem *This,
                                              EventRegistrationToken Token)
{
    return RemoveHandler(&Live(This, KindItem)->Of->Closed, Token);
}

static const struct IGraphicsCaptureItemVtbl ItemCalls = {.Release = (void *)Release,
                                                          .get_Size = GetSize,
                                                          .add_Closed = AddClosed,
                                                          .remove_Closed = RemoveClosed};

static HRESULT STDMETHODCALLTYPE CreateItem(IGraphicsCaptureItemInterop *This, HWND Handle,
                                            REFIID Id, void **Item)
{
    const ULONG_PTR Index = ((ULONG_PTR)Handle - 0x1000) / 2;
    const HRESULT Result = Fault("CreateForWindow");

    EXPECT(IsEqualIID(Id, &IID_IGraphicsCaptureItem) && Index < WINDOWS);
    if (FAILED(Result))
        return Result;
    *Item = New(&ItemCalls, KindItem, &Fake.Windows[Index]);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE CreatePool(IDirect3D11CaptureFramePoolStatics2 *This,
                                            IDirect3DDevice *On, INT32 Pixels, INT32 Count,
                                            WGC_SIZE Size, IDirect3D11CaptureFramePool **Pool)
{
    WINDOW *const Window = Fake.Measured;
    const HRESULT Result = Fault("CreateFreeThreaded");

    EXPECT(On == &Graphics && Pixels == WGC_PIXELS_BGRA8 && Count == BUFFERS);
    EXPECT(Size.Width > 0 && Size.Height > 0);
    if (FAILED(Result))
        return Result;
    EXPECT(!Window->Pool && !memcmp(&Window->Size, &Size, sizeof(Size)));
    Window->Pool = New(&PoolCalls, KindPool, Window);
    Window->Pool->Size = Size;
    Window->Held = Window->Queued = 0;
    Window->Late = FALSE;
    Window->Generation++;
    *Pool = (void *)Window->Pool;
    return S_OK;
}

static const struct IGraphicsCaptureItemInteropVtbl ItemsCalls = {.CreateForWindow = CreateItem};
static IGraphicsCaptureItemInterop Items = {&ItemsCalls};
static const struct IDirect3D11CaptureFramePoolStatics2Vtbl PoolsCalls = {.CreateFreeThreaded =
                                                                              CreatePool};
static IDirect3D11CaptureFramePoolStatics2 Pools = {&PoolsCalls};

HRESULT WgcSourceOpen(WGC_SOURCE *Source)
{
    Fake.Opened++;
    *Source = (WGC_SOURCE){.Items = &Items,
                           .Pools = &Pools,
                           .Device = &Device,
                           .Context = &Context,
                           .Graphics = &Graphics};
    return Fault("WgcSourceOpen");
}

void WgcSourceClose(WGC_SOURCE *Source)
{
    Fake.Opened--;
    memset(Source, 0, sizeof(*Source));
}

POINT WgcSourceCorner(HWND Window)
{
    return Fake.Corner;
}

ULONGLONG WgcSourceNowMs(void)
{
    return Fake.NowMs;
}

/* --- What windows do */

static void Paint(int Index)
{
    WINDOW *const Window = &Fake.Windows[Index];

    for (int i = 0; i < SIDE_MAX * SIDE_MAX; i++)
        Window->Pixels[i] = (DWORD)rand();
    Draw(Window);
}

static void SetSize(int Index, INT32 Width, INT32 Height)
{
    Fake.Windows[Index].Size = (WGC_SIZE){Width, Height};
    Paint(Index);
}

static void CloseWindowOf(int Index)
{
    ITypedEventHandler *const Closed = Fake.Windows[Index].Closed;

    EXPECT(Closed);
    Closed->lpVtbl->Invoke(Closed, NULL, NULL);
}

static void Begin(void)
{
    memset(&Fake, 0, sizeof(Fake));
    Fake.NowMs = 1000000;
    for (int i = 0; i < WINDOWS; i++)
        SetSize(i, 20 + 2 * i, 30);
}

static PVOID OpenIt(HANDLE Wake)
{
    DWORD Error;
    const PVOID Capture = CaptureWgc.Open(Wake, &Error);

    EXPECT(Capture && Error == ERROR_SUCCESS);
    return Capture;
}

/* Nothing is left, handlers neither. */
static void CloseIt(PVOID Capture)
{
    CaptureWgc.Close(Capture);
    EXPECT_EQUAL(Fake.Objects, 0);
    EXPECT_EQUAL(Fake.Opened, 0);
    for (int i = 0; i < WINDOWS; i++)
        EXPECT(!Fake.Windows[i].Arrived && !Fake.Windows[i].Closed && !Fake.Windows[i].Pool);
}

static RECT PartOf(int Index)
{
    return (RECT){Fake.Corner.x, Fake.Corner.y, Fake.Corner.x + Fake.Windows[Index].Size.Width,
                  Fake.Corner.y + Fake.Windows[Index].Size.Height};
}

static CAPTURE_RESULT Ask(PVOID Capture, int Index)
{
    const RECT Part = PartOf(Index);
    CAPTURE_PIXELS Pixels;

    return CaptureWgc.Window(Capture, HandleOf(Index), &Part, &Pixels);
}

static void ExpectSeenPart(PVOID Capture, int Index, const RECT *Part)
{
    CAPTURE_PIXELS Pixels;

    EXPECT_EQUAL(CaptureWgc.Window(Capture, HandleOf(Index), Part, &Pixels), CaptureDone);
    for (LONG y = Part->top; y < Part->bottom; y++)
        for (LONG x = Part->left; x < Part->right; x++)
            EXPECT_EQUAL(
                *(const DWORD *)(Pixels.Pixels + (y - Part->top) * Pixels.StrideBytes +
                                 (x - Part->left) * 4),
                Fake.Windows[Index].Pixels[(y - Fake.Corner.y) * SIDE_MAX + x - Fake.Corner.x]);
}

static void ExpectSeen(PVOID Capture, int Index)
{
    const RECT Part = PartOf(Index);

    ExpectSeenPart(Capture, Index, &Part);
}

static CAPTURE_RESULT Look(PVOID Capture, CAPTURE_CHANGES *Changes)
{
    memset(Changes, 0xcc, sizeof(*Changes));
    return CaptureWgc.Changes(Capture, Changes);
}

/* Asks as the agent does, until it knows whose the window is. */
static CAPTURE_RESULT Settle(PVOID Capture, int Index)
{
    CAPTURE_RESULT Result = CaptureNothing;

    for (int i = 0; i < 20 && Result == CaptureNothing; i++) {
        Result = Ask(Capture, Index);
        Fake.NowMs += 50;
    }
    return Result;
}

/* --- Tests */

/* Windows that paint, grow, shrink and lie at odd corners; parts of them too. */
static void pixels_are_right_at_each_size(void)
{
    CAPTURE_CHANGES Changes;

    Begin();
    Fake.Corner = (POINT){7, 3};
    const PVOID Capture = OpenIt(NULL);
    for (int i = 0; i < 2000; i++) {
        const int Index = rand() % 6;
        if (rand() % 3 == 0)
            SetSize(Index, 1 + rand() % SIDE_MAX, 1 + rand() % SIDE_MAX);
        else
            Paint(Index);
        if (rand() % 2)
            EXPECT(Look(Capture, &Changes) != CaptureLost);
        EXPECT_EQUAL(Settle(Capture, Index), CaptureDone);
        ExpectSeen(Capture, Index);
        RECT Part = PartOf(Index);
        Part.left += rand() % (Part.right - Part.left);
        Part.top += rand() % (Part.bottom - Part.top);
        ExpectSeenPart(Capture, Index, &Part);
    }
    CloseIt(Capture);
}

/* The loop is woken, told which window, once; one that draws without being looked at holds up no
 * buffer, and its last picture comes. */
static void changes_are_told(void)
{
    const HANDLE Wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    CAPTURE_CHANGES Changes;

    Begin();
    const PVOID Capture = OpenIt(Wake);
    EXPECT_EQUAL(Settle(Capture, 3), CaptureDone);
    Look(Capture, &Changes);
    WaitForSingleObject(Wake, 0);
    EXPECT_EQUAL(Look(Capture, &Changes), CaptureNothing);
    EXPECT_EQUAL(WaitForSingleObject(Wake, 0), WAIT_TIMEOUT);
    for (int i = 0; i < 50; i++) {
        Paint(3);
        EXPECT_EQUAL(WaitForSingleObject(Wake, 0), WAIT_OBJECT_0);
        EXPECT_EQUAL(Look(Capture, &Changes), CaptureDone);
        EXPECT_EQUAL(Changes.WindowCount, 1);
        EXPECT_EQUAL(Changes.Count, 0);
        EXPECT(Changes.Windows[0] == HandleOf(3));
        EXPECT_EQUAL(Look(Capture, &Changes), CaptureNothing);
    }
    for (int i = 0; i < 9; i++)
        Paint(3); /* more than there are buffers */
    for (int i = 0; i < 3; i++)
        Look(Capture, &Changes);
    ExpectSeen(Capture, 3);
    CloseIt(Capture);
    CloseHandle(Wake);
}

static void pointer_and_border_are_off_where_they_can_be(void)
{
    for (int i = 0; i < 8; i++) {
        Begin();
        Fake.NoSession2 = i & 1;
        Fake.NoSession3 = (i >> 1) & 1;
        if (i & 4) { /* refused: it goes on */
            Fake.FaultAt = "put_IsBorderRequired";
            Fake.Fault = E_ACCESSDENIED;
        }
        const PVOID Capture = OpenIt(NULL);
        EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
        EXPECT_EQUAL(Fake.CursorOff, !Fake.NoSession2);
        EXPECT_EQUAL(Fake.BorderOff, !Fake.NoSession3);
        CloseIt(Capture);
    }
}

/* Each call fails once with each error, at each moment; afterwards there are pixels again: at once,
 * after a while, or from a method that is opened anew. Nothing is left behind. */
static void every_call_may_fail(void)
{
    static const char *const Calls[] = {"CreateForWindow",
                                        "get_Size",
                                        "CreateFreeThreaded",
                                        "add_FrameArrived",
                                        "add_Closed",
                                        "StartCapture",
                                        "CreateCaptureSession",
                                        "TryGetNextFrame",
                                        "get_ContentSize",
                                        "get_Surface",
                                        "QuerySurface",
                                        "GetInterface",
                                        "CreateTexture2D",
                                        "Map",
                                        "Recreate"};
    static const HRESULT Errors[] = {E_ACCESSDENIED,
                                     E_INVALIDARG,
                                     E_OUTOFMEMORY,
                                     (HRESULT)0x80000013 /* RO_E_CLOSED */,
                                     DXGI_ERROR_DEVICE_REMOVED,
                                     DXGI_ERROR_DEVICE_RESET};
    int Lost = 0, Refused = 0;

    for (size_t c = 0; c < ARRAYSIZE(Calls) * ARRAYSIZE(Errors) * 4; c++) {
        CAPTURE_CHANGES Changes;
        Begin();
        PVOID Capture = OpenIt(NULL);
        Fake.FaultAt = Calls[c / 4 / ARRAYSIZE(Errors)];
        Fake.Fault = Errors[c / 4 % ARRAYSIZE(Errors)];
        Fake.FaultAfter = (int)(c % 4);
        for (int i = 0; i < 12; i++) {
            SetSize(i % 4, 5 + rand() % (SIDE_MAX - 5), 5 + rand() % (SIDE_MAX - 5));
            CAPTURE_RESULT Result = Look(Capture, &Changes);
            if (Result != CaptureLost)
                Result = Ask(Capture, i % 4);
            Refused += Result == CaptureUnavailable;
            if (Result == CaptureLost) {
                Lost++;
                CloseIt(Capture);
                Capture = OpenIt(NULL);
            }
        }
        EXPECT(Fake.Calls > Fake.FaultAfter); /* it was reached */
        Fake.FaultAt = NULL;
        Fake.NowMs += 6000;
        for (int i = 0; i < 4; i++) {
            EXPECT_EQUAL(Settle(Capture, i), CaptureDone);
            ExpectSeen(Capture, i);
        }
        CloseIt(Capture);
    }
    EXPECT_EQUAL(Lost, ARRAYSIZE(Calls) * 2 * 4); /* the two errors of the device, each time */
    EXPECT(Refused > 0);
}

/* What this Windows does not have is not tried again, what passes is. */
static void opening_may_fail(void)
{
    static const struct {
        HRESULT Fault;
        DWORD Error;
    } Cases[] = {{E_NOTIMPL, ERROR_NOT_SUPPORTED},           /* before 1903 */
                 {REGDB_E_CLASSNOTREG, ERROR_NOT_SUPPORTED}, /* Wine */
                 {E_NOINTERFACE, ERROR_NOT_SUPPORTED},
                 {E_OUTOFMEMORY, ERROR_NOT_READY},
                 {DXGI_ERROR_DEVICE_REMOVED, ERROR_NOT_READY}};
    DWORD Error;

    for (size_t i = 0; i < ARRAYSIZE(Cases); i++) {
        Begin();
        Fake.FaultAt = "WgcSourceOpen";
        Fake.Fault = Cases[i].Fault;
        EXPECT(CaptureWgc.Open(NULL, &Error) == NULL);
        EXPECT_EQUAL(Error, Cases[i].Error);
        EXPECT_EQUAL(Fake.Opened, 0);
    }
}

/* A refused window is not asked of Windows at each look. */
static void a_refused_window_is_left_for_a_while(void)
{
    Begin();
    const PVOID Capture = OpenIt(NULL);
    Fake.FaultAt = "CreateForWindow";
    Fake.Fault = E_INVALIDARG;
    for (int i = 0; i < 9; i++)
        EXPECT_EQUAL(Ask(Capture, 0), CaptureUnavailable);
    EXPECT_EQUAL(Fake.Calls, 1);
    EXPECT_EQUAL(Settle(Capture, 1), CaptureDone); /* others have what they need */
    Fake.NowMs += 5000;
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    EXPECT_EQUAL(Fake.Calls, 3);
    CloseIt(Capture);
}

/* Its handle may be another window's by then. */
static void a_closed_window_is_let_go(void)
{
    CAPTURE_CHANGES Changes;

    Begin();
    const PVOID Capture = OpenIt(NULL);
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    CloseWindowOf(0);
    EXPECT_EQUAL(Look(Capture, &Changes), CaptureNothing);
    EXPECT_EQUAL(Fake.Objects, 0);
    SetSize(0, 33, 44);
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    CloseWindowOf(0); /* and asked for before anybody looks */
    SetSize(0, 40, 21);
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    ExpectSeen(Capture, 0);
    Fake.NowMs += 11000; /* nobody asks any more: minimized, hidden */
    Look(Capture, &Changes);
    EXPECT_EQUAL(Fake.Objects, 0);
    CloseIt(Capture);
}

/* Without frames, or with ones that are too small, there is something to wait for, though not for
 * ever. */
static void no_frame_is_borne(void)
{
    CAPTURE_CHANGES Changes;

    Begin();
    const PVOID Capture = OpenIt(NULL);
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    RECT Part = PartOf(0);
    Part.right += 1;
    CAPTURE_PIXELS Pixels;
    EXPECT_EQUAL(CaptureWgc.Window(Capture, HandleOf(0), &Part, &Pixels), CaptureNothing);
    Fake.NowMs += 600;
    EXPECT_EQUAL(CaptureWgc.Window(Capture, HandleOf(0), &Part, &Pixels), CaptureUnavailable);
    ExpectSeen(Capture, 0);
    Fake.Windows[0].Size = (WGC_SIZE){0, 0}; /* minimized: the last picture stays */
    Draw(&Fake.Windows[0]);
    EXPECT_EQUAL(Look(Capture, &Changes), CaptureNothing);
    Fake.Windows[0].Size = (WGC_SIZE){20, 30};
    ExpectSeen(Capture, 0);
    Fake.Windows[1].Size = (WGC_SIZE){0, 30}; /* and one that begins so is another's */
    EXPECT_EQUAL(Ask(Capture, 1), CaptureUnavailable);
    Fake.Windows[2].Size = (WGC_SIZE){40000, 30};
    EXPECT_EQUAL(Ask(Capture, 2), CaptureUnavailable);
    Fake.Windows[2].Size = (WGC_SIZE){-5, INT_MIN};
    Fake.NowMs += 6000;
    EXPECT_EQUAL(Ask(Capture, 2), CaptureUnavailable);
    CloseIt(Capture);
}

/* It may not draw again for a long time. */
static void a_shrunk_window_keeps_its_picture(void)
{
    CAPTURE_CHANGES Changes;

    Begin();
    Fake.NoRedraw = TRUE;
    const PVOID Capture = OpenIt(NULL);
    EXPECT_EQUAL(Settle(Capture, 5), CaptureDone);
    SetSize(5, 12, 9);
    EXPECT_EQUAL(Look(Capture, &Changes), CaptureDone);
    ExpectSeen(Capture, 5);
    CloseIt(Capture);
}

/* Windows beyond the number are another method's, until one is closed. */
static void so_many_at_once(void)
{
    CAPTURE_CHANGES Changes;
    int Taken = 0;

    Begin();
    const PVOID Capture = OpenIt(NULL);
    for (int i = 0; i < WINDOWS; i++)
        Taken += Ask(Capture, i) == CaptureNothing;
    EXPECT_EQUAL(Taken, 16);
    for (int i = 0; i < Taken; i++)
        ExpectSeen(Capture, i);
    EXPECT_EQUAL(Ask(Capture, 20), CaptureUnavailable);
    CloseWindowOf(2);
    Look(Capture, &Changes);
    Fake.NowMs += 5000;
    EXPECT_EQUAL(Settle(Capture, 20), CaptureDone);
    ExpectSeen(Capture, 20);
    CloseIt(Capture);
}

/* A call of Windows' that is under way outlives the capture, and the loop's event. */
static void a_late_event_is_borne(void)
{
    const HANDLE Wake = CreateEventW(NULL, TRUE, FALSE, NULL);

    Begin();
    const PVOID Capture = OpenIt(Wake);
    EXPECT_EQUAL(Settle(Capture, 0), CaptureDone);
    ITypedEventHandler *const Late = Fake.Windows[0].Arrived;
    Late->lpVtbl->AddRef(Late);
    CloseIt(Capture);
    CloseHandle(Wake);
    EXPECT_EQUAL(Late->lpVtbl->Invoke(Late, NULL, NULL), S_OK);
    EXPECT_EQUAL(Late->lpVtbl->Release(Late), 0);
}

int main(void)
{
    RUN(pixels_are_right_at_each_size);
    RUN(changes_are_told);
    RUN(pointer_and_border_are_off_where_they_can_be);
    RUN(every_call_may_fail);
    RUN(opening_may_fail);
    RUN(a_refused_window_is_left_for_a_while);
    RUN(a_closed_window_is_let_go);
    RUN(no_frame_is_borne);
    RUN(a_shrunk_window_keeps_its_picture);
    RUN(so_many_at_once);
    RUN(a_late_event_is_borne);
    return 0;
}
