/* SPDX-License-Identifier: BSD-2-Clause */
/* See proxy.h. */
#include <windows.h>
#include <winhttp.h>
#include <wchar.h>
#include "windows/agent/updatesproxy/proxy.h"

/* *Ours: the proxy is Local. *Any: there is one. */
static DWORD Look(_In_ PCWSTR Local, _Out_ BOOL *Ours, _Out_ BOOL *Any)
{
    WINHTTP_PROXY_INFO Info;

    *Ours = *Any = FALSE;
    if (!WinHttpGetDefaultProxyConfiguration(&Info))
        return GetLastError();
    *Any = Info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY && Info.lpszProxy;
    *Ours = *Any && !wcscmp(Info.lpszProxy, Local);
    if (Info.lpszProxy)
        GlobalFree(Info.lpszProxy);
    if (Info.lpszProxyBypass)
        GlobalFree(Info.lpszProxyBypass);
    return ERROR_SUCCESS;
}

DWORD ProxySet(_In_ PCWSTR Local)
{
    WINHTTP_PROXY_INFO Info = {WINHTTP_ACCESS_TYPE_NAMED_PROXY, (PWSTR)Local, (PWSTR)L"<local>"};
    BOOL Ours, Any;
    const DWORD Error = Look(Local, &Ours, &Any);

    if (Error || Ours)
        return Error;
    if (Any)
        return ERROR_ALREADY_EXISTS;
    return WinHttpSetDefaultProxyConfiguration(&Info) ? ERROR_SUCCESS : GetLastError();
}

DWORD ProxyReset(_In_ PCWSTR Local)
{
    WINHTTP_PROXY_INFO Info = {WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL};
    BOOL Ours, Any;
    const DWORD Error = Look(Local, &Ours, &Any);

    if (Error || !Ours)
        return Error;
    return WinHttpSetDefaultProxyConfiguration(&Info) ? ERROR_SUCCESS : GetLastError();
}
