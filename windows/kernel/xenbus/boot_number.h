/* SPDX-License-Identifier: BSD-2-Clause */
/* Which boot this is, as the boot loader counts them: also those count that never came up. */
#ifndef XENBUS_BOOT_NUMBER_H
#define XENBUS_BOOT_NUMBER_H

#include <ntddk.h>

/* Any IRQL. 0: this Windows does not say. boot_number.c in the shipped file; a machine's own in the
 * bench and under Wine. */
ULONG XenbusBootNumber(VOID);

#endif
