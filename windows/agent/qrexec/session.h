/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose token a command runs with. A user's token exists while that user is logged on; a command
 * for a user who is not waits for the session. SYSTEM (also "root") is the agent itself.
 *
 * As a service, sessions are those of Windows. In a console everybody is whoever started the
 * agent, from the moment on that a named event is set (tests own that moment: Wine never tells a
 * service of a logon).
 */
#pragma once

#include <windows.h>

typedef struct SESSIONS {
    BOOL Console;        /* not a service */
    HANDLE LogonEvent;   /* console only: manual reset; NULL: logged on from the start */
    BOOL LogonSeen;      /* LogonEvent was set */
    volatile LONG Dirty; /* set by the service control handler: somebody logged on or off */
} SESSIONS;

/* LogonEventName: console only, may be NULL. ERROR_SUCCESS or why not. */
DWORD SessionsOpen(_Out_ SESSIONS *Sessions, _In_ BOOL Console, _In_opt_ PCWSTR LogonEventName);
void SessionsClose(_Inout_ SESSIONS *Sessions);

/* User is named as in user_name.h. ERROR_SUCCESS: *Token is the user's (CloseHandle it), or NULL:
 * the agent's own. User "" and "DEFAULT": who is logged on at the console, or else anybody.
 * ERROR_NO_SUCH_LOGON_SESSION: not logged on now. */
DWORD SessionToken(_In_ const SESSIONS *Sessions, _In_ PCWSTR User, _Out_ HANDLE *Token);
/* Is anybody logged on? */
BOOL SessionExists(_In_ const SESSIONS *Sessions);
