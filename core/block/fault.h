/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk's backend can do wrong, and how to say it. A fault ends the disk (its requests fail,
 * once each), never the machine.
 */
#ifndef CORE_BLOCK_FAULT_H
#define CORE_BLOCK_FAULT_H

enum blk_fault {
    BLK_NO_FAULT,
    /* XenStore. */
    BLK_FAULT_PATH,          /* no backend is named, or with a path that cannot be one */
    BLK_FAULT_NODE,          /* a node is not a number, or too large a one */
    BLK_FAULT_STATE,         /* a state that does not exist, or that it cannot go to from here */
    BLK_FAULT_NO_SIZE,       /* "sectors" or "sector-size" is missing */
    BLK_FAULT_SECTOR_SIZE,   /* not a power of two, or not from 512 to 4096 */
    BLK_FAULT_PHYSICAL_SIZE, /* the physical sector is not a power of two sectors */
    BLK_FAULT_SIZE,          /* no sectors, more than 2^54, or not whole ones */
    BLK_FAULT_SECTOR_UNITS,  /* old units: feature-large-sector-size with large sectors */
    BLK_FAULT_NO_INDIRECT,   /* feature-max-indirect-segments of 0 */
    BLK_FAULT_SHRUNK,        /* the disk became smaller, or its sectors changed, in use */
    BLK_FAULT_STORE,         /* XenStore itself refused what the disk needs */
    /* The ring. */
    BLK_FAULT_INDEX,     /* responses that cannot be: more than there are requests */
    BLK_FAULT_ID,        /* a response to a request that is not outstanding */
    BLK_FAULT_OPERATION, /* a response names another operation than its request */
    BLK_FAULT_SILENT,    /* a request was not answered in time */
    /* The machine's owner. */
    BLK_FAULT_SLOW,     /* the backend did not connect in time */
    BLK_FAULT_GONE,     /* the backend went away while the disk was in use */
    BLK_FAULT_NO_RINGS, /* no memory, grants or event channels for the rings */
    BLK_FAULT_COUNT,
};

/* A sentence without its full stop, for a log. */
const char *blk_fault_text(enum blk_fault fault);

#endif
