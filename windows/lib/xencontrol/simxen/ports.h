/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session's event channels on simxen: which Win32 event each port sets. As in the driver, an
 * event is set first and the port unmasked after it, always; Mask only says how a port starts, so
 * what arrives before the first unmask is held here. Any thread, except PortsDeliver().
 */
#ifndef XENCONTROL_PORTS_H
#define XENCONTROL_PORTS_H

#include <windows.h>

#include "linux/simxen/client.h"

enum { PORT_BUCKETS = 64 };

typedef struct _XC_PORT {
    struct _XC_PORT *Next;
    ULONG Port;
    HANDLE Event; /* our duplicate */
    BOOL Masked;  /* not unmasked yet since it was bound */
    BOOL Held;    /* masked, and something arrived */
} XC_PORT;

typedef struct _XC_PORTS {
    SRWLOCK Lock;
    struct simxen_evtchn *Handle;
    XC_PORT *Buckets[PORT_BUCKETS];
} XC_PORTS;

/* An error of simxen's as the driver would say it. */
DWORD PortsOpen(_Out_ XC_PORTS *Ports, _In_ struct simxen *Sx);
void PortsClose(_Inout_ XC_PORTS *Ports);

/* RemotePort 0: an unbound port for RemoteDomain. */
DWORD PortsBind(_Inout_ XC_PORTS *Ports, _In_ USHORT RemoteDomain, _In_ ULONG RemotePort,
                _In_ HANDLE Event, _In_ BOOL Mask, _Out_ ULONG *LocalPort);
DWORD PortsUnbind(_Inout_ XC_PORTS *Ports, _In_ ULONG LocalPort);
DWORD PortsNotify(_Inout_ XC_PORTS *Ports, _In_ ULONG LocalPort);
DWORD PortsUnmask(_Inout_ XC_PORTS *Ports, _In_ ULONG LocalPort);

/* Polls readable when there is something for PortsDeliver(), which never waits. */
int PortsDescriptor(_In_ const XC_PORTS *Ports);
void PortsDeliver(_Inout_ XC_PORTS *Ports);

#endif
