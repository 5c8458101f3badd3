/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PnP manager: device nodes, their states, and the drivers that are installed for them. A test
 * drives it in any order that NT allows; an order that NT forbids is the test's own fault and ends
 * the run.
 *
 *     new -> added -> started <-> stop pending -> stopped -> started ...
 *                        |----> remove pending -> removed (may be added again)
 *                        '----> surprise removed -> removed
 *
 * All calls run in a system thread at PASSIVE_LEVEL, and one at a time (the device tree's lock).
 * What drivers ask for (IoInvalidateDeviceRelations) is done by a worker of the manager.
 */
#ifndef NT_MODEL_PNP_H
#define NT_MODEL_PNP_H

#include <ntddk.h>

enum pnp_state {
    PNP_NEW,
    PNP_ADDED,
    PNP_STARTED,
    PNP_STOP_PENDING,
    PNP_STOPPED,
    PNP_REMOVE_PENDING,
    PNP_SURPRISE_REMOVED, /* waits for the last handle */
    PNP_REMOVED,
    PNP_FAILED, /* AddDevice or START failed; the stack was removed */
};

enum { PNP_ID_MAX = 200 /* characters */, PNP_CHILDREN_MAX = 64 };

struct pnp_node {
    PDEVICE_OBJECT pdo; /* NULL when the bus driver deleted it */
    struct pnp_node *parent, *children, *sibling;
    enum pnp_state state;
    NTSTATUS problem; /* why PNP_FAILED */
    BOOLEAN reported; /* in the bus driver's last relations */
    BOOLEAN pdo_held; /* the manager's reference */
    WCHAR device_id[PNP_ID_MAX], instance_id[PNP_ID_MAX];
    WCHAR hardware_ids[PNP_ID_MAX * 4], compatible_ids[PNP_ID_MAX * 4]; /* multi-sz */
    WCHAR description[PNP_ID_MAX];
    WCHAR key[PNP_ID_MAX * 2]; /* \Registry\Machine\System\CurrentControlSet\Enum\... */
    PCM_RESOURCE_LIST raw, translated;
    ULONG resource_bytes;
    DEVICE_CAPABILITIES capabilities;
    PNP_DEVICE_STATE device_state;
    PDRIVER_OBJECT driver; /* function driver */
    DEVICE_POWER_STATE power;
};

/* A function driver (or filter) in the driver store, as its INF would install it. */
struct pnp_driver {
    const char *name;        /* service */
    const char *hardware_id; /* one that the device must have, e.g. "PCI\\VEN_5853&DEV_0001" */
    PDRIVER_INITIALIZE entry;
    const char *sddl; /* the INF's Security value, or NULL */
    BOOLEAN upper_filter;
    const char *root_filter; /* NULL */
};

void pnp_install(const struct pnp_driver *driver);
/* Removes every device of the driver's, then unloads it. */
void pnp_uninstall(const char *name);

/* A device that a model's bus (pci.h) owns. */
struct pnp_node *pnp_add_root(PDEVICE_OBJECT pdo);
struct pnp_node *pnp_node_of(PDEVICE_OBJECT pdo);
/* The first node, in the order of enumeration, with this hardware or device id; NULL. */
struct pnp_node *pnp_find(const char *hardware_id);

/* Builds the stack and starts it, then its children. STATUS_NO_SUCH_DEVICE: no driver is installed.
 */
NTSTATUS pnp_start(struct pnp_node *node);

/* The transitions one by one. A refused query is cancelled by the manager as NT does. Children go
 * first (remove) or are asked as well (stop: not asked). */
NTSTATUS pnp_query_stop(struct pnp_node *node);
void pnp_cancel_stop(struct pnp_node *node);
void pnp_stop(struct pnp_node *node);
NTSTATUS pnp_query_remove(struct pnp_node *node);
void pnp_cancel_remove(struct pnp_node *node);
/* From PNP_REMOVE_PENDING, or PNP_SURPRISE_REMOVED without handles. */
void pnp_remove(struct pnp_node *node);
void pnp_surprise_remove(struct pnp_node *node);
/* Query remove and remove: what a user's "disable" and the end of a test do. */
NTSTATUS pnp_disable(struct pnp_node *node);
/* Asks for bus relations again and acts on what is new or gone. */
NTSTATUS pnp_rescan(struct pnp_node *node);
/* Until the manager's worker has nothing left to do. */
void pnp_settle(void);

/* Sends one PnP request to the node's stack. location: minor and parameters. */
NTSTATUS pnp_send(struct pnp_node *node, const IO_STACK_LOCATION *location, ULONG_PTR *information);
/* IRP_MN_QUERY_INTERFACE of a device, as another driver asks for it. */
NTSTATUS pnp_query_interface(PDEVICE_OBJECT device, const GUID *type, USHORT size, USHORT version,
                             PINTERFACE out, PVOID specific);

/* device.c tells: the last handle on a stack was closed. */
void pnp_last_close(PDEVICE_OBJECT device);

#endif
