/* SPDX-License-Identifier: BSD-2-Clause */
/* See qubesdb.h. */
#include "qubesdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/qubesdb/database.h"

enum { RING_BYTES = 4096, CLIENTS_MAX = 64 };

/* Bytes that were read and not yet taken, because answers wait to be sent. */
struct input {
    uint8_t bytes[4096];
    size_t at, length;
};

struct local_client {
    struct source source;
    struct local_client *next;
    struct qubesdb *qubesdb;
    struct qdb_client client;
    struct input input;
};

struct qubesdb {
    struct source channel, listener;
    char guest[LOCAL_NAME_BYTES];
    int domain;
    libvchan_t *vchan;
    struct qdb_database database;
    struct input input;
    struct local_client *clients;
    unsigned client_count;
};

static const struct qdb_memory memory = {malloc, free};

static struct qubesdb *of_listener(struct source *source)
{
    return (struct qubesdb *)((char *)source - offsetof(struct qubesdb, listener));
}

static void set(struct qubesdb *qubesdb, const char *path, const char *value)
{
    qdb_database_write(&qubesdb->database, path, value, (uint32_t)strlen(value));
}

static void set_defaults(struct qubesdb *qubesdb)
{
    set(qubesdb, "/name", qubesdb->guest);
    set(qubesdb, "/type", "StandaloneVM");
    set(qubesdb, "/qubes-vm-type", "StandaloneVM");
    set(qubesdb, "/default-user", "user");
    set(qubesdb, "/qubes-vm-updateable", "True");
    set(qubesdb, "/qubes-vm-persistence", "full");
    set(qubesdb, "/qubes-debug-mode", "0");
    set(qubesdb, "/qubes-base-template", "");
    set(qubesdb, "/qubes-gui-enabled", "True");
    set(qubesdb, "/qubes-gui-domain-xid", "0");
    set(qubesdb, "/keyboard-layout", "us++");
}

/* --- The vchan */

static void serve_channel(struct daemon *daemon, struct qubesdb *qubesdb);

static void drop_channel(struct daemon *daemon, struct qubesdb *qubesdb)
{
    source_unwatch(daemon, &qubesdb->channel);
    if (qubesdb->vchan != NULL)
        libvchan_close(qubesdb->vchan);
    qubesdb->vchan = NULL;
    qubesdb->input.at = qubesdb->input.length = 0;
    qdb_link_disconnected(&qubesdb->database);
}

/* false: the ring has room for nothing more, or is broken; *broken tells. */
static bool send_some(struct qubesdb *qubesdb, bool *broken)
{
    struct qdb_queue *output = &qubesdb->database.link.output;
    int sent;

    if (output->length == 0)
        return false;
    sent = libvchan_write(qubesdb->vchan, output->bytes + output->start, output->length);
    if (sent < 0)
        *broken = true;
    if (sent <= 0)
        return false;
    qdb_queue_sent(output, (size_t)sent);
    return true;
}

static bool take_some(struct qubesdb *qubesdb, bool *broken)
{
    struct input *input = &qubesdb->input;
    const char *problem;
    size_t taken;

    if (input->at == input->length) {
        int got = libvchan_read(qubesdb->vchan, input->bytes, sizeof input->bytes);
        if (got < 0)
            *broken = true;
        if (got <= 0)
            return false;
        input->at = 0;
        input->length = (size_t)got;
    }
    problem = qdb_link_feed(&qubesdb->database, input->bytes + input->at, input->length - input->at,
                            &taken);
    input->at += taken;
    if (problem != NULL) {
        log_line("guest %s: its QubesDB daemon sent %s; its connection ends", qubesdb->guest,
                 problem);
        *broken = true;
    }
    return taken > 0 && problem == NULL;
}

static void flush_clients(struct daemon *daemon, struct qubesdb *qubesdb);

static void pump(struct daemon *daemon, struct qubesdb *qubesdb)
{
    bool broken = false;

    if (qubesdb->vchan == NULL)
        return;
    libvchan_ack(qubesdb->vchan);
    if (libvchan_is_open(qubesdb->vchan) == VCHAN_WAITING)
        return;
    if (qubesdb->database.link.state == QDB_LINK_DOWN &&
        libvchan_is_open(qubesdb->vchan) == VCHAN_CONNECTED) {
        log_line("guest %s: its QubesDB daemon is connected", qubesdb->guest);
        qdb_link_connected(&qubesdb->database);
    }
    do {
        while (send_some(qubesdb, &broken) || take_some(qubesdb, &broken))
            ;
        /* What is asked here brings an event; what came meanwhile is seen now. */
    } while (!broken && (libvchan_data_ready(qubesdb->vchan) > 0 ||
                         (qubesdb->database.link.output.length > 0 &&
                          libvchan_buffer_space(qubesdb->vchan) > 0)));
    if (broken || libvchan_is_open(qubesdb->vchan) == VCHAN_DISCONNECTED) {
        drop_channel(daemon, qubesdb);
        serve_channel(daemon, qubesdb); /* the next daemon is welcome */
    }
    flush_clients(daemon, qubesdb);
}

static void channel_ready(struct daemon *daemon, struct source *source)
{
    pump(daemon, (struct qubesdb *)source);
}

static void serve_channel(struct daemon *daemon, struct qubesdb *qubesdb)
{
    qubesdb->vchan = libvchan_server_init(qubesdb->domain, QDB_VCHAN_PORT, RING_BYTES, RING_BYTES);
    qubesdb->channel.ready = channel_ready;
    if (qubesdb->vchan != NULL)
        libvchan_set_blocking(qubesdb->vchan, false);
    if (qubesdb->vchan == NULL ||
        !source_watch(daemon, &qubesdb->channel, libvchan_fd_for_select(qubesdb->vchan))) {
        log_line("guest %s: cannot serve its QubesDB: %s", qubesdb->guest, strerror(errno));
        drop_channel(daemon, qubesdb);
    }
}

void qubesdb_set_domain(struct daemon *daemon, struct qubesdb *qubesdb, int domain)
{
    if (qubesdb->domain != NO_DOMAIN)
        drop_channel(daemon, qubesdb);
    qubesdb->domain = domain;
    if (domain != NO_DOMAIN)
        serve_channel(daemon, qubesdb);
}

/* --- Local programs */

static void client_drop(struct daemon *daemon, struct local_client *local)
{
    struct local_client **link = &local->qubesdb->clients;
    int fd = local->source.fd;

    while (*link != local)
        link = &(*link)->next;
    *link = local->next;
    local->qubesdb->client_count--;
    source_unwatch(daemon, &local->source);
    close(fd);
    qdb_client_remove(&local->qubesdb->database, &local->client);
    free(local);
}

/* false: the connection ends. */
static bool client_send(struct daemon *daemon, struct local_client *local)
{
    struct qdb_queue *output = &local->client.output;

    while (output->length > 0) {
        ssize_t sent = send(local->source.fd, output->bytes + output->start, output->length,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return errno == EINTR ||
                   (errno == EAGAIN && source_output(daemon, &local->source, true));
        qdb_queue_sent(output, (size_t)sent);
    }
    return source_output(daemon, &local->source, false);
}

/* false: no more for now; *end: the connection ends. */
static bool client_take(struct local_client *local, bool *end)
{
    struct input *input = &local->input;
    size_t taken;

    if (!qdb_client_takes_input(&local->client))
        return false;
    if (input->at == input->length) {
        ssize_t got = recv(local->source.fd, input->bytes, sizeof input->bytes, MSG_DONTWAIT);
        *end = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
        if (got <= 0)
            return false;
        input->at = 0;
        input->length = (size_t)got;
    }
    qdb_client_feed(&local->qubesdb->database, &local->client, input->bytes + input->at,
                    input->length - input->at, &taken);
    input->at += taken;
    return true;
}

static void client_ready(struct daemon *daemon, struct source *source)
{
    struct local_client *local = (struct local_client *)source;
    struct qubesdb *qubesdb = local->qubesdb;
    bool end = false;

    do {
        end |= !client_send(daemon, local);
    } while (!end && client_take(local, &end));
    if (local->client.problem != NULL)
        log_line("guest %s: a program that uses its QubesDB: %s", qubesdb->guest,
                 local->client.problem);
    if (end || local->client.problem != NULL)
        client_drop(daemon, local);
    /* What it changed concerns the guest and the others. */
    pump(daemon, qubesdb);
    flush_clients(daemon, qubesdb);
}

static void flush_clients(struct daemon *daemon, struct qubesdb *qubesdb)
{
    struct local_client *next;

    for (struct local_client *local = qubesdb->clients; local != NULL; local = next) {
        next = local->next;
        if (local->client.problem != NULL || !client_send(daemon, local))
            client_drop(daemon, local);
    }
}

static void client_come(struct daemon *daemon, struct source *source)
{
    struct qubesdb *qubesdb = of_listener(source);
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct local_client *local =
        fd >= 0 && qubesdb->client_count < CLIENTS_MAX ? calloc(1, sizeof *local) : NULL;

    if (local == NULL || !source_watch(daemon, &local->source, fd)) {
        if (fd >= 0)
            close(fd);
        free(local);
        return;
    }
    local->source.ready = client_ready;
    local->qubesdb = qubesdb;
    local->next = qubesdb->clients;
    qubesdb->clients = local;
    qubesdb->client_count++;
    /* The runtime folder is private: whoever is here may write. */
    qdb_client_add(&qubesdb->database, &local->client, true);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
                    listen(fd, CLIENTS_MAX) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* --- Life */

struct qubesdb *qubesdb_open(struct daemon *daemon, const char *guest)
{
    struct qubesdb *qubesdb = calloc(1, sizeof *qubesdb);
    char *path = path_join(daemon->layout.runtime, "qubesdb.%s.sock", guest);
    int fd = listen_at(path);

    free(path);
    if (qubesdb == NULL || fd < 0) {
        log_line("guest %s: no QubesDB: %s", guest, strerror(errno));
        if (fd >= 0)
            close(fd);
        free(qubesdb);
        return NULL;
    }
    snprintf(qubesdb->guest, sizeof qubesdb->guest, "%s", guest);
    qubesdb->domain = NO_DOMAIN;
    qubesdb->channel.fd = qubesdb->listener.fd = -1;
    qdb_database_init(&qubesdb->database, &memory, true);
    set_defaults(qubesdb);
    qubesdb->listener.ready = client_come;
    source_watch(daemon, &qubesdb->listener, fd);
    return qubesdb;
}

void qubesdb_close(struct daemon *daemon, struct qubesdb *qubesdb)
{
    char *path = path_join(daemon->layout.runtime, "qubesdb.%s.sock", qubesdb->guest);
    int fd = qubesdb->listener.fd;

    while (qubesdb->clients != NULL)
        client_drop(daemon, qubesdb->clients);
    drop_channel(daemon, qubesdb);
    source_unwatch(daemon, &qubesdb->listener);
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(path);
    qdb_database_free(&qubesdb->database);
    free(qubesdb);
}
