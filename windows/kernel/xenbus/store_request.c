/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to XenStore: submit, cancel, execute. See store.h. */
#include "store.h"
#include "../common/pool.h"

C_ASSERT(sizeof(XENBUS_STORE_PERMISSION) == sizeof(struct xs_permission));
C_ASSERT(FIELD_OFFSET(XENBUS_STORE_PERMISSION, Access) ==
         FIELD_OFFSET(struct xs_permission, access));

static PXENBUS_STORE StoreOf(_In_ PVOID Context)
{
    return ((PXENBUS_PARTS)Context)->Store;
}

/* --- Paths. */

/* Without NUL; more than any path may have: too long. */
static ULONG NameLength(_In_ PCSTR Name)
{
    ULONG Length = 0;

    while (Length < XEN_STORE_ABS_PATH_MAX_BYTES && Name[Length])
        Length++;
    return Length;
}

ULONG StorePathBytes(_In_opt_ PCSTR Prefix, _In_ PCSTR Node)
{
    ULONG PrefixLength = Prefix ? NameLength(Prefix) : 0;
    ULONG NodeLength = Node ? NameLength(Node) : 0;
    ULONG Bytes = PrefixLength + (PrefixLength && NodeLength) + NodeLength + 1;

    if (Bytes == 1 || Bytes > XEN_STORE_ABS_PATH_MAX_BYTES)
        return 0;
    return Bytes;
}

VOID StorePathWrite(_Out_ PCHAR Out, _In_opt_ PCSTR Prefix, _In_ PCSTR Node)
{
    PCHAR At = Out;

    while (Prefix && *Prefix)
        *At++ = *Prefix++;
    if (At != Out && Node && *Node)
        *At++ = '/';
    while (Node && *Node)
        *At++ = *Node++;
    *At = 0;
}

/* --- What goes to xenstored. */

static ULONG TypeOf(_In_ XENBUS_STORE_OPERATION Operation)
{
    static const UCHAR Types[] = {
        [XENBUS_STORE_READ] = XS_TYPE_READ,
        [XENBUS_STORE_WRITE] = XS_TYPE_WRITE,
        [XENBUS_STORE_MKDIR] = XS_TYPE_MKDIR,
        [XENBUS_STORE_REMOVE] = XS_TYPE_RM,
        [XENBUS_STORE_DIRECTORY] = XS_TYPE_DIRECTORY,
        [XENBUS_STORE_GET_PERMISSIONS] = XS_TYPE_GET_PERMS,
        [XENBUS_STORE_SET_PERMISSIONS] = XS_TYPE_SET_PERMS,
        [XENBUS_STORE_BEGIN] = XS_TYPE_TRANSACTION_START,
        [XENBUS_STORE_COMMIT] = XS_TYPE_TRANSACTION_END,
        [XENBUS_STORE_ABORT] = XS_TYPE_TRANSACTION_END,
    };

    return Types[Operation];
}

static BOOLEAN HasPath(_In_ XENBUS_STORE_OPERATION Operation)
{
    return Operation <= XENBUS_STORE_SET_PERMISSIONS;
}

static BOOLEAN HasValue(_In_ XENBUS_STORE_OPERATION Operation)
{
    return Operation == XENBUS_STORE_WRITE || Operation == XENBUS_STORE_SET_PERMISSIONS;
}

/* Room for the payload behind the request; 0: no xenstored would take it. */
static ULONG PayloadRoom(_In_ const XENBUS_STORE_COMMAND *Command)
{
    ULONG Path = 2, Value = 0;

    if ((ULONG)Command->Operation > XENBUS_STORE_ABORT)
        return 0;
    if (HasPath(Command->Operation))
        Path = StorePathBytes(Command->Prefix, Command->Node);
    if (!Path)
        return 0;
    if (HasValue(Command->Operation)) {
        if (Command->ValueLength > XEN_STORE_PAYLOAD_MAX_BYTES ||
            (Command->ValueLength && !Command->Value))
            return 0;
        Value = Command->ValueLength;
    }
    if (Command->Operation == XENBUS_STORE_SET_PERMISSIONS) {
        if (!Value || Value % sizeof(XENBUS_STORE_PERMISSION))
            return 0;
        Value = Value / sizeof(XENBUS_STORE_PERMISSION) * XS_PERMISSION_MAX_BYTES;
    }
    return Path + Value;
}

/* Behind the path at Out; returns its length. */
static ULONG WriteValue(_Out_ PCHAR Out, _In_ const XENBUS_STORE_COMMAND *Command)
{
    const struct xs_permission *Permissions = Command->Value;
    ULONG Length = 0;

    if (Command->Operation == XENBUS_STORE_WRITE) {
        if (Command->ValueLength)
            RtlCopyMemory(Out, Command->Value, Command->ValueLength);
        return Command->ValueLength;
    }
    for (ULONG i = 0; i < Command->ValueLength / sizeof(*Permissions); i++)
        Length += xs_permission_write(Out + Length, &Permissions[i]);
    return Length;
}

static VOID WritePayload(_Inout_ PXENBUS_STORE_REQUEST Request,
                         _In_ const XENBUS_STORE_COMMAND *Command)
{
    ULONG Length;

    if (HasPath(Command->Operation)) {
        StorePathWrite(Request->Payload, Command->Prefix, Command->Node);
        Length = StorePathBytes(Command->Prefix, Command->Node);
        if (HasValue(Command->Operation))
            Length += WriteValue(Request->Payload + Length, Command);
    } else if (Command->Operation == XENBUS_STORE_BEGIN) {
        Length = 1; /* an empty string */
    } else {
        Request->Payload[0] = Command->Operation == XENBUS_STORE_COMMIT ? 'T' : 'F';
        Length = 2;
    }
    Request->Core.pieces[0].bytes = Request->Payload;
    Request->Core.pieces[0].length = Length;
}

static PXENBUS_STORE_REQUEST MakeRequest(_In_ const XENBUS_STORE_COMMAND *Command, _In_ ULONG Room)
{
    BOOLEAN OwnText = Command->Operation == XENBUS_STORE_GET_PERMISSIONS;
    PXENBUS_STORE_REQUEST New =
        PoolAllocate(FIELD_OFFSET(struct _XENBUS_STORE_REQUEST, Payload) + Room, POOL_TAG_STORE);

    if (!New)
        return NULL;
    New->Operation = Command->Operation;
    New->Answer = Command->Answer;
    New->AnswerRoom = Command->Answer ? Command->AnswerRoom : 0;
    New->Core.type = TypeOf(Command->Operation);
    if (Command->Operation != XENBUS_STORE_BEGIN) {
        New->Core.transaction.number = Command->Transaction.Number;
        New->Core.transaction.epoch = Command->Transaction.Epoch;
    }
    WritePayload(New, Command);
    if (OwnText) {
        New->Text = PoolAllocate(XEN_STORE_PAYLOAD_MAX_BYTES, POOL_TAG_STORE);
        if (!New->Text) {
            PoolFree(New, POOL_TAG_STORE);
            return NULL;
        }
        New->Core.reply = New->Text;
        New->Core.reply_room = XEN_STORE_PAYLOAD_MAX_BYTES;
    } else if (Command->Operation == XENBUS_STORE_READ ||
               Command->Operation == XENBUS_STORE_DIRECTORY) {
        New->Core.reply = New->Answer;
        New->Core.reply_room = New->AnswerRoom;
    }
    return New;
}

static VOID FreeRequest(_In_ PXENBUS_STORE_REQUEST Request)
{
    PoolFree(Request->Text, POOL_TAG_STORE);
    PoolFree(Request, POOL_TAG_STORE);
}

/* --- What comes back. */

static NTSTATUS AnswerPermissions(_In_ PXENBUS_STORE_REQUEST Request, _Out_ PULONG Length)
{
    ULONG Room = Request->AnswerRoom / sizeof(XENBUS_STORE_PERMISSION);
    ULONG Entries = 0;
    uint32_t Count;

    for (ULONG i = 0; i < Request->Core.reply_length; i++)
        Entries += Request->Text[i] == 0;
    *Length = Entries * sizeof(XENBUS_STORE_PERMISSION);
    if (Entries > Room)
        return STATUS_BUFFER_OVERFLOW;
    if (!xs_permissions_read(Request->Text, Request->Core.reply_length, Request->Answer, Room,
                             &Count))
        return STATUS_IO_DEVICE_ERROR;
    return STATUS_SUCCESS;
}

static NTSTATUS AnswerTransaction(_In_ PXENBUS_STORE_REQUEST Request, _Out_ PULONG Length)
{
    XENBUS_STORE_TRANSACTION Transaction = {Request->Core.transaction.number,
                                            Request->Core.transaction.epoch};

    *Length = sizeof(Transaction); /* StoreSubmit made sure of the room */
    RtlCopyMemory(Request->Answer, &Transaction, sizeof(Transaction));
    return STATUS_SUCCESS;
}

VOID StoreComplete(_In_ PXENBUS_STORE_REQUEST Request)
{
    NTSTATUS Status = StoreStatus(Request->Core.error);
    ULONG Length = 0;

    if (Request->Operation == XENBUS_STORE_READ || Request->Operation == XENBUS_STORE_DIRECTORY) {
        if (Status == STATUS_SUCCESS || Status == STATUS_BUFFER_OVERFLOW)
            Length = Request->Core.reply_length;
    } else if (Status == STATUS_SUCCESS) {
        if (Request->Operation == XENBUS_STORE_GET_PERMISSIONS)
            Status = AnswerPermissions(Request, &Length);
        else if (Request->Operation == XENBUS_STORE_BEGIN)
            Status = AnswerTransaction(Request, &Length);
    }
    Request->Completed(Request->Argument, Status, Length);
    FreeRequest(Request);
}

/* --- Submit and cancel. */

NTSTATUS NTAPI StoreSubmit(_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command,
                           _In_ XENBUS_STORE_COMPLETED *Completed, _In_opt_ PVOID Argument,
                           _Out_opt_ PXENBUS_STORE_REQUEST *Request)
{
    PXENBUS_STORE Store = StoreOf(Context);
    ULONG Room = PayloadRoom(Command);
    PXENBUS_STORE_REQUEST New;
    KIRQL Irql;

    if (Request)
        *Request = NULL;
    if (!Room || !Completed)
        return STATUS_INVALID_PARAMETER;
    if (Command->Operation == XENBUS_STORE_BEGIN &&
        (!Command->Answer || Command->AnswerRoom < sizeof(XENBUS_STORE_TRANSACTION)))
        return STATUS_BUFFER_TOO_SMALL;
    if ((Command->Operation == XENBUS_STORE_COMMIT || Command->Operation == XENBUS_STORE_ABORT) &&
        !Command->Transaction.Number)
        return STATUS_INVALID_PARAMETER;
    New = MakeRequest(Command, Room);
    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Completed = Completed;
    New->Argument = Argument;
    if (Request)
        *Request = New; /* before Completed can be called */
    StoreLock(Store, &Irql);
    xs_client_submit(&Store->Client, &New->Core);
    StoreUnlock(Store, Irql);
    StorePumpSoon(Store);
    return STATUS_PENDING;
}

BOOLEAN NTAPI StoreCancel(_In_ PVOID Context, _In_ PXENBUS_STORE_REQUEST Request)
{
    PXENBUS_STORE Store = StoreOf(Context);
    BOOLEAN Cancelled;
    KIRQL Irql;

    StoreLock(Store, &Irql);
    Cancelled = xs_client_cancel(&Store->Client, &Request->Core);
    StoreUnlock(Store, Irql);
    if (Cancelled)
        FreeRequest(Request);
    return Cancelled;
}

/* --- Execute: who waits for a submitted command. Lock is taken before the store's; the request
 * lives at least until OnExecuted has got it. */

typedef struct _EXECUTION {
    KSPIN_LOCK Lock;
    KEVENT Done;
    BOOLEAN Completed;
    NTSTATUS Status;
    ULONG Length;
} EXECUTION, *PEXECUTION;

static VOID NTAPI OnExecuted(_In_opt_ PVOID Argument, _In_ NTSTATUS Status, _In_ ULONG Length)
{
    PEXECUTION Execution = Argument;

    KeAcquireSpinLockAtDpcLevel(&Execution->Lock);
    Execution->Completed = TRUE;
    Execution->Status = Status;
    Execution->Length = Length;
    (VOID) KeSetEvent(&Execution->Done, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLockFromDpcLevel(&Execution->Lock);
}

/* TRUE: the request is gone and will not be completed. */
static BOOLEAN GiveUp(_In_ PVOID Context, _Inout_ PEXECUTION Execution,
                      _In_ PXENBUS_STORE_REQUEST Request)
{
    BOOLEAN Gone;
    KIRQL Irql;

    KeAcquireSpinLock(&Execution->Lock, &Irql);
    Gone = !Execution->Completed && StoreCancel(Context, Request);
    KeReleaseSpinLock(&Execution->Lock, Irql);
    return Gone;
}

NTSTATUS NTAPI StoreExecute(_In_ PVOID Context, _In_ const XENBUS_STORE_COMMAND *Command,
                            _In_ ULONG TimeoutMs, _Out_opt_ PULONG AnswerLength)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)TimeoutMs * 10000};
    EXECUTION Execution = {.Completed = FALSE};
    PXENBUS_STORE_REQUEST Request;
    NTSTATUS Status;
    KIRQL Irql;

    if (AnswerLength)
        *AnswerLength = 0;
    KeInitializeSpinLock(&Execution.Lock);
    KeInitializeEvent(&Execution.Done, NotificationEvent, FALSE);
    Status = StoreSubmit(Context, Command, OnExecuted, &Execution, &Request);
    if (Status != STATUS_PENDING)
        return Status;
    Status = KeWaitForSingleObject(&Execution.Done, Executive, KernelMode, FALSE, &Timeout);
    if (Status != STATUS_SUCCESS) {
        if (GiveUp(Context, &Execution, Request))
            return STATUS_IO_TIMEOUT;
        (VOID) KeWaitForSingleObject(&Execution.Done, Executive, KernelMode, FALSE, NULL);
    }
    KeAcquireSpinLock(&Execution.Lock, &Irql); /* OnExecuted has let go of it */
    KeReleaseSpinLock(&Execution.Lock, Irql);
    if (AnswerLength)
        *AnswerLength = Execution.Length;
    return Execution.Status;
}
