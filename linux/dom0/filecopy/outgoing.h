/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream of a copy that is being sent: files and trees become bytes in a large buffer, so that
 * a small file costs its own open, stat, read and close and hardly anything for the stream.
 *
 * A file is sent as it is when it is opened. One that fits the buffer is read before its header is
 * made, so it may change at any time; a larger one that shrinks while it is sent ends the copy
 * (EIO), one that grows is sent with the bytes it had, and a message says so.
 *
 * Functions return 0 or an errno value; problem then says what was being done, path with what.
 * One thread.
 */
#ifndef CASEMENT_DOM0_FILECOPY_OUTGOING_H
#define CASEMENT_DOM0_FILECOPY_OUTGOING_H

#include "core/filecopy/progress.h"
#include "core/filecopy/sender.h"

#include <stdbool.h>

/* Small enough to stay in a cache between the reading, the sum and the writing. */
enum { OUTGOING_BUFFER_SIZE = 256 << 10 };

struct outgoing {
    struct fc_sender sender;
    struct fc_progress progress;
    bool show_progress;
    bool lines; /* progress as lines, not as one line that is rewritten */
    bool ignore_symlinks;
    int stream;
    bool stream_broken; /* the receiver no longer reads: its result tells why */
    const char *problem;
    char path[FC_NAME_LIMIT]; /* as the receiver will see it */
    size_t path_length;
    size_t used;
    uint8_t buffer[OUTGOING_BUFFER_SIZE];
};

void outgoing_init(struct outgoing *outgoing, int stream);

/* Sends a file, directory or link under its last component. */
int outgoing_send(struct outgoing *outgoing, const char *path);

/* The end header, and all that is still in the buffer. */
int outgoing_end(struct outgoing *outgoing);

/* A last line of progress. */
void outgoing_show_end(struct outgoing *outgoing);

#endif
