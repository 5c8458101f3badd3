/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data channel of one call, at dom0's end: moves bytes between a vchan and file descriptors as
 * qrexec messages until the call ends. One thread, one poll(); a slow reader on this side stalls
 * this call and nothing else.
 */
#ifndef CASEMENT_DATA_H
#define CASEMENT_DATA_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/qrexec/channel.h"
#include "include/libvchan.h"

struct data_end {
    enum qrexec_role role;
    libvchan_t *vchan; /* as made; data_run() waits for the peer. Stays the caller's */
    /* Caller: in_fd is sent as stdin; out_fd and err_fd receive (-1: dropped).
     * Service: in_fd is sent as stdout; out_fd receives stdin; err_fd is unused. */
    int in_fd, out_fd, err_fd;
    /* Service: a pidfd of our child; its exit code is sent once it ended and in_fd did. -1: the
     * code that *exit_code holds is sent when in_fd ended. Unused by a caller. */
    int pidfd;
    /* Readable: the call must end (a signal, the daemon says so). -1: none. */
    int cancel_fd;
    bool end_when_out_closes; /* caller: end the call when nobody reads out_fd any more */
};

enum data_result {
    DATA_EXITED,     /* *exit_code is the program's (caller), or was sent (service) */
    DATA_CANCELLED,  /* cancel_fd */
    DATA_OUT_CLOSED, /* end_when_out_closes */
    DATA_LOST,       /* the peer went away before the end */
    DATA_PROTOCOL,   /* the peer broke the protocol: *error_text says how */
    DATA_FAILED,     /* this side: *error_text */
};

/* The descriptors stay the caller's, but a stream that ended is closed at once, and its member is
 * set to -1: that is how the other program learns of it. */
enum data_result data_run(struct data_end *end, int *exit_code, const char **error_text);

#endif
