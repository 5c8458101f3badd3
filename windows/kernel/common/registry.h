/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small values of the registry. Whoever can write the key may write anything there: types and
 * lengths are checked, and a value of another shape is as if it were not there.
 */
#ifndef COMMON_REGISTRY_H
#define COMMON_REGISTRY_H

#include <ntddk.h>

/* PASSIVE_LEVEL, all of them. Path: absolute, \Registry\Machine\...
 * STATUS_OBJECT_NAME_NOT_FOUND: no such key or value. STATUS_OBJECT_TYPE_MISMATCH: another shape.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryReadDword(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _Out_ PULONG Value);
/* Value gets a terminated string of at most Characters with the NUL; a longer one is
 * STATUS_OBJECT_TYPE_MISMATCH. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryReadString(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name,
                       _Out_writes_z_(Characters) PWSTR Value, _In_ ULONG Characters);
/* The key is made when its parent exists. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryWriteDword(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _In_ ULONG Value);
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RegistryWriteString(_In_ PCUNICODE_STRING Path, _In_ PCWSTR Name, _In_z_ PCWSTR Value);
/* STATUS_SUCCESS: there is such a key. STATUS_OBJECT_NAME_NOT_FOUND: there is none. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS RegistryFindKey(_In_ PCUNICODE_STRING Path);

#endif
