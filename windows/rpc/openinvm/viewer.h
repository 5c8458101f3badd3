/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in which the user sees or edits a document, and when he has finished with it: see
 * windows/rpc/userprogram/user_program.h.
 */
#pragma once

#include <windows.h>

/* Returns when the user has finished. File: full path. Title and Text: for the window, should it be
 * needed. ERROR_SUCCESS or why no program shows it. COM is initialised. */
DWORD ViewerShow(_In_ PCWSTR File, _In_ PCWSTR Title, _In_ PCWSTR Text);
