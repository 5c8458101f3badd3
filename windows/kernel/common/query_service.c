/* SPDX-License-Identifier: BSD-2-Clause */
/* See query_service.h. */
#include "query_service.h"

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ServiceQuery(_In_ PDEVICE_OBJECT Lower, _In_ const GUID *Guid, _In_ USHORT Version,
                 _In_ USHORT Size, _Out_ PINTERFACE Interface)
{
    KEVENT Done;
    IO_STATUS_BLOCK Result;
    PIO_STACK_LOCATION Stack;
    PIRP Irp;
    NTSTATUS Status;

    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    Irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, Lower, NULL, 0, NULL, &Done, &Result);
    if (Irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Stack = IoGetNextIrpStackLocation(Irp);
    Stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    Stack->Parameters.QueryInterface.InterfaceType = Guid;
    Stack->Parameters.QueryInterface.Size = Size;
    Stack->Parameters.QueryInterface.Version = Version;
    Stack->Parameters.QueryInterface.Interface = Interface;
    Stack->Parameters.QueryInterface.InterfaceSpecificData = NULL;
    Status = IoCallDriver(Lower, Irp);
    if (Status == STATUS_PENDING) {
        (VOID) KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
        Status = Result.Status;
    }
    if (NT_SUCCESS(Status) && Interface->Version != Version) {
        Interface->InterfaceDereference(Interface->Context);
        Status = STATUS_REVISION_MISMATCH;
    }
    return Status;
}
