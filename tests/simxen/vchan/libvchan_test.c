/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libvchan between domain 0 and a guest, over real xenstored: who comes first, what stands in the
 * xenstore and who may read it, peers that leave, are killed or take their domain with them,
 * servers that come back, hostile keys, hundreds of channels in one process. One case a run, in
 * its own simxen:
 *
 *   libvchan_test CASE        (inside `simxen host`)
 *
 * The guest's half of a case runs as `libvchan_test CASE guest PEER`, with a socket at descriptor
 * 3 to keep in step.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "libvchan.h"
#include "tests/simxen/vchan/role.h"

enum { SOCKET = 3, NUMBER = 5, RING = 4096, MANY = 200 };

struct scene {
    char *self, *name;
    int domid;  /* the guest */
    int socket; /* to its process */
    pid_t guest;
};

static void guest_starts(struct scene *scene)
{
    char *argv[] = {scene->self, scene->name, "guest", "0", NULL};
    int sockets[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    scene->guest = role_start(scene->domid, argv, sockets[1]);
    scene->socket = sockets[0];
    close(sockets[1]);
}

static void guest_ends(struct scene *scene)
{
    role_join(scene->guest);
    close(scene->socket);
}

static void guest_is_killed(struct scene *scene)
{
    CHECK(kill(scene->guest, SIGKILL) == 0);
    CHECK(waitpid(scene->guest, NULL, 0) == scene->guest);
    close(scene->socket);
}

static void wait_readable(EVTCHN fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    CHECK(poll(&poll_fd, 1, -1) == 1);
}

static libvchan_t *connect_polled(int domain, int number)
{
    EVTCHN watch;
    libvchan_t *ctrl = libvchan_client_init_async(domain, number, &watch);
    int result;

    CHECK(ctrl);
    do {
        CHECK(libvchan_is_open(ctrl) == VCHAN_WAITING);
        wait_readable(watch);
    } while ((result = libvchan_client_init_async_finish(ctrl, true)) == 1);
    CHECK(result == 0);
    CHECK(libvchan_is_open(ctrl) == VCHAN_CONNECTED);
    return ctrl;
}

static libvchan_t *serve(int domain)
{
    libvchan_t *ctrl = libvchan_server_init(domain, NUMBER, RING, RING);

    CHECK(ctrl); /* a client that waited for it may be here already */
    CHECK(libvchan_is_open(ctrl) != VCHAN_DISCONNECTED);
    return ctrl;
}

static void await_client(libvchan_t *ctrl)
{
    while (libvchan_is_open(ctrl) == VCHAN_WAITING)
        CHECK(libvchan_wait(ctrl) == 0);
    CHECK(libvchan_is_open(ctrl) == VCHAN_CONNECTED);
}

static void echo_once(libvchan_t *ctrl)
{
    char word[4];

    CHECK(libvchan_recv(ctrl, word, 4) == 4);
    CHECK(libvchan_send(ctrl, word, 4) == 4);
}

static void ask_once(libvchan_t *ctrl)
{
    char word[4];

    CHECK(libvchan_send(ctrl, "ping", 4) == 4);
    CHECK(libvchan_recv(ctrl, word, 4) == 4);
    CHECK(memcmp(word, "ping", 4) == 0);
}

/* Returns when the peer is gone; nothing else may happen. */
static void await_end(libvchan_t *ctrl)
{
    char byte;

    CHECK(libvchan_read(ctrl, &byte, 1) == -1);
    CHECK(errno == ECONNRESET);
    CHECK(libvchan_is_open(ctrl) == VCHAN_DISCONNECTED);
    CHECK(libvchan_write(ctrl, "x", 1) == -1);
    CHECK(libvchan_wait(ctrl) == 0);
}

static char *key_path(int server, int client, const char *leaf)
{
    static char path[128];

    snprintf(path, sizeof(path), "/local/domain/%d/data/vchan/%d%s", server, client, leaf);
    return path;
}

static bool key_exists(struct xs_handle *store, const char *path)
{
    char *value = xs_read(store, XBT_NULL, path, NULL);
    bool exists = value != NULL;

    free(value);
    return exists;
}

/* --- Cases. Each: domain 0's half, the guest's half. */

static void echo_guest(int peer)
{
    libvchan_t *ctrl = serve(peer);

    role_tell(SOCKET, 'o');
    await_client(ctrl);
    echo_once(ctrl);
    await_end(ctrl);
    libvchan_close(ctrl);
}

static void server_first(struct scene *scene)
{
    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'o');
    libvchan_t *ctrl = connect_polled(scene->domid, NUMBER);
    ask_once(ctrl);
    libvchan_close(ctrl);
    guest_ends(scene);
}

static void client_first(struct scene *scene)
{
    EVTCHN watch;
    libvchan_t *ctrl = libvchan_client_init_async(scene->domid, NUMBER, &watch);

    CHECK(ctrl);
    /* The first look: nothing there. */
    wait_readable(watch);
    CHECK(libvchan_client_init_async_finish(ctrl, true) == 1);
    CHECK(libvchan_read(ctrl, &watch, 1) == -1 && errno == EAGAIN);
    guest_starts(scene);
    while (libvchan_is_open(ctrl) == VCHAN_WAITING) {
        wait_readable(watch);
        CHECK(libvchan_client_init_async_finish(ctrl, true) >= 0);
    }
    ask_once(ctrl);
    libvchan_close(ctrl);
    guest_ends(scene);
}

static void client_in_guest(struct scene *scene)
{
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'w'); /* it is about to wait */
    ctrl = serve(scene->domid);
    await_client(ctrl);
    echo_once(ctrl);
    await_end(ctrl);
    libvchan_close(ctrl);
    guest_ends(scene);
}

static void client_in_guest_guest(int peer)
{
    libvchan_t *ctrl;

    role_tell(SOCKET, 'w');
    ctrl = libvchan_client_init(peer, NUMBER);
    CHECK(ctrl);
    ask_once(ctrl);
    libvchan_close(ctrl);
}

/* pv-drivers.md 3.1 item 9: the two keys were written one after the other, and a client could see
 * one of them. Here a watcher sees both or none, at every change. */
static void keys_come_together(struct scene *scene)
{
    struct xs_handle *store = xs_open(0);
    struct xs_permissions *permissions;
    char ring_ref[128], event_channel[128];
    libvchan_t *ctrl;
    unsigned count;
    bool seen = false;

    snprintf(ring_ref, sizeof(ring_ref), "%s", key_path(scene->domid, 0, "/5/ring-ref"));
    snprintf(event_channel, sizeof(event_channel), "%s",
             key_path(scene->domid, 0, "/5/event-channel"));
    CHECK(store && xs_watch(store, ring_ref, "r") && xs_watch(store, event_channel, "e"));
    guest_starts(scene);
    while (!seen) {
        char **event = xs_read_watch(store, &count);
        CHECK(event);
        free(event);
        xs_transaction_t snapshot = xs_transaction_start(store);
        char *first = xs_read(store, snapshot, ring_ref, NULL);
        char *second = xs_read(store, snapshot, event_channel, NULL);
        xs_transaction_end(store, snapshot, true);
        CHECK(!first == !second);
        seen = first != NULL;
        free(first);
        free(second);
    }
    permissions = xs_get_permissions(store, XBT_NULL, event_channel, &count);
    CHECK(permissions && count == 2);
    CHECK(permissions[0].id == (unsigned)scene->domid && permissions[0].perms == XS_PERM_NONE);
    CHECK(permissions[1].id == 0 && permissions[1].perms == XS_PERM_READ);
    free(permissions);

    CHECK(role_hear(scene->socket) == 'o');
    ctrl = connect_polled(scene->domid, NUMBER);
    ask_once(ctrl);
    /* The server took its offer back when it was accepted, with the empty directory. */
    CHECK(!key_exists(store, ring_ref));
    CHECK(!key_exists(store, event_channel));
    CHECK(!key_exists(store, key_path(scene->domid, 0, "")));
    libvchan_close(ctrl);
    guest_ends(scene);
    xs_close(store);
}

static void an_offer_ends_with_close(struct scene *scene)
{
    struct xs_handle *store = xs_open(0);
    libvchan_t *ctrl = serve(scene->domid);

    CHECK(libvchan_is_open(ctrl) == VCHAN_WAITING);
    CHECK(key_exists(store, key_path(0, scene->domid, "/5/event-channel")));
    libvchan_close(ctrl);
    CHECK(!key_exists(store, key_path(0, scene->domid, "")));
    xs_close(store);
}

/* qwt-today.md 1.6 item 15: no dead-peer detection. */
static void qwt_15_server_is_killed(struct scene *scene)
{
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'o');
    ctrl = connect_polled(scene->domid, NUMBER);
    ask_once(ctrl);
    guest_is_killed(scene);
    await_end(ctrl);
    libvchan_close(ctrl);
}

static void qwt_15_client_is_killed(struct scene *scene)
{
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'w');
    ctrl = serve(scene->domid);
    await_client(ctrl);
    echo_once(ctrl);
    CHECK(role_hear(scene->socket) == 'k');
    guest_is_killed(scene);
    /* What it wrote is still there. */
    char last[4];
    CHECK(libvchan_recv(ctrl, last, 4) == 4 && memcmp(last, "last", 4) == 0);
    await_end(ctrl);
    libvchan_close(ctrl);
}

static void qwt_15_client_is_killed_guest(int peer)
{
    libvchan_t *ctrl;

    role_tell(SOCKET, 'w');
    ctrl = libvchan_client_init(peer, NUMBER);
    CHECK(ctrl);
    ask_once(ctrl);
    CHECK(libvchan_write(ctrl, "last", 4) == 4);
    role_tell(SOCKET, 'k');
    pause();
}

static void qwt_15_domain_dies_before_the_server(struct scene *scene)
{
    EVTCHN watch;
    libvchan_t *ctrl = libvchan_client_init_async(scene->domid, NUMBER, &watch);

    CHECK(ctrl);
    wait_readable(watch);
    CHECK(libvchan_client_init_async_finish(ctrl, true) == 1);
    role_destroy_domain(scene->domid);
    do
        wait_readable(watch);
    while (libvchan_client_init_async_finish(ctrl, true) == 1);
    CHECK(errno == ESRCH);
    libvchan_close(ctrl);
    /* The one that waits finds it dead at once. */
    CHECK(!libvchan_client_init(scene->domid, NUMBER));
    CHECK(errno == ESRCH);
    scene->domid = -1;
}

static void qwt_15_domain_dies_before_the_client(struct scene *scene)
{
    libvchan_t *ctrl = serve(scene->domid);
    char byte;

    role_destroy_domain(scene->domid);
    scene->domid = -1;
    CHECK(libvchan_read(ctrl, &byte, 1) == -1);
    CHECK(libvchan_is_open(ctrl) == VCHAN_DISCONNECTED);
    libvchan_close(ctrl);
}

static void qwt_15_domain_dies_connected(struct scene *scene)
{
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'o');
    ctrl = connect_polled(scene->domid, NUMBER);
    ask_once(ctrl);
    role_destroy_domain(scene->domid);
    scene->domid = -1;
    await_end(ctrl);
    libvchan_close(ctrl);
    /* simxen ends what ran in it. */
    kill(scene->guest, SIGKILL);
    CHECK(waitpid(scene->guest, NULL, 0) == scene->guest);
}

/* A server that was killed leaves its keys; the client waits for the next one. */
static void stale_keys_are_no_server(struct scene *scene)
{
    EVTCHN watch;
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'o');
    guest_is_killed(scene);
    ctrl = libvchan_client_init_async(scene->domid, NUMBER, &watch);
    CHECK(ctrl);
    wait_readable(watch);
    CHECK(libvchan_client_init_async_finish(ctrl, true) == 1);
    guest_starts(scene);
    while (libvchan_is_open(ctrl) == VCHAN_WAITING) {
        wait_readable(watch);
        CHECK(libvchan_client_init_async_finish(ctrl, true) >= 0);
    }
    ask_once(ctrl);
    libvchan_close(ctrl);
    guest_ends(scene);
}

static void reconnection(struct scene *scene)
{
    guest_starts(scene);
    for (int i = 0; i < 20; i++) {
        CHECK(role_hear(scene->socket) == 'o');
        libvchan_t *ctrl = connect_polled(scene->domid, NUMBER);
        ask_once(ctrl);
        libvchan_close(ctrl);
    }
    guest_ends(scene);
}

static void reconnection_guest(int peer)
{
    for (int i = 0; i < 20; i++)
        echo_guest(peer);
}

static void hostile_keys(struct scene *scene)
{
    static const struct {
        const char *event, *ref;
        int result;
    } cases[] = {
        {"x", "9", -1},   {"-1", "9", -1}, {"99999999999999999999999", "9", -1},
        {"7\n", "9", -1}, {"7", "0", -1},  {"7", "8x", -1},
        {"7", "9", 1}, /* could be: a server that is gone */
    };
    struct xs_handle *store = xs_open(0);
    char event[128], ref[128];

    snprintf(event, sizeof(event), "%s", key_path(scene->domid, 0, "/5/event-channel"));
    snprintf(ref, sizeof(ref), "%s", key_path(scene->domid, 0, "/5/ring-ref"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EVTCHN watch;
        CHECK(xs_write(store, XBT_NULL, ref, cases[i].ref, (unsigned)strlen(cases[i].ref)));
        CHECK(xs_write(store, XBT_NULL, event, cases[i].event, (unsigned)strlen(cases[i].event)));
        libvchan_t *ctrl = libvchan_client_init_async(scene->domid, NUMBER, &watch);
        CHECK(ctrl);
        wait_readable(watch);
        CHECK(libvchan_client_init_async_finish(ctrl, true) == cases[i].result);
        CHECK(cases[i].result != -1 || errno == EPROTO);
        libvchan_close(ctrl);
    }
    CHECK(xs_rm(store, XBT_NULL, key_path(scene->domid, 0, "")));
    xs_close(store);
}

/* qwt-today.md 1.6 item 13: a send of more than the ring waited for ever. */
static void qwt_13_send_larger_than_the_ring(struct scene *scene)
{
    static char data[RING + 1];
    libvchan_t *ctrl;

    guest_starts(scene);
    CHECK(role_hear(scene->socket) == 'o');
    ctrl = connect_polled(scene->domid, NUMBER);
    CHECK(libvchan_send(ctrl, data, RING + 1) == -1 && errno == EMSGSIZE);
    libvchan_set_blocking(ctrl, false);
    CHECK(libvchan_send(ctrl, data, RING + 1) == -1 && errno == EMSGSIZE);
    CHECK(libvchan_recv(ctrl, data, RING + 1) == -1 && errno == EMSGSIZE);
    libvchan_set_blocking(ctrl, true);
    ask_once(ctrl);
    libvchan_close(ctrl);
    guest_ends(scene);
}

static void bad_arguments(struct scene *scene)
{
    CHECK(!libvchan_server_init(scene->domid, NUMBER, (1 << 20) + 1, RING) && errno == EINVAL);
    CHECK(!libvchan_server_init(-1, NUMBER, RING, RING) && errno == EINVAL);
    CHECK(!libvchan_client_init(70000, NUMBER) && errno == EINVAL);
    CHECK(!libvchan_client_init(scene->domid + 1, NUMBER) && errno == ESRCH);
}

/* One poll loop for all of them; each answers one ping. */
static void many_channels(struct scene *scene)
{
    static libvchan_t *channels[MANY];
    static struct pollfd fds[MANY];
    int answered = 0;

    guest_starts(scene);
    for (int i = 0; i < MANY; i++) {
        channels[i] = libvchan_client_init_async(scene->domid, i, &fds[i].fd);
        CHECK(channels[i]);
        fds[i].events = POLLIN;
    }
    while (answered < MANY) {
        CHECK(poll(fds, MANY, -1) > 0);
        for (int i = 0; i < MANY; i++) {
            char word[4];
            if (!fds[i].revents)
                continue;
            if (libvchan_is_open(channels[i]) == VCHAN_WAITING) {
                int result = libvchan_client_init_async_finish(channels[i], false);
                CHECK(result >= 0);
                if (result == 0) {
                    fds[i].fd = libvchan_fd_for_select(channels[i]);
                    CHECK(libvchan_send(channels[i], "ping", 4) == 4);
                }
                continue;
            }
            libvchan_ack(channels[i]);
            if (libvchan_recv(channels[i], word, 4) == 4) {
                CHECK(memcmp(word, "ping", 4) == 0);
                answered++;
            }
        }
    }
    for (int i = 0; i < MANY; i++)
        libvchan_close(channels[i]);
    guest_ends(scene);
}

static void many_channels_guest(int peer)
{
    static libvchan_t *channels[MANY];
    static struct pollfd fds[MANY];
    int left = MANY;

    for (int i = 0; i < MANY; i++) {
        channels[i] = libvchan_server_init(peer, i, RING, RING);
        CHECK(channels[i]);
        libvchan_set_blocking(channels[i], false);
        fds[i].fd = libvchan_fd_for_select(channels[i]);
        fds[i].events = POLLIN;
    }
    while (left > 0) {
        CHECK(poll(fds, MANY, -1) > 0);
        for (int i = 0; i < MANY; i++) {
            char word[4];
            if (!fds[i].revents)
                continue;
            libvchan_ack(channels[i]);
            if (libvchan_recv(channels[i], word, 4) == 4)
                CHECK(libvchan_send(channels[i], word, 4) == 4);
            if (libvchan_is_open(channels[i]) == VCHAN_DISCONNECTED) {
                libvchan_close(channels[i]);
                fds[i].fd = -1;
                left--;
            }
        }
    }
}

static const struct {
    const char *name;
    void (*host)(struct scene *scene);
    void (*guest)(int peer);
} cases[] = {
    {"server-first", server_first, echo_guest},
    {"client-first", client_first, echo_guest},
    {"client-in-guest", client_in_guest, client_in_guest_guest},
    {"keys-come-together", keys_come_together, echo_guest},
    {"an-offer-ends-with-close", an_offer_ends_with_close, NULL},
    {"qwt-15-server-is-killed", qwt_15_server_is_killed, echo_guest},
    {"qwt-15-client-is-killed", qwt_15_client_is_killed, qwt_15_client_is_killed_guest},
    {"qwt-15-domain-dies-before-the-server", qwt_15_domain_dies_before_the_server, NULL},
    {"qwt-15-domain-dies-before-the-client", qwt_15_domain_dies_before_the_client, NULL},
    {"qwt-15-domain-dies-connected", qwt_15_domain_dies_connected, echo_guest},
    {"stale-keys-are-no-server", stale_keys_are_no_server, echo_guest},
    {"reconnection", reconnection, reconnection_guest},
    {"hostile-keys", hostile_keys, NULL},
    {"qwt-13-send-larger-than-the-ring", qwt_13_send_larger_than_the_ring, echo_guest},
    {"bad-arguments", bad_arguments, NULL},
    {"many-channels", many_channels, many_channels_guest},
};

int main(int argc, char **argv)
{
    size_t i = 0;

    CHECK(argc >= 2);
    while (strcmp(cases[i].name, argv[1]) != 0)
        CHECK(++i < sizeof(cases) / sizeof(cases[0]));
    if (argc == 4) {
        cases[i].guest(atoi(argv[3]));
        return 0;
    }
    struct scene scene = {.self = argv[0], .name = argv[1], .domid = role_create_domain("guest")};
    cases[i].host(&scene);
    if (scene.domid >= 0)
        role_destroy_domain(scene.domid);
    return 0;
}
