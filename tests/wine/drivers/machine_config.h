/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the machine is, read by the C library: winedevice.exe is a process as any other. Apart from
 * machine.h, because <stdio.h> and <ntddk.h> do not mix. */
#ifndef TESTS_WINE_DRIVERS_MACHINE_CONFIG_H
#define TESTS_WINE_DRIVERS_MACHINE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

enum { MACHINE_DIR_MAX = 100 };

struct machine_config {
    char dir[MACHINE_DIR_MAX]; /* simxen's instance */
    uint32_t domid;
};

/* Reads C:\simxen-guest. */
bool machine_config_read(struct machine_config *config);
#endif
