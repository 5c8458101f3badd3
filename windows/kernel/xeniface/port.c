/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels of a handle: each has an event of the caller's, which the channel's callback sets.
 * A port is complete before its callback can run (a channel begins masked), and gone from the
 * handle's list before its channel is closed; the bus promises that no callback runs after that.
 */
#include "handle.h"
#include "port.h"

#include "contract.h"
#include "windows/kernel/common/pool.h"

typedef struct _XENIFACE_PORT {
    LIST_ENTRY Link; /* Handle->Ports */
    PXENBUS_EVTCHN_CHANNEL Channel;
    PKEVENT Event;
    ULONG LocalPort;
} XENIFACE_PORT, *PXENIFACE_PORT;

static PXENIFACE_PORT PortOf(_In_ PLIST_ENTRY Entry)
{
    return CONTAINING_RECORD(Entry, XENIFACE_PORT, Link);
}

static BOOLEAN PortMatch(_In_ PLIST_ENTRY Entry, _In_ ULONG64 LocalPort)
{
    return PortOf(Entry)->LocalPort == LocalPort;
}

/* DISPATCH_LEVEL. */
static VOID NTAPI PortFired(_In_opt_ PVOID Argument)
{
    PXENIFACE_PORT Port = Argument;

    KeSetEvent(Port->Event, EVENT_INCREMENT, FALSE);
}

/* The port is in no list. */
static VOID PortDestroy(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_PORT Port)
{
    if (Port->Channel != NULL)
        CALL(Services, Evtchn, Close, Port->Channel);
    ObDereferenceObject(Port->Event);
    PoolFree(Port, POOL_TAG_XENIFACE);
}

/* Opens the channel, adds the port to the handle; then another thread may close it at any time. */
static NTSTATUS PortOpen(_Inout_ PIOCTL_CALL Call, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
                         _In_ BOOLEAN Mask, _Inout_ PXENIFACE_PORT Port, _Out_ PULONG LocalPort)
{
    PXENIFACE_HANDLE Handle = Call->Handle;
    XENBUS_EVTCHN_STATE State;
    NTSTATUS Status =
        CALL(Call->Services, Evtchn, Open, Parameters, PortFired, Port, &Port->Channel);

    if (!NT_SUCCESS(Status))
        return Status;
    CALL(Call->Services, Evtchn, GetState, Port->Channel, &State);
    Port->LocalPort = State.LocalPort;
    *LocalPort = State.LocalPort;
    if (!Mask)
        CALL(Call->Services, Evtchn, Unmask, Port->Channel);
    return HandleAdd(Handle, &Handle->Ports, &Handle->PortCount, HANDLE_PORTS_MAX, &Port->Link,
                     NULL, NULL);
}

/* Calls Evtchn's Function on a port of the handle. */
typedef NTSTATUS PORT_ACTION(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_PORT Port);

static NTSTATUS PortSend(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_PORT Port)
{
    return CALL(Services, Evtchn, Send, Port->Channel);
}

static NTSTATUS PortUnmask(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_PORT Port)
{
    CALL(Services, Evtchn, Unmask, Port->Channel);
    return STATUS_SUCCESS;
}

static NTSTATUS PortQueryPeer(_In_ PXENIFACE_SERVICES Services, _In_ PXENIFACE_PORT Port)
{
    return CALL(Services, Evtchn, QueryPeer, Port->Channel);
}

static NTSTATUS PortAct(_Inout_ PXENIFACE_HANDLE Handle, _In_ ULONG LocalPort,
                        _In_ PORT_ACTION *Action)
{
    NTSTATUS Status = STATUS_NOT_FOUND;

    ExAcquireFastMutex(&Handle->Mutex);
    for (PLIST_ENTRY Entry = Handle->Ports.Flink; Entry != &Handle->Ports; Entry = Entry->Flink) {
        if (PortMatch(Entry, LocalPort)) {
            Status = Action(&Handle->Device->Services, PortOf(Entry));
            break;
        }
    }
    ExReleaseFastMutex(&Handle->Mutex);
    return Status;
}

/* What both kinds of binding have in common. */
static NTSTATUS PortBind(_Inout_ PIOCTL_CALL Call, _In_ const XENBUS_EVTCHN_PARAMETERS *Parameters,
                         _In_ HANDLE Event, _In_ BOOLEAN Mask)
{
    PXENIFACE_PORT Port = PoolAllocate(sizeof(*Port), POOL_TAG_XENIFACE);
    ULONG LocalPort;
    NTSTATUS Status;

    if (Port == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = EventReference(Event, Call->Irp->RequestorMode, &Port->Event);
    if (!NT_SUCCESS(Status)) {
        PoolFree(Port, POOL_TAG_XENIFACE);
        return Status;
    }
    Status = PortOpen(Call, Parameters, Mask, Port, &LocalPort);
    if (!NT_SUCCESS(Status)) {
        PortDestroy(Call->Services, Port);
        return Status;
    }
    return IoctlAnswer(Call, &LocalPort, sizeof(LocalPort));
}

NTSTATUS IoctlEvtchnBindUnbound(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_BIND_UNBOUND_IN *In = Call->Buffer;
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = XENBUS_EVTCHN_UNBOUND,
                                           .RemoteDomain = In->RemoteDomain};

    return PortBind(Call, &Parameters, In->Event, In->Mask);
}

NTSTATUS IoctlEvtchnBindInterdomain(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_BIND_INTERDOMAIN_IN *In = Call->Buffer;
    XENBUS_EVTCHN_PARAMETERS Parameters = {.Type = XENBUS_EVTCHN_INTERDOMAIN,
                                           .RemoteDomain = In->RemoteDomain,
                                           .RemotePort = In->RemotePort};

    return PortBind(Call, &Parameters, In->Event, In->Mask);
}

NTSTATUS IoctlEvtchnClose(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_CLOSE_IN *In = Call->Buffer;
    PXENIFACE_HANDLE Handle = Call->Handle;
    PLIST_ENTRY Entry =
        HandleTake(Handle, &Handle->Ports, &Handle->PortCount, PortMatch, In->LocalPort);

    if (Entry == NULL)
        return STATUS_NOT_FOUND;
    PortDestroy(Call->Services, PortOf(Entry));
    return STATUS_SUCCESS;
}

NTSTATUS IoctlEvtchnNotify(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_NOTIFY_IN *In = Call->Buffer;

    return PortNotify(Call->Handle, In->LocalPort);
}

/* Unknown ports have another status here than elsewhere: so it is in the field. */
NTSTATUS IoctlEvtchnUnmask(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_UNMASK_IN *In = Call->Buffer;
    NTSTATUS Status = PortAct(Call->Handle, In->LocalPort, PortUnmask);

    return Status == STATUS_NOT_FOUND ? STATUS_INVALID_PARAMETER : Status;
}

NTSTATUS IoctlEvtchnQueryPeer(PIOCTL_CALL Call)
{
    const XENIFACE_EVTCHN_QUERY_PEER_IN *In = Call->Buffer;

    return PortAct(Call->Handle, In->LocalPort, PortQueryPeer);
}

NTSTATUS PortNotify(PXENIFACE_HANDLE Handle, ULONG LocalPort)
{
    return PortAct(Handle, LocalPort, PortSend);
}

VOID PortsWake(PXENIFACE_HANDLE Handle)
{
    ExAcquireFastMutex(&Handle->Mutex);
    for (PLIST_ENTRY Entry = Handle->Ports.Flink; Entry != &Handle->Ports; Entry = Entry->Flink)
        KeSetEvent(PortOf(Entry)->Event, EVENT_INCREMENT, FALSE);
    ExReleaseFastMutex(&Handle->Mutex);
}

VOID PortsDrain(PXENIFACE_HANDLE Handle)
{
    PLIST_ENTRY Entry;

    while ((Entry = HandleTake(Handle, &Handle->Ports, &Handle->PortCount, NULL, 0)) != NULL)
        PortDestroy(&Handle->Device->Services, PortOf(Entry));
}
