/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves XenStore through the IOCTLs: reading, writing, listing, removing, permissions, watches;
 * what callers without enough room get, and what is no path.
 */
#include "fake_bus.h"
#include "program.h"

static NTSTATUS Read(HANDLE Handle, const char *Path, char *Value, ULONG Room, ULONG_PTR *Got)
{
    return Call(Handle, IOCTL_XENIFACE_STORE_READ, Path, (ULONG)strlen(Path) + 1, Value, Room, Got);
}

static void keys(void *Unused)
{
    HANDLE Handle = OpenAll();
    char Value[FAKE_TEXT + 1], Long[FAKE_TEXT + 1];
    ULONG_PTR Got;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "a/b\0hello\0", 11, NULL, 0, NULL),
             STATUS_SUCCESS);
    CHECK(strcmp(FakeStoreGet("a/b"), "hello") == 0);
    CHECK_EQ(Read(Handle, "a/b", Value, 6, &Got), STATUS_SUCCESS);
    CHECK_EQ(Got, 6);
    CHECK(strcmp(Value, "hello") == 0);
    /* No room asks for the size; too little is an error. */
    CHECK_EQ(Read(Handle, "a/b", NULL, 0, &Got), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(Read(Handle, "a/b", Value, 5, &Got), STATUS_INVALID_PARAMETER);
    CHECK_EQ(Read(Handle, "a/c", Value, 6, &Got), STATUS_OBJECT_NAME_NOT_FOUND);
    /* Empty values, and the longest that a message carries. */
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "a/b\0", 5, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(Read(Handle, "a/b", Value, 1, &Got), STATUS_SUCCESS);
    CHECK_EQ(Value[0], 0);
    memset(Long, 'x', FAKE_TEXT);
    Long[FAKE_TEXT] = '\0';
    FakeStoreSet("a/b", Long);
    CHECK_EQ(Read(Handle, "a/b", Value, sizeof(Value), &Got), STATUS_SUCCESS);
    CHECK_EQ(Got, FAKE_TEXT + 1);
    CHECK(strcmp(Value, Long) == 0);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_REMOVE, "a/b", 4, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK(FakeStoreGet("a/b") == NULL);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_REMOVE, "a/b", 4, NULL, 0, NULL),
             STATUS_OBJECT_NAME_NOT_FOUND);
    Bus.StoreFailure = STATUS_IO_TIMEOUT;
    CHECK_EQ(Read(Handle, "a/b", Value, 6, &Got), STATUS_IO_TIMEOUT);
    Bus.StoreFailure = STATUS_SUCCESS;
    Close(Handle);
}

NT_TEST(keys_are_written_read_and_removed)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(keys, NULL);
    FakeBusStop();
}

static NTSTATUS List(HANDLE Handle, const char *Path, char *Names, ULONG Room, ULONG_PTR *Got)
{
    return Call(Handle, IOCTL_XENIFACE_STORE_DIRECTORY, Path, (ULONG)strlen(Path) + 1, Names, Room,
                Got);
}

static void directories(void *Unused)
{
    HANDLE Handle = OpenAll();
    char Names[32];
    ULONG_PTR Got;

    UNREFERENCED_PARAMETER(Unused);
    FakeStoreSet("d", "");
    memset(Names, 'x', sizeof(Names));
    CHECK_EQ(List(Handle, "d", Names, sizeof(Names), &Got), STATUS_SUCCESS);
    CHECK_EQ(Got, 2);
    CHECK(memcmp(Names, "\0\0", 2) == 0);
    FakeStoreSet("d/one", "1");
    FakeStoreSet("d/three", "3");
    CHECK_EQ(List(Handle, "d", Names, sizeof(Names), &Got), STATUS_SUCCESS);
    CHECK_EQ(Got, 11);
    CHECK(memcmp(Names, "one\0three\0", 11) == 0);
    CHECK_EQ(List(Handle, "d", Names, 10, &Got), STATUS_INVALID_PARAMETER);
    CHECK_EQ(List(Handle, "d", Names, 11, &Got), STATUS_SUCCESS);
    CHECK_EQ(List(Handle, "d", NULL, 0, &Got), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(List(Handle, "e", Names, 10, &Got), STATUS_OBJECT_NAME_NOT_FOUND);
    Close(Handle);
}

NT_TEST(directories_are_listed)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(directories, NULL);
    FakeBusStop();
}

static void bad_text(void *Unused)
{
    static const struct {
        const char *Bytes;
        ULONG Length;
    } Bad[] = {{"abc", 3}, {"a\nb", 4}, {"\xff", 2}, {"a\x01", 3}};
    static char Long[3072];
    HANDLE Handle = OpenAll();
    char Value[8];

    UNREFERENCED_PARAMETER(Unused);
    memset(Long, 'a', sizeof(Long));
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Bad); Index++) {
        CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, Bad[Index].Bytes, Bad[Index].Length, Value,
                      8, NULL),
                 STATUS_INVALID_PARAMETER);
        CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_DIRECTORY, Bad[Index].Bytes, Bad[Index].Length,
                      Value, 8, NULL),
                 STATUS_INVALID_PARAMETER);
        CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_REMOVE, Bad[Index].Bytes, Bad[Index].Length,
                      NULL, 0, NULL),
                 STATUS_INVALID_PARAMETER);
        CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, Bad[Index].Bytes, Bad[Index].Length, NULL,
                      0, NULL),
                 STATUS_INVALID_PARAMETER);
    }
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, Long, sizeof(Long), Value, 8, NULL),
             STATUS_INVALID_PARAMETER);
    /* A path, and no value; a value without its end. */
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "ab", 3, NULL, 0, NULL),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "ab\0cd", 5, NULL, 0, NULL),
             STATUS_INVALID_PARAMETER);
    Close(Handle);
}

NT_TEST(what_is_no_path_is_refused)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(bad_text, NULL);
    FakeBusStop();
}

static NTSTATUS SetPermissions(HANDLE Handle, const char *Path, ULONG Length, ULONG Count,
                               ULONG Mask)
{
    UCHAR Buffer[16 + 256 * 8] = {0};
    XENIFACE_STORE_SET_PERMISSIONS_IN *In = (PVOID)Buffer;
    PCHAR UserPath = Path == NULL ? (PCHAR)0x30000 : Memory(Length);
    NTSTATUS Status;

    if (Path != NULL)
        memcpy(UserPath, Path, Length);
    In->Path = UserPath;
    In->PathLength = Length;
    In->NumberPermissions = Count;
    for (ULONG Index = 0; Index < Count && Index < 256; Index++) {
        In->Permissions[Index].Domain = (USHORT)(Index + 3);
        In->Permissions[Index].Mask = Mask;
    }
    Status = Call(Handle, IOCTL_XENIFACE_STORE_SET_PERMISSIONS, In,
                  16 + 8 * (Count < 256 ? Count : 255), NULL, 0, NULL);
    if (Path != NULL)
        FreeMemory(UserPath, Length);
    return Status;
}

static void permissions(void *Unused)
{
    HANDLE Handle = OpenAll();
    USHORT Domain;

    UNREFERENCED_PARAMETER(Unused);
    FakeStoreSet("p", "");
    CHECK_EQ(SetPermissions(Handle, "p", 2, 1, XENIFACE_STORE_PERM_NONE), STATUS_SUCCESS);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 255, XENIFACE_STORE_PERM_READ), STATUS_SUCCESS);
    CHECK_EQ(FakeStorePermissions("p", 254, &Domain), 1);
    CHECK_EQ(Domain, 257);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 2, 3), STATUS_SUCCESS);
    CHECK_EQ(FakeStorePermissions("p", 1, &Domain), 3);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 1, 4), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 0, 0), STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 256, 0), STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(SetPermissions(Handle, "p", 2, 0xffffffff, 0), STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(SetPermissions(Handle, "p", 1, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SetPermissions(Handle, "p\0", 3, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SetPermissions(Handle, NULL, 0, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SetPermissions(Handle, NULL, 3073, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SetPermissions(Handle, NULL, 2, 1, 0), STATUS_ACCESS_VIOLATION);
    Close(Handle);
}

NT_TEST(permissions_are_set)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(permissions, NULL);
    FakeBusStop();
}

static void watches(void *Unused)
{
    HANDLE Handle = OpenAll(), Other = OpenAll(), Event = NewEvent();
    PVOID Watch = NULL, Second = NULL;

    UNREFERENCED_PARAMETER(Unused);
    CHECK_EQ(AddWatch(Handle, "w", Event, &Watch), STATUS_SUCCESS);
    CHECK(TakeEvent(Event)); /* once at the start */
    FakeStoreSet("x", "1");
    CHECK(!TakeEvent(Event));
    FakeStoreSet("w/below", "1");
    CHECK(TakeEvent(Event));
    /* Its name is no address, and is this handle's. */
    CHECK((ULONG64)Watch < 0x10000);
    CHECK_EQ(RemoveWatch(Other, Watch), STATUS_NOT_FOUND);
    CHECK_EQ(RemoveWatch(Handle, Event), STATUS_NOT_FOUND);
    CHECK_EQ(AddWatch(Handle, "w", Event, &Second), STATUS_SUCCESS);
    CHECK(Second != Watch);
    CHECK_EQ(RemoveWatch(Handle, Watch), STATUS_SUCCESS);
    CHECK_EQ(RemoveWatch(Handle, Watch), STATUS_NOT_FOUND);
    CHECK_EQ(RemoveWatch(Handle, Second), STATUS_SUCCESS);
    (VOID) TakeEvent(Event);
    FakeStoreSet("w", "2");
    CHECK(!TakeEvent(Event));
    CHECK_EQ(AddWatch(Handle, "w", NULL, &Watch), STATUS_INVALID_HANDLE);
    CHECK_EQ(AddWatch(Handle, "w", Other, &Watch), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(Bus.Watches, 1); /* the driver's own */
    Close(Other);
    Close(Handle);
    Close(Event);
}

NT_TEST(a_watch_sets_its_event_until_it_is_removed, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(watches, NULL);
    FakeBusStop();
}

static void many_watches(void *Unused)
{
    HANDLE Handle = OpenAll(), Event = NewEvent();
    PVOID Watch;
    ULONG Count = 0;

    UNREFERENCED_PARAMETER(Unused);
    while (NT_SUCCESS(AddWatch(Handle, "w", Event, &Watch)))
        Count++;
    CHECK_EQ(Count, 1024);
    CHECK_EQ(AddWatch(Handle, "w", Event, &Watch), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(Bus.Watches, 1025);
    Close(Event);
    Close(Handle);
    CHECK_EQ(Bus.Watches, 1);
}

NT_TEST(a_handle_has_so_many_watches_and_no_more, .cpus = 1)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(many_watches, NULL);
    FakeBusStop();
}
