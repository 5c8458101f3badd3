/* SPDX-License-Identifier: BSD-2-Clause */
/* See text.h. */
#include <stdlib.h>
#include "windows/agent/common/text.h"

PWSTR TextToWide(_In_reads_(Length) PCSTR Text, _In_ SIZE_T Length)
{
    const int Characters =
        Length ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, Text, (int)Length, NULL, 0) : 0;
    if (Length && !Characters)
        return NULL;
    const PWSTR Wide = malloc((Characters + 1) * sizeof(WCHAR));
    if (!Wide)
        return NULL;
    if (Length)
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, Text, (int)Length, Wide, Characters);
    Wide[Characters] = 0;
    return Wide;
}

PSTR TextToUtf8(_In_ PCWSTR Text)
{
    const int Size = WideCharToMultiByte(CP_UTF8, 0, Text, -1, NULL, 0, NULL, NULL);
    const PSTR Bytes = Size ? malloc(Size) : NULL;
    if (Bytes)
        WideCharToMultiByte(CP_UTF8, 0, Text, -1, Bytes, Size, NULL, NULL);
    return Bytes;
}
