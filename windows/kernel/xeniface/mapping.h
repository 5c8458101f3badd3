/* SPDX-License-Identifier: BSD-2-Clause */
/* How the driver maps pages: never executable, and read-only where it must be. */
#ifndef XENIFACE_MAPPING_H
#define XENIFACE_MAPPING_H

#include <ntddk.h>

/* For MmMapLockedPagesSpecifyCache and MmGetSystemAddressForMdlSafe. */
ULONG MappingPriority(_In_ BOOLEAN ReadOnly);

#endif
