/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "KUSER_SHARED_DATA structure (ntddk.h)": BootId, at an address that is the same in every Windows.
 * The loader takes it from the boot status file of the installation and counts it up at each
 * attempt. Before Windows 10 the field is padding, and 0.
 */
#include "boot_number.h"

#define SHARED_DATA    0xfffff78000000000ull
#define BOOT_ID_OFFSET 0x2c4

ULONG XenbusBootNumber(VOID)
{
    return *(const volatile ULONG *)(ULONG_PTR)(SHARED_DATA + BOOT_ID_OFFSET);
}
