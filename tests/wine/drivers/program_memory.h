/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading another process's memory, by Win32; apart from the kernel's headers. */
#ifndef TESTS_WINE_DRIVERS_PROGRAM_MEMORY_H
#define TESTS_WINE_DRIVERS_PROGRAM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool program_memory_read(uint32_t pid, const void *from, void *to, size_t length);

#endif
