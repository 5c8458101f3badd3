/* SPDX-License-Identifier: BSD-2-Clause */
/* See follow.h. */
#include <string.h>
#include "windows/agent/common/follow.h"

enum { STOP, DB_EVENT, OWN_EVENTS };

static qdb_handle_t Connect(_In_ const FOLLOW *Follow)
{
    const qdb_handle_t Db = qdb_open(NULL);

    for (const PCSTR *Path = Follow->Paths; Db && *Path; Path++) {
        if (!qdb_watch(Db, (PSTR)*Path)) {
            qdb_close(Db);
            return NULL;
        }
    }
    return Db;
}

/* What changed does not matter: Apply looks at everything. FALSE: the daemon is gone. */
static BOOL TakeEvents(_In_ qdb_handle_t Db)
{
    while (WaitForSingleObject(qdb_watch_fd(Db), 0) == WAIT_OBJECT_0) {
        const PSTR Path = qdb_read_watch(Db);

        if (!Path)
            return FALSE;
        qdb_free(Path);
    }
    return TRUE;
}

/* Db may be NULL: then its event is left out. Returns what WaitForMultipleObjects() does, with the
 * numbers above. */
static DWORD Wait(_In_ const FOLLOW *Follow, _In_ HANDLE Stop, _In_opt_ qdb_handle_t Db,
                  _In_ DWORD TimeLimitMs)
{
    HANDLE Handles[OWN_EVENTS + FOLLOW_EVENTS_MAX] = {[STOP] = Stop};

    if (!Db)
        return WaitForMultipleObjects(1, Handles, FALSE, TimeLimitMs);
    Handles[DB_EVENT] = qdb_watch_fd(Db);
    for (DWORD i = 0; i < Follow->EventCount; i++)
        Handles[OWN_EVENTS + i] = Follow->Events[i];
    return WaitForMultipleObjects(OWN_EVENTS + Follow->EventCount, Handles, FALSE, TimeLimitMs);
}

/* Until Stop is set or waiting fails (the result of Wait()), or the daemon is gone
 * (WAIT_OBJECT_0 + DB_EVENT). */
static DWORD Serve(_In_ const FOLLOW *Follow, _In_ HANDLE Stop, _In_ qdb_handle_t Db)
{
    for (;;) {
        if (!TakeEvents(Db))
            return WAIT_OBJECT_0 + DB_EVENT;
        const DWORD TimeLimitMs = Follow->Apply(Follow->Context, Db);
        const DWORD Result = Wait(Follow, Stop, Db, TimeLimitMs);

        if (Result == WAIT_OBJECT_0 + STOP || Result == WAIT_FAILED)
            return Result;
    }
}

DWORD FollowRun(_In_ const FOLLOW *Follow, _In_ HANDLE Stop)
{
    for (;;) {
        const qdb_handle_t Db = Connect(Follow);
        DWORD Result = Db ? Serve(Follow, Stop, Db) : Wait(Follow, Stop, NULL, FOLLOW_RETRY_MS);
        const DWORD Error = GetLastError();

        if (Db)
            qdb_close(Db);
        if (Result == WAIT_OBJECT_0 + STOP)
            return ERROR_SUCCESS;
        if (Result == WAIT_FAILED)
            return Error;
    }
}

BOOL FollowRead(_In_ qdb_handle_t Db, _In_ PCSTR Path, _Out_writes_z_(Size) PSTR Value,
                _In_ SIZE_T Size)
{
    unsigned int Length;
    const PSTR Found = qdb_read(Db, (PSTR)Path, &Length);
    const BOOL Fits = Found && Length < Size;

    if (Fits)
        memcpy(Value, Found, (SIZE_T)Length + 1);
    else
        *Value = 0;
    qdb_free(Found);
    return Fits;
}
