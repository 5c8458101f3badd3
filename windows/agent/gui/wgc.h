/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interfaces of Windows.Graphics.Capture (Windows 10 1903 and later) as C sees them, which
 * Debian 12's mingw-w64 headers lack; only what is called has its signature. Identifiers, the order
 * of methods and their parameters are those of the Windows SDK's windows.graphics.capture.h,
 * windows.graphics.capture.interop.h and windows.graphics.directx.direct3d11(.interop).h, as they
 * also stand in mingw-w64's newer headers and in Wine's windows.graphics.capture.idl.
 */
#pragma once

#ifndef COBJMACROS
#define COBJMACROS
#endif
#include <windows.h>
#include <d3d11.h>
#include <eventtoken.h>

#define WGC_UNKNOWN(Name)                                                                          \
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(Name * This, REFIID Id, void **Object);             \
    ULONG(STDMETHODCALLTYPE *AddRef)(Name * This);                                                 \
    ULONG(STDMETHODCALLTYPE *Release)(Name * This)

#define WGC_INSPECTABLE(Name)                                                                      \
    WGC_UNKNOWN(Name);                                                                             \
    void *GetIids, *GetRuntimeClassName, *GetTrustLevel

#define WGC_INTERFACE(Name)                                                                        \
    typedef struct Name {                                                                          \
        const struct Name##Vtbl *lpVtbl;                                                           \
    } Name

WGC_INTERFACE(IClosable);
WGC_INTERFACE(IDirect3DDevice);
WGC_INTERFACE(IDirect3DSurface);
WGC_INTERFACE(IDirect3DDxgiInterfaceAccess);
WGC_INTERFACE(IGraphicsCaptureItemInterop);
WGC_INTERFACE(IGraphicsCaptureItem);
WGC_INTERFACE(IGraphicsCaptureSession);
WGC_INTERFACE(IGraphicsCaptureSession2);
WGC_INTERFACE(IGraphicsCaptureSession3);
WGC_INTERFACE(IGraphicsCaptureSessionStatics);
WGC_INTERFACE(IDirect3D11CaptureFrame);
WGC_INTERFACE(IDirect3D11CaptureFramePool);
WGC_INTERFACE(IDirect3D11CaptureFramePoolStatics2);
/* Of either event; each has an identifier of its own. */
WGC_INTERFACE(ITypedEventHandler);

/* Windows.Graphics.SizeInt32 */
typedef struct WGC_SIZE {
    INT32 Width, Height;
} WGC_SIZE;

enum { WGC_PIXELS_BGRA8 = 87 }; /* DirectXPixelFormat_B8G8R8A8UIntNormalized */

struct IClosableVtbl {
    WGC_INSPECTABLE(IClosable);
    HRESULT(STDMETHODCALLTYPE *Close)(IClosable *This);
};

struct IDirect3DDeviceVtbl {
    WGC_INSPECTABLE(IDirect3DDevice);
    void *Trim;
};

struct IDirect3DSurfaceVtbl {
    WGC_INSPECTABLE(IDirect3DSurface);
    void *get_Description;
};

struct IDirect3DDxgiInterfaceAccessVtbl {
    WGC_UNKNOWN(IDirect3DDxgiInterfaceAccess);
    HRESULT(STDMETHODCALLTYPE *GetInterface)
    (IDirect3DDxgiInterfaceAccess *This, REFIID Id, void **Object);
};

struct IGraphicsCaptureItemInteropVtbl {
    WGC_UNKNOWN(IGraphicsCaptureItemInterop);
    HRESULT(STDMETHODCALLTYPE *CreateForWindow)
    (IGraphicsCaptureItemInterop *This, HWND Window, REFIID Id, void **Item);
    void *CreateForMonitor;
};

struct IGraphicsCaptureItemVtbl {
    WGC_INSPECTABLE(IGraphicsCaptureItem);
    void *get_DisplayName;
    HRESULT(STDMETHODCALLTYPE *get_Size)(IGraphicsCaptureItem *This, WGC_SIZE *Size);
    HRESULT(STDMETHODCALLTYPE *add_Closed)
    (IGraphicsCaptureItem *This, ITypedEventHandler *Handler, EventRegistrationToken *Token);
    HRESULT(STDMETHODCALLTYPE *remove_Closed)
    (IGraphicsCaptureItem *This, EventRegistrationToken Token);
};

struct IGraphicsCaptureSessionVtbl {
    WGC_INSPECTABLE(IGraphicsCaptureSession);
    HRESULT(STDMETHODCALLTYPE *StartCapture)(IGraphicsCaptureSession *This);
};

/* Windows 10 2004 */
struct IGraphicsCaptureSession2Vtbl {
    WGC_INSPECTABLE(IGraphicsCaptureSession2);
    void *get_IsCursorCaptureEnabled;
    HRESULT(STDMETHODCALLTYPE *put_IsCursorCaptureEnabled)
    (IGraphicsCaptureSession2 *This, boolean Value);
};

/* Windows 11 */
struct IGraphicsCaptureSession3Vtbl {
    WGC_INSPECTABLE(IGraphicsCaptureSession3);
    void *get_IsBorderRequired;
    HRESULT(STDMETHODCALLTYPE *put_IsBorderRequired)
    (IGraphicsCaptureSession3 *This, boolean Value);
};

struct IGraphicsCaptureSessionStaticsVtbl {
    WGC_INSPECTABLE(IGraphicsCaptureSessionStatics);
    HRESULT(STDMETHODCALLTYPE *IsSupported)(IGraphicsCaptureSessionStatics *This, boolean *Result);
};

struct IDirect3D11CaptureFrameVtbl {
    WGC_INSPECTABLE(IDirect3D11CaptureFrame);
    HRESULT(STDMETHODCALLTYPE *get_Surface)
    (IDirect3D11CaptureFrame *This, IDirect3DSurface **Surface);
    void *get_SystemRelativeTime;
    HRESULT(STDMETHODCALLTYPE *get_ContentSize)(IDirect3D11CaptureFrame *This, WGC_SIZE *Size);
};

struct IDirect3D11CaptureFramePoolVtbl {
    WGC_INSPECTABLE(IDirect3D11CaptureFramePool);
    HRESULT(STDMETHODCALLTYPE *Recreate)
    (IDirect3D11CaptureFramePool *This, IDirect3DDevice *Device, INT32 Pixels, INT32 Buffers,
     WGC_SIZE Size);
    HRESULT(STDMETHODCALLTYPE *TryGetNextFrame)
    (IDirect3D11CaptureFramePool *This, IDirect3D11CaptureFrame **Frame);
    HRESULT(STDMETHODCALLTYPE *add_FrameArrived)
    (IDirect3D11CaptureFramePool *This, ITypedEventHandler *Handler, EventRegistrationToken *Token);
    HRESULT(STDMETHODCALLTYPE *remove_FrameArrived)
    (IDirect3D11CaptureFramePool *This, EventRegistrationToken Token);
    HRESULT(STDMETHODCALLTYPE *CreateCaptureSession)
    (IDirect3D11CaptureFramePool *This, IGraphicsCaptureItem *Item,
     IGraphicsCaptureSession **Session);
    void *get_DispatcherQueue;
};

/* Windows 10 1903 */
struct IDirect3D11CaptureFramePoolStatics2Vtbl {
    WGC_INSPECTABLE(IDirect3D11CaptureFramePoolStatics2);
    HRESULT(STDMETHODCALLTYPE *CreateFreeThreaded)
    (IDirect3D11CaptureFramePoolStatics2 *This, IDirect3DDevice *Device, INT32 Pixels,
     INT32 Buffers, WGC_SIZE Size, IDirect3D11CaptureFramePool **Pool);
};

struct ITypedEventHandlerVtbl {
    WGC_UNKNOWN(ITypedEventHandler);
    HRESULT(STDMETHODCALLTYPE *Invoke)(ITypedEventHandler *This, void *Sender, void *Arguments);
};

DEFINE_GUID(IID_IClosable, 0x30d5a829, 0x7fa4, 0x4026, 0x83, 0xbb, 0xd7, 0x5b, 0xae, 0x4e, 0xa9,
            0x9e);
DEFINE_GUID(IID_IDirect3DDevice, 0xa37624ab, 0x8d5f, 0x4650, 0x9d, 0x3e, 0x9e, 0xae, 0x3d, 0x9b,
            0xc6, 0x70);
DEFINE_GUID(IID_IDirect3DDxgiInterfaceAccess, 0xa9b3d012, 0x3df2, 0x4ee3, 0xb8, 0xd1, 0x86, 0x95,
            0xf4, 0x57, 0xd3, 0xc1);
DEFINE_GUID(IID_IGraphicsCaptureItemInterop, 0x3628e81b, 0x3cac, 0x4c60, 0xb7, 0xf4, 0x23, 0xce,
            0x0e, 0x0c, 0x33, 0x56);
DEFINE_GUID(IID_IGraphicsCaptureItem, 0x79c3f95b, 0x31f7, 0x4ec2, 0xa4, 0x64, 0x63, 0x2e, 0xf5,
            0xd3, 0x07, 0x60);
DEFINE_GUID(IID_IGraphicsCaptureSession2, 0x2c39ae40, 0x7d2e, 0x5044, 0x80, 0x4e, 0x8b, 0x67, 0x99,
            0xd4, 0xcf, 0x9e);
DEFINE_GUID(IID_IGraphicsCaptureSession3, 0xf2cdd966, 0x22ae, 0x5ea1, 0x95, 0x96, 0x3a, 0x28, 0x93,
            0x44, 0xc3, 0xbe);
DEFINE_GUID(IID_IGraphicsCaptureSessionStatics, 0x2224a540, 0x5974, 0x49aa, 0xb2, 0x32, 0x08, 0x82,
            0x53, 0x6f, 0x4c, 0xb5);
DEFINE_GUID(IID_IDirect3D11CaptureFramePoolStatics2, 0x589b103f, 0x6bbc, 0x5df5, 0xa9, 0x91, 0x02,
            0xe2, 0x8b, 0x3b, 0x66, 0xd5);
/* TypedEventHandler of Direct3D11CaptureFramePool and of GraphicsCaptureItem */
DEFINE_GUID(IID_WgcFrameArrived, 0x51a947f7, 0x79cf, 0x5a3e, 0xa3, 0xa5, 0x12, 0x89, 0xcf, 0xa6,
            0xdf, 0xe8);
DEFINE_GUID(IID_WgcItemClosed, 0xe9c610c0, 0xa68c, 0x5bd9, 0x80, 0x21, 0x85, 0x89, 0x34, 0x6e, 0xee,
            0xe2);
