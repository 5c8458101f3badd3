/* SPDX-License-Identifier: BSD-2-Clause */
/* What an open handle may ask for: see access.h. */
#include "access.h"

VALIDATE_ACCESS *ValidateAccessLookUp(VOID)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"IoValidateDeviceIoControlAccess");

    return (VALIDATE_ACCESS *)MmGetSystemRoutineAddress(&Name);
}

NTSTATUS AccessCheckRequest(VALIDATE_ACCESS *ValidateAccess, PIRP Irp, ULONG RequiredAccess)
{
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    if (Irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    if (ValidateAccess != NULL)
        return ValidateAccess(Irp, RequiredAccess);
    /* What the handle was opened for. */
    if (((RequiredAccess & FILE_READ_ACCESS) && !FileObject->ReadAccess) ||
        ((RequiredAccess & FILE_WRITE_ACCESS) && !FileObject->WriteAccess))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}
