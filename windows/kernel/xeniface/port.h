/* SPDX-License-Identifier: BSD-2-Clause */
/* Event channels of a handle. */
#ifndef XENIFACE_PORT_H
#define XENIFACE_PORT_H

#include "ioctl.h"

IOCTL_HANDLER IoctlEvtchnBindUnbound, IoctlEvtchnBindInterdomain, IoctlEvtchnClose;
IOCTL_HANDLER IoctlEvtchnNotify, IoctlEvtchnUnmask, IoctlEvtchnQueryPeer;

/* Closes every port. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID PortsDrain(_Inout_ PXENIFACE_HANDLE Handle);
/* Sets the event of every port: what was connected is not any more, let its owner look. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID PortsWake(_Inout_ PXENIFACE_HANDLE Handle);
/* STATUS_NOT_FOUND: the handle has no such port. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    PortNotify(_Inout_ PXENIFACE_HANDLE Handle, _In_ ULONG LocalPort);

#endif
