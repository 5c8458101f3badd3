/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text in the Windows clipboard of this session, as Qubes passes it on: UTF-8, lines ended by
 * LF, at most CLIPBOARD_TEXT_BYTES. In the clipboard it is UTF-16 with CR LF, as Windows programs
 * expect it. What is no UTF-8, or an unpaired surrogate, becomes U+FFFD.
 */
#pragma once

#include <windows.h>

enum { CLIPBOARD_TEXT_BYTES = 256000 };

/* *Text: from the heap, free() it, with a NUL behind its *Length bytes; empty when the clipboard
 * holds no text. Text may be longer than CLIPBOARD_TEXT_BYTES. ERROR_SUCCESS or why not:
 * ERROR_ACCESS_DENIED: another program keeps the clipboard open. */
DWORD ClipboardRead(_Outptr_ PSTR *Text, _Out_ SIZE_T *Length);

/* Replaces what is in the clipboard. ERROR_BUFFER_OVERFLOW: longer than CLIPBOARD_TEXT_BYTES. On
 * any error the clipboard is as before. */
DWORD ClipboardWrite(_In_reads_(Length) PCSTR Text, _In_ SIZE_T Length);
