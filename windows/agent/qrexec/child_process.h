/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program of one call: its process, the job that holds what it starts, and our ends of its
 * stdio. The job dies with the agent, and the programs with it; a call that ends in order lets them
 * live. Loop thread only, but for ChildCreate() and the exit notice.
 */
#pragma once

#include <windows.h>

typedef struct CHILD_ORDER {
    PWSTR CommandLine; /* CreateProcess may write to it */
    PCWSTR Environment;
    HANDLE Token;    /* NULL: as the agent */
    BOOL NullStdio;  /* the null device instead of pipes */
    BOOL HideWindow; /* its first window too */
} CHILD_ORDER;

typedef struct CHILD {
    HANDLE Process, Job;
    HANDLE Thread;                /* its first one, until ChildRun() */
    HANDLE Stdin, Stdout, Stderr; /* our ends, overlapped; NULL: closed, or null device */
    HANDLE WaitHandle;
    HANDLE WakeEvent;
    volatile LONG Exited; /* set from a wait thread */
} CHILD;

/* Loads the program, which then waits for ChildRun(). May take as long as the server of its file
 * (child_start.h). Any thread. ERROR_SUCCESS, or why not. */
DWORD ChildCreate(_Out_ CHILD *Child, _In_ const CHILD_ORDER *Order);
/* WakeEvent is set when the program has ended. The child stays where it is until ChildRelease().
 * ERROR_SUCCESS, or why it does not run; then it was released. */
DWORD ChildRun(_Inout_ CHILD *Child, _In_ HANDLE WakeEvent);
BOOL ChildHasExited(_In_ const CHILD *Child);
DWORD ChildExitCode(_In_ const CHILD *Child);
/* Ends the program and what it started. */
void ChildKill(_Inout_ CHILD *Child);
/* Gives all up; what still runs goes on. No request may be in flight on the pipes. */
void ChildRelease(_Inout_ CHILD *Child);
/* The exit code that the protocol has for a program that could not be started. */
int ChildStartExitCode(_In_ DWORD Error);
