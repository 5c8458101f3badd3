/* SPDX-License-Identifier: BSD-2-Clause */
/* zlib's CRC-32 in the shape that core/filecopy takes. */
#ifndef CASEMENT_RPC_FILECOPY_CHECKSUM_H
#define CASEMENT_RPC_FILECOPY_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

static inline uint32_t ChecksumCrc32(uint32_t Sum, const void *Data, size_t Size)
{
    return (uint32_t)crc32_z(Sum, Data, Size);
}

#endif
