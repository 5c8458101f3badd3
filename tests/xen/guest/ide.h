/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated IDE disk of an HVM guest (QEMU's PIIX3, the first channel's master), by bus-master
 * DMA and its interrupt: what a guest without PV drivers has. One command at a time, as the
 * hardware; CPU 0 only. Registers and commands: ATA/ATAPI-6, "Programming Interface for Bus Master
 * IDE Controller" (SFF-8038i).
 */
#ifndef GUEST_IDE_H
#define GUEST_IDE_H

#include <stdbool.h>
#include <stdint.h>

enum { IDE_MOVE_MAX_BYTES = 1 << 20 };

/* False: this machine has no such controller. */
bool ide_start(void);
/* bytes: at its physical address, 4-byte aligned; length whole sectors, IDE_MOVE_MAX_BYTES at most.
 * False: the disk says error, or says nothing in time. */
bool ide_move(bool write, uint64_t sector, void *bytes, uint32_t length);

#endif
