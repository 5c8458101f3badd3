/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants for the parts of xenbus; child drivers reach the same functions through
 * include/xenbus/gnttab.h, which says the rules. core/xen/grant_table.h says which references are
 * free; here are the table's pages, the clients and the timer that retries.
 *
 *     gnttab.c         the table: life, growth, deferred references, suspend, dump
 *     gnttab_client.c  clients: permit and revoke
 *     gnttab_map.c     mapping other domains' pages
 *
 * Locks: a client's spin lock, then Gnttab->Lock. Gnttab->Growth (PASSIVE_LEVEL) first.
 */
#ifndef XENBUS_GNTTAB_PART_H
#define XENBUS_GNTTAB_PART_H

#include "parts.h"
#include "memory.h"
#include "suspend.h"
#include "debug.h"
#include <xenbus/gnttab.h>
#include <core/xen/grant_table.h>

enum {
    GNTTAB_BATCH = 16,   /* references that a client takes from the table at a time */
    GNTTAB_KEEP = 64,    /* and keeps beyond its reserve */
    GNTTAB_LOW = 128,    /* free references below which the table grows beforehand */
    GNTTAB_RETRIES = 64, /* deferred references tried at a time */
    GNTTAB_RETRY_MS = 100,
    GNTTAB_MAP_MAX = 1 << 16, /* pages of one mapping */
};

typedef struct _GNTTAB_RECORD { /* of a reference that is taken or deferred */
    PXENBUS_GNTTAB_CLIENT Client;
    XENBUS_GNTTAB_REVOKED *Revoked;
    PVOID Argument;
} GNTTAB_RECORD, *PGNTTAB_RECORD;

typedef struct _GNTTAB_FRAME {
    struct grant_frame Core;
    XENBUS_HOLE Hole; /* where Xen's page is */
    GNTTAB_RECORD Records[XEN_GNTTAB_V1_PER_PAGE];
} GNTTAB_FRAME, *PGNTTAB_FRAME;

struct _XENBUS_GNTTAB_CLIENT {
    LIST_ENTRY Link; /* Gnttab->Lock */
    CHAR Name[16];
    KSPIN_LOCK Lock; /* all below */
    struct grant_cache Cache;
    ULONG Reserved, Taken;
};

struct _XENBUS_GNTTAB {
    PXENBUS_PARTS Parts;
    KMUTEX Growth;
    KSPIN_LOCK Lock; /* Table, Clients, GrowthQueued, Ending */
    struct grant_table Table;
    PGNTTAB_FRAME Frames[GRANT_FRAMES_MAX]; /* as many as the table has */
    ULONG FramesMaximum;
    LIST_ENTRY Clients;
    PIO_WORKITEM Work;
    BOOLEAN GrowthQueued;
    BOOLEAN Ending;
    KEVENT NotGrowing; /* no growth is queued or running in the work item */
    KTIMER Timer;
    KDPC TimerDpc;
    PXENBUS_SUSPEND_HANDLE Early;
    PXENBUS_DEBUG_HANDLE Dump;
};

/* gnttab.c */
/* PASSIVE_LEVEL. One more frame. */
NTSTATUS GnttabGrow(_Inout_ PXENBUS_GNTTAB Gnttab);
/* <= DISPATCH_LEVEL. The same, soon. */
VOID GnttabGrowSoon(_Inout_ PXENBUS_GNTTAB Gnttab);
/* <= DISPATCH_LEVEL. The reference's record, or NULL: there is no such reference. */
PGNTTAB_RECORD GnttabRecord(_In_ PXENBUS_GNTTAB Gnttab, _In_ ULONG Reference);
/* <= DISPATCH_LEVEL. Deferred references are there: they are tried from time to time. */
VOID GnttabRetryLater(_Inout_ PXENBUS_GNTTAB Gnttab);

/* gnttab_client.c, gnttab_map.c. Context: the PXENBUS_PARTS. See include/xenbus/gnttab.h. */
NTSTATUS NTAPI GnttabCreateClient(_In_ PVOID Context, _In_ PCSTR Name, _In_ ULONG Reserved,
                                  _Out_ PXENBUS_GNTTAB_CLIENT *Client);
VOID NTAPI GnttabDestroyClient(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client);
NTSTATUS NTAPI GnttabPermit(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                            _In_ USHORT Domain, _In_ PFN_NUMBER Page, _In_ BOOLEAN ReadOnly,
                            _Out_ PULONG Reference);
NTSTATUS NTAPI GnttabRevoke(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                            _In_ ULONG Reference);
NTSTATUS NTAPI GnttabRevokeLater(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_CLIENT Client,
                                 _In_ ULONG Reference, _In_ XENBUS_GNTTAB_REVOKED *Revoked,
                                 _In_opt_ PVOID Argument);
NTSTATUS NTAPI GnttabMap(_In_ PVOID Context, _In_ USHORT Domain, _In_ ULONG Count,
                         _In_ const ULONG *References, _In_ BOOLEAN ReadOnly,
                         _Out_ PXENBUS_GNTTAB_MAPPING *Mapping);
VOID NTAPI GnttabGetMapping(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping,
                            _Out_ PVOID *System, _Out_ PMDL *Mdl);
VOID NTAPI GnttabUnmap(_In_ PVOID Context, _In_ PXENBUS_GNTTAB_MAPPING Mapping);
VOID NTAPI GnttabGetState(_In_ PVOID Context, _In_opt_ PXENBUS_GNTTAB_CLIENT Client,
                          _Out_ PXENBUS_GNTTAB_STATE State);

#endif
