/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that Windows's security descriptors and SDDL let in whom they name, that privileges are
 * the token's, and that malformed ones are reported; with them the rules of processes, device
 * interfaces, device events and files that have no better place.
 */
#include "model_tests/toy.h"

#include "model/device.h"
#include "model/device_interface.h"
#include "model/process.h"
#include "model/security.h"
#include "model/user.h"

static const struct {
    UCHAR revision, count;
    SID_IDENTIFIER_AUTHORITY authority;
    ULONG part[2];
} Administrators = {SID_REVISION, 2, {SECURITY_NT_AUTHORITY}, {32, 544}};

static struct {
    SECURITY_DESCRIPTOR descriptor;
    ULONG acl[32];
} Built;

static void build(void)
{
    CHECK_EQ(RtlCreateSecurityDescriptor(&Built.descriptor, SECURITY_DESCRIPTOR_REVISION),
             STATUS_SUCCESS);
    CHECK_EQ(RtlCreateAcl((PACL)Built.acl, sizeof(Built.acl), ACL_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAce((PACL)Built.acl, ACL_REVISION, FILE_GENERIC_READ,
                                    (PSID)&Administrators),
             STATUS_SUCCESS);
    CHECK_EQ(RtlSetDaclSecurityDescriptor(&Built.descriptor, TRUE, (PACL)Built.acl, FALSE),
             STATUS_SUCCESS);
}

static NTSTATUS check(const struct security_token *token, ACCESS_MASK desired)
{
    SECURITY_SUBJECT_CONTEXT subject = {.PrimaryToken = (PACCESS_TOKEN)token};
    ACCESS_MASK granted;
    NTSTATUS status;

    SeAccessCheck(&Built.descriptor, &subject, FALSE, desired, 0, NULL,
                  IoGetFileObjectGenericMapping(), UserMode, &granted, &status);
    return status;
}

NT_TEST(a_list_lets_in_whom_it_names)
{
    build();
    CHECK_EQ(check(&security_administrator, GENERIC_READ), STATUS_SUCCESS);
    CHECK_EQ(check(&security_administrator, GENERIC_WRITE), STATUS_ACCESS_DENIED);
    CHECK_EQ(check(&security_user, GENERIC_READ), STATUS_ACCESS_DENIED);
    CHECK_EQ(check(&security_system, GENERIC_READ), STATUS_SUCCESS);
    RtlSetDaclSecurityDescriptor(&Built.descriptor, TRUE, NULL, FALSE); /* no list: everybody */
    CHECK_EQ(check(&security_anonymous, GENERIC_ALL), STATUS_SUCCESS);
}

static void privileges(void *context)
{
    LUID load = {.LowPart = SE_LOAD_DRIVER_PRIVILEGE},
         shutdown = {.LowPart = SE_SHUTDOWN_PRIVILEGE};

    CHECK(!SeSinglePrivilegeCheck(load, UserMode));
    CHECK(SeSinglePrivilegeCheck(shutdown, UserMode));
    CHECK(SeSinglePrivilegeCheck(load, KernelMode));
}

NT_TEST(privileges_are_the_tokens)
{
    PEPROCESS process = process_create("a program", &security_user);

    process_run(process, privileges, NULL);
    process_release(process);
}

/* --- Bad drivers. */

NT_TEST_BREAKS(a_broken_descriptor_string, sddl_malformed)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY");
    PSECURITY_DESCRIPTOR descriptor;

    security_from_sddl(&text, &descriptor);
}

NT_TEST_BREAKS(a_sid_of_another_revision, sid_malformed)
{
    SID sid = {.Revision = 9, .SubAuthorityCount = 1};

    RtlCreateAcl((PACL)Built.acl, sizeof(Built.acl), ACL_REVISION);
    RtlAddAccessAllowedAce((PACL)Built.acl, ACL_REVISION, GENERIC_ALL, &sid);
}

NT_TEST_BREAKS(an_acl_that_counts_wrong, acl_malformed)
{
    build();
    ((PACL)Built.acl)->AceCount = 40;
    check(&security_user, GENERIC_READ);
}

NT_TEST_BREAKS(a_check_without_descriptor, access_check_null)
{
    SECURITY_SUBJECT_CONTEXT subject = {.PrimaryToken = (PACCESS_TOKEN)&security_user};
    ACCESS_MASK granted;
    NTSTATUS status;

    SeAccessCheck(NULL, &subject, FALSE, GENERIC_READ, 0, NULL, IoGetFileObjectGenericMapping(),
                  UserMode, &granted, &status);
}

static VOID NTAPI notified(HANDLE parent, HANDLE process, BOOLEAN create)
{
}

NT_TEST_BREAKS(a_process_notification_left, process_notify_left)
{
    PsSetCreateProcessNotifyRoutine(notified, FALSE);
}

NT_TEST_BREAKS(detached_without_attaching, process_not_attached)
{
    KAPC_STATE state = {0};

    KeUnstackDetachProcess(&state);
}

/* --- Interfaces and events. */

static const GUID some_class = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

NT_TEST(an_interface_names_the_device, .faults = true)
{
    WCHAR path[300];
    UNICODE_STRING link;

    toy_plug_in();
    if (NT_SUCCESS(pnp_start(pnp_find("PCI\\VEN_5853&DEV_0001"))) &&
        NT_SUCCESS(IoRegisterDeviceInterface(Toy.toy->pdo, &some_class, NULL, &link))) {
        CHECK(!device_interface_find(&some_class, 0, path, RTL_NUMBER_OF(path)));
        if (NT_SUCCESS(IoSetDeviceInterfaceState(&link, TRUE))) {
            CHECK(device_interface_find(&some_class, 0, path, RTL_NUMBER_OF(path)));
            CHECK_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
        }
        RtlFreeUnicodeString(&link);
    }
    pnp_uninstall("toy");
}

NT_TEST_BREAKS(an_interface_left_enabled, interface_left_enabled)
{
    UNICODE_STRING link;

    toy_started();
    IoRegisterDeviceInterface(Toy.toy->pdo, &some_class, NULL, &link);
    IoSetDeviceInterfaceState(&link, TRUE);
    RtlFreeUnicodeString(&link);
    pnp_uninstall("toy");
}

NT_TEST_BREAKS(an_interface_of_a_function_device, interface_not_pdo)
{
    UNICODE_STRING link;

    toy_started();
    IoRegisterDeviceInterface(Toy.toy->self, &some_class, NULL, &link);
}

NT_TEST_BREAKS(an_interface_of_a_nameless_child, interface_pdo_unnamed)
{
    struct pnp_node *node = toy_started();
    UNICODE_STRING link;
    PDEVICE_OBJECT pdo;

    CHECK_EQ(IoCreateDevice(Toy.driver, sizeof(ULONG), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo),
             STATUS_SUCCESS);
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    Toy.child[0].pdo = pdo;
    pnp_rescan(node);
    IoRegisterDeviceInterface(pdo, &some_class, NULL, &link);
    IoSetDeviceInterfaceState(&link, TRUE);
}

NT_TEST_BREAKS(an_event_on_a_function_device, device_event_not_pdo)
{
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = {.Version = 1, .Size = sizeof(event)};

    toy_started();
    IoReportTargetDeviceChange(Toy.toy->self, &event);
}

NT_TEST_BREAKS(an_event_without_version, device_event_malformed)
{
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = {.Size = sizeof(event)};

    toy_started();
    IoReportTargetDeviceChange(Toy.toy->pdo, &event);
}

/* --- Files. */

static NTSTATUS NTAPI refuse(PDEVICE_OBJECT device, PIRP irp)
{
    return toy_complete(irp, STATUS_UNSUCCESSFUL);
}

static void opens_by_name(void *context)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    HANDLE handle;

    InitializeObjectAttributes(&attributes, (PUNICODE_STRING)context, 0, NULL, NULL);
    CHECK_EQ(NtCreateFile(&handle, GENERIC_READ, &attributes, &result, NULL, 0, 0, FILE_OPEN, 0,
                          NULL, 0),
             STATUS_SUCCESS);
}

NT_TEST_BREAKS(a_close_that_fails, file_close_fails)
{
    UNICODE_STRING link;
    PEPROCESS process = process_create("a program", &security_administrator);

    toy_started();
    IoRegisterDeviceInterface(Toy.toy->pdo, &some_class, NULL, &link);
    IoSetDeviceInterfaceState(&link, TRUE);
    Toy.driver->MajorFunction[IRP_MJ_CLOSE] = refuse;
    process_run(process, opens_by_name, &link);
    process_end(process);
}

/* A device with an open handle is gone by surprise: its stack stays until the handle is closed. */
NT_TEST(surprise_removal_waits_for_handles, .seeds = 10)
{
    UNICODE_STRING link;
    PEPROCESS process = process_create("a program", &security_administrator);
    struct pnp_node *node = toy_started();

    IoRegisterDeviceInterface(Toy.toy->pdo, &some_class, NULL, &link);
    IoSetDeviceInterfaceState(&link, TRUE);
    process_run(process, opens_by_name, &link);
    CHECK(!NT_SUCCESS(pnp_disable(node))); /* the manager refuses while a handle is open */
    IoSetDeviceInterfaceState(&link, FALSE);
    RtlFreeUnicodeString(&link);
    pci_unplug(node);
    CHECK_EQ(Toy.removes, 0);
    process_end(process);
    pnp_settle();
    CHECK_EQ(Toy.removes, 1);
    process_release(process);
    pnp_uninstall("toy");
}
