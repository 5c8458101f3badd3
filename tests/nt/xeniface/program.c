/* SPDX-License-Identifier: BSD-2-Clause */
/* See program.h. */
#include <initguid.h>

#include "program.h"

#include "model/device_interface.h"
#include "model/user.h"

PEPROCESS Start(process_main_fn *Main, void *Context)
{
    PEPROCESS Process = process_create("program", &security_administrator);

    process_run(Process, Main, Context);
    return Process;
}

void Run(PEPROCESS Process, process_main_fn *Main, void *Context)
{
    process_run(Process, Main, Context);
}

void Kill(PEPROCESS Process)
{
    process_end(Process);
    process_release(Process);
}

void Program(process_main_fn *Main, void *Context)
{
    Kill(Start(Main, Context));
}

/* --- Inside */

NTSTATUS Open(ACCESS_MASK Access, HANDLE *Handle)
{
    WCHAR Path[256];
    UNICODE_STRING Name;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Result;

    if (!device_interface_find(&GUID_INTERFACE_XENIFACE, 0, Path, RTL_NUMBER_OF(Path)))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    RtlInitUnicodeString(&Name, Path);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtCreateFile(Handle, Access | SYNCHRONIZE, &Attributes, &Result, NULL, 0,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
}

HANDLE OpenAll(void)
{
    HANDLE Handle = NULL;

    CHECK_EQ(Open(GENERIC_READ | GENERIC_WRITE, &Handle), STATUS_SUCCESS);
    return Handle;
}

void Close(HANDLE Handle)
{
    CHECK_EQ(NtClose(Handle), STATUS_SUCCESS);
}

HANDLE NewEvent(void)
{
    HANDLE Event = NULL;

    CHECK_EQ(NtCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    return Event;
}

BOOLEAN TakeEvent(HANDLE Event)
{
    LONG Before = 0;

    CHECK_EQ(NtResetEvent(Event, &Before), STATUS_SUCCESS);
    return Before != 0;
}

static ULONG Rest(SIZE_T Bytes)
{
    return (ULONG)((PAGE_SIZE - Bytes % PAGE_SIZE) % PAGE_SIZE);
}

PVOID Memory(SIZE_T Bytes)
{
    return Bytes == 0 ? NULL : (PUCHAR)user_alloc(Bytes + Rest(Bytes)) + Rest(Bytes);
}

void FreeMemory(PVOID Address, SIZE_T Bytes)
{
    if (Bytes != 0)
        user_free((PUCHAR)Address - Rest(Bytes));
}

static PVOID CopyToMemory(const void *Bytes, SIZE_T Length)
{
    PVOID Copy = Memory(Length);

    if (Length != 0 && Bytes != NULL)
        memcpy(Copy, Bytes, Length);
    return Copy;
}

void Begin(PENDING *Pending, HANDLE Handle, ULONG Code, const void *In, ULONG InLength,
           ULONG OutLength)
{
    *Pending = (PENDING){.Handle = Handle, .InLength = InLength, .OutLength = OutLength};
    Pending->In = CopyToMemory(In, InLength);
    Pending->Out = CopyToMemory(NULL, OutLength);
    Pending->Result = Memory(sizeof(*Pending->Result));
    Pending->Result->Status = STATUS_PENDING;
    Pending->Status = NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Pending->Result, Code,
                                            Pending->In, InLength, Pending->Out, OutLength);
    if (Pending->Status != STATUS_PENDING) {
        FreeMemory(Pending->In, InLength);
        FreeMemory(Pending->Out, OutLength);
        FreeMemory(Pending->Result, sizeof(*Pending->Result));
    }
}

BOOLEAN IsOver(const PENDING *Pending)
{
    return Pending->Result->Status != STATUS_PENDING;
}

static bool OverTest(void *Pending)
{
    return IsOver(Pending);
}

NTSTATUS Finish(PENDING *Pending)
{
    NTSTATUS Status;

    test_run_until(OverTest, Pending, 60000);
    Status = Pending->Result->Status;
    FreeMemory(Pending->In, Pending->InLength);
    FreeMemory(Pending->Out, Pending->OutLength);
    FreeMemory(Pending->Result, sizeof(*Pending->Result));
    return Status;
}

void Cancel(PENDING *Pending)
{
    IO_STATUS_BLOCK Result;

    CHECK_EQ(NtCancelIoFileEx(Pending->Handle, Pending->Result, &Result), STATUS_SUCCESS);
}

NTSTATUS Call(HANDLE Handle, ULONG Code, const void *In, ULONG InLength, void *Out, ULONG OutLength,
              ULONG_PTR *Information)
{
    PVOID UserIn = CopyToMemory(In, InLength);
    PVOID UserOut = CopyToMemory(Out, OutLength);
    IO_STATUS_BLOCK *Result = Memory(sizeof(*Result));
    NTSTATUS Status;

    Result->Status = STATUS_PENDING;
    Result->Information = 0;
    Status = NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Result, Code, UserIn, InLength,
                                   UserOut, OutLength);
    CHECK(Status != STATUS_PENDING); /* what pends takes Begin */
    if (Information != NULL)
        *Information = NT_ERROR(Status) ? 0 : Result->Information;
    if (OutLength != 0 && Out != NULL)
        memcpy(Out, UserOut, OutLength);
    FreeMemory(UserIn, InLength);
    FreeMemory(UserOut, OutLength);
    FreeMemory(Result, sizeof(*Result));
    return Status;
}

/* --- By name */

NTSTATUS BindUnbound(HANDLE Handle, USHORT Domain, HANDLE Event, BOOLEAN Mask, ULONG *Port)
{
    XENIFACE_EVTCHN_BIND_UNBOUND_IN In = {.RemoteDomain = Domain, .Mask = Mask, .Event = Event};

    return Call(Handle, IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, &In, sizeof(In), Port, sizeof(*Port),
                NULL);
}

NTSTATUS PortCall(HANDLE Handle, ULONG Code, ULONG Port)
{
    return Call(Handle, Code, &Port, sizeof(Port), NULL, 0, NULL);
}

NTSTATUS AddWatch(HANDLE Handle, const char *Path, HANDLE Event, PVOID *Watch)
{
    ULONG Length = (ULONG)strlen(Path) + 1;
    PCHAR UserPath = CopyToMemory(Path, Length);
    XENIFACE_STORE_ADD_WATCH_IN In = {.Path = UserPath, .PathLength = Length, .Event = Event};
    NTSTATUS Status =
        Call(Handle, IOCTL_XENIFACE_STORE_ADD_WATCH, &In, sizeof(In), Watch, sizeof(*Watch), NULL);

    FreeMemory(UserPath, Length);
    return Status;
}

NTSTATUS RemoveWatch(HANDLE Handle, PVOID Watch)
{
    return Call(Handle, IOCTL_XENIFACE_STORE_REMOVE_WATCH, &Watch, sizeof(Watch), NULL, 0, NULL);
}

void Grant(PENDING *Pending, HANDLE Handle, USHORT Domain, ULONG Pages, PVOID Address, ULONG Flags,
           ULONG Offset, ULONG Port)
{
    XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 In = {.RemoteDomain = Domain,
                                                      .Address = Address,
                                                      .NumberPages = Pages,
                                                      .Flags = Flags,
                                                      .NotifyOffset = Offset,
                                                      .NotifyPort = Port};

    Begin(Pending, Handle, IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, &In, sizeof(In),
          FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT_V2, References) +
              Pages * (ULONG)sizeof(ULONG));
}

void Map(PENDING *Pending, HANDLE Handle, USHORT Domain, ULONG Pages, const ULONG *References,
         ULONG Flags, ULONG Offset, ULONG Port)
{
    ULONG Head = FIELD_OFFSET(XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2, References);
    ULONG64 Buffer[64];
    XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_IN_V2 *In = (PVOID)Buffer;

    CHECK(Head + Pages * sizeof(ULONG) <= sizeof(Buffer));
    In->RemoteDomain = Domain;
    In->NumberPages = Pages;
    In->Flags = Flags;
    In->NotifyOffset = Offset;
    In->NotifyPort = Port;
    memcpy(In->References, References, Pages * sizeof(ULONG));
    Begin(Pending, Handle, IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2, In,
          Head + Pages * (ULONG)sizeof(ULONG), sizeof(PVOID));
}

PVOID AddressOf(const PENDING *Pending)
{
    PVOID Address;

    CHECK_EQ(Pending->Status, STATUS_PENDING);
    memcpy(&Address, Pending->Out, sizeof(Address));
    return Address;
}

ULONG ReferenceOf(const PENDING *Pending, ULONG Page)
{
    ULONG Reference;

    CHECK_EQ(Pending->Status, STATUS_PENDING);
    memcpy(&Reference,
           (PUCHAR)Pending->Out +
               FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT, References) +
               Page * sizeof(ULONG),
           sizeof(Reference));
    return Reference;
}

NTSTATUS Revoke(HANDLE Handle, PVOID Address)
{
    return Call(Handle, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, &Address, sizeof(Address),
                NULL, 0, NULL);
}

NTSTATUS Unmap(HANDLE Handle, PVOID Address)
{
    return Call(Handle, IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2, &Address, sizeof(Address),
                NULL, 0, NULL);
}
