/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of one call (data.h). Two buffers: `sending` holds whole messages on their way to the
 * peer, `received` what came from it and is not yet taken. A new message is made only when
 * `sending` is empty, and the vchan is read only when `received` is: that is all the flow control
 * there is, and each side's slowness reaches its own source.
 */
#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 64 }; /* between two looks at what else may have happened */

/* A descriptor to write to without ever waiting. */
struct output {
    int *fd; /* the owner's member */
    int own; /* reopened not to block, where the kernel can; else -1 */
    size_t chunk_max;
    bool is_socket;
};

struct pump {
    struct data_end *end;
    struct qrexec_channel channel;
    struct output out, err;
    uint8_t sending[sizeof(struct qrexec_header) + QREXEC_CHUNK_V3 + QREXEC_EXIT_ROOM];
    size_t sending_at, sending_end;
    uint8_t received[65536];
    const uint8_t *unparsed;
    size_t unparsed_bytes;
    struct output *target; /* where `data` goes, as far as it is not yet written */
    const uint8_t *data;
    size_t data_bytes;
    int64_t deadline_ms; /* for the peer's HELLO */
    int exit_code;
    bool child_ended, finished, in_ready, out_broken;
    enum data_result result;
    const char *error_text;
};

/* The same pipe or terminal under a new open file, so that O_NONBLOCK does not reach whoever
 * shares the one we were given. Where that fails, small writes into a pipe that polls writable
 * do not block either (POSIX: PIPE_BUF bytes). */
static void output_open(struct output *output, int *fd)
{
    *output = (struct output){.fd = fd, .own = -1, .chunk_max = 4096};
    struct stat status;
    if (*fd < 0 || fstat(*fd, &status) < 0)
        return;
    output->is_socket = S_ISSOCK(status.st_mode);
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
        output->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    if (output->own >= 0 || output->is_socket || S_ISREG(status.st_mode))
        output->chunk_max = SIZE_MAX;
}

static void output_close(struct output *output)
{
    if (output->own >= 0)
        close(output->own);
    if (*output->fd >= 0)
        close(*output->fd);
    output->own = *output->fd = -1;
}

static ssize_t output_write(struct output *output, const void *data, size_t size)
{
    if (output->is_socket)
        return send(*output->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (output->own >= 0)
        return write(output->own, data, size);
    struct pollfd ready = {.fd = *output->fd, .events = POLLOUT};
    if (poll(&ready, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(*output->fd, data, size < output->chunk_max ? size : output->chunk_max);
}

static void finish(struct pump *pump, enum data_result result, const char *error_text)
{
    if (pump->finished)
        return;
    pump->finished = true;
    pump->result = result;
    pump->error_text = error_text;
}

/* Who reads this output is gone. What still comes for it is dropped, or ends the call. */
static void output_broken(struct pump *pump, struct output *output)
{
    bool ends = pump->end->end_when_out_closes && output == &pump->out;
    output_close(output);
    if (ends)
        finish(pump, DATA_OUT_CLOSED, NULL);
}

/* Each of these returns whether it moved something. */

static bool write_output(struct pump *pump)
{
    if (pump->data_bytes == 0)
        return false;
    if (*pump->target->fd < 0) {
        pump->data_bytes = 0;
        return true;
    }
    ssize_t written = output_write(pump->target, pump->data, pump->data_bytes);
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (written < 0) {
        output_broken(pump, pump->target);
        return true;
    }
    pump->data += written;
    pump->data_bytes -= (size_t)written;
    return true;
}

static void take_arrival(struct pump *pump, const struct qrexec_arrival *arrival)
{
    struct output *target = arrival->stream == QREXEC_STDERR ? &pump->err : &pump->out;
    switch (arrival->kind) {
    case QREXEC_GOT_HELLO:
        break;
    case QREXEC_GOT_DATA:
        pump->target = target;
        pump->data = arrival->data;
        pump->data_bytes = arrival->size;
        break;
    case QREXEC_GOT_END:
        output_close(target);
        break;
    case QREXEC_GOT_EXIT:
        pump->exit_code = arrival->exit_code;
        finish(pump, DATA_EXITED, NULL);
        break;
    }
}

static bool parse_received(struct pump *pump)
{
    if (pump->unparsed_bytes == 0 || pump->data_bytes > 0 || pump->finished)
        return false;
    struct qrexec_arrival arrival;
    switch (
        qrexec_channel_receive(&pump->channel, &pump->unparsed, &pump->unparsed_bytes, &arrival)) {
    case QREXEC_MESSAGE:
        take_arrival(pump, &arrival);
        break;
    case QREXEC_MORE:
        pump->unparsed_bytes = 0;
        break;
    case QREXEC_FAILED:
        finish(pump, DATA_PROTOCOL, qrexec_error_text(pump->channel.error));
        break;
    }
    return true;
}

static bool read_vchan(struct pump *pump)
{
    if (pump->unparsed_bytes > 0 || pump->data_bytes > 0)
        return false;
    int got = libvchan_read(pump->end->vchan, pump->received, sizeof pump->received);
    if (got > 0) {
        pump->unparsed = pump->received;
        pump->unparsed_bytes = (size_t)got;
        return true;
    }
    if (got == 0)
        return libvchan_data_ready(pump->end->vchan) > 0;
    /* It is gone, and what it said last has been read: to ask libvchan_is_open() would be a moment
     * later than the look for data, and lose an exit code that came in between. A caller that got
     * the exit code has no reason to stay. */
    bool all_said = pump->channel.exit_sent && pump->sending_at == pump->sending_end;
    const char *fault = libvchan_fault(pump->end->vchan);
    if (fault != NULL)
        finish(pump, DATA_PROTOCOL, fault);
    else
        finish(pump, all_said ? DATA_EXITED : DATA_LOST, NULL);
    return true;
}

static bool write_vchan(struct pump *pump)
{
    size_t left = pump->sending_end - pump->sending_at;
    if (left == 0)
        return false;
    int sent = libvchan_write(pump->end->vchan, pump->sending + pump->sending_at, left);
    if (sent > 0)
        pump->sending_at += (size_t)sent;
    if (sent == 0)
        return libvchan_buffer_space(pump->end->vchan) > 0;
    /* A peer that is gone may have left a last word: reading finds its end. */
    if (sent < 0)
        pump->sending_at = pump->sending_end;
    return true;
}

static enum qrexec_stream in_stream(const struct pump *pump)
{
    return pump->end->role == QREXEC_CALLER ? QREXEC_STDIN : QREXEC_STDOUT;
}

static void put(struct pump *pump, size_t size)
{
    pump->sending_at = 0;
    pump->sending_end = size;
}

static void close_in(struct pump *pump)
{
    if (pump->end->in_fd >= 0)
        close(pump->end->in_fd);
    pump->end->in_fd = -1;
    put(pump, qrexec_channel_put_end(&pump->channel, in_stream(pump), pump->sending,
                                     sizeof pump->sending));
}

static bool read_input(struct pump *pump)
{
    if (pump->sending_at != pump->sending_end ||
        !qrexec_channel_may_send(&pump->channel, in_stream(pump)))
        return false;
    if (pump->end->in_fd < 0) {
        close_in(pump);
        return true;
    }
    if (!pump->in_ready)
        return false;
    pump->in_ready = false;
    struct qrexec_header header;
    uint8_t *data = pump->sending + sizeof header;
    ssize_t got = read(pump->end->in_fd, data, qrexec_channel_chunk(&pump->channel));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        close_in(pump);
        return true;
    }
    size_t taken = qrexec_channel_put_chunk(&pump->channel, in_stream(pump), (size_t)got, &header);
    memcpy(pump->sending, &header, sizeof header);
    put(pump, sizeof header + taken);
    return true;
}

static void reap_child(struct pump *pump)
{
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)pump->end->pidfd, &info, WEXITED) < 0)
        pump->exit_code = QREXEC_EXIT_PROBLEM;
    else
        pump->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    pump->child_ended = true;
}

static bool send_exit(struct pump *pump)
{
    bool ready = pump->end->role == QREXEC_SERVICE && pump->child_ended && pump->end->in_fd < 0 &&
                 pump->channel.version != 0 && pump->sending_at == pump->sending_end;
    if (!ready)
        return false;
    if (pump->channel.exit_sent) {
        finish(pump, DATA_EXITED, NULL);
        return true;
    }
    put(pump, qrexec_channel_put_exit(&pump->channel, pump->exit_code, pump->sending,
                                      sizeof pump->sending));
    return true;
}

/* Moves what can be moved without waiting, up to a limit: true when there was more. */
static bool move(struct pump *pump)
{
    bool moved = true;
    for (int round = 0; round < ROUNDS_MAX && moved && !pump->finished; round++) {
        moved = write_output(pump);
        moved |= parse_received(pump);
        moved |= write_vchan(pump);
        moved |= read_vchan(pump);
        moved |= read_input(pump);
        moved |= send_exit(pump);
    }
    return moved;
}

enum { AT_VCHAN, AT_CANCEL, AT_CHILD, AT_INPUT, AT_OUTPUT, AT_COUNT };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For poll(): how long the peer may still take to appear; -1 once it did. */
static int patience_ms(const struct pump *pump)
{
    if (pump->channel.version != 0)
        return -1;
    int64_t left = pump->deadline_ms - now_ms();
    return left > 0 ? (int)left : 0;
}

static void wait_and_look(struct pump *pump, bool more)
{
    struct data_end *end = pump->end;
    bool wants_input = end->in_fd >= 0 && pump->sending_at == pump->sending_end &&
                       qrexec_channel_may_send(&pump->channel, in_stream(pump));
    struct pollfd wait[AT_COUNT] = {
        [AT_VCHAN] = {.fd = libvchan_fd_for_select(end->vchan), .events = POLLIN},
        [AT_CANCEL] = {.fd = end->cancel_fd, .events = POLLIN},
        [AT_CHILD] = {.fd = pump->child_ended ? -1 : end->pidfd, .events = POLLIN},
        [AT_INPUT] = {.fd = wants_input ? end->in_fd : -1, .events = POLLIN},
        [AT_OUTPUT] = {.fd = pump->data_bytes > 0 ? *pump->target->fd : -1, .events = POLLOUT},
    };
    /* An output that nobody reads any more is noticed even while there is nothing to write. */
    if (pump->data_bytes == 0 && end->end_when_out_closes)
        wait[AT_OUTPUT] = (struct pollfd){.fd = end->out_fd, .events = 0};
    int patience = patience_ms(pump);
    int ready = poll(wait, AT_COUNT, more ? 0 : patience);
    if (ready < 0) {
        if (errno != EINTR)
            finish(pump, DATA_FAILED, strerror(errno));
        return;
    }
    if (ready == 0 && patience == 0)
        finish(pump, DATA_FAILED, "the other side did not come in time");
    if (wait[AT_VCHAN].revents != 0)
        libvchan_ack(end->vchan);
    if (wait[AT_CANCEL].revents != 0)
        finish(pump, DATA_CANCELLED, NULL);
    if (wait[AT_CHILD].revents != 0)
        reap_child(pump);
    pump->in_ready |= wait[AT_INPUT].revents != 0;
    if (pump->data_bytes == 0 && (wait[AT_OUTPUT].revents & (POLLERR | POLLHUP)) != 0)
        output_broken(pump, &pump->out);
}

/* After the exit code: what was received before it still goes out, however slow the reader is. */
static void write_the_rest(struct pump *pump)
{
    while (pump->data_bytes > 0) {
        if (write_output(pump))
            continue;
        struct pollfd wait[] = {{.fd = *pump->target->fd, .events = POLLOUT},
                                {.fd = pump->end->cancel_fd, .events = POLLIN}};
        poll(wait, 2, -1);
        if (wait[1].revents != 0)
            return;
    }
}

enum data_result data_run(struct data_end *end, int *exit_code, const char **error_text)
{
    *error_text = NULL;
    struct pump *pump = calloc(1, sizeof *pump);
    if (pump == NULL) {
        *error_text = "out of memory";
        return DATA_FAILED;
    }
    pump->end = end;
    pump->exit_code = *exit_code;
    pump->child_ended = end->pidfd < 0;
    pump->deadline_ms = now_ms() + QREXEC_CONNECT_TIMEOUT_MS;
    output_open(&pump->out, &end->out_fd);
    output_open(&pump->err, &end->err_fd);
    libvchan_set_blocking(end->vchan, false);
    qrexec_channel_init(&pump->channel, end->role, QREXEC_VERSION, QREXEC_RING_BYTES);
    put(pump, qrexec_channel_put_hello(&pump->channel, pump->sending, sizeof pump->sending));

    bool more = move(pump);
    while (!pump->finished) {
        wait_and_look(pump, more);
        more = move(pump);
    }
    write_the_rest(pump);

    *exit_code = pump->exit_code;
    *error_text = pump->error_text;
    enum data_result result = pump->result;
    if (pump->out.own >= 0)
        close(pump->out.own);
    if (pump->err.own >= 0)
        close(pump->err.own);
    free(pump);
    return result;
}
