/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of core/scsi have in common: operation codes, big-endian numbers, and the ways a
 * command ends. */
#ifndef CORE_SCSI_PRIVATE_H
#define CORE_SCSI_PRIVATE_H

#include "core/scsi/scsi.h"

enum {
    OP_TEST_UNIT_READY = 0x00,
    OP_REQUEST_SENSE = 0x03,
    OP_READ_6 = 0x08,
    OP_WRITE_6 = 0x0a,
    OP_INQUIRY = 0x12,
    OP_MODE_SENSE_6 = 0x1a,
    OP_START_STOP_UNIT = 0x1b,
    OP_PREVENT_ALLOW = 0x1e,
    OP_READ_CAPACITY_10 = 0x25,
    OP_READ_10 = 0x28,
    OP_WRITE_10 = 0x2a,
    OP_VERIFY_10 = 0x2f,
    OP_SYNCHRONIZE_CACHE_10 = 0x35,
    OP_UNMAP = 0x42, /* on a CD: READ SUB-CHANNEL, which is not supported */
    OP_READ_TOC = 0x43,
    OP_GET_CONFIGURATION = 0x46,
    OP_GET_EVENT_STATUS = 0x4a,
    OP_READ_DISC_INFORMATION = 0x51,
    OP_MODE_SENSE_10 = 0x5a,
    OP_READ_16 = 0x88,
    OP_WRITE_16 = 0x8a,
    OP_VERIFY_16 = 0x8f,
    OP_SYNCHRONIZE_CACHE_16 = 0x91,
    OP_SERVICE_ACTION_IN_16 = 0x9e,
    OP_REPORT_LUNS = 0xa0,
    OP_READ_12 = 0xa8,
    OP_WRITE_12 = 0xaa,
};

/* Additional sense codes. */
enum {
    CODE_NONE = 0x0000,
    CODE_WRITE_ERROR = 0x0c00,
    CODE_READ_ERROR = 0x1100,
    CODE_PARAMETER_LIST_LENGTH = 0x1a00,
    CODE_INVALID_OPERATION = 0x2000,
    CODE_LBA_OUT_OF_RANGE = 0x2100,
    CODE_INVALID_FIELD_IN_CDB = 0x2400,
    CODE_LUN_NOT_SUPPORTED = 0x2500,
    CODE_INVALID_FIELD_IN_LIST = 0x2600,
    CODE_WRITE_PROTECTED = 0x2700,
    CODE_MEDIUM_CHANGED = 0x2800,
    CODE_RESET = 0x2900,
    CODE_CAPACITY_CHANGED = 0x2a09,
    CODE_SAVING_NOT_SUPPORTED = 0x3900,
    CODE_MEDIUM_NOT_PRESENT = 0x3a00,
    CODE_UNIT_NOT_RESPONDING = 0x0500,
};

struct command {
    const struct scsi_disk *disk;
    const uint8_t *cdb;
    size_t buffer_bytes;
    struct scsi_result *result;
};

static inline uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static inline uint64_t get64(const uint8_t *at)
{
    return (uint64_t)get32(at) << 32 | get32(at + 4);
}

static inline void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static inline void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

static inline void fail(struct command *command, uint8_t key, uint16_t code)
{
    command->result->action = SCSI_FAILED;
    command->result->sense = (struct scsi_sense){key, code};
}

static inline void refuse(struct command *command, uint16_t code)
{
    fail(command, SCSI_KEY_ILLEGAL_REQUEST, code);
}

/* bytes of the answer are written; the initiator wants allocation_bytes of them at most. */
static inline void answer(struct command *command, size_t bytes, size_t allocation_bytes)
{
    if (bytes > allocation_bytes)
        bytes = allocation_bytes;
    if (bytes > command->buffer_bytes)
        bytes = command->buffer_bytes;
    command->result->action = SCSI_DONE;
    command->result->answer_bytes = bytes;
}

/* inquiry.c */
void scsi_inquiry(struct command *command, uint32_t lun);
/* mode.c */
void scsi_mode_sense(struct command *command);
/* cdrom.c: false: not a command of CDs. */
bool scsi_cdrom_command(struct command *command);

#endif
