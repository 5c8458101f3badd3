/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry, in memory. These calls are for tests and the model; drivers use Zw*Key,
 * Rtl*Registry* and IoOpenDeviceRegistryKey. Paths are absolute (\Registry\Machine\...), without
 * regard to case.
 */
#ifndef NT_MODEL_REGISTRY_H
#define NT_MODEL_REGISTRY_H

#include <ntddk.h>

/* Makes the key and those above it. */
void registry_make(const WCHAR *path);
void registry_set(const WCHAR *path, const WCHAR *name, ULONG type, const void *data, ULONG bytes);
void registry_set_dword(const WCHAR *path, const WCHAR *name, ULONG value);
/* FALSE: no such key or value. bytes: in, room; out, size. */
BOOLEAN registry_get(const WCHAR *path, const WCHAR *name, ULONG *type, void *data, ULONG *bytes);
void registry_delete_value(const WCHAR *path, const WCHAR *name);
BOOLEAN registry_key_exists(const WCHAR *path);

#endif
