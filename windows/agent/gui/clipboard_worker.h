/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clipboard, from a thread of its own: the program that owns it may take its time to hand the
 * content over, or hold it open. One request of each kind at a time; a newer one replaces it.
 */
#pragma once

#include "windows/agent/gui/worker.h"

typedef struct CLIPBOARD_WORKER {
    WORKER Worker; /* its Done: ClipboardWorkerTake() has an answer; its lock guards what follows */
    BOOL Read;
    PSTR Write; /* from the heap; NULL: nothing to write */
    SIZE_T WriteBytes;
    PSTR Text; /* the answer; NULL: none */
    SIZE_T TextBytes;
} CLIPBOARD_WORKER;

/* FALSE: no memory. It stays where it is until ClipboardWorkerClose(). */
BOOL ClipboardWorkerOpen(_Out_ CLIPBOARD_WORKER *Worker);
void ClipboardWorkerClose(_Inout_ CLIPBOARD_WORKER *Worker);
/* The clipboard's text will be asked for; no text, or a failure, answers as an empty one. */
void ClipboardWorkerRead(_Inout_ CLIPBOARD_WORKER *Worker);
/* Text (UTF-8) becomes the clipboard's. */
void ClipboardWorkerWrite(_Inout_ CLIPBOARD_WORKER *Worker, _In_reads_(Bytes) const BYTE *Text,
                          _In_ SIZE_T Bytes);
/* The answer, free() it; NULL: none yet. */
PSTR ClipboardWorkerTake(_Inout_ CLIPBOARD_WORKER *Worker, _Out_ SIZE_T *Bytes);
