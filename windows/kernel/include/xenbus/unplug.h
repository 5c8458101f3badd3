/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xenbus's service "unplug": a PV driver tells that it drives a class of devices for which the
 * machine also has emulated ones. xenbus remembers it, and at the next boot takes the emulated
 * twins away, if the driver is still there and starts at boot (core/xen/unplug.h has the rules).
 */
#ifndef XENBUS_UNPLUG_H
#define XENBUS_UNPLUG_H

#include <xenbus/interface.h>

/* {D3C7A1E2-80B5-4D19-9E6C-2F4B8A60D7F5} */
DEFINE_GUID(GUID_XENBUS_UNPLUG, 0xd3c7a1e2, 0x80b5, 0x4d19, 0x9e, 0x6c, 0x2f, 0x4b, 0x8a, 0x60,
            0xd7, 0xf5);

typedef enum _XENBUS_UNPLUG_CLASS {
    XenbusUnplugDisks,
    XenbusUnplugNics,
} XENBUS_UNPLUG_CLASS;

typedef struct _XENBUS_UNPLUG_INTERFACE_V1 {
    INTERFACE Interface;
    /* PASSIVE_LEVEL. Live TRUE: the driver of the service named Service (its key under Services)
     * works with a connected device of the class. FALSE: it does not any more (uninstall, an
     * error), and nothing of the class is to be unplugged at the next boot. */
    NTSTATUS(NTAPI *Announce)
    (_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class, _In_ PCWSTR Service, _In_ BOOLEAN Live);
    /* Any IRQL. Whether the emulated devices of the class are gone in this boot: a PV disk driver
     * must not offer a disk whose emulated twin is still there. */
    BOOLEAN(NTAPI *IsUnplugged)(_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class);
} XENBUS_UNPLUG_INTERFACE_V1, *PXENBUS_UNPLUG_INTERFACE_V1;

typedef struct _XENBUS_UNPLUG_INTERFACE_V2 {
    INTERFACE Interface;
    NTSTATUS(NTAPI *Announce)
    (_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class, _In_ PCWSTR Service, _In_ BOOLEAN Live);
    BOOLEAN(NTAPI *IsUnplugged)(_In_ PVOID Context, _In_ XENBUS_UNPLUG_CLASS Class);
    /* PASSIVE_LEVEL. The driver of the service named Service has the disk of that number (below
     * device/vbd), or would have it if its emulated twin were not there. Only disks for which this
     * was said make an unplugging possible that takes them away; it also says that this boot is a
     * good one (core/xen/unplug.h). */
    NTSTATUS(NTAPI *AnnounceDisk)(_In_ PVOID Context, _In_ PCWSTR Service, _In_ ULONG Number);
} XENBUS_UNPLUG_INTERFACE_V2, *PXENBUS_UNPLUG_INTERFACE_V2;

#define XENBUS_UNPLUG_VERSION 2

#endif
