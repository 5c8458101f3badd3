/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openurl.exe, the service qubes.OpenURL: opens the address on stdin (core/services/url.h) with
 * the program that the user chose for it. Exit code: 0, or 1 with a line on stderr.
 */
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#include <objbase.h>
#include <shellapi.h>
#include <stdio.h>
#include "core/services/url.h"

int wmain(void)
{
    static CHAR Text[URL_BYTES_MAX + 3], Url[URL_BYTES_MAX + 1];
    WCHAR Wide[URL_BYTES_MAX + 1];
    SHELLEXECUTEINFOW Order = {
        .cbSize = sizeof(Order),
        .fMask = SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        .lpFile = Wide,
        .nShow = SW_SHOWNORMAL,
    };

    _setmode(_fileno(stdin), _O_BINARY);
    if (!url_parse(Text, fread(Text, 1, sizeof(Text), stdin), Url)) {
        fputs("qubes.OpenURL: only one http, https or ftp address is opened\n", stderr);
        return 1;
    }
    for (SIZE_T i = 0; (Wide[i] = (WCHAR)Url[i]); i++)
        ; /* ASCII */
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const BOOL Opened = ShellExecuteExW(&Order);
    if (!Opened)
        fprintf(stderr, "qubes.OpenURL: no program opens it (error %lu)\n", GetLastError());
    CoUninitialize();
    return Opened ? 0 : 1;
}
