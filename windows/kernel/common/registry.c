/* SPDX-License-Identifier: BSD-2-Clause */
/* Small values of the registry: see registry.h. */
#include "registry.h"

enum { DATA_BYTES_MAX = 1024 };

typedef union _VALUE_BUFFER {
    KEY_VALUE_PARTIAL_INFORMATION Information;
    UCHAR Bytes[FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + DATA_BYTES_MAX];
} VALUE_BUFFER;

static NTSTATUS OpenKey(_In_ PCUNICODE_STRING Path, _In_ ACCESS_MASK Access, _In_ BOOLEAN Create,
                        _Out_ PHANDLE Key)
{
    OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Path,
                               OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (Create)
        return ZwCreateKey(Key, Access, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL);
    Status = ZwOpenKey(Key, Access, &Attributes);
    return Status == STATUS_OBJECT_PATH_NOT_FOUND ? STATUS_OBJECT_NAME_NOT_FOUND : Status;
}

/* Out->DataLength is at most DATA_BYTES_MAX. */
static NTSTATUS ReadValue(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _Out_ VALUE_BUFFER *Out)
{
    UNICODE_STRING ValueName;
    ULONG Length;
    HANDLE Key;
    NTSTATUS Status = OpenKey(Path, KEY_QUERY_VALUE, FALSE, &Key);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&ValueName, Name);
    Status =
        ZwQueryValueKey(Key, &ValueName, KeyValuePartialInformation, Out, sizeof(*Out), &Length);
    (VOID) ZwClose(Key);
    if (Status == STATUS_BUFFER_OVERFLOW || Status == STATUS_BUFFER_TOO_SMALL)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (NT_SUCCESS(Status) && Out->Information.DataLength > DATA_BYTES_MAX)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return Status;
}

static NTSTATUS WriteValue(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _In_ ULONG Type,
                           _In_ const VOID *Data, _In_ ULONG Bytes)
{
    UNICODE_STRING ValueName;
    HANDLE Key;
    NTSTATUS Status = OpenKey(Path, KEY_SET_VALUE, TRUE, &Key);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&ValueName, Name);
    Status = ZwSetValueKey(Key, &ValueName, 0, Type, (PVOID)Data, Bytes);
    (VOID) ZwClose(Key);
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryReadDword(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _Out_ PULONG Value)
{
    VALUE_BUFFER Buffer;
    NTSTATUS Status = ReadValue(Path, Name, &Buffer);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Buffer.Information.Type != REG_DWORD || Buffer.Information.DataLength != sizeof(ULONG))
        return STATUS_OBJECT_TYPE_MISMATCH;
    RtlCopyMemory(Value, Buffer.Information.Data, sizeof(ULONG));
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryReadString(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name,
                       _Out_writes_z_(Characters) PWSTR Value, _In_ ULONG Characters)
{
    VALUE_BUFFER Buffer;
    ULONG Length;
    NTSTATUS Status = ReadValue(Path, Name, &Buffer);

    if (!NT_SUCCESS(Status))
        return Status;
    if (Buffer.Information.Type != REG_SZ && Buffer.Information.Type != REG_EXPAND_SZ)
        return STATUS_OBJECT_TYPE_MISMATCH;
    Length = Buffer.Information.DataLength / sizeof(WCHAR);
    if (Length >= Characters)
        return STATUS_OBJECT_TYPE_MISMATCH;
    RtlCopyMemory(Value, Buffer.Information.Data, Length * sizeof(WCHAR));
    Value[Length] = 0; /* a string of the registry need not be terminated */
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryWriteDword(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _In_ ULONG Value)
{
    return WriteValue(Path, Name, REG_DWORD, &Value, sizeof(Value));
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryWriteString(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _In_z_ PCWSTR Value)
{
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Value);
    return WriteValue(Path, Name, REG_SZ, Value, String.Length + sizeof(WCHAR));
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS RegistryFindKey(_In_ PCUNICODE_STRING Path)
{
    HANDLE Key;
    NTSTATUS Status = OpenKey(Path, KEY_QUERY_VALUE, FALSE, &Key);

    if (NT_SUCCESS(Status))
        (VOID) ZwClose(Key);
    return Status;
}
