/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Driver and device objects, the stacks that devices form, their names and symbolic links.
 *
 * A device's record is what its DeviceObjectExtension points to; the fields that DEVICE_OBJECT
 * does not show (what it is attached to, its device node) are in it.
 */
#ifndef NT_MODEL_DEVICE_H
#define NT_MODEL_DEVICE_H

#include <ntddk.h>

struct pnp_node;

struct device_record {
    DEVOBJ_EXTENSION visible; /* first: what drivers may see */
    PDEVICE_OBJECT attached_to;
    struct pnp_node *node; /* of a physical device object */
    BOOLEAN deleted;       /* IoDeleteDevice was called; handles keep it */
    BOOLEAN exclusive;
    struct device_record *next;
};

BOOLEAN device_exists(PDEVICE_OBJECT device);
struct device_record *device_record(PDEVICE_OBJECT device);
/* The top of the stack that the device is in. */
PDEVICE_OBJECT device_top(PDEVICE_OBJECT device);
/* The bottom: the physical device object. */
PDEVICE_OBJECT device_bottom(PDEVICE_OBJECT device);
/* An open file keeps a deleted device's memory. */
void device_opened(PDEVICE_OBJECT device);
void device_closed(PDEVICE_OBJECT device);
/* The device that a path names, through symbolic links; rest: what follows the device's name
 * (including its backslash), in path's buffer. NULL: there is none. */
PDEVICE_OBJECT device_by_path(PCUNICODE_STRING path, PUNICODE_STRING rest);

/* Breaks a rule when a driver's symbolic link is left. */
void symlink_check_leaks(void);

/* Loads a driver: makes its object and runs its DriverEntry (PASSIVE_LEVEL). name: without
 * \Driver\. On failure *driver is NULL and nothing of it is left. */
NTSTATUS driver_load(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver);
/* Runs DriverUnload; all its devices must be gone. */
void driver_unload(PDRIVER_OBJECT driver);
/* The loaded driver of that name or NULL. */
PDRIVER_OBJECT driver_find(const char *name);

/* Breaks a rule when the driver still has a device. */
void device_check_leaks(PDRIVER_OBJECT driver);

extern struct _OBJECT_TYPE device_object_type, driver_object_type;

#endif
