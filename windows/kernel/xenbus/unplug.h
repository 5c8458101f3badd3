/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unplugging emulated devices: at the start of the driver, before the drivers of the emulated disks
 * start. The decision is core/xen/unplug.h's; this gathers its facts and writes the ports. The same
 * is unplugged again after a migration, because the new host emulates everything anew.
 *
 * What a PV driver announced stands in our service's Parameters key, as DisksService (the name of
 * its service), DisksLive, DisksBound, DisksGoodBoot, DisksFailures, NicsService and NicsLive. The
 * user's escape: the boot option CASEMENT:BOOT_EMULATED (bcdedit /set loadoptions), or safe mode.
 */
#ifndef XENBUS_UNPLUG_PART_H
#define XENBUS_UNPLUG_PART_H

#include "parts.h"

/* RegistryPath: DriverEntry's, copied. STATUS_INSUFFICIENT_RESOURCES: nothing was unplugged. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    UnplugCreate(_In_ PDRIVER_OBJECT Driver, _In_ PCUNICODE_STRING RegistryPath,
                 _Out_ PXENBUS_UNPLUG *Unplug);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID UnplugDestroy(_In_ PXENBUS_UNPLUG Unplug);

/* Any IRQL. Writes the boot's decision to the ports again. */
VOID UnplugAgain(_In_ PXENBUS_UNPLUG Unplug);

#endif
