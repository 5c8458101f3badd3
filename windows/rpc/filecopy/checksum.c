/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See checksum.h. A message is a polynomial over GF(2), its CRC the remainder by P of degree 32.
 * What is D bits before the end of the message may be replaced by its product with x^D mod P added
 * to the end: the remainder is the same. So 64 bytes are carried along, and each step adds them,
 * multiplied, to the next 64. The 16 that remain at the end have the remainder of all, and zlib
 * takes it.
 *
 * Bits are reflected: the lowest bit of a register is the highest power. So the low half of 128
 * bits lies 64 powers above the high half, and is to be multiplied by x^(D+64), the other by x^D. A
 * constant of 32 bits in the low end of a register of 64 counts for 32 powers more than it has,
 * hence D+32 and D-32; and a product of reflected numbers comes out one power too high, which the
 * constants undo, being shifted by one.
 */
#include "windows/rpc/filecopy/checksum.h"

#include <wmmintrin.h>
#include <zlib.h>

enum { STEP_BYTES = 64, WORTH_IT_BYTES = 4 * STEP_BYTES };

/* x^(D+32) mod P and x^(D-32) mod P, reflected, shifted. */
#define FOLD_512 _mm_set_epi64x(0x1c6e41596, 0x154442bd4)
#define FOLD_128 _mm_set_epi64x(0x0ccaa009e, 0x1751997d0)

__attribute__((target("pclmul"))) static __m128i Fold(__m128i Value, __m128i By, __m128i Next)
{
    __m128i Low = _mm_clmulepi64_si128(Value, By, 0x00);
    __m128i High = _mm_clmulepi64_si128(Value, By, 0x11);

    return _mm_xor_si128(_mm_xor_si128(Low, High), Next);
}

/* Size: a multiple of STEP_BYTES, two of them at least. */
__attribute__((target("pclmul"))) static uint32_t FoldAll(uint32_t Sum, const uint8_t *Bytes,
                                                          size_t Size)
{
    const __m128i *At = (const __m128i *)Bytes, *End = (const __m128i *)(Bytes + Size);
    __m128i Lanes[4], Last;
    uint8_t Rest[sizeof(Last)];

    for (int i = 0; i < 4; i++)
        Lanes[i] = _mm_loadu_si128(At++);
    /* The register that zlib begins with is the complement of the sum so far. */
    Lanes[0] = _mm_xor_si128(Lanes[0], _mm_cvtsi32_si128((int)~Sum));
    while (At < End)
        for (int i = 0; i < 4; i++)
            Lanes[i] = Fold(Lanes[i], FOLD_512, _mm_loadu_si128(At++));
    Last = Lanes[0];
    for (int i = 1; i < 4; i++)
        Last = Fold(Last, FOLD_128, Lanes[i]);
    _mm_storeu_si128((__m128i *)Rest, Last);
    return (uint32_t)crc32_z(UINT32_MAX, Rest, sizeof(Rest)); /* begins with a register of zero */
}

uint32_t ChecksumCrc32(uint32_t Sum, const void *Data, size_t Size)
{
    const uint8_t *Bytes = Data;

    if (Size >= WORTH_IT_BYTES && __builtin_cpu_supports("pclmul")) {
        size_t Whole = Size / STEP_BYTES * STEP_BYTES;

        Sum = FoldAll(Sum, Bytes, Whole);
        Bytes += Whole;
        Size -= Whole;
    }
    return (uint32_t)crc32_z(Sum, Bytes, Size);
}
