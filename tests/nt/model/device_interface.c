/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device interfaces, see device_interface.h. An interface's symbolic link is \??\ + the instance
 * path with # for \ + #{class}; it leads to the PDO's name while the interface is enabled.
 */
#include "model/device_interface.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/pnp.h"
#include "model/rule.h"
#include "model/wide.h"

RULE(interface_not_pdo, "A device interface is registered on a physical device object",
     "IoRegisterDeviceInterface function (wdm.h)");
RULE(interface_pdo_unnamed, "A PDO that is opened by its interfaces has a name",
     "IoRegisterDeviceInterface function (wdm.h)");
RULE(interface_left_enabled, "A driver disables its interfaces when the device is removed",
     "IoSetDeviceInterfaceState function (wdm.h)");

enum { PATH_MAX_CHARACTERS = 300, INTERFACE_TAG = 0x66746e49 /* "Intf" */ };

struct device_interface {
    struct device_interface *next;
    PDEVICE_OBJECT pdo;
    GUID class_guid;
    WCHAR path[PATH_MAX_CHARACTERS];
    BOOLEAN enabled;
};

static struct device_interface *Interfaces;

static void append_hex(WCHAR *to, ULONG value, int digits)
{
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
        WCHAR one[2] = {L"0123456789abcdef"[(value >> shift) & 15], 0};

        wide_append(to, PATH_MAX_CHARACTERS, one);
    }
}

static void append_guid(WCHAR *to, const GUID *guid)
{
    wide_append(to, PATH_MAX_CHARACTERS, L"#{");
    append_hex(to, guid->Data1, 8);
    wide_append(to, PATH_MAX_CHARACTERS, L"-");
    append_hex(to, guid->Data2, 4);
    wide_append(to, PATH_MAX_CHARACTERS, L"-");
    append_hex(to, guid->Data3, 4);
    wide_append(to, PATH_MAX_CHARACTERS, L"-");
    for (int i = 0; i < 8; i++) {
        if (i == 2)
            wide_append(to, PATH_MAX_CHARACTERS, L"-");
        append_hex(to, guid->Data4[i], 2);
    }
    wide_append(to, PATH_MAX_CHARACTERS, L"}");
}

static void make_path(WCHAR *path, const struct pnp_node *node, const GUID *class_guid,
                      PCUNICODE_STRING reference)
{
    ULONG start = 4;

    path[0] = 0;
    wide_append(path, PATH_MAX_CHARACTERS, L"\\??\\");
    wide_append(path, PATH_MAX_CHARACTERS, node->device_id);
    wide_append(path, PATH_MAX_CHARACTERS, L"#");
    wide_append(path, PATH_MAX_CHARACTERS, node->instance_id);
    append_guid(path, class_guid);
    for (ULONG i = start; path[i] != 0; i++)
        if (path[i] == L'\\')
            path[i] = L'#';
    if (reference == NULL || reference->Length == 0)
        return;
    wide_append(path, PATH_MAX_CHARACTERS, L"\\");
    for (ULONG i = 0; i < reference->Length / sizeof(WCHAR); i++) {
        WCHAR one[2] = {reference->Buffer[i], 0};

        wide_append(path, PATH_MAX_CHARACTERS, one);
    }
}

/* A string that the driver frees with RtlFreeUnicodeString. */
static NTSTATUS give_path(const WCHAR *path, PUNICODE_STRING out)
{
    UNICODE_STRING text = wide_string(path);

    out->Buffer = pool_allocate(text.MaximumLength, INTERFACE_TAG, true, false);
    out->Length = text.Length;
    out->MaximumLength = text.MaximumLength;
    RtlCopyMemory(out->Buffer, path, text.MaximumLength);
    return STATUS_SUCCESS;
}

static struct device_interface *find_path(const WCHAR *path, USHORT bytes)
{
    UNICODE_STRING wanted = {bytes, bytes, (WCHAR *)path};

    for (struct device_interface *one = Interfaces; one != NULL; one = one->next) {
        UNICODE_STRING text = wide_string(one->path);

        if (RtlCompareUnicodeString(&text, &wanted, TRUE) == 0)
            return one;
    }
    return NULL;
}

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                         CONST GUID *InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString,
                                         PUNICODE_STRING SymbolicLinkName)
{
    struct device_interface *one;
    struct pnp_node *node;
    WCHAR path[PATH_MAX_CHARACTERS];

    MODEL_CALL(IoRegisterDeviceInterface, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoRegisterDeviceInterface function (wdm.h)");
    node = device_record(PhysicalDeviceObject)->node;
    if (node == NULL)
        rule_broken(&interface_not_pdo, "%p", PhysicalDeviceObject);
    if (fault_here("device interface"))
        return STATUS_INSUFFICIENT_RESOURCES;
    make_path(path, node, InterfaceClassGuid, ReferenceString);
    one = find_path(path, (USHORT)(wide_length(path) * sizeof(WCHAR)));
    if (one != NULL) { /* an earlier life of the device left it */
        one->pdo = PhysicalDeviceObject;
        return give_path(path, SymbolicLinkName);
    }
    one = host_alloc(sizeof(*one));
    one->pdo = PhysicalDeviceObject;
    one->class_guid = *InterfaceClassGuid;
    RtlCopyMemory(one->path, path, sizeof(path));
    one->next = Interfaces;
    Interfaces = one;
    return give_path(path, SymbolicLinkName);
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    struct device_interface *one;
    UNICODE_STRING link, *name;

    MODEL_CALL(IoSetDeviceInterfaceState, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoSetDeviceInterfaceState function (wdm.h)");
    one = find_path(SymbolicLinkName->Buffer, SymbolicLinkName->Length);
    if (one == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (one->enabled == Enable)
        return Enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    if (fault_here("device interface state") && Enable)
        return STATUS_INSUFFICIENT_RESOURCES;
    link = wide_string(one->path);
    if (!Enable) {
        one->enabled = FALSE;
        return IoDeleteSymbolicLink(&link);
    }
    name = object_name(one->pdo);
    if (name->Length == 0)
        rule_broken(&interface_pdo_unnamed, "%ws", one->path);
    one->enabled = TRUE;
    fault_pause();
    IoCreateSymbolicLink(&link, name);
    fault_resume();
    return STATUS_SUCCESS;
}

BOOLEAN device_interface_find(const GUID *class_guid, ULONG index, WCHAR *path, ULONG characters)
{
    for (struct device_interface *one = Interfaces; one != NULL; one = one->next) {
        if (!one->enabled ||
            RtlCompareMemory(&one->class_guid, class_guid, sizeof(GUID)) != sizeof(GUID))
            continue;
        if (index-- != 0)
            continue;
        path[0] = 0;
        return wide_append(path, characters, one->path);
    }
    return FALSE;
}

void device_interface_stack_removed(PDEVICE_OBJECT pdo)
{
    for (struct device_interface *one = Interfaces; one != NULL; one = one->next)
        if (one->pdo == pdo && one->enabled)
            rule_broken(&interface_left_enabled, "%ws", one->path);
}
