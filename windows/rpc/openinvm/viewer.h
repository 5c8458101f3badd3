/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in which the user sees or edits a document, and when he has finished with it.
 *
 * That is when the program has ended with all that it has started. But one that runs already may
 * have taken the document over from the new one, or the shell gave no process at all: then a window
 * says which document is open, and its button ends the wait. So it is when the program ends within
 * moments, or another of the same name runs.
 */
#pragma once

#include <windows.h>

/* Returns when the user has finished. File: full path. Title and Text: for the window, should it be
 * needed. ERROR_SUCCESS or why no program shows it. COM is initialised. */
DWORD ViewerShow(_In_ PCWSTR File, _In_ PCWSTR Title, _In_ PCWSTR Text);
