/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparison of memory, bit maps, time fields: the runtime library's small parts. */
#include "model/machine.h"

RULE(bitmap_range, "Bits of a bit map are within its size", "RTL_BITMAP structure (wdm.h)");

SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1, *b = Source2;
    SIZE_T i = 0;

    while (i < Length && a[i] == b[i])
        i++;
    return i;
}

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

static bool bit(const RTL_BITMAP *map, ULONG i)
{
    return (map->Buffer[i / 32] >> (i % 32)) & 1;
}

static void put(PRTL_BITMAP map, ULONG start, ULONG count, bool value)
{
    if (start > map->SizeOfBitMap || count > map->SizeOfBitMap - start)
        rule_broken(&bitmap_range, "%u + %u of %u", start, count, map->SizeOfBitMap);
    for (ULONG i = start; i < start + count; i++)
        if (value)
            map->Buffer[i / 32] |= 1u << (i % 32);
        else
            map->Buffer[i / 32] &= ~(1u << (i % 32));
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0, ((size_t)BitMapHeader->SizeOfBitMap + 31) / 32 * 4);
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0xff, ((size_t)BitMapHeader->SizeOfBitMap + 31) / 32 * 4);
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    put(BitMapHeader, StartingIndex, NumberToSet, true);
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    put(BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put(BitMapHeader, BitNumber, 1, true);
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put(BitMapHeader, BitNumber, 1, false);
}

static ULONG find(const RTL_BITMAP *map, ULONG count, ULONG hint, bool value)
{
    if (hint >= map->SizeOfBitMap)
        hint = 0;
    for (ULONG pass = 0; pass < 2; pass++) {
        ULONG run = 0;

        for (ULONG i = pass ? 0 : hint; i < map->SizeOfBitMap; i++) {
            run = bit(map, i) == value ? run + 1 : 0;
            if (run == count)
                return i + 1 - count;
        }
    }
    return 0xffffffff;
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, false);

    if (at != 0xffffffff)
        put(BitMapHeader, at, NumberToFind, true);
    return at;
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    ULONG count = 0;

    for (ULONG i = 0; i < BitMapHeader->SizeOfBitMap; i++)
        count += bit(BitMapHeader, i);
    return count;
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    if (BitNumber >= BitMapHeader->SizeOfBitMap)
        rule_broken(&bitmap_range, "%u of %u", BitNumber, BitMapHeader->SizeOfBitMap);
    return bit(BitMapHeader, BitNumber);
}
