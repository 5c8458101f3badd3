/* SPDX-License-Identifier: BSD-2-Clause */
/* See self_test.h. */
#include <initguid.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include "windows/agent/gui/capture.h"
#include "windows/agent/gui/desktop.h"
#include "windows/agent/gui/look.h"
#include "windows/agent/gui/self_test.h"
#define COBJMACROS
#include <wincodec.h>

enum { FRAMES = 100, FRAME_MS = 20, PICTURES_MAX = 20, PICTURE_WAIT_MS = 1000 };

typedef struct SELF_TEST {
    FILE *Report;
    PCWSTR Folder;
    int Pictures;
    BOOL Failed;
} SELF_TEST;

/* --- Pictures */

static HRESULT Encode(_In_ IWICImagingFactory *Factory, _In_ IWICStream *Stream, _In_ UINT Width,
                      _In_ UINT Height, _In_ const CAPTURE_PIXELS *Pixels)
{
    WICPixelFormatGUID Format = GUID_WICPixelFormat32bppBGR;
    IWICBitmapEncoder *Encoder = NULL;
    IWICBitmapFrameEncode *Frame = NULL;
    HRESULT Result =
        IWICImagingFactory_CreateEncoder(Factory, &GUID_ContainerFormatPng, NULL, &Encoder);

    if (SUCCEEDED(Result))
        Result = IWICBitmapEncoder_Initialize(Encoder, (IStream *)Stream, WICBitmapEncoderNoCache);
    if (SUCCEEDED(Result))
        Result = IWICBitmapEncoder_CreateNewFrame(Encoder, &Frame, NULL);
    if (SUCCEEDED(Result))
        Result = IWICBitmapFrameEncode_Initialize(Frame, NULL);
    if (SUCCEEDED(Result))
        Result = IWICBitmapFrameEncode_SetSize(Frame, Width, Height);
    if (SUCCEEDED(Result))
        Result = IWICBitmapFrameEncode_SetPixelFormat(Frame, &Format);
    for (UINT y = 0; SUCCEEDED(Result) && y < Height; y++)
        Result = IWICBitmapFrameEncode_WritePixels(
            Frame, 1, Width * 4, Width * 4,
            (BYTE *)(ULONG_PTR)(Pixels->Pixels + (ptrdiff_t)y * Pixels->StrideBytes));
    if (SUCCEEDED(Result))
        Result = IWICBitmapFrameEncode_Commit(Frame);
    if (SUCCEEDED(Result))
        Result = IWICBitmapEncoder_Commit(Encoder);
    if (Frame)
        IWICBitmapFrameEncode_Release(Frame);
    if (Encoder)
        IWICBitmapEncoder_Release(Encoder);
    return Result;
}

static HRESULT WritePng(_In_ PCWSTR Path, _In_ UINT Width, _In_ UINT Height,
                        _In_ const CAPTURE_PIXELS *Pixels)
{
    IWICImagingFactory *Factory = NULL;
    IWICStream *Stream = NULL;
    HRESULT Result = CoCreateInstance(&CLSID_WICImagingFactory, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IWICImagingFactory, (void **)&Factory);

    if (SUCCEEDED(Result))
        Result = IWICImagingFactory_CreateStream(Factory, &Stream);
    if (SUCCEEDED(Result))
        Result = IWICStream_InitializeFromFilename(Stream, Path, GENERIC_WRITE);
    if (SUCCEEDED(Result))
        Result = Encode(Factory, Stream, Width, Height, Pixels);
    if (Stream)
        IWICStream_Release(Stream);
    if (Factory)
        IWICImagingFactory_Release(Factory);
    return Result;
}

static void SavePicture(_Inout_ SELF_TEST *Test, _In_ PCSTR What, _In_ const RECT *Size,
                        _In_ const CAPTURE_PIXELS *Pixels)
{
    WCHAR Path[2 * MAX_PATH];

    if (Test->Pictures == PICTURES_MAX)
        return;
    swprintf(Path, ARRAYSIZE(Path), L"%ls\\%02d.png", Test->Folder, ++Test->Pictures);
    const HRESULT Result =
        WritePng(Path, (UINT)(Size->right - Size->left), (UINT)(Size->bottom - Size->top), Pixels);
    fprintf(Test->Report, "    picture %02d.png: %s%s\n", Test->Pictures, What,
            FAILED(Result) ? " (could not be written)" : "");
    Test->Failed |= FAILED(Result);
}

/* --- What there is */

static void ReportMachine(_Inout_ SELF_TEST *Test)
{
    OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};
    typedef LONG(WINAPI * GET_VERSION)(OSVERSIONINFOW *);
    const GET_VERSION Get =
        (GET_VERSION)(PVOID)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion");
    DWORD Session = 0;
    DESKTOP Desktop;

    if (Get)
        Get(&Version);
    ProcessIdToSessionId(GetCurrentProcessId(), &Session);
    DesktopOpen(&Desktop);
    fprintf(Test->Report, "Windows %lu.%lu.%lu, session %lu, desktop %ls%s\n",
            Version.dwMajorVersion, Version.dwMinorVersion, Version.dwBuildNumber, Session,
            Desktop.Name, DesktopChanged(&Desktop) ? " (another has the screen)" : "");
    fprintf(Test->Report, "desktop of %dx%d at %d, %d; %d monitors\n",
            GetSystemMetrics(SM_CXVIRTUALSCREEN), GetSystemMetrics(SM_CYVIRTUALSCREEN),
            GetSystemMetrics(SM_XVIRTUALSCREEN), GetSystemMetrics(SM_YVIRTUALSCREEN),
            GetSystemMetrics(SM_CMONITORS));
    DesktopClose(&Desktop);
}

static BOOL CALLBACK SaveMonitor(HMONITOR Monitor, HDC Dc, RECT *Place, LPARAM Parameter)
{
    *(RECT *)Parameter = *Place;
    return FALSE; /* the first is enough */
}

/* Two seconds of what it says has changed, then a picture of the first monitor. */
static BOOL ReportScreen(_Inout_ SELF_TEST *Test, _In_ const CAPTURE_METHOD *Method,
                         _In_ PVOID Context)
{
    static CAPTURE_CHANGES Changes;
    CAPTURE_PIXELS Pixels;
    DWORD Frames = 0, Rects = 0;
    RECT First = {0};

    for (int i = 0; Method->Changes && i < FRAMES; i++) {
        const CAPTURE_RESULT Result = Method->Changes(Context, &Changes);
        if (Result == CaptureLost) {
            fprintf(Test->Report, "    lost after %d looks\n", i);
            return FALSE;
        }
        Frames += Result == CaptureDone;
        Rects += Result == CaptureDone ? Changes.Count : 0;
        SleepEx(FRAME_MS, FALSE);
    }
    if (Method->Changes)
        fprintf(Test->Report, "    in %d s: %lu frames that changed, %lu rectangles\n",
                FRAMES * FRAME_MS / 1000, Frames, Rects);
    EnumDisplayMonitors(NULL, NULL, SaveMonitor, (LPARAM)&First);
    if (Method->Screen(Context, &First, &Pixels) != CaptureDone) {
        fprintf(Test->Report, "    the first monitor could not be captured\n");
        return FALSE;
    }
    SavePicture(Test, "the first monitor", &First, &Pixels);
    return TRUE;
}

typedef struct VISIT {
    SELF_TEST *Test;
    const CAPTURE_METHOD *Method;
    PVOID Context;
    HANDLE Wake;
} VISIT;

/* A method that is told of frames has the first one a moment after it was asked. */
static BOOL GetWindowPixels(_In_ const VISIT *Visit, _In_ HWND Handle, _In_ const RECT *Part,
                            _Out_ CAPTURE_PIXELS *Pixels)
{
    CAPTURE_RESULT Result;

    do
        Result = Visit->Method->Window(Visit->Context, Handle, Part, Pixels);
    while (Result == CaptureNothing &&
           WaitForSingleObject(Visit->Wake, PICTURE_WAIT_MS) == WAIT_OBJECT_0);
    return Result == CaptureDone;
}

static BOOL CALLBACK ReportWindow(HWND Handle, LPARAM Parameter)
{
    const VISIT *const Visit = (const VISIT *)Parameter;
    MONITORINFO Monitor = {.cbSize = sizeof(Monitor)};
    char Title[3 * LOOK_TITLE_ROOM];
    WINDOW_ORIGIN Origin;
    WINDOW_LOOK Look;
    CAPTURE_PIXELS Pixels;

    if (!LookAtOrigin(Handle, &Origin) || !LookAt(&Origin, &Look))
        return TRUE;
    GetMonitorInfoW(MonitorFromWindow(Handle, MONITOR_DEFAULTTONEAREST), &Monitor);
    const WINDOW_KIND Kind = KindOf(&Origin, &Look, &Monitor.rcMonitor);
    LookAtTitle(Handle, Title);
    RECT Part = Look.Bounds;
    fprintf(Visit->Test->Report, "    %p %ls \"%s\" %ld, %ld, %ldx%ld:%s%s%s%s%s%s\n",
            (void *)Handle, Origin.Class, Title, Part.left, Part.top, Part.right - Part.left,
            Part.bottom - Part.top, Kind.Shown ? " shown" : " not shown",
            Kind.OwnPlace ? ", places itself" : "", Kind.Minimized ? ", minimized" : "",
            Kind.FullScreen ? ", full screen" : "", Look.Cloaked ? ", cloaked" : "",
            LookAtGpuDrawn(Handle) ? ", drawn by the GPU" : "");
    if (!Kind.Shown || Kind.Minimized)
        return TRUE;
    OffsetRect(&Part, -Look.Frame.left, -Look.Frame.top);
    if (GetWindowPixels(Visit, Handle, &Part, &Pixels))
        SavePicture(Visit->Test, Title, &Part, &Pixels);
    else
        fprintf(Visit->Test->Report, "    it could not be captured\n");
    return TRUE;
}

static void ReportMethod(_Inout_ SELF_TEST *Test, _In_ const CAPTURE_METHOD *Method)
{
    VISIT Visit = {Test, Method, NULL, CreateEventW(NULL, FALSE, FALSE, NULL)};
    DWORD Error;

    fprintf(Test->Report, "\ncapture by %s:\n", Method->Name);
    Visit.Context = Method->Open(Visit.Wake, &Error);
    if (!Visit.Context) {
        fprintf(Test->Report, "    not available: error %lu\n", Error);
        CloseHandle(Visit.Wake);
        return;
    }
    if (Method->Screen && !ReportScreen(Test, Method, Visit.Context))
        Test->Failed = TRUE;
    if (Method->Window)
        EnumWindows(ReportWindow, (LPARAM)&Visit);
    Method->Close(Visit.Context);
    CloseHandle(Visit.Wake);
}

int SelfTest(_In_ PCWSTR Folder)
{
    SELF_TEST Test = {.Folder = Folder};
    WCHAR Path[2 * MAX_PATH];

    CreateDirectoryW(Folder, NULL);
    swprintf(Path, ARRAYSIZE(Path), L"%ls\\report.txt", Folder);
    Test.Report = _wfopen(Path, L"wb");
    if (!Test.Report || FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED))) {
        fwprintf(stderr, L"gui-agent: %ls cannot be written\n", Path);
        return 1;
    }
    ReportMachine(&Test);
    ReportMethod(&Test, &CaptureDxgi);
    ReportMethod(&Test, &CaptureWgc);
    ReportMethod(&Test, &CaptureGdi);
    fprintf(Test.Report, "\n%s\n", Test.Failed ? "something failed" : "nothing failed");
    Test.Failed |= fclose(Test.Report) != 0;
    CoUninitialize();
    wprintf(L"%ls\n", Path);
    return Test.Failed ? 1 : 0;
}
