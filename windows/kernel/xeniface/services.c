/* SPDX-License-Identifier: BSD-2-Clause */
/* See services.h: IRP_MN_QUERY_INTERFACE for each service, in order; given back in reverse. */
#include <initguid.h>

#include "services.h"

#include "windows/kernel/common/query_service.h"

typedef struct _WANTED_SERVICE {
    const GUID *Guid;
    USHORT Version, Size;
    ULONG Offset;
} WANTED_SERVICE;

#define WANTED(Name, Field)                                                                        \
    {                                                                                              \
        &GUID_XENBUS_##Name, XENBUS_##Name##_VERSION, sizeof(XENBUS_##Name##_INTERFACE_V1),        \
            FIELD_OFFSET(XENIFACE_SERVICES, Field)                                                 \
    }

C_ASSERT(XENBUS_EVTCHN_VERSION == 1 && XENBUS_GNTTAB_VERSION == 1 && XENBUS_STORE_VERSION == 1);

static const WANTED_SERVICE Wanted[] = {
    WANTED(DEBUG, Debug), WANTED(EVTCHN, Evtchn),   WANTED(GNTTAB, Gnttab),
    WANTED(STORE, Store), WANTED(SUSPEND, Suspend), WANTED(SHARED_INFO, SharedInfo),
};

static PINTERFACE ServiceAt(_In_ PXENIFACE_SERVICES Services, _In_ const WANTED_SERVICE *Service)
{
    return (PINTERFACE)((PUCHAR)Services + Service->Offset);
}

static VOID ReleaseFirst(_Inout_ PXENIFACE_SERVICES Services, _In_ ULONG Count)
{
    while (Count > 0) {
        PINTERFACE Interface = ServiceAt(Services, &Wanted[--Count]);

        Interface->InterfaceDereference(Interface->Context);
    }
    RtlZeroMemory(Services, sizeof(*Services));
}

NTSTATUS ServicesAcquire(PDEVICE_OBJECT Lower, PXENIFACE_SERVICES Services)
{
    NTSTATUS Status;

    RtlZeroMemory(Services, sizeof(*Services));
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Wanted); Index++) {
        Status = ServiceQuery(Lower, Wanted[Index].Guid, Wanted[Index].Version, Wanted[Index].Size,
                              ServiceAt(Services, &Wanted[Index]));
        if (!NT_SUCCESS(Status)) {
            ReleaseFirst(Services, Index);
            return Status;
        }
    }
    Status = CALL(Services, Gnttab, CreateClient, "xeniface", 0, &Services->GnttabClient);
    if (!NT_SUCCESS(Status))
        ReleaseFirst(Services, RTL_NUMBER_OF(Wanted));
    return Status;
}

VOID ServicesRelease(PXENIFACE_SERVICES Services)
{
    CALL(Services, Gnttab, DestroyClient, Services->GnttabClient);
    ReleaseFirst(Services, RTL_NUMBER_OF(Wanted));
}
