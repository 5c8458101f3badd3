/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves that our CRC-32 is zlib's: for every length, at every alignment, and in pieces. */
#include <stdint.h>
#include <zlib.h>
#include "tests/wine/expect.h"
#include "windows/rpc/filecopy/checksum.h"

enum { BYTES = 5000 };

static uint8_t Bytes[BYTES + 16];

static void every_length_and_alignment(void)
{
    for (size_t Offset = 0; Offset < 16; Offset++)
        for (size_t Size = 0; Size <= 1100; Size++)
            EXPECT_EQUAL(ChecksumCrc32(0x12345678, Bytes + Offset, Size),
                         crc32_z(0x12345678, Bytes + Offset, Size));
    EXPECT_EQUAL(ChecksumCrc32(0, Bytes, BYTES), crc32_z(0, Bytes, BYTES));
}

static void pieces_make_the_whole(void)
{
    for (size_t Piece = 1; Piece < 1500; Piece += 37) {
        uint32_t Sum = 0;

        for (size_t At = 0; At < BYTES; At += Piece)
            Sum = ChecksumCrc32(Sum, Bytes + At, BYTES - At < Piece ? BYTES - At : Piece);
        EXPECT_EQUAL(Sum, crc32_z(0, Bytes, BYTES));
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof(Bytes); i++)
        Bytes[i] = (uint8_t)(i * i * 31 + i / 7);
    RUN(every_length_and_alignment);
    RUN(pieces_make_the_whole);
    return 0;
}
