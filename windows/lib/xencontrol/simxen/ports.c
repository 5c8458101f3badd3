/* SPDX-License-Identifier: BSD-2-Clause */
/* A session's event channels on simxen; see ports.h. */
#include "ports.h"
#include "errors.h"
#include "linux_calls.h"

DWORD PortsOpen(XC_PORTS *Ports, struct simxen *Sx)
{
    int Error;

    ZeroMemory(Ports, sizeof(*Ports));
    InitializeSRWLock(&Ports->Lock);
    Error = simxen_evtchn_open(Sx, &Ports->Handle);
    if (Error < 0)
        return ErrorFromXen(Error);
    /* A port that is closed takes its event back: delivering must not wait for it. */
    lx_set_nonblocking(simxen_evtchn_fd(Ports->Handle));
    return ERROR_SUCCESS;
}

static void PortFree(_In_ XC_PORT *Port)
{
    CloseHandle(Port->Event);
    HeapFree(GetProcessHeap(), 0, Port);
}

void PortsClose(XC_PORTS *Ports)
{
    ULONG Bucket;

    if (Ports->Handle == NULL)
        return;
    simxen_evtchn_close(Ports->Handle);
    for (Bucket = 0; Bucket < PORT_BUCKETS; Bucket++) {
        while (Ports->Buckets[Bucket] != NULL) {
            XC_PORT *Port = Ports->Buckets[Bucket];

            Ports->Buckets[Bucket] = Port->Next;
            PortFree(Port);
        }
    }
}

/* The link that points at it, or at the NULL that ends its bucket. The lock is held. */
static XC_PORT **PortFind(_Inout_ XC_PORTS *Ports, _In_ ULONG LocalPort)
{
    XC_PORT **Link = &Ports->Buckets[LocalPort % PORT_BUCKETS];

    while (*Link != NULL && (*Link)->Port != LocalPort)
        Link = &(*Link)->Next;
    return Link;
}

static DWORD EventReference(_In_ HANDLE Event, _Out_ HANDLE *Reference)
{
    if (Event == NULL)
        return ERROR_INVALID_HANDLE;
    if (!DuplicateHandle(GetCurrentProcess(), Event, GetCurrentProcess(), Reference,
                         EVENT_MODIFY_STATE, FALSE, 0))
        return GetLastError();
    return ERROR_SUCCESS;
}

DWORD PortsBind(XC_PORTS *Ports, USHORT RemoteDomain, ULONG RemotePort, HANDLE Event, BOOL Mask,
                ULONG *LocalPort)
{
    XC_PORT *Port = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Port));
    DWORD Error;
    int Bound;

    if (Port == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = EventReference(Event, &Port->Event);
    if (Error != ERROR_SUCCESS) {
        HeapFree(GetProcessHeap(), 0, Port);
        return Error;
    }
    /* What arrives at once is delivered once the port is known. */
    AcquireSRWLockExclusive(&Ports->Lock);
    Bound = RemotePort != 0
                ? simxen_evtchn_bind_interdomain(Ports->Handle, RemoteDomain, RemotePort)
                : simxen_evtchn_bind_unbound(Ports->Handle, RemoteDomain);
    if (Bound > 0) {
        XC_PORT **Bucket = &Ports->Buckets[(ULONG)Bound % PORT_BUCKETS];

        Port->Port = (ULONG)Bound;
        Port->Masked = Mask != FALSE;
        Port->Next = *Bucket;
        *Bucket = Port;
        *LocalPort = Port->Port;
    }
    ReleaseSRWLockExclusive(&Ports->Lock);
    if (Bound > 0)
        return ERROR_SUCCESS;
    PortFree(Port);
    return ErrorFromXen(Bound);
}

DWORD PortsUnbind(XC_PORTS *Ports, ULONG LocalPort)
{
    XC_PORT **Link, *Port;

    AcquireSRWLockExclusive(&Ports->Lock);
    Link = PortFind(Ports, LocalPort);
    Port = *Link;
    if (Port != NULL) {
        *Link = Port->Next;
        simxen_evtchn_unbind(Ports->Handle, LocalPort);
    }
    ReleaseSRWLockExclusive(&Ports->Lock);
    if (Port == NULL)
        return ERROR_NOT_FOUND;
    PortFree(Port);
    return ERROR_SUCCESS;
}

DWORD PortsNotify(XC_PORTS *Ports, ULONG LocalPort)
{
    int Error = simxen_evtchn_notify(Ports->Handle, LocalPort);

    return Error == -LX_ENOTCONN ? ERROR_NOT_FOUND : ErrorFromXen(Error);
}

DWORD PortsUnmask(XC_PORTS *Ports, ULONG LocalPort)
{
    XC_PORT *Port;

    AcquireSRWLockExclusive(&Ports->Lock);
    Port = *PortFind(Ports, LocalPort);
    if (Port != NULL) {
        Port->Masked = FALSE;
        if (Port->Held) {
            Port->Held = FALSE;
            SetEvent(Port->Event);
            simxen_evtchn_unmask(Ports->Handle, LocalPort);
        }
    }
    ReleaseSRWLockExclusive(&Ports->Lock);
    return Port != NULL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

int PortsDescriptor(const XC_PORTS *Ports)
{
    return simxen_evtchn_fd(Ports->Handle);
}

void PortsDeliver(XC_PORTS *Ports)
{
    int Taken = simxen_evtchn_pending(Ports->Handle);
    XC_PORT *Port;

    if (Taken <= 0)
        return;
    AcquireSRWLockShared(&Ports->Lock);
    Port = *PortFind(Ports, (ULONG)Taken);
    if (Port != NULL && Port->Masked) {
        Port->Held = TRUE; /* and stays masked; only this thread sets it, PortsUnmask() excluded */
    } else if (Port != NULL) {
        SetEvent(Port->Event);
        simxen_evtchn_unmask(Ports->Handle, (ULONG)Taken);
    }
    ReleaseSRWLockShared(&Ports->Lock);
}
