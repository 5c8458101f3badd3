/* SPDX-License-Identifier: BSD-2-Clause */
/* What Windows is asked to do about a request of the toolstack. */
#pragma once

#include <windows.h>
#include "core/services/shutdown.h"

/* Power off, reboot, sleep or hibernate. Programs are told, and may not refuse: who asks is the
 * owner of the machine. ERROR_SUCCESS: it has begun (for sleep: it is over). */
DWORD PowerAct(_In_ enum shutdown_action Action);
