/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zlib's CRC-32 in the shape that core/filecopy takes, by carry-less multiplication where the CPU
 * has it: zlib as Debian builds it for Windows sums 0.6 GB/s, which is felt beside a pipe.
 */
#ifndef CASEMENT_RPC_FILECOPY_CHECKSUM_H
#define CASEMENT_RPC_FILECOPY_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint32_t ChecksumCrc32(uint32_t Sum, const void *Data, size_t Size);

#endif
