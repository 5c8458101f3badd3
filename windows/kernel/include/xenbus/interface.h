/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a driver on one of xenbus's children asks for xenbus's services: IRP_MN_QUERY_INTERFACE to
 * its own device stack, with one of the GUIDs of the headers beside this one.
 *
 * The rules of versions, so that two packages can be upgraded apart:
 *  - A structure begins with NT's INTERFACE. Version n + 1 is version n with functions behind it;
 *    no function ever changes its meaning or goes away. A header keeps every version's structure.
 *  - A driver asks for the oldest version that it can live with. xenbus answers any version from 1
 *    to the newest that it knows with exactly that version's size, so an old child driver runs on a
 *    new xenbus unchanged. A version that xenbus does not know yet is STATUS_NOT_SUPPORTED, and a
 *    new driver may then ask for an older one.
 *  - Version is written back as the one that was given, Size as the bytes that were filled.
 *
 * A successful query holds a reference: the caller drops it with InterfaceDereference, at
 * PASSIVE_LEVEL, at the latest when its device is removed. Until then the functions may be called;
 * once the bus has gone they may fail and events stop, but nothing that they touch is freed.
 */
#ifndef XENBUS_INTERFACE_H
#define XENBUS_INTERFACE_H

#include <ntddk.h>

#endif
