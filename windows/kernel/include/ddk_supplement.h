/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mingw-w64's DDK headers do not have, written from Microsoft's public documentation; the name
 * of the page stands at each part.
 */
#ifndef DDK_SUPPLEMENT_H
#define DDK_SUPPLEMENT_H

#include <ntddk.h>

/* "IO_RESOURCE_DESCRIPTOR structure (wdm.h)", u.Interrupt: the header at hand ends after the two
 * vectors. Processor group 0. */
typedef struct _IO_RESOURCE_INTERRUPT {
    ULONG MinimumVector, MaximumVector;
    ULONG AffinityPolicy; /* IRQ_DEVICE_POLICY in the low half, Group in the high one */
    ULONG PriorityPolicy; /* IRQ_PRIORITY */
    KAFFINITY TargetedProcessors;
} IO_RESOURCE_INTERRUPT, *PIO_RESOURCE_INTERRUPT;
_Static_assert(sizeof(IO_RESOURCE_INTERRUPT) == 24, "fills the descriptor's union");
_Static_assert(sizeof(IO_RESOURCE_DESCRIPTOR) == 32, "IO_RESOURCE_DESCRIPTOR");

/* "MmMapLockedPagesSpecifyCache function": Priority's flag since Windows 8; older systems ignore
 * it. */
#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

#endif
