/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding of commands: see scsi.h. */
#include "core/scsi/scsi_private.h"

#include <string.h>

/* The group of an operation code says how long its CDB is (SPC-4 4.2.5.1). 0: no fixed length. */
static size_t cdb_bytes_of(uint8_t operation)
{
    static const uint8_t bytes[8] = {6, 10, 10, 0, 16, 12, 0, 0};

    return bytes[operation >> 5];
}

/* --- Transfers. */

/* lba and blocks of a read, write, verify or flush of any length. */
static void extent_of(const uint8_t *cdb, uint64_t *lba, uint32_t *blocks)
{
    switch (cdb_bytes_of(cdb[0])) {
    case 6:
        *lba = get32(cdb) & 0x1fffff;
        *blocks = cdb[4] ? cdb[4] : 256;
        break;
    case 10:
        *lba = get32(cdb + 2);
        *blocks = get16(cdb + 7);
        break;
    case 12:
        *lba = get32(cdb + 2);
        *blocks = get32(cdb + 6);
        break;
    default:
        *lba = get64(cdb + 2);
        *blocks = get32(cdb + 10);
        break;
    }
}

static bool is_in(const struct scsi_disk *disk, uint64_t lba, uint64_t blocks)
{
    return lba <= disk->blocks && blocks <= disk->blocks - lba;
}

static void transfer(struct command *command, enum scsi_action action)
{
    const struct scsi_disk *disk = command->disk;
    struct scsi_result *result = command->result;
    bool long_form = cdb_bytes_of(command->cdb[0]) > 6;

    extent_of(command->cdb, &result->lba, &result->blocks);
    if (long_form && command->cdb[1] >> 5) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB); /* no protection information */
    } else if (action == SCSI_WRITE && disk->read_only) {
        fail(command, SCSI_KEY_DATA_PROTECT, CODE_WRITE_PROTECTED);
    } else if (!is_in(disk, result->lba, result->blocks)) {
        refuse(command, CODE_LBA_OUT_OF_RANGE);
    } else if (result->blocks > command->buffer_bytes / disk->block_bytes) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
    } else if (result->blocks > 0) {
        result->action = action;
        /* Without a cache whatever is written is on the medium. */
        result->fua =
            action == SCSI_WRITE && long_form && (command->cdb[1] & 8) && disk->write_cache;
    }
}

/* No backend can verify; a bad sector shows itself when it is read. Initiators only want to know
 * whether the blocks exist. */
static void verify(struct command *command)
{
    uint64_t lba;
    uint32_t blocks;

    extent_of(command->cdb, &lba, &blocks);
    if (command->cdb[1] & 0x06)
        refuse(command, CODE_INVALID_FIELD_IN_CDB); /* a comparison is not supported */
    else if (!is_in(command->disk, lba, blocks))
        refuse(command, CODE_LBA_OUT_OF_RANGE);
}

static void synchronize_cache(struct command *command)
{
    uint64_t lba;
    uint32_t blocks;

    extent_of(command->cdb, &lba, &blocks);
    if (!is_in(command->disk, lba, blocks))
        refuse(command, CODE_LBA_OUT_OF_RANGE);
    else if (command->disk->write_cache)
        command->result->action = SCSI_FLUSH;
}

static void unmap(struct command *command)
{
    if (!command->disk->discard)
        refuse(command, CODE_INVALID_OPERATION);
    else if (command->cdb[1] & 1)
        refuse(command, CODE_INVALID_FIELD_IN_CDB); /* ANCHOR */
    else if (command->disk->read_only)
        fail(command, SCSI_KEY_DATA_PROTECT, CODE_WRITE_PROTECTED);
    else if (get16(command->cdb + 7) > command->buffer_bytes)
        refuse(command, CODE_PARAMETER_LIST_LENGTH);
    else if (get16(command->cdb + 7) > 0) /* no list is no error */
        command->result->action = SCSI_UNMAP;
    command->result->blocks = get16(command->cdb + 7); /* bytes of the list */
}

/* --- Answers. */

static void read_capacity_10(struct command *command)
{
    uint64_t last = command->disk->blocks - 1;

    put32(command->result->answer, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
    put32(command->result->answer + 4, command->disk->block_bytes);
    answer(command, 8, 8);
}

static uint32_t log2_of(uint32_t power_of_two)
{
    uint32_t log = 0;

    while (power_of_two >>= 1)
        log++;
    return log;
}

static void read_capacity_16(struct command *command)
{
    const struct scsi_disk *disk = command->disk;
    uint8_t *out = command->result->answer;

    put64(out, disk->blocks - 1);
    put32(out + 8, disk->block_bytes);
    out[13] = (uint8_t)log2_of(disk->physical_bytes / disk->block_bytes);
    out[14] = disk->discard ? 0x80 : 0; /* LBPME; discarded blocks need not read as zeros */
    answer(command, 32, get32(command->cdb + 10));
}

static void service_action_in(struct command *command)
{
    if ((command->cdb[1] & 0x1f) != 0x10) /* READ CAPACITY (16) */
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
    else
        read_capacity_16(command);
}

static void report_luns(struct command *command)
{
    if (command->cdb[2] > 2) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
        return;
    }
    /* 1: well-known units alone, of which there are none. */
    put32(command->result->answer, command->cdb[2] == 1 ? 0 : 8);
    answer(command, command->cdb[2] == 1 ? 8 : 16, get32(command->cdb + 6));
}

static struct scsi_sense take_attention(uint32_t *attentions)
{
    static const struct {
        uint32_t bit;
        uint16_t code;
    } order[] = {
        {SCSI_ATTENTION_RESET, CODE_RESET},
        {SCSI_ATTENTION_MEDIUM, CODE_MEDIUM_CHANGED},
        {SCSI_ATTENTION_CAPACITY, CODE_CAPACITY_CHANGED},
    };

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (*attentions & order[i].bit) {
            *attentions &= ~order[i].bit;
            return (struct scsi_sense){SCSI_KEY_UNIT_ATTENTION, order[i].code};
        }
    }
    return (struct scsi_sense){SCSI_KEY_NONE, CODE_NONE};
}

static void request_sense(struct command *command, uint32_t lun, uint32_t *attentions)
{
    struct scsi_sense sense = {SCSI_KEY_ILLEGAL_REQUEST, CODE_LUN_NOT_SUPPORTED};

    if (command->cdb[1] & 1) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB); /* descriptor format */
        return;
    }
    if (lun == 0)
        sense = take_attention(attentions);
    scsi_sense_write(sense, command->result->answer);
    answer(command, SCSI_SENSE_BYTES, command->cdb[4]);
}

/* --- Commands. */

/* Those that need no medium, and are answered in any state of the unit (SPC-4 5.14: they report no
 * unit attention). False: another one. */
static bool always(struct command *command, uint32_t lun, uint32_t *attentions)
{
    switch (command->cdb[0]) {
    case OP_INQUIRY:
        scsi_inquiry(command, lun);
        return true;
    case OP_REPORT_LUNS:
        report_luns(command);
        return true;
    case OP_REQUEST_SENSE:
        request_sense(command, lun, attentions);
        return true;
    }
    return false;
}

static bool without_medium(struct command *command)
{
    switch (command->cdb[0]) {
    case OP_MODE_SENSE_6:
    case OP_MODE_SENSE_10:
        scsi_mode_sense(command);
        return true;
    case OP_START_STOP_UNIT: /* a virtual disk neither turns nor leaves */
    case OP_PREVENT_ALLOW:
        return true;
    }
    return command->disk->cdrom && scsi_cdrom_command(command);
}

static void with_medium(struct command *command)
{
    switch (command->cdb[0]) {
    case OP_TEST_UNIT_READY:
        return;
    case OP_READ_6:
    case OP_READ_10:
    case OP_READ_12:
    case OP_READ_16:
        transfer(command, SCSI_READ);
        return;
    case OP_WRITE_6:
    case OP_WRITE_10:
    case OP_WRITE_12:
    case OP_WRITE_16:
        transfer(command, SCSI_WRITE);
        return;
    case OP_VERIFY_10:
    case OP_VERIFY_16:
        verify(command);
        return;
    case OP_SYNCHRONIZE_CACHE_10:
    case OP_SYNCHRONIZE_CACHE_16:
        synchronize_cache(command);
        return;
    case OP_UNMAP:
        unmap(command);
        return;
    case OP_READ_CAPACITY_10:
        read_capacity_10(command);
        return;
    case OP_SERVICE_ACTION_IN_16:
        service_action_in(command);
        return;
    }
    refuse(command, CODE_INVALID_OPERATION);
}

void scsi_command(const struct scsi_disk *disk, uint32_t lun, const uint8_t *cdb, size_t cdb_bytes,
                  size_t buffer_bytes, uint32_t *attentions, struct scsi_result *result)
{
    struct command command = {disk, cdb, buffer_bytes, result};

    memset(result, 0, sizeof(*result));
    if (cdb_bytes == 0 || cdb_bytes < cdb_bytes_of(cdb[0]) || cdb_bytes_of(cdb[0]) == 0) {
        refuse(&command, CODE_INVALID_OPERATION);
        return;
    }
    if (always(&command, lun, attentions))
        return;
    if (lun != 0) {
        refuse(&command, CODE_LUN_NOT_SUPPORTED);
        return;
    }
    if (*attentions) {
        result->action = SCSI_FAILED;
        result->sense = take_attention(attentions);
        if (result->sense.key != SCSI_KEY_NONE)
            return;
        result->action = SCSI_DONE;
    }
    if (without_medium(&command))
        return;
    if (disk->blocks == 0)
        fail(&command, SCSI_KEY_NOT_READY, CODE_MEDIUM_NOT_PRESENT);
    else
        with_medium(&command);
}

/* --- UNMAP's list: data length, length of the descriptors, 4 reserved bytes, descriptors. */

bool scsi_unmap(const struct scsi_disk *disk, const uint8_t *list, size_t bytes,
                struct scsi_extent extents[SCSI_UNMAP_DESCRIPTORS_MAX], size_t *count,
                struct scsi_sense *sense)
{
    size_t descriptors;

    *count = 0;
    *sense = (struct scsi_sense){SCSI_KEY_ILLEGAL_REQUEST, CODE_PARAMETER_LIST_LENGTH};
    if (bytes < 8)
        return false;
    /* What is said to follow but is not in the buffer is no part of the list. */
    descriptors = get16(list + 2) < bytes - 8 ? get16(list + 2) : bytes - 8;
    descriptors /= 16;
    sense->code = CODE_INVALID_FIELD_IN_LIST;
    if (descriptors > SCSI_UNMAP_DESCRIPTORS_MAX)
        return false;
    for (size_t i = 0; i < descriptors; i++) {
        struct scsi_extent extent = {get64(list + 8 + 16 * i), get32(list + 8 + 16 * i + 8)};
        if (!is_in(disk, extent.lba, extent.blocks)) {
            sense->code = CODE_LBA_OUT_OF_RANGE;
            return false;
        }
        if (extent.blocks > 0)
            extents[(*count)++] = extent;
    }
    return true;
}
