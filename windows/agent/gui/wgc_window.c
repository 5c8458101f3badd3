/* SPDX-License-Identifier: BSD-2-Clause */
/* See wgc_window.h. */
#include <string.h>
#include "windows/agent/gui/wgc_window.h"

/* Ends what an object does, which its last Release() may do late. */
static void CloseObject(_In_ void *Object)
{
    IUnknown *const Unknown = Object;
    IClosable *Closable;

    if (FAILED(IUnknown_QueryInterface(Unknown, &IID_IClosable, (void **)&Closable)))
        return;
    Closable->lpVtbl->Close(Closable);
    Closable->lpVtbl->Release(Closable);
}

static BOOL IsEmpty(_In_ WGC_SIZE Size)
{
    return Size.Width <= 0 || Size.Height <= 0;
}

static BOOL IsTooLarge(_In_ WGC_SIZE Size)
{
    return Size.Width > WGC_SIDE_MAX || Size.Height > WGC_SIDE_MAX;
}

SIZE_T WgcWindowBytes(_In_ const WGC_WINDOW *Window)
{
    return (SIZE_T)Window->PoolSize.Width * (SIZE_T)Window->PoolSize.Height * 4 * (WGC_BUFFERS + 1);
}

/* --- Life */

static void DropFrame(_Inout_ WGC_WINDOW *Window)
{
    if (!Window->Frame)
        return;
    CloseObject(Window->Frame);
    Window->Frame->lpVtbl->Release(Window->Frame);
    Window->Frame = NULL;
}

static HRESULT AddEvents(_Inout_ WGC_WINDOW *Window, _In_opt_ HANDLE Wake)
{
    Window->Arrived = WgcEventNew(&IID_WgcFrameArrived, Wake);
    Window->Closed = WgcEventNew(&IID_WgcItemClosed, Wake);
    if (!Window->Arrived || !Window->Closed)
        return E_OUTOFMEMORY;
    HRESULT Result = Window->Pool->lpVtbl->add_FrameArrived(Window->Pool, &Window->Arrived->Handler,
                                                            &Window->ArrivedToken);
    Window->ArrivedAdded = SUCCEEDED(Result);
    if (FAILED(Result))
        return Result;
    Result = Window->Item->lpVtbl->add_Closed(Window->Item, &Window->Closed->Handler,
                                              &Window->ClosedToken);
    Window->ClosedAdded = SUCCEEDED(Result);
    return Result;
}

/* The host has its own pointer. The border is drawn on the guest's screen, which nobody sees: where
 * Windows has no say in it, or refuses, it stays. */
static void SetOptions(_In_ IGraphicsCaptureSession *Session)
{
    IGraphicsCaptureSession2 *Session2;
    IGraphicsCaptureSession3 *Session3;

    if (SUCCEEDED(Session->lpVtbl->QueryInterface(Session, &IID_IGraphicsCaptureSession2,
                                                  (void **)&Session2))) {
        Session2->lpVtbl->put_IsCursorCaptureEnabled(Session2, FALSE);
        Session2->lpVtbl->Release(Session2);
    }
    if (SUCCEEDED(Session->lpVtbl->QueryInterface(Session, &IID_IGraphicsCaptureSession3,
                                                  (void **)&Session3))) {
        Session3->lpVtbl->put_IsBorderRequired(Session3, FALSE);
        Session3->lpVtbl->Release(Session3);
    }
}

static HRESULT Begin(_In_ const WGC_SOURCE *Source, _In_ HWND Handle, _In_opt_ HANDLE Wake,
                     _Inout_ WGC_WINDOW *Window)
{
    HRESULT Result = Source->Items->lpVtbl->CreateForWindow(
        Source->Items, Handle, &IID_IGraphicsCaptureItem, (void **)&Window->Item);

    if (SUCCEEDED(Result))
        Result = Window->Item->lpVtbl->get_Size(Window->Item, &Window->PoolSize);
    if (SUCCEEDED(Result) && (IsEmpty(Window->PoolSize) || IsTooLarge(Window->PoolSize)))
        Result = E_INVALIDARG;
    if (SUCCEEDED(Result))
        Result = Source->Pools->lpVtbl->CreateFreeThreaded(Source->Pools, Source->Graphics,
                                                           WGC_PIXELS_BGRA8, WGC_BUFFERS,
                                                           Window->PoolSize, &Window->Pool);
    if (SUCCEEDED(Result))
        Result = AddEvents(Window, Wake);
    if (SUCCEEDED(Result))
        Result = Window->Pool->lpVtbl->CreateCaptureSession(Window->Pool, Window->Item,
                                                            &Window->Session);
    if (SUCCEEDED(Result)) {
        SetOptions(Window->Session);
        Result = Window->Session->lpVtbl->StartCapture(Window->Session);
    }
    return Result;
}

HRESULT WgcWindowOpen(_In_ const WGC_SOURCE *Source, _In_ HWND Handle, _In_opt_ HANDLE Wake,
                      _Out_ WGC_WINDOW *Window)
{
    memset(Window, 0, sizeof(*Window));
    const HRESULT Result = Begin(Source, Handle, Wake, Window);
    if (FAILED(Result))
        WgcWindowClose(Source, Window);
    return Result;
}

void WgcWindowClose(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window)
{
    WgcWindowUnmap(Source, Window);
    if (Window->ArrivedAdded)
        Window->Pool->lpVtbl->remove_FrameArrived(Window->Pool, Window->ArrivedToken);
    if (Window->ClosedAdded)
        Window->Item->lpVtbl->remove_Closed(Window->Item, Window->ClosedToken);
    DropFrame(Window);
    if (Window->Session) {
        CloseObject(Window->Session);
        Window->Session->lpVtbl->Release(Window->Session);
    }
    if (Window->Pool) {
        CloseObject(Window->Pool);
        Window->Pool->lpVtbl->Release(Window->Pool);
    }
    if (Window->Item)
        Window->Item->lpVtbl->Release(Window->Item);
    if (Window->Texture)
        ID3D11Texture2D_Release(Window->Texture);
    WgcEventRelease(Window->Arrived);
    WgcEventRelease(Window->Closed);
    memset(Window, 0, sizeof(*Window));
}

/* --- Frames */

/* A texture like the frame's, that programs can read. */
static HRESULT MakeTexture(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window,
                           _In_ ID3D11Texture2D *Frame)
{
    D3D11_TEXTURE2D_DESC Desc;

    ID3D11Texture2D_GetDesc(Frame, &Desc);
    if (Desc.Format != DXGI_FORMAT_B8G8R8A8_UNORM || Desc.Width < (UINT)Window->FrameSize.Width ||
        Desc.Height < (UINT)Window->FrameSize.Height)
        return E_UNEXPECTED;
    if (Window->Texture && Desc.Width == (UINT)Window->TextureSize.Width &&
        Desc.Height == (UINT)Window->TextureSize.Height)
        return S_OK;
    if (Window->Texture)
        ID3D11Texture2D_Release(Window->Texture);
    Window->Texture = NULL;
    Window->Content = (WGC_SIZE){0, 0};
    Window->TextureSize = (WGC_SIZE){(INT32)Desc.Width, (INT32)Desc.Height};
    Desc.MipLevels = Desc.ArraySize = 1;
    Desc.Usage = D3D11_USAGE_STAGING;
    Desc.BindFlags = Desc.MiscFlags = 0;
    Desc.CPUAccessFlags = D3D11_CPU_ACCESS_READ;
    return ID3D11Device_CreateTexture2D(Source->Device, &Desc, NULL, &Window->Texture);
}

static HRESULT TextureOf(_In_ IDirect3D11CaptureFrame *Frame, _Out_ ID3D11Texture2D **Texture)
{
    IDirect3DDxgiInterfaceAccess *Access;
    IDirect3DSurface *Surface;
    HRESULT Result = Frame->lpVtbl->get_Surface(Frame, &Surface);

    if (FAILED(Result))
        return Result;
    Result = Surface->lpVtbl->QueryInterface(Surface, &IID_IDirect3DDxgiInterfaceAccess,
                                             (void **)&Access);
    Surface->lpVtbl->Release(Surface);
    if (FAILED(Result))
        return Result;
    Result = Access->lpVtbl->GetInterface(Access, &IID_ID3D11Texture2D, (void **)Texture);
    Access->lpVtbl->Release(Access);
    return Result;
}

/* The frame goes back to Windows afterwards: the device does things in order. */
static HRESULT CopyFrame(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window)
{
    ID3D11Texture2D *Texture;
    HRESULT Result = TextureOf(Window->Frame, &Texture);

    if (FAILED(Result))
        return Result;
    Result = MakeTexture(Source, Window, Texture);
    if (SUCCEEDED(Result)) {
        const D3D11_BOX Box = {
            0, 0, 0, (UINT)Window->FrameSize.Width, (UINT)Window->FrameSize.Height, 1};
        ID3D11DeviceContext_CopySubresourceRegion(Source->Context,
                                                  (ID3D11Resource *)Window->Texture, 0, 0, 0, 0,
                                                  (ID3D11Resource *)Texture, 0, &Box);
        Window->Content = Window->FrameSize;
    }
    ID3D11Texture2D_Release(Texture);
    DropFrame(Window);
    return Result;
}

/* The frame at hand has another size than the pool. One that shrank is whole, and kept; one that
 * grew is cut, and the next is waited for. */
static HRESULT Resize(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window)
{
    const WGC_SIZE Size = Window->FrameSize;
    const BOOL Whole =
        Size.Width <= Window->PoolSize.Width && Size.Height <= Window->PoolSize.Height;
    HRESULT Result = S_OK;

    if (IsEmpty(Size)) { /* minimized: what was there last stays */
        DropFrame(Window);
        return S_FALSE;
    }
    if (IsTooLarge(Size))
        return E_OUTOFMEMORY;
    if (Whole)
        Result = CopyFrame(Source, Window);
    else
        Window->Content = (WGC_SIZE){0, 0};
    DropFrame(Window);
    if (SUCCEEDED(Result))
        Result = Window->Pool->lpVtbl->Recreate(Window->Pool, Source->Graphics, WGC_PIXELS_BGRA8,
                                                WGC_BUFFERS, Size);
    if (FAILED(Result))
        return Result;
    Window->PoolSize = Size;
    return Whole ? S_OK : S_FALSE;
}

HRESULT WgcWindowTake(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window)
{
    IDirect3D11CaptureFrame *Frame = NULL;
    BOOL Taken = FALSE;

    /* No more than the pool has: a window that draws without end does not hold up the rest. */
    for (int i = 0; i < WGC_BUFFERS; i++) {
        const HRESULT Result = Window->Pool->lpVtbl->TryGetNextFrame(Window->Pool, &Frame);
        if (FAILED(Result))
            return Result;
        if (!Frame)
            break;
        DropFrame(Window);
        Window->Frame = Frame;
        Taken = TRUE;
    }
    if (!Taken)
        return S_FALSE;
    const HRESULT Result =
        Window->Frame->lpVtbl->get_ContentSize(Window->Frame, &Window->FrameSize);
    if (FAILED(Result))
        return Result;
    return Window->FrameSize.Width == Window->PoolSize.Width &&
                   Window->FrameSize.Height == Window->PoolSize.Height
               ? S_OK
               : Resize(Source, Window);
}

HRESULT WgcWindowMap(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window,
                     _Out_ D3D11_MAPPED_SUBRESOURCE *Mapped)
{
    HRESULT Result = Window->Frame ? CopyFrame(Source, Window) : S_OK;

    if (SUCCEEDED(Result) && IsEmpty(Window->Content))
        return S_FALSE;
    if (SUCCEEDED(Result))
        Result = ID3D11DeviceContext_Map(Source->Context, (ID3D11Resource *)Window->Texture, 0,
                                         D3D11_MAP_READ, 0, Mapped);
    Window->Mapped = SUCCEEDED(Result);
    return Result;
}

void WgcWindowUnmap(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window)
{
    if (Window->Mapped)
        ID3D11DeviceContext_Unmap(Source->Context, (ID3D11Resource *)Window->Texture, 0);
    Window->Mapped = FALSE;
}
