/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only a window's own program can tell: how small and how large it may become, and its icon.
 * A thread asks, with a time limit each, so that a program that does not answer holds up only
 * these. Icons go to dom0's service qubes.WindowIconUpdater, through qrexec-client-vm.exe beside
 * this program; once that ended (the policy denies it) none are sent.
 */
#pragma once

#include "core/gui/wire.h"
#include "windows/agent/gui/worker.h"

enum { ASKER_QUEUE_MAX = 256 };

typedef struct ASKER_QUESTION {
    HWND Window;
    ULONG Id;  /* the model's, by which dom0 knows it */
    BOOL Icon; /* its icon too */
    SIZE Size; /* as it is now */
} ASKER_QUESTION;

typedef struct ASKER_ANSWER {
    HWND Window;
    struct gui_hints Hints;
} ASKER_ANSWER;

typedef struct ASKER {
    WORKER Worker; /* its Done: AskerTake() has something; its lock guards what follows */
    ASKER_QUESTION Questions[ASKER_QUEUE_MAX];
    DWORD First, Count;
    ASKER_ANSWER Answers[ASKER_QUEUE_MAX];
    DWORD AnswerCount;
    /* The thread's own. */
    HANDLE IconPipe; /* NULL: not started yet; INVALID_HANDLE_VALUE: ended */
} ASKER;

/* FALSE: no memory. The asker stays where it is until AskerClose(). */
BOOL AskerOpen(_Out_ ASKER *Asker);
void AskerClose(_Inout_ ASKER *Asker);
/* When the queue is full the oldest question is forgotten. */
void AskerAsk(_Inout_ ASKER *Asker, _In_ const ASKER_QUESTION *Question);
BOOL AskerTake(_Inout_ ASKER *Asker, _Out_ ASKER_ANSWER *Answer);
