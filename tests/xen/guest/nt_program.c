/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt_program.h"

#include <initguid.h>

#include "harness.h"
#include "windows/kernel/xeniface/contract.h"
#include "model/device_interface.h"
#include "model/process.h"
#include "model/security.h"
#include "model/user.h"

enum { BUFFER_BYTES = 4096, PATH_CHARACTERS = 200 };

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

static NTSTATUS call(HANDLE device, ULONG code, const char *in, ULONG in_bytes, char *out)
{
    char *from = user_alloc(BUFFER_BYTES), *to = user_alloc(BUFFER_BYTES);
    NTSTATUS status;

    memcpy(from, in, in_bytes);
    status = user_fire_ioctl(device, code, from, in_bytes, out ? to : NULL, out ? BUFFER_BYTES : 0);
    if (out)
        memcpy(out, to, BUFFER_BYTES);
    user_free(from);
    user_free(to);
    return status;
}

void program_uses_store(HANDLE device)
{
    static char out[BUFFER_BYTES];
    static const char written[] = "data/nt\0from a shipped driver\0";

    CHECK_EQ(call(device, IOCTL_XENIFACE_STORE_READ, "domid", 6, out), STATUS_SUCCESS);
    CHECK(out[0] >= '1' && out[0] <= '9');
    CHECK_EQ(call(device, IOCTL_XENIFACE_STORE_WRITE, written, sizeof(written), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(call(device, IOCTL_XENIFACE_STORE_READ, "data/nt", 8, out), STATUS_SUCCESS);
    CHECK(strcmp(out, "from a shipped driver") == 0);
    CHECK_EQ(call(device, IOCTL_XENIFACE_STORE_DIRECTORY, "data", 5, out), STATUS_SUCCESS);
    CHECK_EQ(call(device, IOCTL_XENIFACE_STORE_REMOVE, "data/nt", 8, NULL), STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(call(device, IOCTL_XENIFACE_STORE_READ, "data/nt", 8, out)));
}
