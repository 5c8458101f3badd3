/* SPDX-License-Identifier: BSD-2-Clause */
/* Sense data: see scsi.h. */
#include "core/scsi/scsi_private.h"

#include <string.h>

struct scsi_sense scsi_sense_of(enum scsi_fault fault)
{
    switch (fault) {
    case SCSI_FAULT_READ:
        return (struct scsi_sense){SCSI_KEY_MEDIUM_ERROR, CODE_READ_ERROR};
    case SCSI_FAULT_WRITE:
        return (struct scsi_sense){SCSI_KEY_MEDIUM_ERROR, CODE_WRITE_ERROR};
    case SCSI_FAULT_NOT_SUPPORTED:
        return (struct scsi_sense){SCSI_KEY_ILLEGAL_REQUEST, CODE_INVALID_OPERATION};
    case SCSI_FAULT_GONE:
        break;
    }
    return (struct scsi_sense){SCSI_KEY_HARDWARE_ERROR, CODE_UNIT_NOT_RESPONDING};
}

void scsi_sense_write(struct scsi_sense sense, uint8_t out[SCSI_SENSE_BYTES])
{
    memset(out, 0, SCSI_SENSE_BYTES);
    out[0] = 0x70;
    out[2] = sense.key;
    out[7] = SCSI_SENSE_BYTES - 8;
    put16(out + 12, sense.code);
}
