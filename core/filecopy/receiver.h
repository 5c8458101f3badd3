/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receiving end of a file copy: bytes in, actions out. The edge feeds what arrives, does to the
 * file system what fc_receiver_next says, tells of its failures with fc_receiver_fail and of the
 * end of input with fc_receiver_eof, and finally sends the bytes of fc_receiver_result.
 *
 * A copy has succeeded only when FC_RECEIVER_END came: a stream that stops anywhere before its end
 * header is EREMOTEIO. After an error or the end nothing more is consumed.
 */
#ifndef CASEMENT_FILECOPY_RECEIVER_H
#define CASEMENT_FILECOPY_RECEIVER_H

#include "core/filecopy/wire.h"

#include <stdbool.h>

struct fc_receiver_options {
    fc_crc32_function crc32;
    uint64_t bytes_limit; /* of data; 0: none. Beyond: EDQUOT */
    uint64_t files_limit; /* of entries, a directory's second header not counted; 0: none */
    bool allow_all_names; /* see name.h */
    bool allow_symlinks;  /* false: EINVAL, where links cannot be made */
};

enum fc_receiver_action {
    FC_RECEIVER_NEED_INPUT,      /* all was consumed: feed more, or tell of the end of input */
    FC_RECEIVER_OPEN_DIRECTORY,  /* make name, writable for now; one that is there stays */
    FC_RECEIVER_CLOSE_DIRECTORY, /* give name its times and mode: its content is complete */
    FC_RECEIVER_CREATE_FILE,     /* name must not exist; data follow, nobody may see them yet */
    FC_RECEIVER_WRITE_DATA,      /* data, data_size: they lie in the input just fed */
    FC_RECEIVER_FINISH_FILE,     /* give it times and mode, let it appear as name */
    FC_RECEIVER_MAKE_SYMLINK,    /* name, target: both NUL-terminated */
    FC_RECEIVER_END,             /* all of it is here: send the result */
    FC_RECEIVER_FAILED,          /* undo the unfinished file: send the result */
};

enum fc_receiver_state {
    FC_RECEIVER_IN_HEADER,
    FC_RECEIVER_IN_NAME,
    FC_RECEIVER_IN_TARGET,
    FC_RECEIVER_IN_DATA,
    FC_RECEIVER_IN_END,
    FC_RECEIVER_IN_ERROR,
};

struct fc_receiver {
    /* For the edge to read. header, name and target belong to the action just given. */
    struct fc_header header;
    size_t name_length, target_length, data_size;
    const uint8_t *data;
    enum fc_error error;
    const char *problem;   /* what was wrong, static text; NULL while nothing is */
    uint64_t bytes, files; /* received so far */
    char name[FC_NAME_LIMIT];
    char target[FC_NAME_LIMIT];

    /* The machine's own. */
    struct fc_receiver_options options;
    enum fc_receiver_state state;
    uint32_t crc;
    size_t have;        /* bytes of the part that is being collected */
    uint64_t data_left; /* of the file */
    uint8_t raw[FC_HEADER_SIZE];
    char directory[FC_NAME_LIMIT]; /* the innermost open one */
    size_t directory_length;
};

void fc_receiver_init(struct fc_receiver *receiver, const struct fc_receiver_options *options);

/* Takes bytes of the input (*consumed of them) and says what to do now. Call again, with the rest
 * of the input, until it needs more, has ended or failed. */
enum fc_receiver_action fc_receiver_next(struct fc_receiver *receiver, const uint8_t *input,
                                         size_t input_size, size_t *consumed);

/* How many bytes of the file at hand are still to come; 0 outside of a file's data. */
uint64_t fc_receiver_promised(const struct fc_receiver *receiver);

/* The input has ended. */
void fc_receiver_eof(struct fc_receiver *receiver);

/* The edge could not do what it was told; the first failure counts. problem is static text. */
void fc_receiver_fail(struct fc_receiver *receiver, enum fc_error error, const char *problem);

/* The result with the last name, to be sent once. Returns its bytes. */
size_t fc_receiver_result(const struct fc_receiver *receiver, uint8_t out[FC_RESULT_LIMIT]);

#endif
