/* SPDX-License-Identifier: BSD-2-Clause */
/* See blocks.h. */
#include <stdlib.h>
#include "windows/agent/qrexec/blocks.h"

BYTE *BlockTake(_Inout_ BLOCKS *Blocks)
{
    return Blocks->Count ? Blocks->Free[--Blocks->Count] : malloc(BLOCK_BYTES);
}

void BlockReturn(_Inout_ BLOCKS *Blocks, _In_opt_ BYTE *Block)
{
    if (Block && Blocks->Count < BLOCKS_KEPT)
        Blocks->Free[Blocks->Count++] = Block;
    else
        free(Block);
}

void BlocksFree(_Inout_ BLOCKS *Blocks)
{
    while (Blocks->Count)
        free(Blocks->Free[--Blocks->Count]);
}
