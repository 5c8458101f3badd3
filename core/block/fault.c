/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences for what a backend did wrong: see fault.h. */
#include "core/block/fault.h"

const char *blk_fault_text(enum blk_fault fault)
{
    static const char *const texts[BLK_FAULT_COUNT] = {
        [BLK_NO_FAULT] = "nothing is wrong",
        [BLK_FAULT_PATH] = "XenStore does not say where the disk's backend is",
        [BLK_FAULT_NODE] = "the backend wrote something into XenStore that is not a number of use",
        [BLK_FAULT_STATE] = "the backend went to a state that makes no sense here",
        [BLK_FAULT_NO_SIZE] = "the backend does not say how large the disk is",
        [BLK_FAULT_SECTOR_SIZE] = "the sector size is not 512, 1024, 2048 or 4096 bytes",
        [BLK_FAULT_PHYSICAL_SIZE] = "the physical sector size is not a power of two of sectors",
        [BLK_FAULT_SIZE] = "the disk is empty, too large, or does not consist of whole sectors",
        [BLK_FAULT_SECTOR_UNITS] =
            "feature-large-sector-size: the units of this disk are not certain",
        [BLK_FAULT_NO_INDIRECT] = "the backend offers indirect requests of no segments",
        [BLK_FAULT_SHRUNK] = "the disk became smaller or changed its sector size while in use",
        [BLK_FAULT_STORE] = "XenStore refused what the disk needs",
        [BLK_FAULT_INDEX] = "the backend answered more requests than there are",
        [BLK_FAULT_ID] = "the backend answered a request that was not asked",
        [BLK_FAULT_OPERATION] = "the backend answered another operation than was asked",
        [BLK_FAULT_SILENT] = "the backend did not answer a request in time",
        [BLK_FAULT_SLOW] = "the backend did not get ready in time",
        [BLK_FAULT_GONE] = "the backend went away while the disk was in use",
        [BLK_FAULT_NO_RINGS] = "there is no memory, grant or event channel for the disk's rings",
    };
    return (unsigned)fault < BLK_FAULT_COUNT ? texts[fault] : "an unknown fault";
}
