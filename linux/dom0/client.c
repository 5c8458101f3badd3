/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of the casement command. The socket's folder is private and each caller must be this
 * user or root; a client that breaks the protocol, or does not read its answers, ends its own
 * connection. Only the port and the permission come from here: the data of a call goes over a
 * vchan that the client itself serves.
 */
#include "daemon.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Never waits: a client that does not read loses its connection (its descriptor then wakes us). */
static void answer(struct client *client, const struct local_message *message)
{
    char packet[LOCAL_PACKET_BYTES_MAX];
    size_t size = local_put(message, packet, sizeof packet);
    if (send(client->source.fd, packet, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        shutdown(client->source.fd, SHUT_RDWR);
}

static void done(struct client *client)
{
    answer(client, &(struct local_message){.type = LOCAL_DONE});
}

void client_error(struct daemon *daemon, struct client *client, const char *text)
{
    answer(client, &(struct local_message){.type = LOCAL_ERROR, .text = text});
}

void client_close(struct daemon *daemon, struct client *client)
{
    int fd = client->source.fd;
    source_unwatch(daemon, &client->source);
    close(fd);
    if (client->call != NULL) {
        struct call *call = client->call;
        call->client = NULL;
        /* The agent never heard of a call that was not started. */
        if (client->command != NULL)
            call_done(daemon, call, call->domain[0]);
        call_done(daemon, call, 0);
    }
    struct client **link = &daemon->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    free(client->command);
    free(client);
}

void clients_guest_changed(struct daemon *daemon, const struct guest *guest, bool gone)
{
    for (struct client *client = daemon->clients; client != NULL; client = client->next) {
        if (client->waiting != LOCAL_WAIT || strcmp(client->guest, guest->name) != 0)
            continue;
        client->waiting = 0;
        if (gone)
            client_error(daemon, client, "the guest was detached");
        else
            done(client);
    }
}

static void send_status(struct daemon *daemon, struct client *client)
{
    for (const struct guest *guest = daemon->guests; guest != NULL; guest = guest->next) {
        struct local_message message = {
            .type = LOCAL_GUEST,
            .guest = {.domain = (uint32_t)guest->domain,
                      .state = guest->state,
                      .agent_version = guest->agent_version,
                      .calls_total = guest->calls_total},
        };
        if (guest->domain >= 0)
            message.guest.calls_open = calls_count(daemon, (uint32_t)guest->domain);
        memcpy(message.guest.name, guest->name, sizeof message.guest.name);
        answer(client, &message);
    }
    done(client);
}

static void open_call(struct daemon *daemon, struct client *client,
                      const struct local_message *message)
{
    char reason[128];
    struct guest *guest = guest_find(daemon, message->call.name);
    if (guest == NULL || guest->state != LOCAL_GUEST_READY) {
        snprintf(reason, sizeof reason,
                 guest == NULL ? "there is no guest \"%s\"; see casement status"
                               : "the agent of \"%s\" is not connected",
                 message->call.name);
        client_error(daemon, client, reason);
        return;
    }
    client->command = strdup(message->text);
    if (client->command != NULL)
        client->call = call_open(daemon, (uint32_t)guest->domain, 0);
    if (client->call == NULL) {
        free(client->command);
        client->command = NULL;
        client_error(daemon, client, "all 256 data ports of the guest are in use");
        return;
    }
    client->call->client = client;
    client->exec_type = message->call.just_exec ? QREXEC_JUST_EXEC : QREXEC_EXEC_CMDLINE;
    client->waiting = LOCAL_CALL;
    memcpy(client->guest, guest->name, sizeof client->guest);
    answer(client, &(struct local_message){
                       .type = LOCAL_CALL_PORT,
                       .port = {(uint32_t)guest->domain, client->call->port},
                   });
}

/* "DEFAULT:" becomes the user that the daemon was told, as Qubes' daemon does it. */
static char *with_default_user(const struct daemon *daemon, const char *command)
{
    static const char marker[] = "DEFAULT:";
    char *result;
    if (daemon->default_user == NULL || strncmp(command, marker, sizeof marker - 1) != 0)
        return strdup(command);
    int length = asprintf(&result, "%s:%s", daemon->default_user, command + sizeof marker - 1);
    return length < 0 ? NULL : result;
}

static bool send_exec(struct daemon *daemon, struct client *client)
{
    struct guest *guest = guest_of_domain(daemon, client->call->domain[0]);
    char *command = with_default_user(daemon, client->command);
    size_t room = command != NULL ? strlen(command) + 64 : 0;
    uint8_t *message = command != NULL ? malloc(room) : NULL;
    size_t size = 0;
    if (message != NULL && guest != NULL)
        size = qrexec_put_exec(message, room, client->exec_type, 0, client->call->port, command);
    bool sent = guest != NULL && guest_send(daemon, guest, message, size);
    if (sent)
        guest->calls_total++;
    free(command);
    free(message);
    return sent;
}

static void start_call(struct daemon *daemon, struct client *client)
{
    if (!send_exec(daemon, client)) {
        client_error(daemon, client, "the guest's agent is gone or does not read");
        client->waiting = 0;
        return; /* the client closes; the command that is still there says: not started */
    }
    client->waiting = 0;
    free(client->command);
    client->command = NULL;
}

/* false: not something to say now. */
static bool take(struct daemon *daemon, struct client *client, const struct local_message *message)
{
    struct guest *guest;
    if (message->type == LOCAL_START && client->waiting == LOCAL_CALL) {
        start_call(daemon, client);
        return true;
    }
    if (client->waiting != 0 || client->call != NULL)
        return false;
    switch (message->type) {
    case LOCAL_ATTACH:
        if (!policy_guest_name_valid(message->name.name))
            client_error(daemon, client, "that is no name for a guest");
        else if (guest_attach(daemon, message->name.name) == NULL)
            client_error(daemon, client, "out of memory");
        else
            done(client);
        return true;
    case LOCAL_DETACH:
        guest = guest_find(daemon, message->name.name);
        if (guest != NULL)
            guest_detach(daemon, guest);
        done(client);
        return true;
    case LOCAL_WAIT:
        guest = guest_find(daemon, message->name.name);
        memcpy(client->guest, message->name.name, sizeof client->guest);
        if (guest == NULL)
            client_error(daemon, client, "there is no such guest");
        else if (guest->state == LOCAL_GUEST_READY)
            done(client);
        else
            client->waiting = LOCAL_WAIT;
        return true;
    case LOCAL_STATUS:
        send_status(daemon, client);
        return true;
    case LOCAL_CALL:
        open_call(daemon, client, message);
        return true;
    default:
        return false;
    }
}

static void client_ready(struct daemon *daemon, struct source *source)
{
    struct client *client = (struct client *)source;
    char packet[LOCAL_PACKET_BYTES_MAX];
    ssize_t size = recv(source->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    struct local_message message;
    if (size > 0 &&
        (size > (ssize_t)sizeof packet || !local_parse(packet, (size_t)size, &message) ||
         !take(daemon, client, &message))) {
        log_line("a local client sent what it may not; its connection ends");
        size = 0;
    }
    if (size <= 0)
        client_close(daemon, client);
}

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

void client_accept(struct daemon *daemon, struct source *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            log_line("cannot accept a local client: %s", strerror(errno));
        return;
    }
    struct client *client = is_ours(fd) ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
        log_line("a local client was turned away");
        close(fd);
        return;
    }
    client->source = (struct source){.ready = client_ready, .fd = -1};
    if (!source_watch(daemon, &client->source, fd)) {
        close(fd);
        free(client);
        return;
    }
    client->next = daemon->clients;
    daemon->clients = client;
}
