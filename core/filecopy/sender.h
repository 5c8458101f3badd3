/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sending end of a file copy. The edge walks its files; this object turns each step into bytes
 * for the stream, keeps the checksum, sees that a file is sent with exactly the bytes its header
 * announced, and reads the result, which may come at any time.
 *
 * The functions that make stream bytes belong to one thread; fc_result_feed and fc_result_name
 * touch only struct fc_result_reader, so another thread may read the result meanwhile.
 */
#ifndef CASEMENT_FILECOPY_SENDER_H
#define CASEMENT_FILECOPY_SENDER_H

#include "core/filecopy/wire.h"

#include <stdbool.h>

struct fc_sender {
    fc_crc32_function crc32;
    uint32_t crc;
    uint64_t data_left; /* of the current file */
    uint64_t bytes, files;
};

void fc_sender_init(struct fc_sender *sender, fc_crc32_function crc32);

/* Header and name of one entry; the data (file_size bytes) must follow. header->name_size is set
 * here. Returns the bytes written to out, or 0 when there is not room for them; name_length is
 * below FC_NAME_LIMIT - 1. */
size_t fc_sender_entry(struct fc_sender *sender, struct fc_header *header, const char *name,
                       size_t name_length, uint8_t *out, size_t out_size);

/* Data of the current file, which the edge sends as they are. False: more than announced. */
bool fc_sender_data(struct fc_sender *sender, const void *data, size_t size);

/* The end header. False: the last file is not complete, nothing may be called a success. */
bool fc_sender_end(struct fc_sender *sender, uint8_t out[FC_HEADER_SIZE]);

enum fc_result_state {
    FC_RESULT_WAITING,  /* not even the numbers are here */
    FC_RESULT_NUMBERS,  /* error and checksum are known, perhaps a name follows */
    FC_RESULT_COMPLETE, /* the name is here too */
};

struct fc_result_reader {
    struct fc_result result;
    uint32_t announced; /* length of the name */
    size_t have;
    uint8_t raw[FC_RESULT_LIMIT + 1];
};

void fc_result_init(struct fc_result_reader *reader);

/* Bytes from the receiver. What comes after a complete result is ignored. */
enum fc_result_state fc_result_feed(struct fc_result_reader *reader, const void *data, size_t size);

/* The last name, NUL-terminated, made printable (name.h); "" when none came.
 * Call it at the end of input or when the result is complete. */
const char *fc_result_name(struct fc_result_reader *reader);

/* What the copy came to, when the input has ended or the result is complete: the receiver's error,
 * FC_EREMOTEIO when it vanished without a result, FC_EBADMSG when the sums differ. ended: the end
 * header was sent. */
enum fc_error fc_sender_verdict(const struct fc_sender *sender,
                                const struct fc_result_reader *reader, bool ended);

#endif
