/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves capture by desktop duplication (windows/agent/gui/capture_dxgi.c) against a stand-in of
 * its COM interfaces, since Wine has none. The stand-in is strict: frames and maps are taken and
 * given back in order, every reference comes back, rectangles are asked for only while a frame is
 * held, the old interface is dead after ACCESS_LOST. A panel whose pixels change at random, in all
 * four rotations, is captured and compared pixel by pixel; each call fails in each way that the
 * documentation names, at each moment.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/wine/expect.h"
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/dxgi_source.h"

enum { PANEL_MAX = 64 * 48, RECTS = 8, STRIDE_EXTRA = 5 };

/* One panel and everything that hangs on it. */
static struct {
    LONG Width, Height; /* of the panel */
    DXGI_MODE_ROTATION Rotation;
    POINT At; /* on the desktop */
    DWORD Pixels[PANEL_MAX];
    UINT Monitors;

    /* What the next frame will say. */
    BOOL Pending, PointerOnly, NoMetadata;
    DXGI_OUTDUPL_MOVE_RECT Moves[RECTS];
    RECT Dirty[RECTS];
    UINT MoveCount, DirtyCount;
    UINT AlwaysMoreData; /* asks for more room than it said */

    /* Faults: the call of that name fails with that, once, after so many good ones. */
    const char *FaultAt;
    HRESULT Fault;
    int FaultAfter;

    LONG References;
    BOOL FrameHeld, Mapped, Dead;
    DWORD Staging[PANEL_MAX + 48 * STRIDE_EXTRA];
    ULONGLONG PixelsCopied;
} Fake;

static HRESULT Fault(const char *Where)
{
    if (!Fake.FaultAt || strcmp(Fake.FaultAt, Where) || Fake.FaultAfter-- > 0)
        return S_OK;
    Fake.FaultAt = NULL;
    if (Fake.Fault == DXGI_ERROR_ACCESS_LOST)
        Fake.Dead = TRUE;
    return Fake.Fault;
}

static ULONG STDMETHODCALLTYPE Release(void *This)
{
    Fake.References--;
    EXPECT(Fake.References >= 0);
    return 0;
}

/* --- Textures */

static void STDMETHODCALLTYPE TextureDesc(ID3D11Texture2D *This, D3D11_TEXTURE2D_DESC *Desc)
{
    memset(Desc, 0, sizeof(*Desc));
    Desc->Width = (UINT)Fake.Width;
    Desc->Height = (UINT)Fake.Height;
    Desc->MipLevels = Desc->ArraySize = Desc->SampleDesc.Count = 1;
    Desc->Format = DXGI_FORMAT_B8G8R8A8_UNORM;
    Desc->BindFlags = D3D11_BIND_RENDER_TARGET;
}

static ID3D11Texture2DVtbl TextureCalls = {.Release = (void *)Release, .GetDesc = TextureDesc};
static ID3D11Texture2D FrameTexture = {&TextureCalls}, StagingTexture = {&TextureCalls};

static HRESULT STDMETHODCALLTYPE CreateTexture(ID3D11Device *This, const D3D11_TEXTURE2D_DESC *Desc,
                                               const D3D11_SUBRESOURCE_DATA *Data,
                                               ID3D11Texture2D **Texture)
{
    const HRESULT Result = Fault("CreateTexture2D");

    EXPECT(Desc->Usage == D3D11_USAGE_STAGING && Desc->CPUAccessFlags == D3D11_CPU_ACCESS_READ);
    EXPECT(Desc->BindFlags == 0);
    if (FAILED(Result))
        return Result;
    memset(Fake.Staging, 0xee, sizeof(Fake.Staging));
    Fake.References++;
    *Texture = &StagingTexture;
    return S_OK;
}

static LONG Stride(void)
{
    return Fake.Width + STRIDE_EXTRA;
}

static void STDMETHODCALLTYPE CopyRegion(ID3D11DeviceContext *This, ID3D11Resource *To, UINT ToSub,
                                         UINT X, UINT Y, UINT Z, ID3D11Resource *From, UINT FromSub,
                                         const D3D11_BOX *Box)
{
    EXPECT(Fake.FrameHeld && !Fake.Mapped);
    EXPECT((void *)To == &StagingTexture && (void *)From == &FrameTexture);
    EXPECT(Box->right <= (UINT)Fake.Width && Box->bottom <= (UINT)Fake.Height);
    EXPECT(X == Box->left && Y == Box->top && Box->left < Box->right && Box->top < Box->bottom);
    for (UINT y = Box->top; y < Box->bottom; y++)
        for (UINT x = Box->left; x < Box->right; x++) {
            Fake.Staging[y * Stride() + x] = Fake.Pixels[y * Fake.Width + x];
            Fake.PixelsCopied++;
        }
}

static HRESULT STDMETHODCALLTYPE Map(ID3D11DeviceContext *This, ID3D11Resource *Resource, UINT Sub,
                                     D3D11_MAP Type, UINT Flags, D3D11_MAPPED_SUBRESOURCE *Mapped)
{
    const HRESULT Result = Fault("Map");

    EXPECT(!Fake.Mapped && (void *)Resource == &StagingTexture && Type == D3D11_MAP_READ);
    if (FAILED(Result))
        return Result;
    Fake.Mapped = TRUE;
    Mapped->pData = Fake.Staging;
    Mapped->RowPitch = (UINT)Stride() * 4;
    return S_OK;
}

static void STDMETHODCALLTYPE UnmapIt(ID3D11DeviceContext *This, ID3D11Resource *Resource, UINT Sub)
{
    EXPECT(Fake.Mapped);
    Fake.Mapped = FALSE;
}

static ID3D11DeviceVtbl DeviceCalls = {.Release = (void *)Release,
                                       .CreateTexture2D = CreateTexture};
static ID3D11Device Device = {&DeviceCalls};
static ID3D11DeviceContextVtbl ContextCalls = {
    .Release = (void *)Release, .CopySubresourceRegion = CopyRegion, .Map = Map, .Unmap = UnmapIt};
static ID3D11DeviceContext Context = {&ContextCalls};

/* --- The duplication */

static HRESULT STDMETHODCALLTYPE QueryResource(IDXGIResource *This, REFIID Id, void **Object)
{
    const HRESULT Result = Fault("QueryInterface");

    EXPECT(IsEqualIID(Id, &IID_ID3D11Texture2D));
    if (FAILED(Result))
        return Result;
    Fake.References++;
    *Object = &FrameTexture;
    return S_OK;
}

static IDXGIResourceVtbl ResourceCalls = {.QueryInterface = QueryResource,
                                          .Release = (void *)Release};
static IDXGIResource Resource = {&ResourceCalls};

static void STDMETHODCALLTYPE DuplicationDesc(IDXGIOutputDuplication *This, DXGI_OUTDUPL_DESC *Desc)
{
    memset(Desc, 0, sizeof(*Desc));
    Desc->Rotation = Fake.Rotation;
}

static HRESULT STDMETHODCALLTYPE Acquire(IDXGIOutputDuplication *This, UINT Timeout,
                                         DXGI_OUTDUPL_FRAME_INFO *Info, IDXGIResource **Out)
{
    const HRESULT Result = Fake.Dead ? DXGI_ERROR_ACCESS_LOST : Fault("AcquireNextFrame");

    EXPECT(!Fake.FrameHeld && Timeout == 0);
    if (FAILED(Result))
        return Result;
    if (!Fake.Pending)
        return DXGI_ERROR_WAIT_TIMEOUT;
    memset(Info, 0, sizeof(*Info));
    Info->LastPresentTime.QuadPart = Fake.PointerOnly ? 0 : 1;
    Info->AccumulatedFrames = 1;
    if (!Fake.NoMetadata)
        Info->TotalMetadataBufferSize =
            (UINT)(Fake.MoveCount * sizeof(*Fake.Moves) + Fake.DirtyCount * sizeof(*Fake.Dirty));
    Fake.FrameHeld = TRUE;
    Fake.References++;
    *Out = &Resource;
    return S_OK;
}

static HRESULT Give(const char *Name, const void *Rects, UINT Needed, UINT Size, void *Buffer,
                    UINT *Required)
{
    const HRESULT Result = Fault(Name);

    EXPECT(Fake.FrameHeld);
    if (FAILED(Result))
        return Result;
    *Required = Needed;
    if (Size < Needed || Fake.AlwaysMoreData)
        return DXGI_ERROR_MORE_DATA;
    memcpy(Buffer, Rects, Needed);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE DirtyRects(IDXGIOutputDuplication *This, UINT Size, RECT *Buffer,
                                            UINT *Required)
{
    return Give("GetFrameDirtyRects", Fake.Dirty, (UINT)(Fake.DirtyCount * sizeof(RECT)), Size,
                Buffer, Required);
}

static HRESULT STDMETHODCALLTYPE MoveRects(IDXGIOutputDuplication *This, UINT Size,
                                           DXGI_OUTDUPL_MOVE_RECT *Buffer, UINT *Required)
{
    return Give("GetFrameMoveRects", Fake.Moves,
                (UINT)(Fake.MoveCount * sizeof(DXGI_OUTDUPL_MOVE_RECT)), Size, Buffer, Required);
}

static HRESULT STDMETHODCALLTYPE ReleaseFrame(IDXGIOutputDuplication *This)
{
    EXPECT(Fake.FrameHeld);
    Fake.FrameHeld = FALSE;
    Fake.Pending = FALSE;
    Fake.MoveCount = Fake.DirtyCount = 0;
    return Fake.Dead ? DXGI_ERROR_ACCESS_LOST : Fault("ReleaseFrame");
}

static ULONG STDMETHODCALLTYPE ReleaseDuplication(IDXGIOutputDuplication *This)
{
    Fake.FrameHeld = FALSE;
    return Release(This);
}

static IDXGIOutputDuplicationVtbl DuplicationCalls = {.Release = ReleaseDuplication,
                                                      .GetDesc = DuplicationDesc,
                                                      .AcquireNextFrame = Acquire,
                                                      .GetFrameDirtyRects = DirtyRects,
                                                      .GetFrameMoveRects = MoveRects,
                                                      .ReleaseFrame = ReleaseFrame};
static IDXGIOutputDuplication Duplication = {&DuplicationCalls};

/* --- The monitor */

static BOOL OnItsSide(void)
{
    return Fake.Rotation == DXGI_MODE_ROTATION_ROTATE90 ||
           Fake.Rotation == DXGI_MODE_ROTATION_ROTATE270;
}

static RECT Desktop(void)
{
    const LONG Width = OnItsSide() ? Fake.Height : Fake.Width;
    const LONG Height = OnItsSide() ? Fake.Width : Fake.Height;

    return (RECT){Fake.At.x, Fake.At.y, Fake.At.x + Width, Fake.At.y + Height};
}

static HRESULT STDMETHODCALLTYPE OutputDesc(IDXGIOutput1 *This, DXGI_OUTPUT_DESC *Desc)
{
    memset(Desc, 0, sizeof(*Desc));
    Desc->DesktopCoordinates = Desktop();
    Desc->AttachedToDesktop = TRUE;
    return Fault("GetDesc");
}

static HRESULT STDMETHODCALLTYPE Duplicate(IDXGIOutput1 *This, IUnknown *Of,
                                           IDXGIOutputDuplication **Out)
{
    const HRESULT Result = Fault("DuplicateOutput");

    EXPECT((void *)Of == &Device);
    if (FAILED(Result))
        return Result;
    Fake.Dead = FALSE;
    Fake.Pending = TRUE; /* a new duplication has a first frame, without rectangles */
    Fake.NoMetadata = TRUE;
    Fake.References++;
    *Out = &Duplication;
    return S_OK;
}

static IDXGIOutput1Vtbl OutputCalls = {
    .Release = (void *)Release, .GetDesc = OutputDesc, .DuplicateOutput = Duplicate};
static IDXGIOutput1 Output = {&OutputCalls};

HRESULT DxgiSourceOpen(UINT Index, DXGI_SOURCE *Source)
{
    const HRESULT Result = Fault("DxgiSourceOpen");

    memset(Source, 0, sizeof(*Source));
    if (FAILED(Result))
        return Result;
    if (Index >= Fake.Monitors)
        return DXGI_ERROR_NOT_FOUND;
    Fake.References += 3;
    *Source = (DXGI_SOURCE){&Output, &Device, &Context};
    return S_OK;
}

/* --- What Windows does */

static void SetMode(LONG Width, LONG Height, DXGI_MODE_ROTATION Rotation)
{
    EXPECT(Width * Height <= PANEL_MAX);
    memset(&Fake, 0, sizeof(Fake));
    Fake.Monitors = 1;
    Fake.Width = Width;
    Fake.Height = Height;
    Fake.Rotation = Rotation;
    Fake.At = (POINT){-7, 100};
    for (LONG i = 0; i < Width * Height; i++)
        Fake.Pixels[i] = (DWORD)rand();
}

static RECT SomeRect(void)
{
    const LONG Left = rand() % Fake.Width, Top = rand() % Fake.Height;

    return (RECT){Left, Top, Left + 1 + rand() % (Fake.Width - Left),
                  Top + 1 + rand() % (Fake.Height - Top)};
}

static void Draw(void)
{
    const RECT Rect = SomeRect();

    if (Fake.DirtyCount == RECTS)
        return;
    for (LONG y = Rect.top; y < Rect.bottom; y++)
        for (LONG x = Rect.left; x < Rect.right; x++)
            Fake.Pixels[y * Fake.Width + x] = (DWORD)rand();
    Fake.Dirty[Fake.DirtyCount++] = Rect;
}

static void Move(void)
{
    static DWORD Before[PANEL_MAX];
    const RECT To = SomeRect();
    const POINT From = {rand() % (Fake.Width - (To.right - To.left) + 1),
                        rand() % (Fake.Height - (To.bottom - To.top) + 1)};

    if (Fake.MoveCount == RECTS)
        return;
    memcpy(Before, Fake.Pixels, sizeof(Before));
    for (LONG y = To.top; y < To.bottom; y++)
        for (LONG x = To.left; x < To.right; x++)
            Fake.Pixels[y * Fake.Width + x] =
                Before[(y - To.top + From.y) * Fake.Width + x - To.left + From.x];
    Fake.Moves[Fake.MoveCount++] = (DXGI_OUTDUPL_MOVE_RECT){From, To};
}

/* Moves come before what is drawn, as the documentation has it. */
static void Present(void)
{
    Fake.NoMetadata = FALSE;
    Fake.PointerOnly = FALSE;
    for (int i = rand() % 3; i > 0; i--)
        Move();
    for (int i = rand() % 4 + !Fake.MoveCount; i > 0; i--)
        Draw();
    Fake.Pending = TRUE;
}

/* What the user sees at a point of the desktop: the panel stands on its side or head. */
static DWORD Seen(LONG X, LONG Y)
{
    const LONG x = X - Fake.At.x, y = Y - Fake.At.y, W = Fake.Width, H = Fake.Height;

    switch (Fake.Rotation) {
    case DXGI_MODE_ROTATION_ROTATE90: /* the panel's top is the desktop's right */
        return Fake.Pixels[(H - 1 - x) * W + y];
    case DXGI_MODE_ROTATION_ROTATE180:
        return Fake.Pixels[(H - 1 - y) * W + (W - 1 - x)];
    case DXGI_MODE_ROTATION_ROTATE270:
        return Fake.Pixels[x * W + (W - 1 - y)];
    default:
        return Fake.Pixels[y * W + x];
    }
}

static void ExpectSeen(PVOID Capture, const RECT *Part)
{
    CAPTURE_PIXELS Pixels;

    EXPECT_EQUAL(CaptureDxgi.Screen(Capture, Part, &Pixels), CaptureDone);
    for (LONG y = Part->top; y < Part->bottom; y++)
        for (LONG x = Part->left; x < Part->right; x++)
            EXPECT_EQUAL(*(const DWORD *)(Pixels.Pixels + (y - Part->top) * Pixels.StrideBytes +
                                          (x - Part->left) * 4),
                         Seen(x, y));
}

static PVOID OpenIt(void)
{
    DWORD Error;
    const PVOID Capture = CaptureDxgi.Open(NULL, &Error);

    EXPECT(Capture && Error == ERROR_SUCCESS);
    return Capture;
}

static void CloseIt(PVOID Capture)
{
    CaptureDxgi.Close(Capture);
    EXPECT_EQUAL(Fake.References, 0);
    EXPECT(!Fake.Mapped && !Fake.FrameHeld);
}

/* --- Tests */

static void pixels_are_right_in_each_rotation(void)
{
    for (int Rotation = DXGI_MODE_ROTATION_UNSPECIFIED; Rotation <= DXGI_MODE_ROTATION_ROTATE270;
         Rotation++) {
        SetMode(64, 48, (DXGI_MODE_ROTATION)Rotation);
        const PVOID Capture = OpenIt();
        const RECT All = Desktop();
        CAPTURE_CHANGES Changes;
        EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
        ExpectSeen(Capture, &All); /* the first frame is taken whole */
        for (int i = 0; i < 300; i++) {
            Present();
            EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
            EXPECT(Changes.Count > 0);
            for (DWORD j = 0; j < Changes.Count; j++)
                ExpectSeen(Capture, &Changes.Rects[j]);
            ExpectSeen(Capture, &All); /* and nothing else changed unsaid */
            EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureNothing); /* a timeout */
        }
        CloseIt(Capture);
    }
}

static void only_what_changed_is_copied(void)
{
    CAPTURE_CHANGES Changes;

    SetMode(64, 48, DXGI_MODE_ROTATION_IDENTITY);
    const PVOID Capture = OpenIt();
    CaptureDxgi.Changes(Capture, &Changes);
    Fake.PixelsCopied = 0;
    Fake.Dirty[0] = (RECT){3, 4, 13, 9};
    Fake.DirtyCount = 1;
    Fake.NoMetadata = FALSE;
    Fake.Pending = TRUE;
    EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
    EXPECT_EQUAL(Fake.PixelsCopied, 50);
    EXPECT_EQUAL(Changes.Count, 1);
    EXPECT_EQUAL(Changes.Rects[0].left, -4);
    EXPECT_EQUAL(Changes.Rects[0].bottom, 109);
    Fake.PointerOnly = Fake.Pending = TRUE; /* the pointer moved: no pixel did */
    EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureNothing);
    EXPECT_EQUAL(Fake.PixelsCopied, 50);
    CloseIt(Capture);
}

/* Rectangles beyond the panel are cut, none at all or too many mean everything. */
static void odd_metadata_is_borne(void)
{
    const RECT Odd[] = {{-5, -5, 3, 3},   {60, 40, 900, 900},
                        {10, 10, 10, 20}, {30, 20, 20, 30},
                        {-9, -9, -1, -1}, {LONG_MIN, LONG_MIN, LONG_MAX, LONG_MAX}};
    CAPTURE_CHANGES Changes;

    SetMode(64, 48, DXGI_MODE_ROTATION_ROTATE90);
    const PVOID Capture = OpenIt();
    const RECT All = Desktop();
    CaptureDxgi.Changes(Capture, &Changes);
    memcpy(Fake.Dirty, Odd, sizeof(Odd));
    Fake.DirtyCount = ARRAYSIZE(Odd);
    Fake.NoMetadata = FALSE;
    Fake.Pending = TRUE;
    EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
    EXPECT_EQUAL(Changes.Count, 3);
    ExpectSeen(Capture, &All);
    Present();
    Fake.AlwaysMoreData = TRUE;
    EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
    EXPECT(EqualRect(&Changes.Rects[0], &All));
    ExpectSeen(Capture, &All);
    Fake.AlwaysMoreData = FALSE;
    Present();
    Fake.NoMetadata = TRUE;
    EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
    ExpectSeen(Capture, &All);
    CloseIt(Capture);
}

/* Each call of a running capture fails once with each error; afterwards it goes on, or is lost and
 * begins again, with another mode. Nothing is left behind. */
static void every_call_may_fail(void)
{
    static const char *const Calls[] = {"AcquireNextFrame",
                                        "QueryInterface",
                                        "CreateTexture2D",
                                        "GetFrameMoveRects",
                                        "GetFrameDirtyRects",
                                        "ReleaseFrame",
                                        "Map"};
    static const HRESULT Errors[] = {DXGI_ERROR_ACCESS_LOST, DXGI_ERROR_INVALID_CALL, E_INVALIDARG,
                                     E_OUTOFMEMORY, DXGI_ERROR_DEVICE_REMOVED};
    CAPTURE_CHANGES Changes;
    CAPTURE_PIXELS Pixels;

    for (size_t c = 0; c < ARRAYSIZE(Calls) * ARRAYSIZE(Errors) * 4; c++) {
        SetMode(64, 48, (DXGI_MODE_ROTATION)(c % 4 + 1));
        PVOID Capture = OpenIt();
        Fake.FaultAt = Calls[c / 4 / ARRAYSIZE(Errors)];
        Fake.Fault = Errors[c / 4 % ARRAYSIZE(Errors)];
        Fake.FaultAfter = (int)(c % 4);
        for (int i = 0; i < 12; i++) {
            const RECT All = Desktop();
            CAPTURE_RESULT Result = CaptureDxgi.Changes(Capture, &Changes);
            if (Result != CaptureLost && CaptureDxgi.Screen(Capture, &All, &Pixels) == CaptureLost)
                Result = CaptureLost;
            if (Result == CaptureLost) {
                CloseIt(Capture);
                SetMode(40 + (LONG)(c % 9), 30, (DXGI_MODE_ROTATION)(c % 3 + 1));
                Capture = OpenIt();
            }
            Present();
        }
        Fake.FaultAt = NULL;
        const RECT All = Desktop();
        EXPECT_EQUAL(CaptureDxgi.Changes(Capture, &Changes), CaptureDone);
        ExpectSeen(Capture, &All);
        CloseIt(Capture);
    }
}

/* What passes is tried again (ERROR_NOT_READY), what this machine does not have is not. */
static void opening_may_fail(void)
{
    static const struct {
        const char *Call;
        HRESULT Fault;
        DWORD Error;
    } Cases[] = {
        {"DxgiSourceOpen", DXGI_ERROR_UNSUPPORTED, ERROR_NOT_SUPPORTED},
        {"DxgiSourceOpen", E_NOINTERFACE, ERROR_NOT_SUPPORTED},
        {"GetDesc", DXGI_ERROR_DEVICE_REMOVED, ERROR_NOT_READY},
        {"DuplicateOutput", E_NOTIMPL, ERROR_NOT_SUPPORTED},  /* Wine */
        {"DuplicateOutput", E_ACCESSDENIED, ERROR_NOT_READY}, /* another desktop has the screen */
        {"DuplicateOutput", DXGI_ERROR_NOT_CURRENTLY_AVAILABLE, ERROR_NOT_READY},
        {"DuplicateOutput", DXGI_ERROR_SESSION_DISCONNECTED, ERROR_NOT_READY},
    };
    DWORD Error;

    for (size_t i = 0; i < ARRAYSIZE(Cases); i++)
        for (int After = 0; After < 2; After++) { /* the first monitor, or the second */
            SetMode(64, 48, DXGI_MODE_ROTATION_IDENTITY);
            Fake.Monitors = 2;
            Fake.FaultAt = Cases[i].Call;
            Fake.Fault = Cases[i].Fault;
            Fake.FaultAfter = After;
            EXPECT(CaptureDxgi.Open(NULL, &Error) == NULL);
            EXPECT_EQUAL(Error, Cases[i].Error);
            EXPECT_EQUAL(Fake.References, 0);
        }
    SetMode(64, 48, DXGI_MODE_ROTATION_IDENTITY);
    Fake.Monitors = 0;
    EXPECT(CaptureDxgi.Open(NULL, &Error) == NULL);
    EXPECT_EQUAL(Error, ERROR_NOT_SUPPORTED);
}

/* A part that no monitor has alone, and a screen of which no frame came yet, are other methods'. */
static void what_it_does_not_have_it_does_not_show(void)
{
    CAPTURE_PIXELS Pixels;
    CAPTURE_CHANGES Changes;

    SetMode(64, 48, DXGI_MODE_ROTATION_IDENTITY);
    const PVOID Capture = OpenIt();
    const RECT All = Desktop();
    const RECT Beyond = {All.left, All.top, All.right + 1, All.bottom};
    EXPECT_EQUAL(CaptureDxgi.Screen(Capture, &All, &Pixels), CaptureUnavailable);
    CaptureDxgi.Changes(Capture, &Changes);
    EXPECT_EQUAL(CaptureDxgi.Screen(Capture, &Beyond, &Pixels), CaptureUnavailable);
    ExpectSeen(Capture, &All);
    CloseIt(Capture);
}

int main(void)
{
    RUN(pixels_are_right_in_each_rotation);
    RUN(only_what_changed_is_copied);
    RUN(odd_metadata_is_borne);
    RUN(every_call_may_fail);
    RUN(opening_may_fail);
    RUN(what_it_does_not_have_it_does_not_show);
    return 0;
}
