/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-filecopy-receive: the service qubes.Filecopy on Linux. Reads the stream from stdin and
 * writes the result to stdout; exit code is the errno of the result.
 *
 *   casement-filecopy-receive [--into FOLDER] [--bytes-limit N] [--files-limit N]
 *                             [--allow-all-names] [--sync]
 *
 * Without --into the files go to ~/QubesIncoming/$QREXEC_REMOTE_DOMAIN. The service argument
 * "allow-all-names" (QREXEC_SERVICE_ARGUMENT) does what the option does. With --sync success means
 * that all is on the disk, as a sender wants to know which then deletes its own.
 */
#include "core/filecopy/name.h"
#include "core/filecopy/receiver.h"
#include "linux/dom0/filecopy/checksum.h"
#include "linux/dom0/filecopy/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 << 10, PIPE_BYTES = 1 << 20 };

struct receive {
    struct fc_receiver machine;
    struct incoming incoming;
    bool sync;
    char folder[FC_NAME_LIMIT];
    uint8_t buffer[BUFFER_SIZE];
};

static void fail(struct receive *receive, int error)
{
    fc_receiver_fail(&receive->machine, (enum fc_error)error, strerror(error));
}

static int apply(struct receive *receive, enum fc_receiver_action action)
{
    struct fc_receiver *machine = &receive->machine;
    struct incoming *incoming = &receive->incoming;

    switch (action) {
    case FC_RECEIVER_OPEN_DIRECTORY:
        return incoming_open_directory(incoming, machine->name);
    case FC_RECEIVER_CLOSE_DIRECTORY:
        return incoming_close_directory(incoming, machine->name, &machine->header);
    case FC_RECEIVER_CREATE_FILE:
        return incoming_create_file(incoming, machine->name, machine->header.file_size);
    case FC_RECEIVER_WRITE_DATA:
        return incoming_write(incoming, machine->data, machine->data_size);
    case FC_RECEIVER_FINISH_FILE:
        return incoming_finish_file(incoming, &machine->header);
    case FC_RECEIVER_MAKE_SYMLINK:
        return incoming_make_symlink(incoming, machine->name, machine->target, &machine->header);
    default:
        return EINVAL;
    }
}

/* False: the end or an error has come. */
static bool take(struct receive *receive, size_t size)
{
    size_t at = 0;

    for (;;) {
        size_t consumed;
        enum fc_receiver_action action =
            fc_receiver_next(&receive->machine, receive->buffer + at, size - at, &consumed);
        int error;

        at += consumed;
        if (action == FC_RECEIVER_NEED_INPUT)
            return true;
        if (action == FC_RECEIVER_END || action == FC_RECEIVER_FAILED)
            return false;
        error = apply(receive, action);
        if (error != 0)
            fail(receive, error);
    }
}

static void take_stream(struct receive *receive)
{
    for (;;) {
        ssize_t n = read(STDIN_FILENO, receive->buffer, BUFFER_SIZE);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fc_receiver_fail(&receive->machine, (enum fc_error)errno, "cannot read the stream");
            return;
        }
        if (n == 0) {
            fc_receiver_eof(&receive->machine);
            return;
        }
        if (!take(receive, (size_t)n))
            return;
    }
}

static void send_result(struct receive *receive)
{
    size_t size = fc_receiver_result(&receive->machine, receive->buffer);

    for (size_t at = 0; at < size;) {
        ssize_t n = write(STDOUT_FILENO, receive->buffer + at, size - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "filecopy: cannot send the result: %s\n", strerror(errno));
            return;
        }
        at += (size_t)n;
    }
}

static bool choose_default_folder(struct receive *receive)
{
    const char *home = getenv("HOME");
    const char *source = getenv("QREXEC_REMOTE_DOMAIN");
    int n;

    if (home == NULL || source == NULL || !fc_check_domain(source))
        return false;
    n = snprintf(receive->folder, sizeof(receive->folder), "%s/QubesIncoming/%s", home, source);
    return n > 0 && (size_t)n < sizeof(receive->folder);
}

static bool read_limit(const char *text, uint64_t *limit)
{
    char *end;

    errno = 0;
    *limit = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_options(struct receive *receive, struct fc_receiver_options *options, int argc,
                         char **argv)
{
    static const struct option known[] = {
        {"into", required_argument, NULL, 'i'},
        {"bytes-limit", required_argument, NULL, 'b'},
        {"files-limit", required_argument, NULL, 'f'},
        {"allow-all-names", no_argument, NULL, 'a'},
        {"sync", no_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    const char *argument = getenv("QREXEC_SERVICE_ARGUMENT");
    int option;

    options->allow_all_names = argument != NULL && strcmp(argument, "allow-all-names") == 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        bool good = true;

        if (option == 'i')
            good = strlen(optarg) < sizeof(receive->folder) && strcpy(receive->folder, optarg);
        else if (option == 'b')
            good = read_limit(optarg, &options->bytes_limit);
        else if (option == 'f')
            good = read_limit(optarg, &options->files_limit);
        else if (option == 'a')
            options->allow_all_names = true;
        else if (option == 's')
            receive->sync = true;
        else
            good = false;
        if (!good)
            return false;
    }
    return receive->folder[0] != '\0' || choose_default_folder(receive);
}

static void receive_all(struct receive *receive)
{
    int error = incoming_open(&receive->incoming, receive->folder);

    if (error != 0) {
        fail(receive, error);
        return;
    }
    take_stream(receive);
    if (receive->sync && receive->machine.error == FC_OK &&
        (error = incoming_sync(&receive->incoming)) != 0)
        fail(receive, error);
}

static void report(struct fc_receiver *machine)
{
    if (machine->error == FC_OK)
        return;
    fc_make_printable(machine->name);
    fprintf(stderr, "filecopy: %s%s%s (error %d)\n", machine->problem,
            machine->name_length > 0 ? ": " : "", machine->name_length > 0 ? machine->name : "",
            (int)machine->error);
}

int main(int argc, char **argv)
{
    struct fc_receiver_options options = {.crc32 = checksum_crc32, .allow_symlinks = true};
    struct receive *receive = calloc(1, sizeof(*receive));
    bool usable;
    int error;

    if (receive == NULL)
        return ENOMEM;
    signal(SIGPIPE, SIG_IGN);
    /* Room for the peer to go on while a part is written; not every stdin is a pipe. */
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    incoming_init(&receive->incoming);
    usable = read_options(receive, &options, argc, argv);
    fc_receiver_init(&receive->machine, &options);
    if (usable)
        receive_all(receive);
    else
        fc_receiver_fail(&receive->machine, FC_EINVAL,
                         "unusable options, or neither --into nor QREXEC_REMOTE_DOMAIN");
    incoming_close(&receive->incoming);
    send_result(receive);
    report(&receive->machine);
    error = (int)receive->machine.error;
    free(receive);
    return error;
}
