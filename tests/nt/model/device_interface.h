/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device interfaces: the names under which user mode finds a device (IoRegisterDeviceInterface).
 */
#ifndef NT_MODEL_DEVICE_INTERFACE_H
#define NT_MODEL_DEVICE_INTERFACE_H

#include <ntddk.h>

/* The enabled interface number `index` of a class, as SetupAPI enumerates it: its path for
 * NtCreateFile (\??\...), in the caller's buffer of `characters`. */
BOOLEAN device_interface_find(const GUID *class_guid, ULONG index, WCHAR *path, ULONG characters);
/* The PnP manager tells: the stack is gone. */
void device_interface_stack_removed(PDEVICE_OBJECT pdo);

#endif
