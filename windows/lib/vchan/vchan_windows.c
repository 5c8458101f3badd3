/* SPDX-License-Identifier: BSD-2-Clause */
/* vchan_port.h on xencontrol.dll (vchan_windows.h). */
#include "windows/lib/vchan/vchan_windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int StatusOfError(DWORD Error)
{
    switch (Error) {
    case ERROR_SUCCESS:
        return VCHAN_OK;
    case ERROR_NOT_SUPPORTED:
        return VCHAN_NO_XEN;
    case ERROR_ACCESS_DENIED:
        return VCHAN_DENIED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
        return VCHAN_NO_MEMORY;
    default:
        SetLastError(Error);
        return VCHAN_SYSTEM;
    }
}

int vchan_port_set_error(int status)
{
    static const DWORD Errors[] = {
        [-VCHAN_GONE] = ERROR_BROKEN_PIPE,
        [-VCHAN_BAD_PEER] = ERROR_INVALID_DATA,
        [-VCHAN_TOO_BIG] = ERROR_INSUFFICIENT_BUFFER,
        [-VCHAN_BAD_ARGUMENT] = ERROR_INVALID_PARAMETER,
        [-VCHAN_NO_MEMORY] = ERROR_NOT_ENOUGH_MEMORY,
        [-VCHAN_NO_DOMAIN] = ERROR_NOT_FOUND,
        [-VCHAN_NO_SERVER] = ERROR_FILE_NOT_FOUND,
        [-VCHAN_DENIED] = ERROR_ACCESS_DENIED,
        [-VCHAN_NOT_CONNECTED] = ERROR_NOT_READY,
        [-VCHAN_INTERRUPTED] = ERROR_OPERATION_ABORTED,
        [-VCHAN_NO_XEN] = ERROR_NOT_SUPPORTED,
    };

    if (status < 0 && -status < (int)ARRAYSIZE(Errors) && Errors[-status])
        SetLastError(Errors[-status]);
    return status;
}

/* --- The session of all libvchan channels: the library's only hidden state. */

static SRWLOCK SessionLock = SRWLOCK_INIT;
static PXENCONTROL_CONTEXT Session;
static ULONG SessionUsers;

static DWORD EnterSession(_Outptr_ PXENCONTROL_CONTEXT *Xc)
{
    DWORD Error = ERROR_SUCCESS;

    AcquireSRWLockExclusive(&SessionLock);
    if (SessionUsers == 0)
        Error = XcOpen(NULL, &Session);
    if (Error == ERROR_SUCCESS) {
        SessionUsers++;
        *Xc = Session;
    }
    ReleaseSRWLockExclusive(&SessionLock);
    return Error;
}

static void LeaveSession(void)
{
    AcquireSRWLockExclusive(&SessionLock);
    if (--SessionUsers == 0) {
        XcClose(Session);
        Session = NULL;
    }
    ReleaseSRWLockExclusive(&SessionLock);
}

/* --- Life */

static struct vchan_port *PortNew(HANDLE SharedEvent)
{
    struct vchan_port *Port = calloc(1, sizeof(*Port));

    if (!Port)
        return NULL;
    Port->OwnsEvent = SharedEvent == NULL;
    Port->Event = SharedEvent ? SharedEvent : CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!Port->Event) {
        free(Port);
        return NULL;
    }
    return Port;
}

static void PortFree(struct vchan_port *Port)
{
    if (Port->OwnsEvent)
        CloseHandle(Port->Event);
    free(Port);
}

int VchanPortStandalone(XENCONTROL_LOGGER *Logger, XENCONTROL_LOG_LEVEL Level,
                        struct vchan_port **Out)
{
    struct vchan_port *Port = PortNew(NULL);
    DWORD Error;

    if (!Port)
        return VCHAN_NO_MEMORY;
    Error = XcOpen(Logger, &Port->Xc);
    if (Error != ERROR_SUCCESS) {
        PortFree(Port);
        return StatusOfError(Error);
    }
    XcSetLogLevel(Port->Xc, Level);
    *Out = Port;
    return VCHAN_OK;
}

int vchan_port_open(struct vchan_port **out, vchan_pollable shared_event)
{
    struct vchan_port *Port = PortNew((HANDLE)shared_event);
    DWORD Error;

    if (!Port)
        return VCHAN_NO_MEMORY;
    Error = EnterSession(&Port->Xc);
    if (Error != ERROR_SUCCESS) {
        PortFree(Port);
        return StatusOfError(Error);
    }
    Port->SharesSession = TRUE;
    *out = Port;
    return VCHAN_OK;
}

void vchan_port_close(struct vchan_port *port)
{
    vchan_port_unwatch(port);
    vchan_port_drop_event(port);
    vchan_port_unpublish(port);
    if (port->SharesSession)
        LeaveSession();
    else
        XcClose(port->Xc);
    PortFree(port);
}

vchan_pollable vchan_port_pollable(const struct vchan_port *port)
{
    return (vchan_pollable)port->Event;
}

/* --- The event channel. The driver unmasks the port itself after each event. */

static void NewPort(_Inout_ struct vchan_port *Port, _In_ DWORD Error, _In_ uint32_t PeerDomid)
{
    Port->HasPort = Error == ERROR_SUCCESS;
    Port->PeerIsGuest = PeerDomid != 0;
    Port->PeerGone = FALSE;
    Port->LookAt = 0;
}

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    DWORD Error =
        XcEvtchnOpenUnbound(port->Xc, (USHORT)peer_domid, port->Event, FALSE, &port->Port);

    NewPort(port, Error, peer_domid);
    return StatusOfError(Error);
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    DWORD Error = XcEvtchnBindInterdomain(port->Xc, (USHORT)peer_domid, peer_event, port->Event,
                                          FALSE, &port->Port);
    int Status = StatusOfError(Error);

    NewPort(port, Error, peer_domid);
    /* The driver has one answer for a port that is closed, taken or another domain's. */
    return Status == VCHAN_SYSTEM ? VCHAN_NO_SERVER : Status;
}

void vchan_port_drop_event(struct vchan_port *port)
{
    if (port->HasPort)
        XcEvtchnClose(port->Xc, port->Port);
    port->HasPort = FALSE;
    port->Port = 0;
}

void vchan_port_notify(struct vchan_port *port)
{
    if (port->HasPort)
        XcEvtchnNotify(port->Xc, port->Port);
}

int vchan_port_sleep(struct vchan_port *port)
{
    BOOL Asks = port->HasPort && port->PeerIsGuest && !port->NobodyTells;
    DWORD Result = WaitForSingleObject(port->Event, Asks ? LIBVCHAN_PEER_LOOK_MS : INFINITE);

    return Result == WAIT_OBJECT_0 || Result == WAIT_TIMEOUT ? VCHAN_OK : VCHAN_SYSTEM;
}

void vchan_port_drain(struct vchan_port *port)
{
    /* A shared event is its owner's to take. */
    if (port->OwnsEvent)
        ResetEvent(port->Event);
}

/* --- Pages */

static XENIFACE_GNTTAB_PAGE_FLAGS NotifyFlags(uint32_t ClearOffset)
{
    if (ClearOffset == VCHAN_NO_OFFSET)
        return 0;
    return XENIFACE_GNTTAB_USE_NOTIFY_OFFSET | XENIFACE_GNTTAB_USE_NOTIFY_PORT;
}

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    _Static_assert(sizeof(ULONG) == sizeof(uint32_t), "grant references");
    XENIFACE_GNTTAB_PAGE_FLAGS Flags = NotifyFlags(clear_offset);
    DWORD Error =
        XcGnttabPermitForeignAccess(port->Xc, (USHORT)peer_domid, pages, Flags ? clear_offset : 0,
                                    Flags ? port->Port : 0, Flags, out, (ULONG *)refs);

    return StatusOfError(Error);
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    XcGnttabRevokeForeignAccess(port->Xc, address);
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    XENIFACE_GNTTAB_PAGE_FLAGS Flags = NotifyFlags(clear_offset);
    DWORD Error =
        XcGnttabMapForeignPages(port->Xc, (USHORT)peer_domid, pages, (PULONG)refs,
                                Flags ? clear_offset : 0, Flags ? port->Port : 0, Flags, out);
    int Status = StatusOfError(Error);

    return Status == VCHAN_SYSTEM ? VCHAN_NO_SERVER : Status;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
    XcGnttabUnmapForeignPages(port->Xc, address);
}

/* --- Xenstore */

static CHAR *KeyPath(const char *Path, const char *Leaf)
{
    size_t Size = strlen(Path) + strlen(Leaf) + 2;
    CHAR *Key = malloc(Size);

    if (Key)
        snprintf(Key, Size, "%s%s%s", Path, *Path ? "/" : "", Leaf);
    return Key;
}

static DWORD WriteKey(struct vchan_port *Port, const char *Path, const char *Leaf, uint32_t Value,
                      XENIFACE_STORE_PERMISSION Permissions[2])
{
    CHAR Text[12], *Key = KeyPath(Path, Leaf);
    DWORD Error;

    if (!Key)
        return ERROR_NOT_ENOUGH_MEMORY;
    snprintf(Text, sizeof(Text), "%u", Value);
    Error = XcStoreWrite(Port->Xc, Key, Text);
    if (Error == ERROR_SUCCESS)
        Error = XcStoreSetPermissions(Port->Xc, Key, 2, Permissions);
    free(Key);
    return Error;
}

/* xencontrol has no transactions. So what a dead server left is taken away first, and the key that
 * clients watch comes last: who sees it sees the other one, of the same server. */
int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    XENIFACE_STORE_PERMISSION Permissions[2] = {
        {.Mask = XENIFACE_STORE_PERM_NONE},
        {.Domain = (USHORT)peer_domid, .Mask = XENIFACE_STORE_PERM_READ},
    };
    uint32_t Own;
    DWORD Error;
    int Status = vchan_port_own_domid(port, &Own);

    if (Status != VCHAN_OK)
        return Status;
    Permissions[0].Domain = (USHORT)Own;
    port->Published = _strdup(path);
    if (!port->Published)
        return VCHAN_NO_MEMORY;
    XcStoreRemove(port->Xc, port->Published);
    Error = WriteKey(port, path, "ring-ref", ring_ref, Permissions);
    if (Error == ERROR_SUCCESS)
        Error = WriteKey(port, path, "event-channel", port->Port, Permissions);
    if (Error != ERROR_SUCCESS)
        vchan_port_unpublish(port);
    return StatusOfError(Error);
}

void vchan_port_unpublish(struct vchan_port *port)
{
    if (!port->Published)
        return;
    XcStoreRemove(port->Xc, port->Published);
    free(port->Published);
    port->Published = NULL;
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    CHAR *Key = KeyPath(path, leaf);
    DWORD Error;

    if (!Key)
        return VCHAN_NO_MEMORY;
    Error = XcStoreRead(port->Xc, Key, (DWORD)capacity, value);
    free(Key);
    switch (Error) {
    case ERROR_SUCCESS:
        value[capacity - 1] = '\0';
        return (int)strlen(value);
    case ERROR_FILE_NOT_FOUND:
    case ERROR_ACCESS_DENIED: /* not there for us yet: its maker sets the rights last */
        return VCHAN_NO_SERVER;
    case ERROR_INVALID_PARAMETER:
    case ERROR_MORE_DATA:
    case ERROR_INSUFFICIENT_BUFFER:
        return VCHAN_BAD_PEER; /* longer than any number */
    default:
        return StatusOfError(Error);
    }
}

int vchan_port_own_domid(struct vchan_port *port, uint32_t *out)
{
    CHAR Text[12];
    int Length = vchan_port_read_key(port, "", "domid", Text, sizeof(Text));

    *out = Length > 0 ? strtoul(Text, NULL, 10) : 0;
    return Length < 0 && Length != VCHAN_NO_SERVER ? Length : VCHAN_OK;
}

int vchan_port_watch(struct vchan_port *port, const char *path, const char *leaf)
{
    CHAR *Key = KeyPath(path, leaf);
    DWORD Error;

    if (!Key)
        return VCHAN_NO_MEMORY;
    vchan_port_unwatch(port);
    Error = XcStoreAddWatch(port->Xc, Key, port->Event, &port->Watch);
    if (Error != ERROR_SUCCESS)
        port->Watch = NULL;
    free(Key);
    return StatusOfError(Error);
}

void vchan_port_unwatch(struct vchan_port *port)
{
    if (port->Watch)
        XcStoreRemoveWatch(port->Xc, port->Watch);
    port->Watch = NULL;
}

/* --- Domains, time */

bool vchan_port_watches_peer(const struct vchan_port *port)
{
    return true;
}

bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected)
{
    ULONGLONG Now;
    DWORD Error;

    if (port->PeerGone || port->NobodyTells || !connected || !port->HasPort)
        return port->PeerGone;
    Now = GetTickCount64();
    if (port->LookAt == 0) /* it was there a moment ago */
        port->LookAt = Now + LIBVCHAN_PEER_LOOK_MS;
    if (Now < port->LookAt)
        return false;
    port->LookAt = Now + LIBVCHAN_PEER_LOOK_MS;
    Error = XcEvtchnQueryPeer(port->Xc, port->Port);
    port->PeerGone = Error == ERROR_DEVICE_NOT_CONNECTED;
    port->NobodyTells = Error != ERROR_SUCCESS && !port->PeerGone;
    return port->PeerGone;
}

uint64_t vchan_port_now_ns(void)
{
    LARGE_INTEGER Frequency, Now;

    QueryPerformanceFrequency(&Frequency);
    QueryPerformanceCounter(&Now);
    return (uint64_t)(Now.QuadPart / Frequency.QuadPart) * 1000000000u +
           (uint64_t)(Now.QuadPart % Frequency.QuadPart) * 1000000000u /
               (uint64_t)Frequency.QuadPart;
}

bool vchan_port_many_cpus(void)
{
    DWORD_PTR Process, System;

    if (!GetProcessAffinityMask(GetCurrentProcess(), &Process, &System))
        return false;
    return (Process & (Process - 1)) != 0;
}

void vchan_port_pause(void)
{
    YieldProcessor();
}

void vchan_port_yield(void)
{
    SwitchToThread();
}
