/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One window under Windows.Graphics.Capture: Windows draws what the window shows into textures of a
 * pool; the newest is held until somebody wants its pixels, then copied into a texture that
 * programs can read. A window that changed its size has its pool made anew.
 */
#pragma once

#include "windows/agent/gui/wgc_event.h"
#include "windows/agent/gui/wgc_source.h"

enum {
    WGC_BUFFERS = 2, /* one is held while Windows draws into the other */
    WGC_SIDE_MAX = 16384,
};

typedef struct WGC_WINDOW {
    IGraphicsCaptureItem *Item;
    IDirect3D11CaptureFramePool *Pool;
    IGraphicsCaptureSession *Session;
    WGC_EVENT *Arrived, *Closed;
    EventRegistrationToken ArrivedToken, ClosedToken;
    BOOL ArrivedAdded, ClosedAdded;
    IDirect3D11CaptureFrame *Frame; /* not yet copied; NULL: none */
    WGC_SIZE PoolSize, FrameSize;
    ID3D11Texture2D *Texture; /* readable */
    WGC_SIZE TextureSize;
    WGC_SIZE Content; /* what of it is the window; 0: nothing yet */
    BOOL Mapped;
} WGC_WINDOW;

/* Begins. Wake: set when there is a frame or the window is gone. After an error nothing is left. */
HRESULT WgcWindowOpen(_In_ const WGC_SOURCE *Source, _In_ HWND Handle, _In_opt_ HANDLE Wake,
                      _Out_ WGC_WINDOW *Window);
void WgcWindowClose(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window);
/* Takes the frames that there are. S_OK: there is a new picture; S_FALSE: there is none; an error:
 * close it. */
HRESULT WgcWindowTake(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window);
/* Its picture, Window->Content large, valid until WgcWindowUnmap(), which comes before any other
 * call. S_FALSE: there is none yet. */
HRESULT WgcWindowMap(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window,
                     _Out_ D3D11_MAPPED_SUBRESOURCE *Mapped);
void WgcWindowUnmap(_In_ const WGC_SOURCE *Source, _Inout_ WGC_WINDOW *Window);
/* What its textures take. */
SIZE_T WgcWindowBytes(_In_ const WGC_WINDOW *Window);
