/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore's IOCTLs: text in, one command to the bus's store with its time limit, text out. What is
 * a good path beyond its characters, xenstored decides.
 */
#include "handle.h"
#include "store.h"

#include "contract.h"
#include "windows/kernel/common/pool.h"
#include "windows/kernel/common/usercopy.h"

enum {
    STORE_MESSAGE_MAX = 4096,
    STORE_DIRECTORY_MAX = 1024 * 1024, /* a directory's listing may take several messages */
};

ULONG StorePathLength(PCSTR Text, ULONG Length)
{
    for (ULONG Index = 0; Index < Length && Index < XENIFACE_STORE_PATH_MAX; Index++) {
        if (Text[Index] == '\0')
            return Index + 1;
        if (Text[Index] < 0x20 || Text[Index] > 0x7e)
            return 0;
    }
    return 0;
}

NTSTATUS StoreCapturePath(PIOCTL_CALL Call, const VOID *UserPath, ULONG Length, PSTR *Path)
{
    PSTR Copy;
    NTSTATUS Status;

    if (Length == 0 || Length > XENIFACE_STORE_PATH_MAX)
        return STATUS_INVALID_PARAMETER;
    Copy = PoolAllocate(Length, POOL_TAG_XENIFACE);
    if (Copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = UserCopyIn(Copy, UserPath, Length, Call->Irp->RequestorMode);
    if (NT_SUCCESS(Status) && StorePathLength(Copy, Length) != Length)
        Status = STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(Status)) {
        PoolFree(Copy, POOL_TAG_XENIFACE);
        return Status;
    }
    *Path = Copy;
    return STATUS_SUCCESS;
}

static NTSTATUS StoreExecute(_In_ PIOCTL_CALL Call, _In_ const XENBUS_STORE_COMMAND *Command,
                             _Out_opt_ PULONG AnswerLength)
{
    return CALL(Call->Services, Store, Execute, Command, XENBUS_STORE_TIMEOUT_DEFAULT_MS,
                AnswerLength);
}

/* Writes what xenstored answered and a NUL, at least Minimum bytes. A caller without room learns
 * how much it needs; one with too little room gets nothing: so it is in the field. */
static NTSTATUS StoreAnswer(_Inout_ PIOCTL_CALL Call, _In_ NTSTATUS Status,
                            _In_reads_bytes_(Length) const VOID *Answer, _In_ ULONG Length,
                            _In_ ULONG Minimum)
{
    ULONG Total = Length + 1 < Minimum ? Minimum : Length + 1;

    if (!NT_SUCCESS(Status) && Status != STATUS_BUFFER_OVERFLOW)
        return Status;
    if (Call->OutLength == 0) {
        Call->Information = Total;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (Status == STATUS_BUFFER_OVERFLOW || Call->OutLength < Total)
        return STATUS_INVALID_PARAMETER;
    RtlCopyMemory(Call->Buffer, Answer, Length);
    RtlZeroMemory((PUCHAR)Call->Buffer + Length, Total - Length);
    Call->Information = Total;
    return STATUS_SUCCESS;
}

/* A path in, text out. Room: bytes that the answer may have. */
static NTSTATUS StoreQuery(_Inout_ PIOCTL_CALL Call, _In_ XENBUS_STORE_OPERATION Operation,
                           _In_ ULONG Room, _In_ ULONG Minimum)
{
    XENBUS_STORE_COMMAND Command = {.Operation = Operation, .Node = Call->Buffer};
    ULONG Length = 0;
    NTSTATUS Status;

    if (StorePathLength(Call->Buffer, Call->InLength) == 0)
        return STATUS_INVALID_PARAMETER;
    Command.Answer = PoolAllocate(Room, POOL_TAG_XENIFACE);
    Command.AnswerRoom = Room;
    if (Command.Answer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = StoreExecute(Call, &Command, &Length);
    Status = StoreAnswer(Call, Status, Command.Answer, Length, Minimum);
    PoolFree(Command.Answer, POOL_TAG_XENIFACE);
    return Status;
}

NTSTATUS IoctlStoreRead(PIOCTL_CALL Call)
{
    return StoreQuery(Call, XENBUS_STORE_READ, STORE_MESSAGE_MAX, 1);
}

/* Each name has its NUL already; an empty list has two all the same. */
NTSTATUS IoctlStoreDirectory(PIOCTL_CALL Call)
{
    ULONG Room = Call->OutLength;

    if (Room < STORE_MESSAGE_MAX)
        Room = STORE_MESSAGE_MAX;
    if (Room > STORE_DIRECTORY_MAX)
        Room = STORE_DIRECTORY_MAX;
    return StoreQuery(Call, XENBUS_STORE_DIRECTORY, Room, 2);
}

/* Path, NUL, value, NUL; what follows is not looked at. */
NTSTATUS IoctlStoreWrite(PIOCTL_CALL Call)
{
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_WRITE, .Node = Call->Buffer};
    ULONG PathLength = StorePathLength(Call->Buffer, Call->InLength);
    ULONG Room, Length = 0;
    PCSTR Value = (PCSTR)Call->Buffer + PathLength;

    if (PathLength == 0)
        return STATUS_INVALID_PARAMETER;
    Room = Call->InLength - PathLength;
    while (Length < Room && Value[Length] != '\0')
        Length++;
    if (Length == Room)
        return STATUS_INVALID_PARAMETER;
    Command.Value = Value;
    Command.ValueLength = Length;
    return StoreExecute(Call, &Command, NULL);
}

NTSTATUS IoctlStoreRemove(PIOCTL_CALL Call)
{
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_REMOVE, .Node = Call->Buffer};

    if (StorePathLength(Call->Buffer, Call->InLength) == 0)
        return STATUS_INVALID_PARAMETER;
    return StoreExecute(Call, &Command, NULL);
}

C_ASSERT(XENBUS_STORE_ACCESS_READ == XENIFACE_STORE_PERM_READ &&
         XENBUS_STORE_ACCESS_WRITE == XENIFACE_STORE_PERM_WRITE);

static NTSTATUS StoreConvertPermissions(_In_ const XENIFACE_STORE_SET_PERMISSIONS_IN *In,
                                        _Out_writes_(In->NumberPermissions)
                                            PXENBUS_STORE_PERMISSION Permissions)
{
    for (ULONG Index = 0; Index < In->NumberPermissions; Index++) {
        ULONG Mask = In->Permissions[Index].Mask;

        if (Mask & ~(ULONG)XENIFACE_STORE_ALLOWED_PERMISSIONS)
            return STATUS_INVALID_PARAMETER;
        Permissions[Index].Domain = In->Permissions[Index].Domain;
        Permissions[Index].Access = (USHORT)Mask;
    }
    return STATUS_SUCCESS;
}

NTSTATUS IoctlStoreSetPermissions(PIOCTL_CALL Call)
{
    const XENIFACE_STORE_SET_PERMISSIONS_IN *In = Call->Buffer;
    XENBUS_STORE_COMMAND Command = {.Operation = XENBUS_STORE_SET_PERMISSIONS};
    PXENBUS_STORE_PERMISSION Permissions;
    PSTR Path = NULL;
    NTSTATUS Status;

    if (Call->InLength != FIELD_OFFSET(XENIFACE_STORE_SET_PERMISSIONS_IN, Permissions) +
                              (ULONG64)In->NumberPermissions * sizeof(XENIFACE_STORE_PERMISSION))
        return STATUS_INVALID_BUFFER_SIZE;
    if (In->NumberPermissions > XENIFACE_STORE_PERMISSIONS_MAX)
        return STATUS_INVALID_PARAMETER;
    Command.ValueLength = In->NumberPermissions * sizeof(*Permissions);
    Permissions = PoolAllocate(Command.ValueLength, POOL_TAG_XENIFACE);
    if (Permissions == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = StoreConvertPermissions(In, Permissions);
    if (NT_SUCCESS(Status))
        Status = StoreCapturePath(Call, In->Path, In->PathLength, &Path);
    if (NT_SUCCESS(Status)) {
        Command.Node = Path;
        Command.Value = Permissions;
        Status = StoreExecute(Call, &Command, NULL);
        PoolFree(Path, POOL_TAG_XENIFACE);
    }
    PoolFree(Permissions, POOL_TAG_XENIFACE);
    return Status;
}
