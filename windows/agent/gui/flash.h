/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows whose program asks for the user (FlashWindowEx): Windows tells that to shells, by the
 * registered message "SHELLHOOK" to each window that asked for it (RegisterShellHookWindow). The
 * host shows it as such a window of its own.
 *
 * Loop thread only.
 */
#pragma once

#include <windows.h>

struct GUI_AGENT;

#define FLASH_CLASS L"CasementGuiFlash"

/* On the thread's desktop; TrackingDemands() from then on. NULL: nobody will tell. */
HWND FlashOpen(_In_ struct GUI_AGENT *Agent);
void FlashClose(_In_opt_ HWND Window);
