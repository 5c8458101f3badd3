/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where desktop duplication begins: a monitor, and the device that its image lies in. One .c asks
 * Windows; the test of capture_dxgi.c has another, which plays through what Windows may answer.
 */
#pragma once

#define COBJMACROS
#include <windows.h>
#include <d3d11.h>
#include <dxgi1_2.h>

typedef struct DXGI_SOURCE {
    IDXGIOutput1 *Output;
    ID3D11Device *Device;
    ID3D11DeviceContext *Context;
} DXGI_SOURCE;

/* The Index-th monitor of the desktop. S_OK: each of the three is to be released by the caller.
 * DXGI_ERROR_NOT_FOUND: there are not so many; any other error: no duplication on this machine. */
HRESULT DxgiSourceOpen(_In_ UINT Index, _Out_ DXGI_SOURCE *Source);
