/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that every control code takes exactly the buffers of its contract and nothing else, that
 * it needs the access that the driver's table says although its number says FILE_ANY_ACCESS, and
 * that only 64-bit programs of the system or of administrators reach it.
 */
#include "fake_bus.h"
#include "program.h"

typedef struct _CODE {
    ULONG Code;
    ULONG Access; /* FILE_READ_ACCESS, FILE_WRITE_ACCESS */
    ULONG In, Out;
    BOOLEAN InVaries, OutVaries; /* then any size up to a limit is looked at by the handler */
} CODE;

static const CODE Codes[] = {
    {IOCTL_XENIFACE_STORE_READ, 1, 8, 16, TRUE, TRUE},
    {IOCTL_XENIFACE_STORE_WRITE, 2, 8, 0, TRUE, FALSE},
    {IOCTL_XENIFACE_STORE_DIRECTORY, 1, 8, 16, TRUE, TRUE},
    {IOCTL_XENIFACE_STORE_REMOVE, 2, 8, 0, TRUE, FALSE},
    {IOCTL_XENIFACE_STORE_SET_PERMISSIONS, 2, 24, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_STORE_ADD_WATCH, 1, 24, 8, FALSE, FALSE},
    {IOCTL_XENIFACE_STORE_REMOVE_WATCH, 1, 8, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN, 3, 24, 4, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, 3, 16, 4, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_CLOSE, 3, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_NOTIFY, 2, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_UNMASK, 1, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_EVTCHN_QUERY_PEER, 1, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, 3, 24, 12, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, 3, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, 3, 28, 8, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES, 3, 4, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, 3, 32, 12, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, 3, 8, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2, 3, 24, 8, FALSE, FALSE},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2, 3, 8, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_SUSPEND_GET_COUNT, 1, 0, 4, FALSE, FALSE},
    {IOCTL_XENIFACE_SUSPEND_REGISTER, 1, 8, 8, FALSE, FALSE},
    {IOCTL_XENIFACE_SUSPEND_DEREGISTER, 1, 8, 0, FALSE, FALSE},
    {IOCTL_XENIFACE_SHAREDINFO_GET_TIME, 1, 0, 12, FALSE, FALSE},
    {IOCTL_XENIFACE_LOG, 2, 8, 0, TRUE, FALSE},
};

static ULONG Zeros[4096];

/* A request that is as large as it says and otherwise empty; what should begin does not. */
static NTSTATUS Ask(HANDLE Handle, const CODE *Code, ULONG In, ULONG Out)
{
    return Call(Handle, Code->Code, Zeros, In, NULL, Out, NULL);
}

static void all_sizes(void *Unused)
{
    HANDLE Handle = OpenAll();

    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Codes); Index++) {
        const CODE *Code = &Codes[Index];

        for (ULONG In = 0; In <= 40; In++)
            if (In < Code->In && !Code->InVaries)
                CHECK_EQ(Ask(Handle, Code, In, Code->Out), STATUS_INVALID_BUFFER_SIZE);
            else if (In != Code->In && !Code->InVaries)
                CHECK(!NT_SUCCESS(Ask(Handle, Code, In, Code->Out)));
        for (ULONG Out = 0; Out <= 20; Out++)
            if (Out != Code->Out && !Code->OutVaries)
                CHECK(!NT_SUCCESS(Ask(Handle, Code, Code->In, Out)));
        /* The right size is not refused as a size; no permissions at all are a size of their own.
         */
        if (Code->In != 0 && Code->Code != IOCTL_XENIFACE_STORE_SET_PERMISSIONS)
            CHECK(Ask(Handle, Code, Code->In, Code->Out) != STATUS_INVALID_BUFFER_SIZE);
    }
    Close(Handle);
}

NT_TEST(every_code_takes_its_size_and_no_other)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(all_sizes, NULL);
    FakeBusStop();
}

static void sizes_that_vary(void *Unused)
{
    HANDLE Handle = OpenAll();

    UNREFERENCED_PARAMETER(Unused);
    /* No text at all, and more than any has. */
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, NULL, 0, NULL, 8, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_READ, Zeros, 3073, NULL, 8, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, Zeros, 3072 + 4096 + 3, NULL, 0, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, Zeros, 257, NULL, 0, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_SET_PERMISSIONS, Zeros, 16 + 256 * 8, NULL, 0, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    /* Output where there is none. */
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_STORE_WRITE, "a\0b", 4, NULL, 1, NULL),
             STATUS_INVALID_BUFFER_SIZE);
    CHECK_EQ(Call(Handle, IOCTL_XENIFACE_LOG, "a", 2, NULL, 4, NULL), STATUS_INVALID_BUFFER_SIZE);
    Close(Handle);
}

NT_TEST(text_has_limits)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(sizes_that_vary, NULL);
    FakeBusStop();
}

static BOOLEAN Known(ULONG Code)
{
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Codes); Index++)
        if (Codes[Index].Code == Code)
            return TRUE;
    return FALSE;
}

static void unknown_codes(void *Unused)
{
    HANDLE Handle = OpenAll();

    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Code = 0x221ff0; Code < 0x222200; Code++)
        if (!Known(Code))
            CHECK_EQ(Call(Handle, Code, Zeros, 24, NULL, 8, NULL), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(Call(Handle, 0xffffffff, Zeros, 24, NULL, 8, NULL), STATUS_INVALID_DEVICE_REQUEST);
    Close(Handle);
}

NT_TEST(unknown_codes_are_refused)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(unknown_codes, NULL);
    FakeBusStop();
}

static void each_access(void *Unused)
{
    static const ACCESS_MASK Opens[] = {0, FILE_READ_DATA, FILE_WRITE_DATA,
                                        FILE_READ_DATA | FILE_WRITE_DATA};

    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Has = 0; Has < RTL_NUMBER_OF(Opens); Has++) {
        HANDLE Handle;

        CHECK_EQ(Open(Opens[Has] | FILE_READ_ATTRIBUTES, &Handle), STATUS_SUCCESS);
        for (ULONG Index = 0; Index < RTL_NUMBER_OF(Codes); Index++) {
            NTSTATUS Status = Ask(Handle, &Codes[Index], Codes[Index].In, Codes[Index].Out);

            if ((Codes[Index].Access & Has) == Codes[Index].Access)
                CHECK(Status != STATUS_ACCESS_DENIED);
            else
                CHECK_EQ(Status, STATUS_ACCESS_DENIED);
        }
        Close(Handle);
    }
}

/* CVE-2025-27464's class: whoever had a handle could do everything. */
NT_TEST(every_code_needs_its_access)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(each_access, NULL);
    FakeBusStop();
}

static NTSTATUS OpenStatus;

static void try_to_open(void *Unused)
{
    HANDLE Handle;

    UNREFERENCED_PARAMETER(Unused);
    OpenStatus = Open(GENERIC_READ | GENERIC_WRITE, &Handle);
    if (NT_SUCCESS(OpenStatus))
        Close(Handle);
}

NT_TEST(only_the_system_and_administrators_open)
{
    static const struct {
        const struct security_token *Token;
        NTSTATUS Status;
    } Who[] = {{&security_system, STATUS_SUCCESS},
               {&security_administrator, STATUS_SUCCESS},
               {&security_user, STATUS_ACCESS_DENIED},
               {&security_anonymous, STATUS_ACCESS_DENIED}};

    CHECK(NT_SUCCESS(FakeBusStart()));
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Who); Index++) {
        PEPROCESS Process = process_create("opener", Who[Index].Token);

        process_run(Process, try_to_open, NULL);
        CHECK_EQ(OpenStatus, Who[Index].Status);
        Kill(Process);
    }
    FakeBusStop();
}

NT_TEST(a_32_bit_program_is_told_so)
{
    PEPROCESS Process;

    CHECK(NT_SUCCESS(FakeBusStart()));
    Process = process_create("old", &security_administrator);
    process_set_32bit(Process);
    process_run(Process, try_to_open, NULL);
    CHECK_EQ(OpenStatus, STATUS_INVALID_IMAGE_WIN_32);
    Kill(Process);
    FakeBusStop();
}

static void many_openings(void *Unused)
{
    HANDLE Handles[20];

    UNREFERENCED_PARAMETER(Unused);
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Handles); Index++)
        Handles[Index] = OpenAll();
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Handles); Index += 2)
        Close(Handles[Index]);
    /* the others are the process's end's */
}

NT_TEST(handles_come_and_go, .seeds = 10)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(many_openings, NULL);
    FakeBusStop();
}
