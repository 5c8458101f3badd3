/* SPDX-License-Identifier: BSD-2-Clause */
/* See domain.h. */
#include <stdlib.h>
#include <string.h>
#include "windows/agent/gui/domain.h"

enum { RETRY_MS = 5000, DOMAIN_FIRST_RESERVED = 0x7ff0 };

static char Path[] = "/qubes-gui-domain-xid";

static void Read(_Inout_ GUI_DOMAIN *Domain)
{
    char *const Text = qdb_read(Domain->Qubesdb, Path, NULL);
    char *End = NULL;
    const unsigned long Value = Text ? strtoul(Text, &End, 10) : 0;

    Domain->Domain =
        Text && End != Text && !*End && Value < DOMAIN_FIRST_RESERVED ? (USHORT)Value : 0;
    qdb_free(Text);
}

static void Connect(_Inout_ GUI_DOMAIN *Domain)
{
    Domain->Qubesdb = qdb_open(NULL);
    Domain->RetryAtMs = GetTickCount64() + RETRY_MS;
    if (!Domain->Qubesdb)
        return;
    qdb_watch(Domain->Qubesdb, Path);
    Read(Domain);
}

void DomainOpen(_Out_ GUI_DOMAIN *Domain)
{
    memset(Domain, 0, sizeof(*Domain));
    Connect(Domain);
}

void DomainClose(_Inout_ GUI_DOMAIN *Domain)
{
    qdb_close(Domain->Qubesdb);
    Domain->Qubesdb = NULL;
}

HANDLE DomainEvent(_In_ const GUI_DOMAIN *Domain)
{
    return Domain->Qubesdb ? qdb_watch_fd(Domain->Qubesdb) : NULL;
}

BOOL DomainStep(_Inout_ GUI_DOMAIN *Domain)
{
    const USHORT Before = Domain->Domain;

    if (!Domain->Qubesdb && GetTickCount64() >= Domain->RetryAtMs)
        Connect(Domain);
    if (Domain->Qubesdb && WaitForSingleObject(DomainEvent(Domain), 0) == WAIT_OBJECT_0) {
        char *const Changed = qdb_read_watch(Domain->Qubesdb);
        if (Changed)
            Read(Domain);
        else
            DomainClose(Domain); /* its daemon is gone; the domain stays */
        qdb_free(Changed);
    }
    return Domain->Domain != Before;
}
