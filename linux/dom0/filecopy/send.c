/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-filecopy-send: the sending end of qubes.Filecopy on Linux. Writes the stream to stdout
 * and reads the result from stdin; exit code is the errno of the result or of what went wrong here.
 *
 *   casement-filecopy-send [--ignore-symlinks] [--progress | --quiet] PATH...
 *
 * Progress goes to stderr when that is a terminal; --progress asks for lines anywhere.
 * A second thread reads the result, because the receiver may refuse at a time when this end is
 * blocked in writing.
 */
#include "core/filecopy/name.h"
#include "linux/dom0/filecopy/outgoing.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20 };

struct send {
    struct outgoing outgoing;
    struct fc_result_reader reader; /* the reading thread's until it is joined */
    atomic_bool ended;              /* all is sent: the main thread takes the result */
};

static const char *text_of(enum fc_error error)
{
    return error == FC_EBADMSG ? "what arrived is not what was sent (checksum)"
                               : fc_error_text(error);
}

static void report_refusal(struct fc_result_reader *reader, enum fc_error error)
{
    const char *name = fc_result_name(reader);

    fprintf(stderr, "filecopy: the receiver says: %s%s%s (error %d)\n", text_of(error),
            name[0] != '\0' ? ", last name " : "", name, (int)error);
}

static void *read_result(void *argument)
{
    struct send *send = argument;
    enum fc_result_state state = FC_RESULT_WAITING;
    uint8_t bytes[512];

    while (state != FC_RESULT_COMPLETE) {
        ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        state = fc_result_feed(&send->reader, bytes, (size_t)n);
    }
    if (send->reader.have >= FC_RESULT_SIZE && send->reader.result.error != 0 &&
        !atomic_load(&send->ended)) {
        /* The main thread may be blocked in a write that nobody will read. */
        report_refusal(&send->reader, (enum fc_error)send->reader.result.error);
        _exit((int)send->reader.result.error);
    }
    return NULL;
}

static int send_all(struct outgoing *outgoing, char **paths)
{
    int error = 0;

    for (; *paths != NULL && error == 0; paths++)
        error = outgoing_send(outgoing, *paths);
    return error == 0 ? outgoing_end(outgoing) : error;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: casement-filecopy-send [--ignore-symlinks] [--progress | --quiet] PATH...\n");
    return EINVAL;
}

static bool read_options(struct outgoing *outgoing, int argc, char **argv)
{
    static const struct option known[] = {
        {"ignore-symlinks", no_argument, NULL, 'i'},
        {"progress", no_argument, NULL, 'p'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    int option;

    outgoing->show_progress = isatty(STDERR_FILENO);
    outgoing->lines = !outgoing->show_progress;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'i')
            outgoing->ignore_symlinks = true;
        else if (option == 'p' || option == 'q')
            outgoing->show_progress = option == 'p';
        else
            return false;
    }
    return optind < argc;
}

int main(int argc, char **argv)
{
    struct send *send = calloc(1, sizeof(*send));
    pthread_t reader;
    enum fc_error verdict;
    int error;

    if (send == NULL)
        return ENOMEM;
    signal(SIGPIPE, SIG_IGN);
    /* Room for the next read while the peer takes the last one; not every stdout is a pipe. */
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    outgoing_init(&send->outgoing, STDOUT_FILENO);
    fc_result_init(&send->reader);
    if (!read_options(&send->outgoing, argc, argv))
        return usage();
    error = pthread_create(&reader, NULL, read_result, send);
    if (error != 0)
        return error;
    error = send_all(&send->outgoing, argv + optind);
    if (error != 0 && !send->outgoing.stream_broken) {
        fc_make_printable(send->outgoing.path);
        fprintf(stderr, "filecopy: %s: %s: %s\n", send->outgoing.problem, send->outgoing.path,
                strerror(error));
        _exit(error); /* the reading thread may be waiting for ever */
    }
    atomic_store(&send->ended, true);
    pthread_join(reader, NULL);
    verdict = fc_sender_verdict(&send->outgoing.sender, &send->reader, error == 0);
    if (verdict == FC_OK)
        outgoing_show_end(&send->outgoing);
    else
        report_refusal(&send->reader, verdict);
    free(send);
    return (int)verdict;
}
