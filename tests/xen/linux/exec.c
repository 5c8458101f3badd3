/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program in the rig's Linux guest, with its streams and its end in dom0: what `simxen exec`
 * is on simxen. One program, two roles:
 *
 *   exec DOMID -- COMMAND...   in dom0: the guest's program has this process's descriptors 0 to 4,
 *                              its environment, and gives it its exit code
 *   serve                      in the guest, started by its init
 *
 * Underneath lies a vchan of Debian's libxenvchan, one for each program: data/rig/N, N counted up
 * by dom0. The guest ends the program when dom0's side goes. Everything here is trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include <libxenvchan.h>

enum { STREAMS = 5, RING_BYTES = 65536, CHUNK = 16384 };

enum frame_kind {
    FRAME_ARGUMENT, /* one of argv, in order */
    FRAME_VARIABLE, /* one of the environment */
    FRAME_START,    /* stream: a bit for each descriptor that is open */
    FRAME_DATA,     /* bytes of a stream */
    FRAME_END,      /* its end */
    FRAME_EXIT,     /* stream: the exit code */
};

struct frame {
    uint16_t kind, stream;
    uint32_t size;
};

/* What came for a stream and its descriptor did not take yet. */
struct stream {
    int fd; /* -1: none */
    bool reads, ends;
    char *waiting;
    size_t count;
};

struct relay {
    struct libxenvchan *vchan;
    struct stream streams[STREAMS];
    struct frame frame;
    char body[65536];
    size_t arrived; /* of frame and body */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "rig exec: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void put(struct libxenvchan *vchan, const void *data, size_t size)
{
    vchan->blocking = 1;
    for (const char *at = data; size > 0;) {
        int count = libxenvchan_write(vchan, at, size);
        if (count <= 0)
            exit(125); /* the other side is gone */
        at += count;
        size -= (size_t)count;
    }
    vchan->blocking = 0;
}

static void put_frame(struct libxenvchan *vchan, enum frame_kind kind, int stream, const void *data,
                      size_t size)
{
    struct frame frame = {(uint16_t)kind, (uint16_t)stream, (uint32_t)size};

    put(vchan, &frame, sizeof frame);
    put(vchan, data, size);
}

/* true: a whole frame is there. *gone: the other side has closed and nothing is left. */
static bool get_frame(struct relay *relay, bool *gone)
{
    for (;;) {
        size_t head = sizeof relay->frame, want = head;
        char *to = (char *)&relay->frame + relay->arrived;
        if (relay->arrived >= head) {
            want = head + relay->frame.size;
            to = relay->body + relay->arrived - head;
            if (relay->arrived == want) {
                relay->arrived = 0;
                return true;
            }
        }
        int count = 0;
        if (libxenvchan_data_ready(relay->vchan) > 0)
            count = libxenvchan_read(relay->vchan, to, want - relay->arrived);
        if (count <= 0) {
            *gone = libxenvchan_is_open(relay->vchan) != 1;
            return false;
        }
        relay->arrived += (size_t)count;
    }
}

static void add_stream(struct relay *relay, int number, int fd, int access)
{
    relay->streams[number] = (struct stream){.fd = fd, .reads = access != O_WRONLY};
}

static void close_stream(struct stream *stream)
{
    close(stream->fd);
    stream->fd = -1;
}

/* The local end of what the other side has ended: the other direction may go on. */
static void end_stream(struct stream *stream)
{
    stream->ends = true;
    if (stream->count > 0 || stream->fd < 0)
        return;
    if (!stream->reads)
        close_stream(stream);
    else
        shutdown(stream->fd, SHUT_WR);
}

static void feed_stream(struct stream *stream)
{
    ssize_t count = stream->count > 0 ? write(stream->fd, stream->waiting, stream->count) : 0;

    if (count < 0 && errno != EAGAIN)
        count = (ssize_t)stream->count; /* nobody reads it any more */
    if (count > 0) {
        stream->count -= (size_t)count;
        memmove(stream->waiting, stream->waiting + count, stream->count);
    }
    if (stream->ends)
        end_stream(stream);
}

static void take_frame(struct relay *relay)
{
    struct stream *stream = &relay->streams[relay->frame.stream % STREAMS];

    if (stream->fd < 0)
        return;
    if (relay->frame.kind == FRAME_END) {
        end_stream(stream);
        return;
    }
    stream->waiting = realloc(stream->waiting, stream->count + relay->frame.size);
    memcpy(stream->waiting + stream->count, relay->body, relay->frame.size);
    stream->count += relay->frame.size;
    feed_stream(stream);
}

/* Carries what a local stream has now. false: it had nothing. */
static bool carry(struct relay *relay, int number)
{
    static char data[CHUNK];
    struct stream *stream = &relay->streams[number];
    ssize_t count = read(stream->fd, data, sizeof data);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count > 0) {
        put_frame(relay->vchan, FRAME_DATA, number, data, (size_t)count);
        return true;
    }
    put_frame(relay->vchan, FRAME_END, number, NULL, 0);
    stream->reads = false;
    if (stream->ends && stream->count == 0)
        close_stream(stream);
    return false;
}

/* Carries everything both ways until the other side is gone, says FRAME_EXIT (its code is
 * returned), or child_fd (-1: none) has an end to tell. */
static int run_relay(struct relay *relay, int child_fd)
{
    for (;;) {
        struct pollfd fds[STREAMS + 2] = {
            {.fd = libxenvchan_fd_for_select(relay->vchan), .events = POLLIN},
            {.fd = child_fd, .events = POLLIN},
        };
        bool gone = false;
        while (get_frame(relay, &gone)) {
            if (relay->frame.kind == FRAME_EXIT)
                return relay->frame.stream;
            take_frame(relay);
        }
        if (gone)
            return -1;
        for (int i = 0; i < STREAMS; i++) {
            const struct stream *stream = &relay->streams[i];
            fds[i + 2].fd = stream->reads || stream->count > 0 ? stream->fd : -1;
            fds[i + 2].events =
                (short)((stream->reads ? POLLIN : 0) | (stream->count > 0 ? POLLOUT : 0));
        }
        if (poll(fds, STREAMS + 2, -1) < 0)
            give_up("poll");
        if (fds[0].revents)
            libxenvchan_wait(relay->vchan);
        for (int i = 0; i < STREAMS; i++) {
            struct stream *stream = &relay->streams[i];
            if (fds[i + 2].revents & POLLOUT)
                feed_stream(stream);
            if ((fds[i + 2].revents & ~POLLOUT) && stream->reads && stream->fd >= 0)
                carry(relay, i);
        }
        if (fds[1].revents)
            return 0;
    }
}

/* --- In the guest */

struct program {
    char *argv[64], *variables[256];
    int arguments, count;
};

static pid_t start_program(const struct program *program, struct relay *relay, unsigned open_fds)
{
    int ends[STREAMS];

    for (int i = 0; i < STREAMS; i++) {
        int pair[2] = {-1, -1};
        if (open_fds & 1u << i) {
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
            fcntl(pair[0], F_SETFL, O_NONBLOCK);
            add_stream(relay, i, pair[0], O_RDWR);
        }
        ends[i] = pair[1] < 0 ? -1 : fcntl(pair[1], F_DUPFD_CLOEXEC, 32);
        close(pair[1]);
    }
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        signal(SIGPIPE, SIG_DFL);
        for (int i = 0; i < STREAMS; i++) {
            if (ends[i] >= 0)
                dup2(ends[i], i);
            else
                close(i);
        }
        execvpe(program->argv[0], program->argv, program->variables);
        fprintf(stderr, "%s: %s\n", program->argv[0], strerror(errno));
        _exit(127);
    }
    for (int i = 0; i < STREAMS; i++)
        close(ends[i]);
    return pid;
}

static void serve_one(struct relay *relay)
{
    static struct program program;
    bool gone = false;

    for (;;) {
        if (!get_frame(relay, &gone)) {
            if (gone)
                return;
            libxenvchan_wait(relay->vchan);
            continue;
        }
        if (relay->frame.kind == FRAME_START)
            break;
        char *text = strndup(relay->body, relay->frame.size);
        if (relay->frame.kind == FRAME_ARGUMENT)
            program.argv[program.arguments++] = text;
        else
            program.variables[program.count++] = text;
    }
    pid_t pid = start_program(&program, relay, relay->frame.stream);
    int child_fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
    if (run_relay(relay, child_fd) != 0) {
        kill(-pid, SIGKILL);
        return;
    }
    waitpid(pid, &status, 0);
    for (int i = 0; i < STREAMS; i++) {
        while (relay->streams[i].fd >= 0 && relay->streams[i].reads && carry(relay, i))
            ;
    }
    put_frame(relay->vchan, FRAME_EXIT,
              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), NULL, 0);
    relay->vchan->blocking = 1;
    while (libxenvchan_is_open(relay->vchan) == 1)
        libxenvchan_wait(relay->vchan);
}

/* One process a program; when its caller has come, it starts the process for the next. */
static int serve(char *self, unsigned number)
{
    static struct relay relay;
    char path[64], next[16];

    snprintf(path, sizeof path, "data/rig/%u", number);
    for (int i = 0; i < STREAMS; i++)
        relay.streams[i].fd = -1;
    relay.vchan = libxenvchan_server_init(NULL, 0, path, RING_BYTES, RING_BYTES);
    if (!relay.vchan)
        give_up("the guest's vchan");
    relay.vchan->blocking = 0;
    while (libxenvchan_is_open(relay.vchan) == 2)
        libxenvchan_wait(relay.vchan);
    snprintf(next, sizeof next, "%u", number + 1);
    if (fork() == 0) {
        execl(self, self, "serve", next, (char *)NULL);
        give_up(self);
    }
    serve_one(&relay);
    libxenvchan_close(relay.vchan);
    return 0;
}

/* --- In dom0 */

static unsigned next_number(const char *domid)
{
    char path[64], text[16] = "";
    snprintf(path, sizeof path, "/run/rig-exec.%s", domid);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX) != 0 || pread(fd, text, sizeof text - 1, 0) < 0)
        give_up(path);
    unsigned number = (unsigned)strtoul(text, NULL, 10);
    int size = snprintf(text, sizeof text, "%u\n", number + 1);
    if (pwrite(fd, text, (size_t)size, 0) != size)
        give_up(path);
    close(fd);
    return number;
}

static struct libxenvchan *connect_guest(const char *domid, unsigned number)
{
    struct xs_handle *store = xs_open(0);
    char path[96], key[128];
    unsigned size;

    snprintf(path, sizeof path, "/local/domain/%s/data/rig/%u", domid, number);
    snprintf(key, sizeof key, "%s/event-channel", path);
    if (!store || !xs_watch(store, key, ""))
        give_up("xenstore");
    for (;;) {
        char *value = xs_read(store, XBT_NULL, key, &size);
        free(value);
        if (value)
            break;
        free(xs_read_watch(store, &size));
    }
    xs_close(store);
    struct libxenvchan *vchan = libxenvchan_client_init(NULL, atoi(domid), path);
    if (!vchan)
        give_up(path);
    vchan->blocking = 0;
    return vchan;
}

static int call(const char *domid, char **argv)
{
    static struct relay relay;
    unsigned open_fds = 0;

    for (int i = 0; i < STREAMS; i++) {
        int flags = fcntl(i, F_GETFL);
        relay.streams[i].fd = -1;
        if (flags < 0)
            continue;
        open_fds |= 1u << i;
        add_stream(&relay, i, i, i == 0 ? O_RDONLY : i < 3 ? O_WRONLY : flags & O_ACCMODE);
    }
    relay.vchan = connect_guest(domid, next_number(domid));
    for (int i = 0; argv[i]; i++)
        put_frame(relay.vchan, FRAME_ARGUMENT, 0, argv[i], strlen(argv[i]));
    for (int i = 0; environ[i]; i++)
        put_frame(relay.vchan, FRAME_VARIABLE, 0, environ[i], strlen(environ[i]));
    put_frame(relay.vchan, FRAME_START, (int)open_fds, NULL, 0);
    int code = run_relay(&relay, -1);
    for (int i = 0; i < STREAMS; i++) {
        while (relay.streams[i].fd >= 0 && relay.streams[i].count > 0)
            feed_stream(&relay.streams[i]);
    }
    libxenvchan_close(relay.vchan);
    return code < 0 ? 125 : code;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 2 && strcmp(argv[1], "serve") == 0) {
        signal(SIGCHLD, SIG_DFL);
        return serve(argv[0], argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    }
    if (argc < 5 || strcmp(argv[1], "exec") != 0 || strcmp(argv[3], "--") != 0) {
        fprintf(stderr, "usage: rig_linux exec DOMID -- COMMAND... | rig_linux serve\n");
        return 2;
    }
    return call(argv[2], argv + 4);
}
