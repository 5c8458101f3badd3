/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of a small service that makes this machine as QubesDB says: it reads the keys it needs
 * and acts, again whenever one of them changes or one of the service's own events is set, until
 * it is stopped. While no QubesDB daemon answers it tries again once a second.
 */
#pragma once

#include <windows.h>
#include "include/qubesdb-client.h"

enum { FOLLOW_EVENTS_MAX = 8, FOLLOW_RETRY_MS = 1000 };

typedef struct FOLLOW {
    PVOID Context;
    const PCSTR *Paths; /* to watch (qubesdb-client.h); NULL at the end */
    /* Looks at everything and acts. Returns in how many milliseconds it wants to look again though
     * nothing changed, or INFINITE. Db lives until it returns. */
    DWORD (*Apply)(_In_ PVOID Context, _In_ qdb_handle_t Db);
    const HANDLE *Events; /* auto-reset, the service's; or NULL */
    DWORD EventCount;     /* at most FOLLOW_EVENTS_MAX */
} FOLLOW;

/* Until Stop is set: ERROR_SUCCESS. Otherwise why it cannot wait. */
DWORD FollowRun(_In_ const FOLLOW *Follow, _In_ HANDLE Stop);

/* The value of a key into Value (with a NUL). FALSE: there is no such key, or it does not fit. */
BOOL FollowRead(_In_ qdb_handle_t Db, _In_ PCSTR Path, _Out_writes_z_(Size) PSTR Value,
                _In_ SIZE_T Size);
