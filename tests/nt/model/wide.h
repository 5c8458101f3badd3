/* SPDX-License-Identifier: BSD-2-Clause */
/* Small helpers for 16-bit strings, which the host's libc does not have. */
#ifndef NT_MODEL_WIDE_H
#define NT_MODEL_WIDE_H

#include <ntddk.h>

static inline ULONG wide_length(const WCHAR *text)
{
    ULONG length = 0;

    while (text[length] != 0)
        length++;
    return length;
}

/* Appends; FALSE when it does not fit (then it is cut). characters: the buffer's size. */
static inline BOOLEAN wide_append(WCHAR *to, ULONG characters, const WCHAR *from)
{
    ULONG at = wide_length(to);

    for (; *from != 0; from++) {
        if (at + 1 >= characters)
            return FALSE;
        to[at++] = *from;
        to[at] = 0;
    }
    return TRUE;
}

static inline BOOLEAN wide_append_ascii(WCHAR *to, ULONG characters, const char *from)
{
    ULONG at = wide_length(to);

    for (; *from != 0; from++) {
        if (at + 1 >= characters)
            return FALSE;
        to[at++] = (UCHAR)*from;
        to[at] = 0;
    }
    return TRUE;
}

static inline WCHAR wide_upper(WCHAR c)
{
    return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
}

static inline BOOLEAN wide_same_ascii(const WCHAR *wide, const char *narrow)
{
    for (; *wide != 0 && *narrow != 0; wide++, narrow++)
        if (wide_upper(*wide) != wide_upper((UCHAR)*narrow))
            return FALSE;
    return *wide == 0 && *narrow == 0;
}

static inline UNICODE_STRING wide_string(const WCHAR *text)
{
    USHORT bytes = (USHORT)(wide_length(text) * sizeof(WCHAR));

    return (UNICODE_STRING){bytes, bytes + sizeof(WCHAR), (WCHAR *)text};
}

#endif
