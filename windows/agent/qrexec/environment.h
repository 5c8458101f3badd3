/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment of one child: that of its user, without any QREXEC_ variable that was in it, and
 * with those of its own call. It never passes through the agent's own environment, which all calls
 * share.
 */
#pragma once

#include <windows.h>
#include "core/qrexec/command.h"

/* A CREATE_UNICODE_ENVIRONMENT block from the process heap: free() it. NULL: no memory, or the
 * user's environment cannot be read. Token NULL: the agent's own user. */
PWSTR EnvironmentForCall(_In_opt_ HANDLE Token, _In_ const struct qrexec_command *Command);

/* The value of a variable in such a block; NULL: none. */
PCWSTR EnvironmentGet(_In_ PCWSTR Block, _In_ PCWSTR Name);
