/* SPDX-License-Identifier: BSD-2-Clause */
/* See dxgi_source.h. */
#include <initguid.h>
#include <string.h>
#include "windows/agent/gui/dxgi_source.h"

/* The Index-th output of all adapters that is part of the desktop, and its adapter. */
static HRESULT FindOutput(_In_ IDXGIFactory1 *Factory, _In_ UINT Index, _Out_ IDXGIAdapter1 **Of,
                          _Out_ IDXGIOutput **Found)
{
    IDXGIAdapter1 *Adapter;
    IDXGIOutput *Output;

    for (UINT a = 0; SUCCEEDED(IDXGIFactory1_EnumAdapters1(Factory, a, &Adapter)); a++) {
        for (UINT o = 0; SUCCEEDED(IDXGIAdapter1_EnumOutputs(Adapter, o, &Output)); o++) {
            DXGI_OUTPUT_DESC Desc;
            if (SUCCEEDED(IDXGIOutput_GetDesc(Output, &Desc)) && Desc.AttachedToDesktop &&
                Index-- == 0) {
                *Of = Adapter;
                *Found = Output;
                return S_OK;
            }
            IDXGIOutput_Release(Output);
        }
        IDXGIAdapter1_Release(Adapter);
    }
    return DXGI_ERROR_NOT_FOUND;
}

HRESULT DxgiSourceOpen(_In_ UINT Index, _Out_ DXGI_SOURCE *Source)
{
    IDXGIFactory1 *Factory;
    IDXGIAdapter1 *Adapter = NULL;
    IDXGIOutput *Output = NULL;

    memset(Source, 0, sizeof(*Source));
    HRESULT Result = CreateDXGIFactory1(&IID_IDXGIFactory1, (void **)&Factory);
    if (FAILED(Result))
        return Result;
    Result = FindOutput(Factory, Index, &Adapter, &Output);
    if (SUCCEEDED(Result))
        Result = IDXGIOutput_QueryInterface(Output, &IID_IDXGIOutput1, (void **)&Source->Output);
    /* An adapter that is named has D3D_DRIVER_TYPE_UNKNOWN. */
    if (SUCCEEDED(Result))
        Result = D3D11CreateDevice((IDXGIAdapter *)Adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL, 0, NULL,
                                   0, D3D11_SDK_VERSION, &Source->Device, NULL, &Source->Context);
    if (FAILED(Result) && Source->Output) {
        IDXGIOutput1_Release(Source->Output);
        Source->Output = NULL;
    }
    if (Output)
        IDXGIOutput_Release(Output);
    if (Adapter)
        IDXGIAdapter1_Release(Adapter);
    IDXGIFactory1_Release(Factory);
    return Result;
}
