/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry as drivers call it: Zw*Key, the key of a device, and Rtl's one-line writes.
 */
#include "model/device.h"
#include "model/fault.h"
#include "model/pnp.h"
#include "model/process.h"
#include "model/registry_private.h"
#include "model/rule.h"
#include "model/sched.h"
#include "model/wide.h"

RULE(key_handle_not_kernel, "A driver opens handles in a user's process with OBJ_KERNEL_HANDLE",
     "Object Handles");

static POBJECT_TYPE key_type_pointer = &registry_key_type;
POBJECT_TYPE *CmKeyObjectType = &key_type_pointer;

static NTSTATUS key_of(HANDLE handle, ACCESS_MASK access, struct registry_key **key)
{
    ACCESS_MASK granted;
    NTSTATUS status =
        handle_object(handle, 0, &registry_key_type, KernelMode, (void **)key, &granted);

    if (!NT_SUCCESS(status))
        return status;
    if ((*key)->deleted)
        return STATUS_KEY_DELETED;
    return access & ~granted ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* The Zw calls do not check a key's security, but what a handle was opened for holds. */
static ACCESS_MASK mapped(ACCESS_MASK access)
{
    if (access & (GENERIC_ALL | MAXIMUM_ALLOWED))
        return KEY_ALL_ACCESS;
    return access | (access & GENERIC_READ ? KEY_READ : 0) |
           (access & GENERIC_WRITE ? KEY_WRITE : 0);
}

static NTSTATUS open(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                     BOOLEAN create, BOOLEAN *created)
{
    struct registry_key *from = NULL, *key;
    NTSTATUS status;

    if (process_current() != process_system() && !(attributes->Attributes & OBJ_KERNEL_HANDLE))
        rule_broken(&key_handle_not_kernel, "%wZ", attributes->ObjectName);
    if (attributes->RootDirectory != NULL) {
        status = key_of(attributes->RootDirectory, 0, &from);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (fault_here("registry key"))
        return STATUS_INSUFFICIENT_RESOURCES;
    key = registry_walk(from, attributes->ObjectName->Buffer,
                        attributes->ObjectName->Length / sizeof(WCHAR), create, created);
    if (key == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return handle_create(process_current(), (attributes->Attributes & OBJ_KERNEL_HANDLE) != 0, key,
                         mapped(access), handle);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes)
{
    MODEL_CALL(ZwOpenKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwOpenKey function (wdm.h)");
    return open(KeyHandle, DesiredAccess, ObjectAttributes, FALSE, NULL);
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    BOOLEAN created = FALSE;
    NTSTATUS status;

    MODEL_CALL(ZwCreateKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwCreateKey function (wdm.h)");
    status = open(KeyHandle, DesiredAccess, ObjectAttributes, TRUE, &created);
    if (Disposition != NULL)
        *Disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    return status;
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle)
{
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwDeleteKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwDeleteKey function (wdm.h)");
    status = key_of(KeyHandle, DELETE, &key);
    return NT_SUCCESS(status) ? registry_drop_key(key) : status;
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle)
{
    MODEL_CALL(ZwFlushKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwFlushKey function (wdm.h)");
    return STATUS_SUCCESS;
}

/* --- Values. */

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize)
{
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwSetValueKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwSetValueKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    if (fault_here("registry value"))
        return STATUS_INSUFFICIENT_RESOURCES;
    registry_put(key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR), Type, Data, DataSize);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwDeleteValueKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwDeleteValueKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    return registry_drop_value(key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR))
               ? STATUS_SUCCESS
               : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The information classes by which drivers read a value, into a buffer of `length` bytes. */
static NTSTATUS describe(const struct registry_value *value, KEY_VALUE_INFORMATION_CLASS class,
                         PVOID out, ULONG length, PULONG needed)
{
    ULONG name_bytes = wide_length(value->name) * sizeof(WCHAR), header, data_at;

    switch (class) {
    case KeyValueBasicInformation:
        header = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
        data_at = 0;
        *needed = header + name_bytes;
        break;
    case KeyValueFullInformation:
        header = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
        data_at = (header + name_bytes + 7) & ~7u;
        *needed = data_at + value->bytes;
        break;
    case KeyValuePartialInformation:
        header = data_at = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
        *needed = data_at + value->bytes;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (length < header)
        return STATUS_BUFFER_TOO_SMALL;
    if (class == KeyValuePartialInformation) {
        PKEY_VALUE_PARTIAL_INFORMATION partial = out;

        partial->TitleIndex = 0;
        partial->Type = value->type;
        partial->DataLength = value->bytes;
        RtlCopyMemory(partial->Data, value->data, min(value->bytes, length - header));
    } else {
        PKEY_VALUE_FULL_INFORMATION full = out; /* the basic form begins alike */
        PKEY_VALUE_BASIC_INFORMATION basic = out;

        full->TitleIndex = 0;
        full->Type = value->type;
        if (class == KeyValueFullInformation) {
            full->DataOffset = data_at;
            full->DataLength = value->bytes;
            full->NameLength = name_bytes;
            RtlCopyMemory(full->Name, value->name, min(name_bytes, length - header));
            if (length > data_at)
                RtlCopyMemory((PUCHAR)out + data_at, value->data,
                              min(value->bytes, length - data_at));
        } else {
            basic->NameLength = name_bytes;
            RtlCopyMemory(basic->Name, value->name, min(name_bytes, length - header));
        }
    }
    return length < *needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    struct registry_value *value;
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwQueryValueKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwQueryValueKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    if (fault_here("registry value"))
        return STATUS_INSUFFICIENT_RESOURCES;
    value = registry_value(key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR));
    if (value == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return describe(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    struct registry_value *value;
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwEnumerateValueKey, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ZwEnumerateValueKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    for (value = key->values; value != NULL && Index != 0; value = value->next)
        Index--;
    if (value == NULL)
        return STATUS_NO_MORE_ENTRIES;
    return describe(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength)
{
    PKEY_BASIC_INFORMATION out = KeyInformation;
    struct registry_key *key, *child;
    ULONG name_bytes, header = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    NTSTATUS status;

    MODEL_CALL(ZwEnumerateKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwEnumerateKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_ENUMERATE_SUB_KEYS, &key);
    if (!NT_SUCCESS(status))
        return status;
    for (child = key->children; child != NULL && Index != 0; child = child->sibling)
        Index--;
    if (child == NULL)
        return STATUS_NO_MORE_ENTRIES;
    if (KeyInformationClass != KeyBasicInformation)
        return STATUS_INVALID_PARAMETER;
    name_bytes = wide_length(child->name) * sizeof(WCHAR);
    *ResultLength = header + name_bytes;
    if (Length < header)
        return STATUS_BUFFER_TOO_SMALL;
    *out = (KEY_BASIC_INFORMATION){.NameLength = name_bytes};
    RtlCopyMemory(out->Name, child->name, min(name_bytes, Length - header));
    return Length < *ResultLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    PKEY_FULL_INFORMATION out = KeyInformation;
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(ZwQueryKey, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwQueryKey function (wdm.h)");
    status = key_of(KeyHandle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    if (KeyInformationClass != KeyFullInformation)
        return STATUS_INVALID_PARAMETER;
    *ResultLength = sizeof(*out);
    if (Length < sizeof(*out))
        return STATUS_BUFFER_TOO_SMALL;
    *out = (KEY_FULL_INFORMATION){.ClassOffset = (ULONG)-1};
    for (struct registry_key *child = key->children; child != NULL; child = child->sibling) {
        out->SubKeys++;
        out->MaxNameLen = max(out->MaxNameLen, wide_length(child->name) * (ULONG)sizeof(WCHAR));
    }
    for (struct registry_value *value = key->values; value != NULL; value = value->next) {
        out->Values++;
        out->MaxValueNameLen =
            max(out->MaxValueNameLen, wide_length(value->name) * (ULONG)sizeof(WCHAR));
        out->MaxValueDataLen = max(out->MaxValueDataLen, value->bytes);
    }
    return STATUS_SUCCESS;
}

/* --- A device's keys. */

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DevInstRegKey)
{
    struct pnp_node *node;
    struct registry_key *key;
    WCHAR path[PNP_ID_MAX * 3];

    MODEL_CALL(IoOpenDeviceRegistryKey, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoOpenDeviceRegistryKey function (wdm.h)");
    node = device_record(DeviceObject)->node;
    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (fault_here("registry key"))
        return STATUS_INSUFFICIENT_RESOURCES;
    path[0] = 0;
    wide_append(path, RTL_NUMBER_OF(path), node->key);
    wide_append(path, RTL_NUMBER_OF(path),
                DevInstKeyType & PLUGPLAY_REGKEY_DRIVER ? L"\\Driver" : L"\\Device Parameters");
    key = registry_walk(NULL, path, wide_length(path), TRUE, NULL);
    return handle_create(process_system(), TRUE, key, mapped(DesiredAccess), DevInstRegKey);
}

/* --- Rtl. */

static NTSTATUS relative(ULONG relative_to, const WCHAR *path, BOOLEAN create,
                         struct registry_key **key)
{
    static const WCHAR *const places[] = {
        L"",
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\",
        L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\",
        L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\",
        L"\\Registry\\Machine\\Hardware\\DeviceMap\\",
    };
    WCHAR full[512] = {0};

    if (relative_to & RTL_REGISTRY_HANDLE)
        return key_of((HANDLE)path, 0, key);
    relative_to &= ~RTL_REGISTRY_OPTIONAL;
    if (relative_to >= RTL_NUMBER_OF(places))
        return STATUS_INVALID_PARAMETER;
    wide_append(full, RTL_NUMBER_OF(full), places[relative_to]);
    wide_append(full, RTL_NUMBER_OF(full), path);
    *key = registry_walk(NULL, full, wide_length(full), create, NULL);
    return *key == NULL ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    struct registry_key *key;

    MODEL_CALL(RtlCheckRegistryKey, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlCheckRegistryKey function (wdm.h)");
    return relative(RelativeTo, Path, FALSE, &key);
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    struct registry_key *key;

    MODEL_CALL(RtlCreateRegistryKey, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlCreateRegistryKey function (wdm.h)");
    if (fault_here("registry key"))
        return STATUS_INSUFFICIENT_RESOURCES;
    return relative(RelativeTo, Path, TRUE, &key);
}

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength)
{
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(RtlWriteRegistryValue, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlWriteRegistryValue function (wdm.h)");
    if (fault_here("registry value"))
        return STATUS_INSUFFICIENT_RESOURCES;
    status = relative(RelativeTo, Path, TRUE, &key);
    if (NT_SUCCESS(status))
        registry_put(key, ValueName, wide_length(ValueName), ValueType, ValueData, ValueLength);
    return status;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    struct registry_key *key;
    NTSTATUS status;

    MODEL_CALL(RtlDeleteRegistryValue, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlDeleteRegistryValue function (wdm.h)");
    status = relative(RelativeTo, Path, FALSE, &key);
    if (!NT_SUCCESS(status))
        return status;
    return registry_drop_value(key, ValueName, wide_length(ValueName))
               ? STATUS_SUCCESS
               : STATUS_OBJECT_NAME_NOT_FOUND;
}
