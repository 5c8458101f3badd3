/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which domain shows this qube's windows: QubesDB's key /qubes-gui-domain-xid, watched; dom0 while
 * nothing says otherwise.
 */
#pragma once

#include <windows.h>
#include "include/qubesdb-client.h"

typedef struct GUI_DOMAIN {
    qdb_handle_t Qubesdb; /* NULL: its daemon does not answer */
    ULONGLONG RetryAtMs;  /* GetTickCount64() */
    USHORT Domain;
} GUI_DOMAIN;

void DomainOpen(_Out_ GUI_DOMAIN *Domain);
void DomainClose(_Inout_ GUI_DOMAIN *Domain);
/* To wait for; NULL: nothing, but step again at RetryAtMs. */
HANDLE DomainEvent(_In_ const GUI_DOMAIN *Domain);
/* TRUE: it is another one now. */
BOOL DomainStep(_Inout_ GUI_DOMAIN *Domain);
