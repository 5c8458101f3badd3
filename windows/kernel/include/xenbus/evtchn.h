/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels for other drivers. A channel is opened, gets its callback once for one or more
 * events, and is closed; after Close has returned, no callback runs or will run.
 *
 * While a callback runs, further events of its channel are remembered and become one further call.
 * A peer that fires endlessly is slowed down (it costs bounded CPU); events are late then, never
 * lost.
 *
 * After a suspend every channel is dead (Xen has forgotten its port): Send and QueryPeer fail with
 * STATUS_DEVICE_NOT_CONNECTED, no callback comes; close it and open another. The suspend interface
 * tells when.
 */
#ifndef XENBUS_EVTCHN_H
#define XENBUS_EVTCHN_H

#include <xenbus/interface.h>

/* {A1F1D3DE-5B0C-4D3A-9a86-9f4f6a6c0e01} */
DEFINE_GUID(GUID_XENBUS_EVTCHN, 0xa1f1d3de, 0x5b0c, 0x4d3a, 0x9a, 0x86, 0x9f, 0x4f, 0x6a, 0x6c,
            0x0e, 0x01);

typedef struct _XENBUS_EVTCHN_CHANNEL XENBUS_EVTCHN_CHANNEL, *PXENBUS_EVTCHN_CHANNEL;

typedef enum _XENBUS_EVTCHN_TYPE {
    XENBUS_EVTCHN_FIXED,       /* a port that Xen or the toolstack has opened for this domain */
    XENBUS_EVTCHN_UNBOUND,     /* a new port that RemoteDomain may bind to */
    XENBUS_EVTCHN_INTERDOMAIN, /* a new port bound to RemoteDomain's RemotePort */
    XENBUS_EVTCHN_VIRQ,        /* a new port for a virtual interrupt of the CPU */
} XENBUS_EVTCHN_TYPE;

/* Flags of Open. */
#define XENBUS_EVTCHN_AUTO_MASK 0x1 /* masked after each event, until Unmask */
#define XENBUS_EVTCHN_URGENT    0x2 /* served before others that are ready; for short callbacks */

typedef struct _XENBUS_EVTCHN_PARAMETERS {
    XENBUS_EVTCHN_TYPE Type;
    ULONG Flags;
    USHORT RemoteDomain; /* UNBOUND, INTERDOMAIN */
    ULONG RemotePort;    /* INTERDOMAIN */
    ULONG LocalPort;     /* FIXED; it is not closed at Xen when the channel is closed */
    ULONG Virq;          /* VIRQ */
    ULONG Cpu;           /* index of the processor (KeGetCurrentProcessorNumberEx) for callbacks */
} XENBUS_EVTCHN_PARAMETERS, *PXENBUS_EVTCHN_PARAMETERS;

typedef struct _XENBUS_EVTCHN_STATE {
    ULONG LocalPort;
    ULONG Cpu;
    BOOLEAN Masked; /* by Open, Mask or AUTO_MASK, not by the throttle */
    BOOLEAN Dead;
    ULONG64 Events;    /* callbacks made */
    ULONG64 Throttled; /* times it was slowed down */
} XENBUS_EVTCHN_STATE, *PXENBUS_EVTCHN_STATE;

/* The events callback. DISPATCH_LEVEL, on the channel's CPU, never twice at a time for a channel.
 * It may call Mask, Unmask, Send, GetState and QueryPeer, for any channel. */
typedef VOID NTAPI XENBUS_EVTCHN_CALLBACK(_In_opt_ PVOID Argument);

typedef struct _XENBUS_EVTCHN_INTERFACE_V1 {
    INTERFACE Interface;

    /* PASSIVE_LEVEL. The channel begins masked: it is in *Channel before the first callback can
     * come; call Unmask then. STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES,
     * STATUS_ADDRESS_ALREADY_ASSOCIATED (FIXED or VIRQ: open already), STATUS_ACCESS_DENIED,
     * STATUS_DEVICE_NOT_CONNECTED (INTERDOMAIN: no such port or domain). */
    NTSTATUS(NTAPI *Open)
    (_In_ PVOID Context, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
     _In_ XENBUS_EVTCHN_CALLBACK *Callback, _In_opt_ PVOID Argument,
     _Out_ PXENBUS_EVTCHN_CHANNEL *Channel);

    /* PASSIVE_LEVEL, not from the channel's own callback. When it returns, no callback runs or will
     * run, and the channel is gone. */
    VOID(NTAPI *Close)(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);

    /* <= DISPATCH_LEVEL. No callback begins after it has returned, until Unmask; one that runs on
     * another CPU may still run. Events are remembered. */
    VOID(NTAPI *Mask)(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);

    /* <= DISPATCH_LEVEL. A remembered event comes at once. */
    VOID(NTAPI *Unmask)(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);

    /* <= DISPATCH_LEVEL. Fires the peer's end. */
    NTSTATUS(NTAPI *Send)(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);

    /* PASSIVE_LEVEL, not from the channel's own callback. Callbacks run on that CPU from now on.
     * STATUS_NOT_SUPPORTED: a VIRQ's CPU is fixed at Open, or the CPU has no upcall of its own. */
    NTSTATUS(NTAPI *BindCpu)
    (_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel, _In_ ULONG Cpu);

    /* <= DISPATCH_LEVEL. */
    VOID(NTAPI *GetState)
    (_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel, _Out_ PXENBUS_EVTCHN_STATE State);

    /* <= DISPATCH_LEVEL. STATUS_SUCCESS: a peer has the other end. STATUS_DEVICE_NOT_CONNECTED:
     * none has: it closed its end, its domain is gone, or it never came. Xen tells nobody when a
     * domain goes; it must be asked. */
    NTSTATUS(NTAPI *QueryPeer)(_In_ PVOID Context, _In_ PXENBUS_EVTCHN_CHANNEL Channel);
} XENBUS_EVTCHN_INTERFACE_V1, *PXENBUS_EVTCHN_INTERFACE_V1;

#define XENBUS_EVTCHN_VERSION 1

#endif
