/* SPDX-License-Identifier: BSD-2-Clause */
/* INQUIRY and the pages of vital product data (SPC-4 6.4 and 7.8, SBC-3 6.6). */
#include "core/scsi/scsi_private.h"

#include <string.h>

enum {
    TYPE_DISK = 0x00,
    TYPE_CDROM = 0x05,
    TYPE_NO_UNIT = 0x7f, /* nothing is there, and nothing can be */
    VERSION_SPC_4 = 0x06,
    PAGE_SUPPORTED = 0x00,
    PAGE_SERIAL = 0x80,
    PAGE_IDENTIFICATION = 0x83,
    PAGE_BLOCK_LIMITS = 0xb0,
    PAGE_CHARACTERISTICS = 0xb1,
    PAGE_PROVISIONING = 0xb2,
    NUMBER_DIGITS = 10,
};

static const char vendor[8] = "CASEMENT"; /* fields of fixed width, without NUL */
static const char product_disk[16] = "PV DISK         ";
static const char product_cdrom[16] = "PV CD-ROM       ";
static const char revision[4] = "0001";

static uint8_t device_type(const struct scsi_disk *disk)
{
    return disk->cdrom ? TYPE_CDROM : TYPE_DISK;
}

static void standard(struct command *command, uint32_t lun)
{
    const struct scsi_disk *disk = command->disk;
    uint8_t *out = command->result->answer;

    out[0] = lun == 0 ? device_type(disk) : TYPE_NO_UNIT;
    out[1] = disk->removable || disk->cdrom ? 0x80 : 0;
    out[2] = VERSION_SPC_4;
    out[3] = 0x02; /* the format of this answer */
    out[4] = 36 - 5;
    out[7] = 0x02; /* takes several commands at a time */
    memcpy(out + 8, vendor, sizeof(vendor));
    memcpy(out + 16, disk->cdrom ? product_cdrom : product_disk, sizeof(product_disk));
    memcpy(out + 32, revision, sizeof(revision));
    answer(command, 36, get16(command->cdb + 3));
}

/* The number of the virtual device, NUMBER_DIGITS decimal digits. */
static void put_number(uint8_t *at, uint32_t number)
{
    for (size_t i = NUMBER_DIGITS; i-- > 0; number /= 10)
        at[i] = (uint8_t)('0' + number % 10);
}

static size_t identification(const struct scsi_disk *disk, uint8_t *out)
{
    out[0] = 0x02; /* ASCII */
    out[1] = 0x01; /* of the logical unit; begins with the vendor's name */
    out[3] = sizeof(vendor) + sizeof(product_disk) + NUMBER_DIGITS;
    memcpy(out + 4, vendor, sizeof(vendor));
    memcpy(out + 4 + sizeof(vendor), disk->cdrom ? product_cdrom : product_disk,
           sizeof(product_disk));
    put_number(out + 4 + sizeof(vendor) + sizeof(product_disk), disk->number);
    return 4 + (size_t)out[3];
}

static size_t block_limits(const struct scsi_disk *disk, uint8_t *page)
{
    put32(page + 8, disk->transfer_max_blocks);
    put32(page + 12, disk->transfer_max_blocks); /* the best length is the greatest */
    if (disk->discard) {
        put32(page + 20, UINT32_MAX); /* blocks of one UNMAP: no limit */
        put32(page + 24, SCSI_UNMAP_DESCRIPTORS_MAX);
        put32(page + 28, disk->discard_granularity_blocks);
        if (disk->discard_granularity_blocks)
            put32(page + 32, 0x80000000u | (disk->discard_alignment_blocks & 0x7fffffff));
    }
    return 60;
}

static size_t supported(const struct scsi_disk *disk, uint8_t *out)
{
    static const uint8_t pages[] = {PAGE_SUPPORTED,    PAGE_SERIAL,          PAGE_IDENTIFICATION,
                                    PAGE_BLOCK_LIMITS, PAGE_CHARACTERISTICS, PAGE_PROVISIONING};
    size_t count = disk->cdrom ? 3 : sizeof(pages); /* the last three are of block devices */

    memcpy(out, pages, count);
    return count;
}

static void page_of(struct command *command, uint8_t code)
{
    const struct scsi_disk *disk = command->disk;
    uint8_t *page = command->result->answer;
    size_t bytes = 0;
    bool known = true;

    switch (code) {
    case PAGE_SUPPORTED:
        bytes = supported(disk, page + 4);
        break;
    case PAGE_SERIAL:
        put_number(page + 4, disk->number);
        bytes = NUMBER_DIGITS;
        break;
    case PAGE_IDENTIFICATION:
        bytes = identification(disk, page + 4);
        break;
    case PAGE_BLOCK_LIMITS:
        known = !disk->cdrom;
        bytes = block_limits(disk, page);
        break;
    case PAGE_CHARACTERISTICS:
        known = !disk->cdrom;
        put16(page + 4, 1); /* nothing turns: what is beneath, the guest cannot know */
        bytes = 60;
        break;
    case PAGE_PROVISIONING:
        known = !disk->cdrom;
        page[5] = disk->discard ? 0x80 : 0; /* UNMAP is known */
        page[6] = disk->discard ? 0x02 : 0; /* thin */
        bytes = 4;
        break;
    default:
        known = false;
    }
    if (!known) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
        return;
    }
    page[0] = device_type(disk);
    page[1] = code;
    put16(page + 2, (uint32_t)bytes);
    answer(command, 4 + bytes, get16(command->cdb + 3));
}

void scsi_inquiry(struct command *command, uint32_t lun)
{
    const uint8_t *cdb = command->cdb;

    if ((cdb[1] & 1) == 0) {
        if (cdb[2] != 0)
            refuse(command, CODE_INVALID_FIELD_IN_CDB);
        else
            standard(command, lun);
    } else if (lun != 0) {
        refuse(command, CODE_LUN_NOT_SUPPORTED);
    } else {
        page_of(command, cdb[2]);
    }
}
