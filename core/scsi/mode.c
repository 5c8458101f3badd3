/* SPDX-License-Identifier: BSD-2-Clause */
/* MODE SENSE (SPC-4 6.11, 7.5; SBC-3 6.4): whether the disk has a write cache, and whether it can
 * be written. Nothing can be changed, so MODE SELECT does not exist. */
#include "core/scsi/scsi_private.h"

#include <string.h>

enum {
    PAGE_CACHING = 0x08,
    PAGE_CONTROL = 0x0a,
    PAGE_CD_CAPABILITIES = 0x2a,
    PAGE_ALL = 0x3f,
    CONTROL_CHANGEABLE = 1,
    CONTROL_SAVED = 3,
    DEVICE_WRITE_PROTECTED = 0x80,
    DEVICE_KNOWS_FUA = 0x10,
};

static size_t page_caching(const struct scsi_disk *disk, uint8_t *page)
{
    page[0] = PAGE_CACHING;
    page[1] = 18;
    page[2] = disk->write_cache ? 0x04 : 0;
    return 20;
}

static size_t page_control(uint8_t *page)
{
    page[0] = PAGE_CONTROL;
    page[1] = 10;
    page[3] = 0x10; /* requests may be reordered */
    return 12;
}

static size_t page_cd_capabilities(uint8_t *page)
{
    page[0] = PAGE_CD_CAPABILITIES;
    page[1] = 18;
    page[2] = 0x0b; /* reads CD-R, CD-RW, DVD-ROM; writes nothing, plays nothing */
    return 20;
}

/* Appends the pages that code names. 0: there is none. */
static size_t pages_of(const struct scsi_disk *disk, uint8_t code, uint8_t *out)
{
    bool all = code == PAGE_ALL;
    size_t bytes = 0;

    if (!disk->cdrom && (all || code == PAGE_CACHING))
        bytes += page_caching(disk, out + bytes);
    if (all || code == PAGE_CONTROL)
        bytes += page_control(out + bytes);
    if (disk->cdrom && (all || code == PAGE_CD_CAPABILITIES))
        bytes += page_cd_capabilities(out + bytes);
    return bytes;
}

/* Of what can be changed, the answer has the same pages, all bits 0. */
static void clear_pages(uint8_t *pages, size_t bytes)
{
    size_t at = 0;

    while (at < bytes) {
        size_t length = pages[at + 1];
        memset(pages + at + 2, 0, length);
        at += 2 + length;
    }
}

void scsi_mode_sense(struct command *command)
{
    const struct scsi_disk *disk = command->disk;
    const uint8_t *cdb = command->cdb;
    bool small = cdb[0] == OP_MODE_SENSE_6;
    size_t header = small ? 4 : 8, bytes;
    uint8_t *out = command->result->answer, control = cdb[2] >> 6;
    uint8_t device = 0;

    if (control == CONTROL_SAVED) {
        refuse(command, CODE_SAVING_NOT_SUPPORTED);
        return;
    }
    bytes = pages_of(disk, cdb[2] & 0x3f, out + header);
    if (bytes == 0 || (cdb[3] != 0 && cdb[3] != 0xff)) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
        return;
    }
    if (control == CONTROL_CHANGEABLE)
        clear_pages(out + header, bytes);
    if (!disk->cdrom)
        device = (uint8_t)((disk->read_only ? DEVICE_WRITE_PROTECTED : 0) |
                           (disk->write_cache ? DEVICE_KNOWS_FUA : 0));
    bytes += header;
    if (small) {
        out[0] = (uint8_t)(bytes - 1);
        out[2] = device;
    } else {
        put16(out, (uint32_t)(bytes - 2));
        out[3] = device;
    }
    answer(command, bytes, small ? cdb[4] : get16(cdb + 7));
}
