/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that is a Windows service when the service control manager starts it, and runs in the
 * foreground until Ctrl-C with --console. Its log is ..\\log\\<program>.log seen from the program,
 * or in a console stderr.
 *
 * The program fills a SERVICE_PROGRAM that outlives ServiceProgramMain(); its functions run on one
 * thread, but SessionChanged and Resumed.
 */
#pragma once

#include <windows.h>

typedef struct SERVICE_PROGRAM {
    PCWSTR Name;     /* of the service */
    PCWSTR FileName; /* of the log, without folder and ending */
    PVOID Context;   /* for the functions */
    /* ERROR_SUCCESS, or why it cannot start. */
    DWORD (*Open)(_In_ PVOID Context);
    /* Until Stop is set. ERROR_SUCCESS, or why it could not go on. */
    DWORD (*Run)(_In_ PVOID Context, _In_ HANDLE Stop);
    /* Also after a failed Open. */
    void (*Close)(_In_ PVOID Context);
    /* Somebody logged on or off; any thread. NULL: of no interest. */
    void (*SessionChanged)(_In_ PVOID Context);
    /* The machine woke up after a suspend; any thread. NULL: of no interest. */
    void (*Resumed)(_In_ PVOID Context);
} SERVICE_PROGRAM;

/* The exit code of the program. LogFile NULL: the usual place. Usage is said on stderr when a
 * person starts the program without --console. */
int ServiceProgramMain(_In_ const SERVICE_PROGRAM *Program, _In_ BOOL Console,
                       _In_opt_ PCWSTR LogFile, _In_ PCSTR Usage);

/* The same for a program whose options are [--console] [--log FILE]. */
int ServiceProgramArguments(_In_ const SERVICE_PROGRAM *Program, _In_ int Count,
                            _In_reads_(Count) WCHAR **Arguments, _In_ PCSTR Usage);
