/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of IOCTLs: each code with the access that it needs, the sizes that its buffers may
 * have, and its handler. What is not in the table is refused; a handler sees only what the table
 * allows. Everything is checked in one place, before anything is touched.
 */
#include "ioctl.h"

#include "handle.h"
#include "contract.h"
#include "user_log.h"
#include "port.h"
#include "share.h"
#include "shared_info.h"
#include "store.h"
#include "suspend.h"
#include "watch.h"

typedef struct _IOCTL_ENTRY {
    ULONG Code;
    ULONG Access;
    ULONG InMin, InMax, OutMin, OutMax; /* bytes */
    IOCTL_HANDLER *Handler;
} IOCTL_ENTRY;

enum {
    ACCESS_READ = FILE_READ_ACCESS,
    ACCESS_WRITE = FILE_WRITE_ACCESS,
    ACCESS_BOTH = FILE_READ_ACCESS | FILE_WRITE_ACCESS,
    PATH_BYTES_MAX = XENIFACE_STORE_PATH_MAX,
    WRITE_MAX = XENIFACE_STORE_PATH_MAX + 4096 + 2, /* path, value and their NULs */
    TEXT_MAX = 1024 * 1024,                         /* room for an answer; more is not needed */
    PERMISSIONS_MAX = FIELD_OFFSET(XENIFACE_STORE_SET_PERMISSIONS_IN, Permissions) +
                      XENIFACE_STORE_PERMISSIONS_MAX * sizeof(XENIFACE_STORE_PERMISSION),
    PERMIT_OUT = FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References),
    MAP_IN = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN, References),
    MAP_IN_V2 = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2, References),
    REFERENCES_MAX = XENIFACE_GNTTAB_PAGES_MAX * sizeof(ULONG),
};

/* One size: of a structure. */
#define EXACTLY(Type) sizeof(XENIFACE_##Type), sizeof(XENIFACE_##Type)
#define NO_BYTES      0, 0

static const IOCTL_ENTRY Table[] = {
    {IOCTL_XENIFACE_STORE_READ, ACCESS_READ, 1, PATH_BYTES_MAX, 0, TEXT_MAX, IoctlStoreRead},
    {IOCTL_XENIFACE_STORE_WRITE, ACCESS_WRITE, 1, WRITE_MAX, NO_BYTES, IoctlStoreWrite},
    {IOCTL_XENIFACE_STORE_DIRECTORY, ACCESS_READ, 1, PATH_BYTES_MAX, 0, TEXT_MAX,
     IoctlStoreDirectory},
    {IOCTL_XENIFACE_STORE_REMOVE, ACCESS_WRITE, 1, PATH_BYTES_MAX, NO_BYTES, IoctlStoreRemove},
    {IOCTL_XENIFACE_STORE_SET_PERMISSIONS, ACCESS_WRITE, sizeof(XENIFACE_STORE_SET_PERMISSIONS_IN),
     PERMISSIONS_MAX, NO_BYTES, IoctlStoreSetPermissions},
    {IOCTL_XENIFACE_STORE_ADD_WATCH, ACCESS_READ, EXACTLY(STORE_ADD_WATCH_IN),
     EXACTLY(STORE_ADD_WATCH_OUT), IoctlStoreAddWatch},
    {IOCTL_XENIFACE_STORE_REMOVE_WATCH, ACCESS_READ, EXACTLY(STORE_REMOVE_WATCH_IN), NO_BYTES,
     IoctlStoreRemoveWatch},

    {IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN, ACCESS_BOTH, EXACTLY(EVTCHN_BIND_INTERDOMAIN_IN),
     EXACTLY(EVTCHN_BIND_INTERDOMAIN_OUT), IoctlEvtchnBindInterdomain},
    {IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, ACCESS_BOTH, EXACTLY(EVTCHN_BIND_UNBOUND_IN),
     EXACTLY(EVTCHN_BIND_UNBOUND_OUT), IoctlEvtchnBindUnbound},
    {IOCTL_XENIFACE_EVTCHN_CLOSE, ACCESS_BOTH, EXACTLY(EVTCHN_CLOSE_IN), NO_BYTES,
     IoctlEvtchnClose},
    {IOCTL_XENIFACE_EVTCHN_NOTIFY, ACCESS_WRITE, EXACTLY(EVTCHN_NOTIFY_IN), NO_BYTES,
     IoctlEvtchnNotify},
    {IOCTL_XENIFACE_EVTCHN_UNMASK, ACCESS_READ, EXACTLY(EVTCHN_UNMASK_IN), NO_BYTES,
     IoctlEvtchnUnmask},
    {IOCTL_XENIFACE_EVTCHN_QUERY_PEER, ACCESS_READ, EXACTLY(EVTCHN_QUERY_PEER_IN), NO_BYTES,
     IoctlEvtchnQueryPeer},

    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, ACCESS_BOTH,
     EXACTLY(GNTTAB_PERMIT_FOREIGN_ACCESS_IN), PERMIT_OUT + sizeof(ULONG),
     PERMIT_OUT + REFERENCES_MAX, IoctlGnttabPermit},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, ACCESS_BOTH,
     EXACTLY(GNTTAB_REVOKE_FOREIGN_ACCESS_IN), NO_BYTES, IoctlGnttabRevoke},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, ACCESS_BOTH, MAP_IN + sizeof(ULONG),
     MAP_IN + REFERENCES_MAX, EXACTLY(GNTTAB_MAP_FOREIGN_PAGES_OUT), IoctlGnttabMap},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES, ACCESS_BOTH, EXACTLY(GNTTAB_UNMAP_FOREIGN_PAGES_IN),
     NO_BYTES, IoctlGnttabUnmap},
    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, ACCESS_BOTH,
     EXACTLY(GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2), PERMIT_OUT + sizeof(ULONG),
     PERMIT_OUT + REFERENCES_MAX, IoctlGnttabPermit},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, ACCESS_BOTH,
     EXACTLY(GNTTAB_REVOKE_FOREIGN_ACCESS_IN_V2), NO_BYTES, IoctlGnttabRevoke},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2, ACCESS_BOTH, MAP_IN_V2 + sizeof(ULONG),
     MAP_IN_V2 + REFERENCES_MAX, EXACTLY(GNTTAB_MAP_FOREIGN_PAGES_OUT_V2), IoctlGnttabMap},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2, ACCESS_BOTH,
     EXACTLY(GNTTAB_UNMAP_FOREIGN_PAGES_IN_V2), NO_BYTES, IoctlGnttabUnmap},

    {IOCTL_XENIFACE_SUSPEND_GET_COUNT, ACCESS_READ, NO_BYTES, sizeof(ULONG), sizeof(ULONG),
     IoctlSuspendGetCount},
    {IOCTL_XENIFACE_SUSPEND_REGISTER, ACCESS_READ, EXACTLY(SUSPEND_REGISTER_IN),
     EXACTLY(SUSPEND_REGISTER_OUT), IoctlSuspendRegister},
    {IOCTL_XENIFACE_SUSPEND_DEREGISTER, ACCESS_READ, EXACTLY(SUSPEND_REGISTER_OUT), NO_BYTES,
     IoctlSuspendDeregister},
    {IOCTL_XENIFACE_SHAREDINFO_GET_TIME, ACCESS_READ, NO_BYTES, EXACTLY(SHAREDINFO_GET_TIME_OUT),
     IoctlSharedInfoGetTime},
    {IOCTL_XENIFACE_LOG, ACCESS_WRITE, 1, XENIFACE_LOG_MAX, NO_BYTES, IoctlLog},
};

static const IOCTL_ENTRY *TableFind(_In_ ULONG Code)
{
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Table); Index++)
        if (Table[Index].Code == Code)
            return &Table[Index];
    return NULL;
}

NTSTATUS IoctlAnswer(PIOCTL_CALL Call, const VOID *Answer, ULONG Length)
{
    RtlCopyMemory(Call->Buffer, Answer, Length);
    Call->Information = Length;
    return STATUS_SUCCESS;
}

/* Rights and sizes, before the device is looked at. */
static NTSTATUS IoctlCheck(_In_ PXENIFACE_DEVICE Device, _In_ const IOCTL_ENTRY *Entry,
                           _In_ const IOCTL_CALL *Call)
{
    NTSTATUS Status = AccessCheckRequest(Device->ValidateAccess, Call->Irp, Entry->Access);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Call->InLength < Entry->InMin || Call->InLength > Entry->InMax ||
        Call->OutLength < Entry->OutMin || Call->OutLength > Entry->OutMax)
        return STATUS_INVALID_BUFFER_SIZE;
    /* What pends is mapped into the process that asks. */
    if ((Entry->Code & 3) == METHOD_NEITHER && Call->Irp->RequestorMode == KernelMode)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

static NTSTATUS IoctlRun(_Inout_ PXENIFACE_DEVICE Device, _Inout_ PIOCTL_CALL Call)
{
    const IOCTL_ENTRY *Entry = TableFind(Call->Code);
    NTSTATUS Status;

    if (Call->Handle == NULL)
        return STATUS_INVALID_HANDLE;
    if (IoIs32bitProcess(Call->Irp)) /* a handle may be given to another process */
        return STATUS_INVALID_IMAGE_WIN_32;
    if (Entry == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    Status = IoctlCheck(Device, Entry, Call);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!GateEnter(&Device->Gate))
        return Device->State == XenifaceRemoved ? STATUS_DEVICE_REMOVED : STATUS_DEVICE_NOT_READY;
    Status = Entry->Handler(Call);
    GateLeave(&Device->Gate);
    return Status;
}

NTSTATUS NTAPI XenifaceDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PXENIFACE_DEVICE Device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    IOCTL_CALL Call = {
        .Irp = Irp,
        .Handle = HANDLE_OF(Stack->FileObject),
        .Services = &Device->Services,
        .Code = Stack->Parameters.DeviceIoControl.IoControlCode,
        .InLength = Stack->Parameters.DeviceIoControl.InputBufferLength,
        .OutLength = Stack->Parameters.DeviceIoControl.OutputBufferLength,
    };
    NTSTATUS Status;

    if ((Call.Code & 3) == METHOD_NEITHER) {
        Call.UserIn = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
        Call.UserOut = Irp->UserBuffer;
    } else {
        Call.Buffer = Irp->AssociatedIrp.SystemBuffer;
    }
    Status = IoctlRun(Device, &Call);
    return Status == STATUS_PENDING ? Status : CompleteIrp(Irp, Status, Call.Information);
}
