/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Windows.Graphics.Capture begins: its two factories, and the device that frames lie in. One
 * .c asks Windows; the test of capture_wgc.c has another, which plays through what Windows may
 * answer.
 */
#pragma once

#include "windows/agent/gui/wgc.h"

typedef struct WGC_SOURCE {
    HMODULE Combase;  /* NULL: not loaded */
    BOOL Initialized; /* this thread's apartment is ours to leave */
    IGraphicsCaptureItemInterop *Items;
    IDirect3D11CaptureFramePoolStatics2 *Pools;
    ID3D11Device *Device;
    ID3D11DeviceContext *Context;
    IDirect3DDevice *Graphics; /* the device, as Windows.Graphics knows it */
} WGC_SOURCE;

/* S_OK, or why it is not to be had (E_NOTIMPL: this Windows has no such thing). Ends with
 * WgcSourceClose() in the same thread, also after an error. */
HRESULT WgcSourceOpen(_Out_ WGC_SOURCE *Source);
void WgcSourceClose(_Inout_ WGC_SOURCE *Source);

/* Where a window's captured image begins, from the corner of its GetWindowRect(): its invisible
 * borders are not in it. */
POINT WgcSourceCorner(_In_ HWND Window);
/* Milliseconds of a clock that does not go back. */
ULONGLONG WgcSourceNowMs(void);
