/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers for data on its way, lent for as long as there is data. An idle call holds none, so that
 * memory follows traffic and not the number of open calls. Loop thread only.
 */
#pragma once

#include <windows.h>

enum {
    /* Several messages: a request to a pipe costs much more than the bytes it moves. */
    BLOCK_DATA_BYTES = 262144,
    /* Room before the data for a message header, and for the largest request of a local client. */
    BLOCK_BYTES = BLOCK_DATA_BYTES + 256,
    BLOCKS_KEPT = 8, /* idle ones that are not given back to the heap */
};

typedef struct BLOCKS {
    BYTE *Free[BLOCKS_KEPT];
    DWORD Count;
} BLOCKS;

/* BLOCK_BYTES bytes; NULL: no memory. */
BYTE *BlockTake(_Inout_ BLOCKS *Blocks);
/* NULL is allowed. */
void BlockReturn(_Inout_ BLOCKS *Blocks, _In_opt_ BYTE *Block);
void BlocksFree(_Inout_ BLOCKS *Blocks);
