/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual disk (or CD) as a SCSI device: commands are decoded here, and what needs no medium is
 * answered. The caller owns the disk: it carries out reads, writes, flushes and discards, and turns
 * their failures into sense data with scsi_sense_of().
 *
 * Commands come from whoever may open the disk (SCSI pass-through), so a CDB may hold anything:
 * every field is checked against the disk before it becomes an extent, and an answer is never
 * longer than the initiator's allocation length.
 *
 * Nothing here waits, allocates or keeps state; the one thing that a device remembers between
 * commands, its unit attentions, is a word of the caller's.
 *
 * Formats: SPC-4 and SBC-3 (T10), for CDs MMC-6. Numbers on the wire are big-endian.
 */
#ifndef CORE_SCSI_H
#define CORE_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCSI_CDB_MAX_BYTES = 16,
    SCSI_SENSE_BYTES = 18, /* fixed format, "current error" */
    SCSI_ANSWER_MAX_BYTES = 96,
    SCSI_CD_BLOCK_BYTES = 2048,
    SCSI_UNMAP_DESCRIPTORS_MAX = 64, /* of one UNMAP; the block limits page says so */
};

/* Status byte of a command. */
enum { SCSI_STATUS_GOOD = 0x00, SCSI_STATUS_CHECK_CONDITION = 0x02 };

/* What the commands tell of the disk. The caller fills it from what its backend said, and checked:
 * block_bytes is a power of two of at least 512 (CD: SCSI_CD_BLOCK_BYTES). */
struct scsi_disk {
    uint64_t blocks; /* 0: there is no medium */
    uint32_t block_bytes;
    uint32_t physical_bytes;      /* a power of two >= block_bytes: the backend's own sector */
    uint32_t transfer_max_blocks; /* of one read or write; 0: says nothing */
    uint32_t number;              /* of the virtual device: makes its names unique in the machine */
    bool cdrom;
    bool removable;
    bool read_only;
    bool write_cache; /* what was written may be lost until it is flushed; flushes work */
    bool discard;
    uint32_t discard_granularity_blocks, discard_alignment_blocks; /* 0: unknown */
};

/* Unit attentions, pending: bits of the caller's word. */
enum {
    SCSI_ATTENTION_RESET = 1 << 0,
    SCSI_ATTENTION_CAPACITY = 1 << 1, /* the disk was resized */
    SCSI_ATTENTION_MEDIUM = 1 << 2,   /* another medium, or another write protection */
};

/* Sense key, and additional sense code with its qualifier as 0xASCQ. */
struct scsi_sense {
    uint8_t key;
    uint16_t code;
};

enum {
    SCSI_KEY_NONE = 0x0,
    SCSI_KEY_NOT_READY = 0x2,
    SCSI_KEY_MEDIUM_ERROR = 0x3,
    SCSI_KEY_HARDWARE_ERROR = 0x4,
    SCSI_KEY_ILLEGAL_REQUEST = 0x5,
    SCSI_KEY_UNIT_ATTENTION = 0x6,
    SCSI_KEY_DATA_PROTECT = 0x7,
    SCSI_KEY_ABORTED = 0xb,
};

enum scsi_action {
    SCSI_DONE,   /* good status; answer_bytes of answer are the data (0: none) */
    SCSI_FAILED, /* check condition with sense */
    SCSI_READ,   /* blocks at lba into the data buffer (never 0 blocks) */
    SCSI_WRITE,  /* the same from it; then a flush, if fua */
    SCSI_FLUSH,  /* everything that was written before */
    SCSI_UNMAP,  /* parse the data buffer with scsi_unmap() */
};

struct scsi_result {
    enum scsi_action action;
    struct scsi_sense sense;
    bool fua;
    uint32_t blocks;
    uint64_t lba;
    size_t answer_bytes; /* at most the allocation length */
    uint8_t answer[SCSI_ANSWER_MAX_BYTES];
};

/* Decodes a command for logical unit lun (0 is the disk; others do not exist). buffer_bytes: length
 * of the initiator's data buffer; a transfer that does not fit is refused, an answer is cut.
 * attentions: read, and cleared as it is reported. */
void scsi_command(const struct scsi_disk *disk, uint32_t lun, const uint8_t *cdb, size_t cdb_bytes,
                  size_t buffer_bytes, uint32_t *attentions, struct scsi_result *result);

struct scsi_extent {
    uint64_t lba;
    uint32_t blocks; /* never 0 */
};

/* The extents of an UNMAP's parameter list, in order; empty ones are left out. False: *sense says
 * why, and nothing is to be discarded. bytes: what the buffer holds, at most the CDB's length. */
bool scsi_unmap(const struct scsi_disk *disk, const uint8_t *list, size_t bytes,
                struct scsi_extent extents[SCSI_UNMAP_DESCRIPTORS_MAX], size_t *count,
                struct scsi_sense *sense);

/* What the disk itself can do wrong. */
enum scsi_fault {
    SCSI_FAULT_READ,          /* data cannot be read */
    SCSI_FAULT_WRITE,         /* or written, or flushed */
    SCSI_FAULT_NOT_SUPPORTED, /* the backend does not know the operation, though it said so */
    SCSI_FAULT_GONE,          /* there is no backend any more */
};
struct scsi_sense scsi_sense_of(enum scsi_fault fault);

/* Sense data in fixed format. */
void scsi_sense_write(struct scsi_sense sense, uint8_t out[SCSI_SENSE_BYTES]);

#endif
