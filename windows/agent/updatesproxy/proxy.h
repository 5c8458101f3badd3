/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's proxy, by which Windows Update and other services (WinHTTP) reach the web. */
#pragma once

#include <windows.h>

/* Local: "host:port". Set: it becomes the proxy unless somebody has set another, which stays
 * (ERROR_ALREADY_EXISTS). Reset: there is no proxy any more, if it was this one. Administrators
 * only. */
DWORD ProxySet(_In_ PCWSTR Local);
DWORD ProxyReset(_In_ PCWSTR Local);
