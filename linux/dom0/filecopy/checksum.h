/* SPDX-License-Identifier: BSD-2-Clause */
/* zlib's CRC-32 in the shape that core/filecopy takes. */
#ifndef CASEMENT_DOM0_FILECOPY_CHECKSUM_H
#define CASEMENT_DOM0_FILECOPY_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

static inline uint32_t checksum_crc32(uint32_t sum, const void *data, size_t size)
{
    return (uint32_t)crc32_z(sum, data, size);
}

#endif
