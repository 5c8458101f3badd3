/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small function driver on xenbus's children, as xenvbd or xeniface would stand there: from start
 * to removal it holds the debug and suspend services, with callbacks registered.
 */
#ifndef CHILD_DRIVER_H
#define CHILD_DRIVER_H

#include <ntddk.h>
#include <stdbool.h>

void child_driver_install(const char *hardware_id);
void child_driver_uninstall(void);
/* Does a started child hold services? */
bool child_driver_holds(void);
/* SuspendTrigger by a child; STATUS_NO_SUCH_DEVICE: none holds services. */
NTSTATUS child_driver_suspend(void);
ULONG child_driver_early_calls(void);
ULONG child_driver_late_calls(void);
ULONG child_driver_dumps(void);

#endif
