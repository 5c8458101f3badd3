/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local programs that use QubesDB through the pipe \\.\pipe\qubesdb.sock. Everybody who is
 * logged on may read and watch; only SYSTEM and administrators change keys. At most CLIENTS_MAX
 * programs are served at once; others wait. Loop thread only.
 */
#pragma once

#include "core/qubesdb/database.h"
#include "windows/agent/common/pipe_listener.h"

enum { CLIENTS_MAX = 128, CLIENT_READ_BYTES = 4096 };

struct DB_CLIENT;

typedef struct DB_CLIENTS {
    struct qdb_database *Database;
    HANDLE IoEvent; /* the loop's */
    PIPE_LISTENER Listener;
    struct DB_CLIENT *First;
    ULONG Count;
} DB_CLIENTS;

/* The first instance of the pipe: the name must not be in use. ERROR_SUCCESS or why not. */
DWORD ClientsOpen(_Out_ DB_CLIENTS *Clients, _In_ struct qdb_database *Database,
                  _In_ HANDLE IoEvent, _In_ PCWSTR PipeName);
void ClientsClose(_Inout_ DB_CLIENTS *Clients);
/* Does what can be done without waiting; TRUE: something was done. */
BOOL ClientsStep(_Inout_ DB_CLIENTS *Clients, _Inout_ LINK_LOOP *Loop);
