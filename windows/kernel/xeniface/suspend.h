/* SPDX-License-Identifier: BSD-2-Clause */
/* What user mode learns of a resume: a count, and events that are set at each. */
#ifndef XENIFACE_SUSPEND_H
#define XENIFACE_SUSPEND_H

#include "handle.h"
#include "ioctl.h"

IOCTL_HANDLER IoctlSuspendGetCount, IoctlSuspendRegister, IoctlSuspendDeregister;

/* Removes every registration. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID RegistrationsDrain(_Inout_ PXENIFACE_HANDLE Handle);
/* The machine runs again: sets the events of registrations, and of ports, which are dead now.
 * Argument: the device. Not while the caller holds HandlesLock. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID NTAPI DeviceResumed(_In_opt_ PVOID Argument);

#endif
