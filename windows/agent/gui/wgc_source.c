/* SPDX-License-Identifier: BSD-2-Clause */
/* See wgc_source.h. */
#define COBJMACROS
#include <initguid.h>
#include <string.h>
#include <d3d11_4.h>
#include <roapi.h>
#include <winstring.h>
#include <dwmapi.h>
#include "windows/agent/gui/wgc_source.h"

/* The calls of newer systems' DLLs, so that the program starts on Windows 7. */
typedef HRESULT(WINAPI *RO_INITIALIZE)(RO_INIT_TYPE);
typedef void(WINAPI *RO_UNINITIALIZE)(void);
typedef HRESULT(WINAPI *GET_FACTORY)(HSTRING, REFIID, void **);
typedef HRESULT(WINAPI *MAKE_STRING)(PCWSTR, UINT32, HSTRING_HEADER *, HSTRING *);
typedef HRESULT(WINAPI *MAKE_DEVICE)(IDXGIDevice *, IInspectable **);

static HRESULT Factory(_In_ const WGC_SOURCE *Source, _In_ PCWSTR Class, _In_ REFIID Id,
                       _Out_ void **Object)
{
    const GET_FACTORY Get =
        (GET_FACTORY)(PVOID)GetProcAddress(Source->Combase, "RoGetActivationFactory");
    const MAKE_STRING Make =
        (MAKE_STRING)(PVOID)GetProcAddress(Source->Combase, "WindowsCreateStringReference");
    HSTRING_HEADER Header; /* such a string is not deleted */
    HSTRING Name;

    *Object = NULL;
    if (!Get || !Make)
        return E_NOTIMPL;
    const HRESULT Result = Make(Class, (UINT32)wcslen(Class), &Header, &Name);
    return FAILED(Result) ? Result : Get(Name, Id, Object);
}

static HRESULT Initialize(_Inout_ WGC_SOURCE *Source)
{
    Source->Combase = LoadLibraryExW(L"combase.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    const RO_INITIALIZE Enter =
        Source->Combase ? (RO_INITIALIZE)(PVOID)GetProcAddress(Source->Combase, "RoInitialize")
                        : NULL;
    if (!Enter)
        return E_NOTIMPL;
    const HRESULT Result = Enter(RO_INIT_MULTITHREADED);
    Source->Initialized = SUCCEEDED(Result);
    return Result == RPC_E_CHANGED_MODE ? S_OK : Result; /* the apartment that there is will do */
}

static HRESULT IsSupported(_In_ const WGC_SOURCE *Source)
{
    IGraphicsCaptureSessionStatics *Sessions;
    boolean Supported = FALSE;
    HRESULT Result = Factory(Source, L"Windows.Graphics.Capture.GraphicsCaptureSession",
                             &IID_IGraphicsCaptureSessionStatics, (void **)&Sessions);

    if (FAILED(Result))
        return Result;
    Result = Sessions->lpVtbl->IsSupported(Sessions, &Supported);
    Sessions->lpVtbl->Release(Sessions);
    return SUCCEEDED(Result) && !Supported ? E_NOTIMPL : Result;
}

/* Windows' own threads work with the device too. A guest without a graphics card has one that
 * calculates. */
static HRESULT MakeDevice(_Inout_ WGC_SOURCE *Source)
{
    static const D3D_DRIVER_TYPE Types[] = {D3D_DRIVER_TYPE_HARDWARE, D3D_DRIVER_TYPE_WARP};
    ID3D11Multithread *Guard;
    HRESULT Result = E_FAIL;

    for (int i = 0; FAILED(Result) && i < (int)ARRAYSIZE(Types); i++)
        Result = D3D11CreateDevice(NULL, Types[i], NULL, D3D11_CREATE_DEVICE_BGRA_SUPPORT, NULL, 0,
                                   D3D11_SDK_VERSION, &Source->Device, NULL, &Source->Context);
    if (SUCCEEDED(Result))
        Result =
            ID3D11Device_QueryInterface(Source->Device, &IID_ID3D11Multithread, (void **)&Guard);
    if (SUCCEEDED(Result)) {
        ID3D11Multithread_SetMultithreadProtected(Guard, TRUE);
        ID3D11Multithread_Release(Guard);
    }
    return Result;
}

static HRESULT ShowDevice(_Inout_ WGC_SOURCE *Source)
{
    const MAKE_DEVICE Make = (MAKE_DEVICE)(PVOID)GetProcAddress(
        GetModuleHandleW(L"d3d11.dll"), "CreateDirect3D11DeviceFromDXGIDevice");
    IDXGIDevice *Dxgi;
    IInspectable *Inspectable;

    if (!Make)
        return E_NOTIMPL;
    HRESULT Result = ID3D11Device_QueryInterface(Source->Device, &IID_IDXGIDevice, (void **)&Dxgi);
    if (FAILED(Result))
        return Result;
    Result = Make(Dxgi, &Inspectable);
    IDXGIDevice_Release(Dxgi);
    if (FAILED(Result))
        return Result;
    Result =
        IInspectable_QueryInterface(Inspectable, &IID_IDirect3DDevice, (void **)&Source->Graphics);
    IInspectable_Release(Inspectable);
    return Result;
}

HRESULT WgcSourceOpen(_Out_ WGC_SOURCE *Source)
{
    memset(Source, 0, sizeof(*Source));
    HRESULT Result = Initialize(Source);
    if (SUCCEEDED(Result))
        Result = IsSupported(Source);
    if (SUCCEEDED(Result))
        Result = Factory(Source, L"Windows.Graphics.Capture.GraphicsCaptureItem",
                         &IID_IGraphicsCaptureItemInterop, (void **)&Source->Items);
    if (SUCCEEDED(Result))
        Result = Factory(Source, L"Windows.Graphics.Capture.Direct3D11CaptureFramePool",
                         &IID_IDirect3D11CaptureFramePoolStatics2, (void **)&Source->Pools);
    if (SUCCEEDED(Result))
        Result = MakeDevice(Source);
    return SUCCEEDED(Result) ? ShowDevice(Source) : Result;
}

void WgcSourceClose(_Inout_ WGC_SOURCE *Source)
{
    if (Source->Graphics)
        Source->Graphics->lpVtbl->Release(Source->Graphics);
    if (Source->Context)
        ID3D11DeviceContext_Release(Source->Context);
    if (Source->Device)
        ID3D11Device_Release(Source->Device);
    if (Source->Pools)
        Source->Pools->lpVtbl->Release(Source->Pools);
    if (Source->Items)
        Source->Items->lpVtbl->Release(Source->Items);
    if (Source->Initialized)
        ((RO_UNINITIALIZE)(PVOID)GetProcAddress(Source->Combase, "RoUninitialize"))();
    if (Source->Combase)
        FreeLibrary(Source->Combase);
    memset(Source, 0, sizeof(*Source));
}

POINT WgcSourceCorner(_In_ HWND Window)
{
    RECT Frame, Bounds;

    if (!GetWindowRect(Window, &Frame) ||
        FAILED(DwmGetWindowAttribute(Window, DWMWA_EXTENDED_FRAME_BOUNDS, &Bounds, sizeof(Bounds))))
        return (POINT){0, 0};
    return (POINT){Bounds.left - Frame.left, Bounds.top - Frame.top};
}

ULONGLONG WgcSourceNowMs(void)
{
    return GetTickCount64();
}
