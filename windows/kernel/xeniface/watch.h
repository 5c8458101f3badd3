/* SPDX-License-Identifier: BSD-2-Clause */
/* XenStore watches of a handle. */
#ifndef XENIFACE_WATCH_H
#define XENIFACE_WATCH_H

#include "handle.h"
#include "ioctl.h"

IOCTL_HANDLER IoctlStoreAddWatch, IoctlStoreRemoveWatch;

/* Removes every watch. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID WatchesDrain(_Inout_ PXENIFACE_HANDLE Handle);

#endif
