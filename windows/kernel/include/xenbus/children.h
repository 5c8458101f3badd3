/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices that xenbus enumerates, as their drivers' INF files name them. "iface" is there once,
 * always; a "vbd" or "vif" for each that xenstore lists in this machine's device/vbd and
 * device/vif. The enumerator is our own, so that other vendors' PV drivers never bind to these
 * devices.
 */
#ifndef XENBUS_CHILDREN_H
#define XENBUS_CHILDREN_H

#define XENBUS_CHILD_ID_IFACE L"CASEMENT\\IFACE" /* device ID and hardware ID; instance L"0" */
#define XENBUS_CHILD_ID_VBD   L"CASEMENT\\VBD"   /* instance: the number in xenstore, decimal */
#define XENBUS_CHILD_ID_VIF   L"CASEMENT\\VIF"

#endif
