/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of text built piece by piece in a buffer of fixed size: always NUL-terminated, cut at the
 * end, no variadic call, any IRQL.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <ntddk.h>

enum { TEXT_BYTES = 256 };

typedef struct _TEXT {
    ULONG Length; /* without the NUL */
    CHAR Buffer[TEXT_BYTES];
} TEXT, *PTEXT;

VOID TextInit(_Out_ PTEXT Text, _In_ PCSTR Start);
VOID TextAdd(_Inout_ PTEXT Text, _In_ PCSTR String);
VOID TextAddBytes(_Inout_ PTEXT Text, _In_reads_bytes_(Length) const VOID *Bytes,
                  _In_ SIZE_T Length);
VOID TextAddDecimal(_Inout_ PTEXT Text, _In_ ULONG64 Number);
/* 0x and at least Digits hexadecimal digits. */
VOID TextAddHex(_Inout_ PTEXT Text, _In_ ULONG64 Number, _In_ ULONG Digits);

#endif
