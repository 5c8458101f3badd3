/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that the shell has started for the user, and when he has finished with it.
 *
 * That is when it has ended with all that it has started. But a program that runs already may have
 * taken the work over from it, or the shell told no process at all: then a window says what is
 * open, and its button ends the wait. One thread.
 */
#pragma once

#include <windows.h>

typedef struct USER_PROGRAM {
    HANDLE Job;           /* UserProgramJob() */
    HANDLE Process;       /* as the shell told it; NULL: none */
    WCHAR Name[MAX_PATH]; /* its file's, or that of what takes its work; "": not known */
} USER_PROGRAM;

/* Call it before the start: programs that this one starts from now on, and those that they start,
 * are in the job. NULL: Windows 7 knows no job in a job, and only the program itself is waited for.
 */
HANDLE UserProgramJob(void);

/* Until Process has ended; closes it, and sets Name when that can be asked. TRUE: it is not known
 * that the user has finished: there is no process, it has ended within moments, or another of its
 * name runs. */
BOOL UserProgramWait(_Inout_ USER_PROGRAM *Program);

/* Whether some of the job run or, ByName, some of that name in this session. */
BOOL UserProgramOthersRun(_In_ const USER_PROGRAM *Program, _In_ BOOL ByName);

/* A window with the text, until its button is pressed or, when others run, none does any more.
 * ERROR_SUCCESS or why there is no window. */
DWORD UserProgramAsk(_In_ const USER_PROGRAM *Program, _In_ BOOL ByName, _In_ PCWSTR Title,
                     _In_ PCWSTR Text);
