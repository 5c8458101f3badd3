/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt_program.h"

#include <initguid.h>

#include "harness.h"
#include "windows/kernel/xeniface/contract.h"
#include "model/device_interface.h"
#include "model/machine.h"
#include "model/process.h"
#include "model/security.h"
#include "model/user.h"
#include "nt_world.h"

enum { PATH_CHARACTERS = 200, LIMIT_S = 60, SLICE = 1000000 /* 100 ms */ };

static HANDLE open_device(void)
{
    WCHAR path[PATH_CHARACTERS];
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    HANDLE device;

    CHECK(device_interface_find(&GUID_INTERFACE_XENIFACE, 0, path, PATH_CHARACTERS));
    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(NtCreateFile(&device, GENERIC_READ | GENERIC_WRITE, &attributes, &result, NULL, 0, 0,
                          FILE_OPEN, 0, NULL, 0),
             STATUS_SUCCESS);
    return device;
}

static void main_of_program(void *context)
{
    void (*program)(HANDLE device) = *(void (**)(HANDLE))context;
    HANDLE device = open_device();

    program(device);
    CHECK_EQ(NtClose(device), STATUS_SUCCESS);
}

void program_run(void (*program)(HANDLE device))
{
    PEPROCESS process = process_create("a program", &security_administrator);

    process_run(process, main_of_program, &program);
    process_end(process);
    process_release(process);
}

NTSTATUS program_call(HANDLE device, ULONG code, const void *in, ULONG in_bytes, void *out,
                      ULONG out_bytes)
{
    char *from = user_alloc(PAGE_SIZE), *to = user_alloc(PAGE_SIZE);
    NTSTATUS status;

    memcpy(from, in, in_bytes);
    status = user_fire_ioctl(device, code, from, in_bytes, out ? to : NULL, out_bytes);
    if (out)
        memcpy(out, to, out_bytes);
    user_free(from);
    user_free(to);
    return status;
}

/* Two strings in one buffer, and an end. */
void program_write_key(HANDLE device, const char *path, const char *value)
{
    char bytes[2 * PATH_CHARACTERS] = {0};
    SIZE_T first = strlen(path) + 1;

    memcpy(bytes, path, first);
    memcpy(bytes + first, value, strlen(value));
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_WRITE, bytes,
                          (ULONG)(first + strlen(value) + 2), NULL, 0),
             STATUS_SUCCESS);
}

NTSTATUS program_read_key(HANDLE device, const char *path, char *value, ULONG room)
{
    return program_call(device, IOCTL_XENIFACE_STORE_READ, path, (ULONG)strlen(path) + 1, value,
                        room);
}

HANDLE program_event(void)
{
    HANDLE event;

    CHECK_EQ(NtCreateEvent(&event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE),
             STATUS_SUCCESS);
    return event;
}

void program_wait(HANDLE event)
{
    uint64_t end = nt_world_now_ns() + LIMIT_S * 1000000000ull;
    LARGE_INTEGER slice = {.QuadPart = -SLICE};

    while (NtWaitForSingleObject(event, FALSE, &slice) == STATUS_TIMEOUT)
        CHECK(nt_world_now_ns() < end);
}

HANDLE program_watch(HANDLE device, const char *path)
{
    XENIFACE_STORE_ADD_WATCH_IN watch = {.PathLength = (ULONG)strlen(path) + 1,
                                         .Event = program_event()};
    XENIFACE_STORE_ADD_WATCH_OUT added;

    watch.Path = user_alloc(watch.PathLength);
    memcpy(watch.Path, path, watch.PathLength);
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_ADD_WATCH, &watch, sizeof(watch), &added,
                          sizeof(added)),
             STATUS_SUCCESS);
    user_free(watch.Path);
    program_wait(watch.Event); /* each begins with one */
    return watch.Event;
}

void program_asks_dom0(HANDLE device)
{
    static ULONG asked; /* the partner takes each number once */
    HANDLE go = program_watch(device, "data/go");
    char ask[16];

    model_text(ask, sizeof(ask), "%u ready", ++asked);
    program_write_key(device, "data/partner/ask", ask);
    program_wait(go);
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_REMOVE, "data/go", 8, NULL, 0),
             STATUS_SUCCESS);
}

void program_uses_store(HANDLE device)
{
    char value[PATH_CHARACTERS];

    CHECK_EQ(program_read_key(device, "domid", value, sizeof(value)), STATUS_SUCCESS);
    CHECK(value[0] >= '1' && value[0] <= '9');
    program_write_key(device, "data/nt", "from a shipped driver");
    CHECK_EQ(program_read_key(device, "data/nt", value, sizeof(value)), STATUS_SUCCESS);
    CHECK(strcmp(value, "from a shipped driver") == 0);
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_DIRECTORY, "data", 5, value, sizeof(value)),
             STATUS_SUCCESS);
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_REMOVE, "data/nt", 8, NULL, 0),
             STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(program_read_key(device, "data/nt", value, sizeof(value))));
}
