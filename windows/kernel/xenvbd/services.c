/* SPDX-License-Identifier: BSD-2-Clause */
/* See services.h. */
#include <initguid.h>

#include "services.h"
#include "../common/query_service.h"

static const struct {
    const GUID *Guid;
    USHORT Version, Size;
    ULONG Offset;
} Wanted[] = {
    {&GUID_XENBUS_DEBUG, 1, sizeof(XENBUS_DEBUG_INTERFACE_V1), FIELD_OFFSET(VBD_SERVICES, Debug)},
    {&GUID_XENBUS_EVTCHN, 1, sizeof(XENBUS_EVTCHN_INTERFACE_V1),
     FIELD_OFFSET(VBD_SERVICES, Evtchn)},
    {&GUID_XENBUS_GNTTAB, 1, sizeof(XENBUS_GNTTAB_INTERFACE_V1),
     FIELD_OFFSET(VBD_SERVICES, Gnttab)},
    {&GUID_XENBUS_STORE, 1, sizeof(XENBUS_STORE_INTERFACE_V1), FIELD_OFFSET(VBD_SERVICES, Store)},
    {&GUID_XENBUS_SUSPEND, 1, sizeof(XENBUS_SUSPEND_INTERFACE_V1),
     FIELD_OFFSET(VBD_SERVICES, Suspend)},
    {&GUID_XENBUS_UNPLUG, 2, sizeof(XENBUS_UNPLUG_INTERFACE_V2),
     FIELD_OFFSET(VBD_SERVICES, Unplug)},
};

static PINTERFACE ServiceAt(_In_ PVBD_SERVICES Services, _In_ ULONG Index)
{
    return (PINTERFACE)((PUCHAR)Services + Wanted[Index].Offset);
}

static VOID ReleaseFirst(_Inout_ PVBD_SERVICES Services, _In_ ULONG Count)
{
    while (Count > 0) {
        PINTERFACE Interface = ServiceAt(Services, --Count);

        Interface->InterfaceDereference(Interface->Context);
    }
    RtlZeroMemory(Services, sizeof(*Services));
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ServicesAcquire(_In_ PDEVICE_OBJECT Lower, _Out_ PVBD_SERVICES Services)
{
    NTSTATUS Status;

    RtlZeroMemory(Services, sizeof(*Services));
    for (ULONG i = 0; i < RTL_NUMBER_OF(Wanted); i++) {
        Status = ServiceQuery(Lower, Wanted[i].Guid, Wanted[i].Version, Wanted[i].Size,
                              ServiceAt(Services, i));
        if (!NT_SUCCESS(Status)) {
            ReleaseFirst(Services, i);
            return Status;
        }
    }
    Status = CALL(Services, Gnttab, CreateClient, "xenvbd", 0, &Services->GnttabClient);
    if (!NT_SUCCESS(Status))
        ReleaseFirst(Services, RTL_NUMBER_OF(Wanted));
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID ServicesRelease(_Inout_ PVBD_SERVICES Services)
{
    CALL(Services, Gnttab, DestroyClient, Services->GnttabClient);
    ReleaseFirst(Services, RTL_NUMBER_OF(Wanted));
}
