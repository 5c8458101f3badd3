/* SPDX-License-Identifier: BSD-2-Clause */
/* The two halves of vbd_bus.h to each other: the bus for the backend, the backend for the bus. */
#ifndef TESTS_NT_XENVBD_BACKEND_H
#define TESTS_NT_XENVBD_BACKEND_H

#include <xenbus/evtchn.h>

#define VBD_FRONT "device/vbd/51712"
#define VBD_BACK  "/local/domain/3/backend/vbd/7/51712"
enum { VBD_BACKEND_DOMAIN = 3 };

/* --- The bus's. --- */
VOID VbdBusSet(PCSTR Prefix, PCSTR Name, PCSTR Text);
PCSTR VbdBusGet(PCSTR Prefix, PCSTR Name);
/* Any context; the callback runs at DISPATCH_LEVEL. */
VOID VbdBusFire(ULONG Port);
/* NULL: no such grant. */
PUCHAR VbdBusPage(ULONG Reference);
PUCHAR VbdBusMap(ULONG Reference);
/* The backend lets go of every page. */
VOID VbdBusUnmapAll(VOID);

/* --- The backend's. --- */
VOID VbdBackendBegin(VOID);
VOID VbdBackendEnd(VOID);
/* <= DISPATCH_LEVEL. A channel was sent. */
VOID VbdBackendNotify(VOID);
/* The frontend wrote a node. */
VOID VbdBackendFollow(PCSTR Name);
/* After a resume: a new backend, that knows nothing. */
VOID VbdBackendForget(VOID);

#endif
