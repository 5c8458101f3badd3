/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ctrl+Alt+Del. Only a service may ask Windows for it, so the agent tells the watchdog by a named
 * event. Windows' policy "SoftwareSASGeneration" must allow services to.
 */
#pragma once

#include <windows.h>

#define ATTENTION_EVENT L"Global\\CasementSecureAttention"

/* The agent's side. */
void AttentionAsk(void);
/* The watchdog's side: an auto-reset event that only SYSTEM and administrators may set; NULL: it
 * cannot be made. */
HANDLE AttentionEvent(void);
/* From a service only; it has no effect elsewhere. */
void AttentionDo(void);
