/* SPDX-License-Identifier: BSD-2-Clause */
/* The pixels of a picture file, by the Windows Imaging Component; see pixels.h. */
#define COBJMACROS
#include <windows.h>
#include <stdlib.h>
#include <string.h>
#include <wincodec.h>
#include "windows/agent/common/pixels.h"

static DWORD ErrorOf(_In_ HRESULT Result)
{
    return Result == E_OUTOFMEMORY ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_DATA;
}

static DWORD CopyFrame(_In_ IWICBitmapSource *Source, _Out_ PIXELS *Pixels)
{
    UINT Width, Height;
    HRESULT Result = IWICBitmapSource_GetSize(Source, &Width, &Height);

    if (FAILED(Result) || Width == 0 || Height == 0)
        return ERROR_INVALID_DATA;
    if (Width > PIXELS_SIDE_MAX || Height > PIXELS_SIDE_MAX)
        return ERROR_NOT_SUPPORTED;
    BYTE *const Rgba = malloc((SIZE_T)Width * Height * 4);
    if (!Rgba)
        return ERROR_NOT_ENOUGH_MEMORY;
    Result = IWICBitmapSource_CopyPixels(Source, NULL, Width * 4, Width * Height * 4, Rgba);
    if (FAILED(Result)) {
        free(Rgba);
        return ErrorOf(Result);
    }
    *Pixels = (PIXELS){Width, Height, Rgba};
    return ERROR_SUCCESS;
}

/* The first picture of the file. */
static DWORD Decode(_In_ IWICImagingFactory *Factory, _In_ IStream *Stream, _Out_ PIXELS *Pixels)
{
    IWICBitmapDecoder *Decoder;
    IWICBitmapFrameDecode *Frame;
    IWICFormatConverter *Converter;
    DWORD Error;
    HRESULT Result = IWICImagingFactory_CreateDecoderFromStream(
        Factory, Stream, NULL, WICDecodeMetadataCacheOnDemand, &Decoder);

    if (FAILED(Result))
        return ErrorOf(Result);
    Result = IWICBitmapDecoder_GetFrame(Decoder, 0, &Frame);
    IWICBitmapDecoder_Release(Decoder);
    if (FAILED(Result))
        return ErrorOf(Result);
    Result = IWICImagingFactory_CreateFormatConverter(Factory, &Converter);
    if (FAILED(Result)) {
        IWICBitmapFrameDecode_Release(Frame);
        return ErrorOf(Result);
    }
    Result = IWICFormatConverter_Initialize(Converter, (IWICBitmapSource *)Frame,
                                            &GUID_WICPixelFormat32bppBGRA, WICBitmapDitherTypeNone,
                                            NULL, 0, WICBitmapPaletteTypeCustom);
    Error = FAILED(Result) ? ErrorOf(Result) : CopyFrame((IWICBitmapSource *)Converter, Pixels);
    IWICFormatConverter_Release(Converter);
    IWICBitmapFrameDecode_Release(Frame);
    return Error;
}

/* What every Windows can convert to has blue first. */
static void SwapRedAndBlue(_Inout_ PIXELS *Pixels)
{
    for (SIZE_T i = 0; i < (SIZE_T)Pixels->Width * Pixels->Height; i++) {
        BYTE *const Pixel = Pixels->Rgba + 4 * i;
        const BYTE Blue = Pixel[0];

        Pixel[0] = Pixel[2];
        Pixel[2] = Blue;
    }
}

DWORD PixelsOfImage(_In_reads_(Size) const BYTE *Bytes, _In_ DWORD Size, _Out_ PIXELS *Pixels)
{
    IWICImagingFactory *Factory;
    IWICStream *Stream;
    DWORD Error;
    HRESULT Result = CoCreateInstance(&CLSID_WICImagingFactory, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_IWICImagingFactory, (void **)&Factory);

    memset(Pixels, 0, sizeof(*Pixels));
    if (FAILED(Result))
        return ErrorOf(Result);
    Result = IWICImagingFactory_CreateStream(Factory, &Stream);
    Error = FAILED(Result) ? ErrorOf(Result) : ERROR_SUCCESS;
    if (!Error) {
        Result = IWICStream_InitializeFromMemory(Stream, (BYTE *)Bytes, Size);
        Error = FAILED(Result) ? ErrorOf(Result) : Decode(Factory, (IStream *)Stream, Pixels);
        IWICStream_Release(Stream);
    }
    IWICImagingFactory_Release(Factory);
    if (!Error)
        SwapRedAndBlue(Pixels);
    return Error;
}
