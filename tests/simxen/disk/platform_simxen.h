/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk driver's platform on simxen: this program is a guest machine. */
#ifndef TESTS_SIMXEN_DISK_PLATFORM_SIMXEN_H
#define TESTS_SIMXEN_DISK_PLATFORM_SIMXEN_H

#include <stdint.h>

/* A new domain of that name; its number. Ends the program when it cannot be made. */
uint32_t platform_start(const char *name);
/* The domain ends: its ports close, its memory goes. */
void platform_end(void);
/* Saved and restored as a new domain, whose number it returns; between calls arrive() for the
 * toolstack's part with the new one. Grants, ports and the watch are gone. */
uint32_t platform_save_and_restore(void (*arrive)(uint32_t domid));

#endif
