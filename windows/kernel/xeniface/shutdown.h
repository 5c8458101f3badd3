/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The toolstack asks this machine to power off, reboot or suspend by writing a word to the XenStore
 * key control/shutdown. The driver tells user mode: whoever registered for notifications on a
 * handle of this device (RegisterDeviceNotification) gets GUID_XENIFACE_SHUTDOWN_REQUEST with the
 * word. Who acts on it clears the key. A program may as well watch the key itself.
 */
#ifndef XENIFACE_SHUTDOWN_H
#define XENIFACE_SHUTDOWN_H

#include <ntddk.h>

#include "../common/gate.h"
#include "services.h"

typedef struct _SHUTDOWN_WATCH {
    PDEVICE_OBJECT Pdo;
    PXENIFACE_SERVICES Services;
    PXENBUS_STORE_WATCH Watch;
    PIO_WORKITEM Work;
    volatile LONG Changes; /* of the key, that nobody has looked at */
    GATE Gate;             /* holds the work that is under way */
} SHUTDOWN_WATCH, *PSHUTDOWN_WATCH;

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ShutdownWatchStart(_Out_ PSHUTDOWN_WATCH Watch, _In_ PDEVICE_OBJECT Self,
                       _In_ PDEVICE_OBJECT Pdo, _In_ PXENIFACE_SERVICES Services);
/* No work is under way afterwards. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID ShutdownWatchStop(_Inout_ PSHUTDOWN_WATCH Watch);

#endif
