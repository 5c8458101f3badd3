/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that came with the guest: the "ramdisk =" of its configuration, a cpio archive ("newc"),
 * as `cpio -o -H newc` writes it.
 */
#ifndef GUEST_MODULES_H
#define GUEST_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

void modules_found(const void *archive, size_t size);
struct memory_range modules_range(void);

/* False: there is no such file. */
bool modules_file(const char *name, const uint8_t **bytes, size_t *size);

#endif
