/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that a CD class driver cannot do without (MMC-6): one finished session with one data
 * track, in a drive that only reads. The medium changes through the backend, never by a command, so
 * there is no tray.
 */
#include "core/scsi/scsi_private.h"

enum {
    TRACK_LEADOUT = 0xaa,
    TRACK_IS_DATA = 0x14, /* ADR 1, control 4 */
    PREGAP_FRAMES = 150,
    FRAMES_PER_SECOND = 75,
    PROFILE_CDROM = 0x0008,
    PROFILE_DVDROM = 0x0010,
    CD_BLOCKS_MAX = 450000, /* 100 minutes; what is longer must be a DVD */
    EVENT_CLASS_MEDIA = 4,
};

static void put_address(uint8_t *at, uint64_t block, bool msf)
{
    uint64_t frames = block + PREGAP_FRAMES;

    if (!msf) {
        put32(at, block > UINT32_MAX ? UINT32_MAX : (uint32_t)block);
        return;
    }
    at[0] = 0;
    at[1] = (uint8_t)(frames / FRAMES_PER_SECOND / 60);
    at[2] = (uint8_t)(frames / FRAMES_PER_SECOND % 60);
    at[3] = (uint8_t)(frames % FRAMES_PER_SECOND);
}

static size_t put_track(uint8_t *at, uint8_t track, uint64_t block, bool msf)
{
    at[1] = TRACK_IS_DATA;
    at[2] = track;
    put_address(at + 4, block, msf);
    return 8;
}

static void read_toc(struct command *command)
{
    const uint8_t *cdb = command->cdb;
    uint8_t *out = command->result->answer;
    bool msf = cdb[1] & 2;
    size_t bytes = 4;

    out[2] = out[3] = 1; /* the first and last track, or session */
    switch (cdb[2] & 0x0f) {
    case 0: /* the tracks from cdb[6] on */
        if (cdb[6] > 1 && cdb[6] != TRACK_LEADOUT) {
            refuse(command, CODE_INVALID_FIELD_IN_CDB);
            return;
        }
        if (cdb[6] <= 1)
            bytes += put_track(out + bytes, 1, 0, msf);
        bytes += put_track(out + bytes, TRACK_LEADOUT, command->disk->blocks, msf);
        break;
    case 1: /* the first track of the last session */
        bytes += put_track(out + bytes, 1, 0, msf);
        break;
    default:
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
        return;
    }
    put16(out, (uint32_t)(bytes - 2));
    answer(command, bytes, get16(cdb + 7));
}

static size_t put_feature(uint8_t *at, uint32_t feature, uint8_t flags, uint8_t bytes)
{
    put16(at, feature);
    at[2] = flags;
    at[3] = bytes;
    return 4 + (size_t)bytes;
}

static void get_configuration(struct command *command)
{
    enum { PERSISTENT_CURRENT = 3, CURRENT = 1 };
    const uint8_t *cdb = command->cdb;
    uint8_t *out = command->result->answer, *at = out + 8;
    uint32_t first = get16(cdb + 2);
    bool one = (cdb[1] & 3) == 2, dvd = command->disk->blocks > CD_BLOCKS_MAX;
    uint32_t profile = dvd ? PROFILE_DVDROM : PROFILE_CDROM;

    if ((cdb[1] & 3) == 3) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB);
        return;
    }
    if (first == 0) { /* the profiles */
        put16(at + 4, PROFILE_DVDROM);
        at[6] = dvd;
        put16(at + 8, PROFILE_CDROM);
        at[10] = !dvd;
        at += put_feature(at, 0, PERSISTENT_CURRENT, 8);
    }
    if (first == 1 || (first < 1 && !one)) { /* core: a SCSI drive */
        put32(at + 4, 1);
        at += put_feature(at, 1, PERSISTENT_CURRENT, 4);
    }
    if (first == 3 || (first < 3 && !one)) /* the medium may change; nothing ejects it */
        at += put_feature(at, 3, PERSISTENT_CURRENT, 4);
    if (first == 0x10 || (first < 0x10 && !one)) { /* readable in any order */
        put32(at + 4, SCSI_CD_BLOCK_BYTES);
        put16(at + 8, 1);
        at += put_feature(at, 0x10, CURRENT, 8);
    }
    put16(out + 6, command->disk->blocks ? profile : 0);
    put32(out, (uint32_t)(at - out) - 4);
    answer(command, (size_t)(at - out), get16(cdb + 7));
}

static void get_event_status(struct command *command)
{
    const uint8_t *cdb = command->cdb;
    uint8_t *out = command->result->answer;
    bool media = cdb[4] & 1 << EVENT_CLASS_MEDIA;

    if ((cdb[1] & 1) == 0) {
        refuse(command, CODE_INVALID_FIELD_IN_CDB); /* only polled */
        return;
    }
    out[2] = media ? EVENT_CLASS_MEDIA : 0x80; /* no event of those classes */
    out[3] = 1 << EVENT_CLASS_MEDIA;           /* the classes that there are */
    out[5] = command->disk->blocks ? 0x02 : 0; /* a medium is there. No event: unit attentions */
    put16(out, media ? 6 : 2);
    answer(command, media ? 8 : 4, get16(cdb + 7));
}

static void read_disc_information(struct command *command)
{
    uint8_t *out = command->result->answer;

    put16(out, 32);
    out[2] = 0x0e;                            /* the disc and its last session are complete */
    out[3] = out[4] = out[5] = out[6] = 0x01; /* tracks and sessions */
    out[7] = 0x20;                            /* for any use */
    put32(out + 16, UINT32_MAX);              /* no further lead-in and lead-out */
    put32(out + 20, UINT32_MAX);
    answer(command, 34, get16(command->cdb + 7));
}

bool scsi_cdrom_command(struct command *command)
{
    bool medium = command->disk->blocks != 0;

    switch (command->cdb[0]) {
    case OP_GET_CONFIGURATION:
        get_configuration(command);
        return true;
    case OP_GET_EVENT_STATUS:
        get_event_status(command);
        return true;
    case OP_READ_TOC:
        if (medium)
            read_toc(command);
        return medium;
    case OP_READ_DISC_INFORMATION:
        if (medium)
            read_disc_information(command);
        return medium;
    }
    return false;
}
