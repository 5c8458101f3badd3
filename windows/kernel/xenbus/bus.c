/* SPDX-License-Identifier: BSD-2-Clause */
/* The started bus: see bus.h; the order of the parts is in parts.h. */
#include "bus.h"
#include "debug.h"
#include "interrupts.h"
#include "memory.h"
#include "shared_info.h"
#include "suspend.h"
#include "suspend_request.h"
#include "unplug.h"
#include "../common/log.h"
#include "../common/pool.h"

static VOID EndParts(_In_ PXENBUS_BUS Bus)
{
    PXENBUS_PARTS Parts = &Bus->Parts;

    if (Bus->SuspendRequest)
        SuspendRequestDestroy(Bus->SuspendRequest);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Bus->Dumps); i++)
        if (Bus->Dumps[i])
            DebugDeregister(Parts, Bus->Dumps[i]);
    if (Bus->UnplugAgain)
        SuspendDeregister(Parts, Bus->UnplugAgain);
    if (Parts->Store)
        StoreDestroy(Parts->Store);
    if (Parts->Evtchn)
        EvtchnDestroy(Parts->Evtchn);
    if (Parts->Gnttab)
        GnttabDestroy(Parts->Gnttab);
    if (Parts->Interrupts)
        InterruptsDestroy(Parts->Interrupts);
    if (Parts->SharedInfo)
        SharedInfoDestroy(Parts->SharedInfo);
    if (Parts->Suspend)
        SuspendDestroy(Parts->Suspend);
    if (Parts->Debug)
        DebugDestroy(Parts->Debug);
    if (Parts->Memory)
        MemoryDestroy(Parts->Memory);
    InterlockedExchange(Bus->Alive, 0); /* before the device: it keeps the driver in memory */
    ObDereferenceObject(Parts->DeviceObject);
    PoolFree(Bus, POOL_TAG_XENBUS);
}

/* The host that a machine was migrated to emulates every device again. */
static VOID NTAPI OnResume(_In_opt_ PVOID Argument)
{
    UnplugAgain(Argument);
}

/* A bus without a dump is still a bus: no failure. */
static VOID RegisterDumps(_In_ PXENBUS_BUS Bus)
{
    static const struct {
        PCSTR Name;
        XENBUS_DEBUG_CALLBACK *Callback;
    } Dumps[RTL_NUMBER_OF(Bus->Dumps)] = {
        {"suspend", SuspendDump},
        {"interrupts", InterruptsDump},
        {"unplug", UnplugDump},
    };

    for (ULONG i = 0; i < RTL_NUMBER_OF(Dumps); i++)
        if (!NT_SUCCESS(DebugRegister(&Bus->Parts, Dumps[i].Name, Dumps[i].Callback, &Bus->Parts,
                                      &Bus->Dumps[i])))
            Bus->Dumps[i] = NULL;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    BusCreate(_In_ PDEVICE_OBJECT Device, _In_ PDEVICE_OBJECT Pdo, _In_ PXENBUS_UNPLUG Unplug,
              _Inout_ volatile LONG *Alive, _In_opt_ PCM_RESOURCE_LIST Raw,
              _In_opt_ PCM_RESOURCE_LIST Translated, _Out_ PXENBUS_BUS *Bus)
{
    PXENBUS_PARTS Parts;
    PXENBUS_BUS New;
    NTSTATUS Status;

    if (InterlockedCompareExchange(Alive, 1, 0)) {
        LogLine(LogError, "a child still holds services of the bus before");
        return STATUS_DEVICE_BUSY;
    }
    New = PoolAllocate(sizeof(*New), POOL_TAG_XENBUS);
    if (!New) {
        InterlockedExchange(Alive, 0);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    New->Alive = Alive;
    Parts = &New->Parts;
    New->References = 1;
    ObReferenceObject(Device);
    Parts->DeviceObject = Device;
    Parts->Unplug = Unplug;

    Status = MemoryCreate(&Parts->Memory);
    if (NT_SUCCESS(Status))
        Status = DebugCreate(Parts, &Parts->Debug);
    if (NT_SUCCESS(Status))
        Status = SuspendCreate(Parts, &Parts->Suspend);
    if (NT_SUCCESS(Status))
        Status = SuspendRegister(Parts, XenbusSuspendEarly, 0, OnResume, Unplug, &New->UnplugAgain);
    if (NT_SUCCESS(Status))
        Status = SharedInfoCreate(Parts, &Parts->SharedInfo);
    if (NT_SUCCESS(Status))
        Status = InterruptsCreate(Parts, Pdo, Raw, Translated, &Parts->Interrupts);
    if (NT_SUCCESS(Status))
        Status = GnttabCreate(Parts, &Parts->Gnttab);
    if (NT_SUCCESS(Status))
        Status = EvtchnCreate(Parts, &Parts->Evtchn);
    if (NT_SUCCESS(Status))
        Status = StoreCreate(Parts, &Parts->Store);
    if (!NT_SUCCESS(Status)) {
        LogStatus(LogError, "the bus does not start:", Status);
        EndParts(New);
        return Status;
    }
    RegisterDumps(New);
    Status = SuspendRequestCreate(Parts, &New->SuspendRequest);
    if (!NT_SUCCESS(Status)) {
        New->SuspendRequest = NULL;
        LogStatus(LogWarning, "the toolstack cannot suspend this machine:", Status);
    }
    *Bus = New;
    return STATUS_SUCCESS;
}

VOID BusReference(_In_ PXENBUS_BUS Bus)
{
    InterlockedIncrement(&Bus->References);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID BusDereference(_In_ PXENBUS_BUS Bus)
{
    if (InterlockedDecrement(&Bus->References) == 0)
        EndParts(Bus);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID BusRelease(_In_ PXENBUS_BUS Bus)
{
    if (Bus->References > 1) { /* otherwise the parts end in their own order */
        LogLine(LogWarning, "a child still holds services; it gets no events any more");
        InterruptsDisconnect(Bus->Parts.Interrupts);
    }
    BusDereference(Bus);
}

/* --- Services for children. --- */

static VOID NTAPI ReferenceInterface(_In_ PVOID Context)
{
    BusReference(Context);
}

static VOID NTAPI DereferenceInterface(_In_ PVOID Context)
{
    BusDereference(Context);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    BusQueryInterface(_In_ PXENBUS_BUS Bus, _In_ const GUID *Type, _In_ USHORT Size,
                      _In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    static const XENBUS_SERVICE *const Services[] = {
        &EvtchnService,     &GnttabService, &StoreService,  &SuspendService,
        &SharedInfoService, &DebugService,  &UnplugService,
    };

    for (ULONG i = 0; i < RTL_NUMBER_OF(Services); i++) {
        const XENBUS_SERVICE *Service = Services[i];
        if (!IsEqualGUID(Type, Service->Guid))
            continue;
        if (Version < 1 || Version > Service->NewestVersion)
            return STATUS_NOT_SUPPORTED;
        if (Size < Service->Sizes[Version - 1])
            return STATUS_BUFFER_TOO_SMALL;
        Interface->Size = Service->Sizes[Version - 1];
        Interface->Version = Version;
        Interface->Context = Bus;
        Interface->InterfaceReference = ReferenceInterface;
        Interface->InterfaceDereference = DereferenceInterface;
        Service->Fill(Version, Interface);
        BusReference(Bus);
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_SUPPORTED;
}
