/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with a handle on the disk and SCSI pass-through: any CDB, any buffer, any UNMAP list,
 * on disks of any shape. Nothing outside the disk or longer than the buffer is passed on, no answer
 * is longer than the room for it, a read-only disk is never written, an attention is told once.
 *
 * Input: the disk's shape (10 bytes), attentions, unit, length of the CDB, the CDB, then the list.
 */
#include "core/scsi/scsi.h"
#include "tests/fuzz/xen/script.h"

static struct scsi_disk make_disk(struct script *script)
{
    uint8_t flags = take(script);
    struct scsi_disk disk = {
        .block_bytes = 512u << take(script) % 4,
        .transfer_max_blocks = take(script),
        .number = take(script),
        .cdrom = flags & 1,
        .removable = flags & 2,
        .read_only = flags & 4,
        .write_cache = flags & 8,
        .discard = flags & 16,
        .discard_granularity_blocks = take(script),
        .discard_alignment_blocks = take(script),
    };

    disk.physical_bytes = disk.block_bytes << take(script) % 4;
    disk.blocks = (uint64_t)take(script) << take(script) % 57;
    if (disk.cdrom) {
        disk.block_bytes = disk.physical_bytes = SCSI_CD_BLOCK_BYTES;
        disk.discard = false;
        disk.read_only = true;
    }
    return disk;
}

static void check_transfer(const struct scsi_disk *disk, const struct scsi_result *result,
                           size_t buffer_bytes)
{
    require(result->blocks > 0 && result->lba < disk->blocks);
    require(result->blocks <= disk->blocks - result->lba);
    require((uint64_t)result->blocks * disk->block_bytes <= buffer_bytes);
    require(result->action != SCSI_WRITE || !disk->read_only);
    require(!result->fua || (result->action == SCSI_WRITE && disk->write_cache));
}

static void check_list(const struct scsi_disk *disk, struct script *script, size_t bytes)
{
    struct scsi_extent extents[SCSI_UNMAP_DESCRIPTORS_MAX];
    struct scsi_sense sense;
    size_t count, length = bytes < script->left ? bytes : script->left;
    uint8_t *list = malloc(length ? length : 1);

    (void)take_bytes(script, list, (uint32_t)length);
    if (scsi_unmap(disk, list, length, extents, &count, &sense)) {
        require(count <= SCSI_UNMAP_DESCRIPTORS_MAX && 8 + 16 * count <= length);
        for (size_t i = 0; i < count; i++)
            require(extents[i].blocks > 0 && extents[i].lba < disk->blocks &&
                    extents[i].blocks <= disk->blocks - extents[i].lba);
    }
    free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    struct scsi_disk disk = make_disk(&script);
    uint32_t attentions = take(&script), before = attentions, lun = take(&script) % 2;
    size_t buffer_bytes = (size_t)take(&script) << take(&script) % 20;
    uint8_t *cdb = calloc(1, SCSI_CDB_MAX_BYTES);
    size_t cdb_bytes = take_bytes(&script, cdb, take(&script) % (SCSI_CDB_MAX_BYTES + 1));
    struct scsi_result result;

    cdb = realloc(cdb, cdb_bytes ? cdb_bytes : 1);
    scsi_command(&disk, lun, cdb, cdb_bytes, buffer_bytes, &attentions, &result);
    require((attentions & ~before) == 0);
    require(result.answer_bytes <= SCSI_ANSWER_MAX_BYTES && result.answer_bytes <= buffer_bytes);
    switch (result.action) {
    case SCSI_DONE:
        break;
    case SCSI_FAILED:
        require(result.sense.key != SCSI_KEY_NONE && result.answer_bytes == 0);
        break;
    case SCSI_READ:
    case SCSI_WRITE:
        check_transfer(&disk, &result, buffer_bytes);
        break;
    case SCSI_FLUSH:
        require(disk.write_cache);
        break;
    case SCSI_UNMAP:
        require(disk.discard && !disk.read_only && result.blocks <= buffer_bytes);
        check_list(&disk, &script, result.blocks);
        break;
    }
    free(cdb);
    return 0;
}
