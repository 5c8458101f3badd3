/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture as bytes; see pixels.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "windows/agent/common/pixels.h"

/* Before: at most one line with a number. */
static BYTE *Encode(_In_ PCSTR Before, _In_ const PIXELS *Pixels, _Out_ SIZE_T *Size)
{
    const SIZE_T BodyBytes = (SIZE_T)Pixels->Width * Pixels->Height * 4;
    CHAR Head[64];
    const int HeadBytes =
        snprintf(Head, sizeof(Head), "%s%u %u\n", Before, Pixels->Width, Pixels->Height);
    BYTE *const Bytes = malloc((SIZE_T)HeadBytes + BodyBytes);

    *Size = 0;
    if (!Bytes)
        return NULL;
    memcpy(Bytes, Head, (SIZE_T)HeadBytes);
    memcpy(Bytes + HeadBytes, Pixels->Rgba, BodyBytes);
    *Size = (SIZE_T)HeadBytes + BodyBytes;
    return Bytes;
}

BYTE *PixelsEncode(_In_ const PIXELS *Pixels, _Out_ SIZE_T *Size)
{
    return Encode("", Pixels, Size);
}

BYTE *PixelsEncodeForWindow(_In_ ULONG Window, _In_ const PIXELS *Pixels, _Out_ SIZE_T *Size)
{
    CHAR Line[16];

    snprintf(Line, sizeof(Line), "%lu\n", Window);
    return Encode(Line, Pixels, Size);
}
