/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that does something for the user, which can take long: a window shows the last line
 * that it wrote to stderr, and has a button that ends it with all that it started.
 */
#pragma once

#include <windows.h>

enum { ERRAND_CANCELLED = 1223 /* ERROR_CANCELLED */ };

/* Line: a command line. Text: shown until the program says something. Returns its exit code when it
 * has ended; after one that is not 0 the window stays with its last words until the user has seen
 * them. */
DWORD ErrandRun(_In_ PCWSTR Line, _In_ PCWSTR Title, _In_ PCWSTR Text);
