/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest kernel's xenbus driver: each domain has a ring to xenstored (frame 0 of its memory,
 * grant 1, a port for domain 0) and a socket <dir>/dom<N>/xenbus where processes of the domain
 * speak XenStore's wire protocol. core/xen/xs_mux does the thinking, this file the moving.
 */
#include "instance.h"
#include "core/xen/xs_mux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CLIENTS = 512,
    REQUESTS = 64,
    WATCHES = 4096,
    TRANSACTIONS = 64,
    READ_AHEAD_BYTES = 64 * 1024, /* unread answers that stop further requests */
    UNREAD_MAX_BYTES = 4 << 20,   /* unread watch events that end the client */
};

struct xenbus_client {
    struct source source; /* first */
    struct xenbus *xenbus;
    uint32_t slot;
    uint32_t events; /* what epoll watches */
    uint8_t *unread; /* bytes the client has not taken yet */
    size_t unread_from, unread_to, unread_room;
};

struct xenbus_listener {
    struct source source; /* first */
    struct xenbus *xenbus;
};

struct xenbus {
    struct domain *domain;
    struct xs_ring_page *page;
    struct handle *handle; /* the kernel's only one */
    uint32_t port;
    struct xenbus_listener *listener, *doorbell;
    struct xenbus_client *clients[CLIENTS]; /* by slot */
    struct xs_mux mux;
    struct xs_mux_client mux_clients[CLIENTS];
    struct xs_mux_request requests[REQUESTS];
    struct xs_mux_watch watches[WATCHES];
    struct xs_mux_transaction transactions[TRANSACTIONS];
};

uint32_t xenbus_port(const struct xenbus *xenbus)
{
    return xenbus ? xenbus->port : 0;
}

uint32_t xenbus_client_count(const struct xenbus *xenbus)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < CLIENTS; slot++)
        count += xenbus->clients[slot] != NULL;
    return count;
}

static void client_end(struct instance *in, struct xenbus_client *client)
{
    client->xenbus->clients[client->slot] = NULL;
    xs_mux_close(&client->xenbus->mux, client->slot);
    free(client->unread);
    source_end(in, &client->source);
}

static size_t unread_bytes(const struct xenbus_client *client)
{
    return client->unread_to - client->unread_from;
}

/* Reading stops while the client's last request waits or it does not take its answers. */
static void client_watch(struct instance *in, struct xenbus_client *client)
{
    uint32_t events = 0;
    if (xs_mux_room(&client->xenbus->mux, client->slot) && unread_bytes(client) < READ_AHEAD_BYTES)
        events |= EPOLLIN;
    if (unread_bytes(client))
        events |= EPOLLOUT;
    if (events != client->events) {
        client->events = events;
        source_change(in, &client->source, events);
    }
}

/* Sends what it can; false: the client has gone. */
static bool client_flush(struct xenbus_client *client)
{
    while (unread_bytes(client)) {
        ssize_t sent = send(client->source.fd, client->unread + client->unread_from,
                            unread_bytes(client), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return errno == EAGAIN;
        client->unread_from += (size_t)sent;
    }
    client->unread_from = client->unread_to = 0;
    return true;
}

static bool client_send(struct xenbus_client *client, const uint8_t *bytes, uint32_t length)
{
    if (client->unread_to + length > client->unread_room) {
        size_t room = (client->unread_to + length) * 2;
        if (room > UNREAD_MAX_BYTES * 2)
            return false;
        uint8_t *larger = realloc(client->unread, room);
        if (!larger)
            return false;
        client->unread = larger;
        client->unread_room = room;
    }
    memcpy(client->unread + client->unread_to, bytes, length);
    client->unread_to += length;
    return client_flush(client);
}

static void end_all_clients(struct instance *in, struct xenbus *xenbus)
{
    for (uint32_t slot = 0; slot < CLIENTS; slot++)
        if (xenbus->clients[slot])
            client_end(in, xenbus->clients[slot]);
}

/* Does what the mux wants until it wants nothing; then looks who may be read again. */
static void pump(struct instance *in, struct xenbus *xenbus)
{
    struct xs_mux_action action;
    for (xs_mux_next(&xenbus->mux, &action); action.kind != XS_MUX_NONE;
         xs_mux_next(&xenbus->mux, &action)) {
        if (action.kind == XS_MUX_NOTIFY) {
            port_notify(in, xenbus->domain, xenbus->port);
        } else if (action.kind == XS_MUX_SEND) {
            struct xenbus_client *client = xenbus->clients[action.client];
            if (!client_send(client, action.bytes, action.length))
                client_end(in, client);
        } else {
            fprintf(stderr, "simxen: domain %u's XenStore ring is broken: %s\n",
                    xenbus->domain->domid, action.reason);
            end_all_clients(in, xenbus);
            return;
        }
    }
    for (uint32_t slot = 0; slot < CLIENTS; slot++)
        if (xenbus->clients[slot])
            client_watch(in, xenbus->clients[slot]);
}

static void client_ready(struct instance *in, struct source *source, uint32_t events)
{
    struct xenbus_client *client = (struct xenbus_client *)source;
    struct xenbus *xenbus = client->xenbus;
    bool alive = client_flush(client);
    uint32_t room;
    if (events & (EPOLLHUP | EPOLLERR))
        alive = false;
    while (alive && (room = xs_mux_room(&xenbus->mux, client->slot)) > 0 &&
           unread_bytes(client) < READ_AHEAD_BYTES) {
        uint8_t piece[XS_MESSAGE_MAX_BYTES];
        ssize_t got = recv(source->fd, piece, room, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            break;
        alive = got > 0 && xs_mux_feed(&xenbus->mux, client->slot, piece, (uint32_t)got);
        if (alive && !xs_mux_room(&xenbus->mux, client->slot)) {
            pump(in, xenbus);
            if (source->gone)
                return;
        }
    }
    if (!alive)
        client_end(in, client);
    pump(in, xenbus);
}

static void listener_ready(struct instance *in, struct source *source, uint32_t events)
{
    struct xenbus *xenbus = ((struct xenbus_listener *)source)->xenbus;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        accept_failed(in, source->fd, errno);
        return;
    }
    struct xenbus_client *client = calloc(1, sizeof(*client));
    int slot = client ? xs_mux_open(&xenbus->mux) : -1;
    if (slot < 0) {
        free(client);
        close(fd);
        return;
    }
    client->source.fd = fd;
    client->source.ready = client_ready;
    client->xenbus = xenbus;
    client->slot = (uint32_t)slot;
    client->events = EPOLLIN;
    xenbus->clients[slot] = client;
    if (source_add(in, &client->source, EPOLLIN) < 0)
        client_end(in, client);
}

static void doorbell_ready(struct instance *in, struct source *source, uint32_t events)
{
    struct xenbus *xenbus = ((struct xenbus_listener *)source)->xenbus;
    struct domain *domain = xenbus->domain;
    uint64_t one;
    if (read(source->fd, &one, sizeof(one)) != sizeof(one))
        return;
    sx_event_take(domain->shared, xenbus->port);
    if (sx_event_unmask(domain->shared, xenbus->port) &&
        write(source->fd, &one, sizeof(one)) != sizeof(one))
        perror("simxen: eventfd");
    pump(in, xenbus);
}

static struct xenbus_listener *watch_fd(struct instance *in, struct xenbus *xenbus, int fd,
                                        void (*ready)(struct instance *, struct source *, uint32_t))
{
    struct xenbus_listener *listener = calloc(1, sizeof(*listener));
    if (listener) {
        listener->source.fd = fd;
        listener->source.ready = ready;
        listener->xenbus = xenbus;
        if (source_add(in, &listener->source, EPOLLIN) == 0)
            return listener;
    }
    free(listener);
    return NULL;
}

static int open_socket(struct instance *in, struct domain *domain)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[16];
    snprintf(folder, sizeof(folder), "dom%u", domain->domid);
    if (mkdirat(in->dir_fd, folder, 0700) < 0 && errno != EEXIST)
        return -errno;
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s/xenbus", in->dir_fd,
             folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(address.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0)
        return -errno;
    return fd;
}

int xenbus_start(struct instance *in, struct domain *domain)
{
    struct xenbus *xenbus = calloc(1, sizeof(*xenbus));
    if (!xenbus)
        return -ENOMEM;
    xenbus->domain = domain;
    domain->xenbus = xenbus;
    struct xs_mux_tables tables = {xenbus->mux_clients,
                                   xenbus->requests,
                                   xenbus->watches,
                                   xenbus->transactions,
                                   CLIENTS,
                                   REQUESTS,
                                   WATCHES,
                                   TRANSACTIONS};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, domain->memory_fd, 0);
    if (page != MAP_FAILED)
        xenbus->page = page;
    xs_mux_init(&xenbus->mux, page, &tables);
    if (!xenbus->page || !handle_new(in, domain, &xenbus->handle))
        return -ENOMEM;
    int port = port_bind_unbound(domain, xenbus->handle, 0);
    if (port < 0)
        return port;
    xenbus->port = (uint32_t)port;
    int fd = open_socket(in, domain);
    if (fd < 0)
        return fd;
    xenbus->listener = watch_fd(in, xenbus, fd, listener_ready);
    int doorbell = dup(xenbus->handle->fd);
    xenbus->doorbell = watch_fd(in, xenbus, doorbell, doorbell_ready);
    return xenbus->listener && xenbus->doorbell ? 0 : -ENOMEM;
}

void xenbus_stop(struct instance *in, struct domain *domain)
{
    struct xenbus *xenbus = domain->xenbus;
    char path[32];
    if (!xenbus)
        return;
    end_all_clients(in, xenbus);
    if (xenbus->listener)
        source_end(in, &xenbus->listener->source);
    if (xenbus->doorbell)
        source_end(in, &xenbus->doorbell->source);
    snprintf(path, sizeof(path), "dom%u/xenbus", domain->domid);
    unlinkat(in->dir_fd, path, 0);
    snprintf(path, sizeof(path), "dom%u", domain->domid);
    unlinkat(in->dir_fd, path, AT_REMOVEDIR);
    if (xenbus->handle)
        handle_free(in, &xenbus->handle, xenbus->handle);
    if (xenbus->page)
        munmap(xenbus->page, 4096);
    domain->xenbus = NULL;
    free(xenbus);
}
