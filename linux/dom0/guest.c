/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's control channel: finding its domain, connecting to its agent (port 512) without ever
 * waiting for it, greeting, and moving messages. Whatever an agent does wrong ends its connection
 * with a line in the log, and the next agent of that guest is welcome.
 */
#include "daemon.h"
#include "qubesdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

enum { READS_MAX = 16 }; /* of a guest's ring in one turn */

struct guest *guest_find(struct daemon *daemon, const char *name)
{
    struct guest *guest = daemon->guests;
    while (guest != NULL && strcmp(guest->name, name) != 0)
        guest = guest->next;
    return guest;
}

struct guest *guest_of_domain(struct daemon *daemon, uint32_t domain)
{
    struct guest *guest = daemon->guests;
    while (guest != NULL && (guest->domain < 0 || (uint32_t)guest->domain != domain))
        guest = guest->next;
    return guest;
}

static void server_node(char *path, size_t room, int domain)
{
    snprintf(path, room, "/local/domain/%d/data/vchan/0/%d/event-channel", domain,
             QREXEC_CONTROL_PORT);
}

/* --- Connecting */

static void disconnect(struct daemon *daemon, struct guest *guest)
{
    source_unwatch(daemon, &guest->source);
    if (guest->vchan != NULL)
        libvchan_close(guest->vchan);
    guest->vchan = NULL;
    guest->queue.count = 0;
    guest->more = false;
    guest->agent_version = 0;
    if (guest->state == LOCAL_GUEST_READY)
        calls_drop_domain(daemon, (uint32_t)guest->domain);
    guest->state = guest->domain >= 0 ? LOCAL_GUEST_CONNECTING : LOCAL_GUEST_ABSENT;
}

static void try_connect(struct daemon *daemon, struct guest *guest);

/* The agent ended, or had to be ended: the next one may come at any time. */
static void reconnect(struct daemon *daemon, struct guest *guest)
{
    disconnect(daemon, guest);
    if (guest->domain >= 0)
        try_connect(daemon, guest);
}

static void channel_ready(struct daemon *daemon, struct source *source);

static void greet(struct daemon *daemon, struct guest *guest)
{
    source_unwatch(daemon, &guest->source);
    libvchan_set_blocking(guest->vchan, false);
    guest->state = LOCAL_GUEST_GREETING;
    qrexec_decoder_init(&guest->decoder, QREXEC_AT_DAEMON, QREXEC_VERSION, guest->body,
                        QREXEC_CONTROL_BODY_MAX + 1);
    guest->source.ready = channel_ready;
    if (!source_watch(daemon, &guest->source, libvchan_fd_for_select(guest->vchan))) {
        log_line("guest %s: cannot watch its channel", guest->name);
        disconnect(daemon, guest);
        return;
    }
    /* What the agent wrote before we looked brings no event of its own. */
    channel_ready(daemon, &guest->source);
}

static void connecting_ready(struct daemon *daemon, struct source *source)
{
    struct guest *guest = (struct guest *)source;
    int result = libvchan_client_init_async_finish(guest->vchan, false);
    if (result > 0)
        return;
    if (result == 0) {
        greet(daemon, guest);
        return;
    }
    /* Tried again when the agent's node changes or domains come and go. */
    if (errno != ESRCH) /* the domain's end has a line of its own */
        log_line("guest %s: connecting to its agent failed: %s", guest->name, strerror(errno));
    disconnect(daemon, guest);
}

static void try_connect(struct daemon *daemon, struct guest *guest)
{
    EVTCHN watch;
    guest->vchan = libvchan_client_init_async(guest->domain, QREXEC_CONTROL_PORT, &watch);
    guest->source.ready = connecting_ready;
    if (guest->vchan == NULL || !source_watch(daemon, &guest->source, watch)) {
        log_line("guest %s: cannot wait for its agent: %s", guest->name, strerror(errno));
        disconnect(daemon, guest);
    }
}

/* --- Domains */

static void set_domain(struct daemon *daemon, struct guest *guest, int domain)
{
    char path[96], token[32];
    if (guest->domain >= 0) {
        log_line("guest %s: domain %d is gone", guest->name, guest->domain);
        server_node(path, sizeof path, guest->domain);
        snprintf(token, sizeof token, "server:%d", guest->domain);
        xs_unwatch(daemon->xenstore, path, token);
        disconnect(daemon, guest);
    }
    guest->domain = domain;
    if (guest->qubesdb != NULL)
        qubesdb_set_domain(daemon, guest->qubesdb, domain);
    guest->state = domain >= 0 ? LOCAL_GUEST_CONNECTING : LOCAL_GUEST_ABSENT;
    if (domain < 0)
        return;
    log_line("guest %s: domain %d", guest->name, domain);
    try_connect(daemon, guest);
    server_node(path, sizeof path, domain);
    snprintf(token, sizeof token, "server:%d", domain);
    if (!xs_watch(daemon->xenstore, path, token) && errno != EEXIST)
        log_line("guest %s: cannot watch %s: %s", guest->name, path, strerror(errno));
}

void guests_resolve(struct daemon *daemon)
{
    for (struct guest *guest = daemon->guests; guest != NULL; guest = guest->next) {
        int domain = domain_find(daemon->xenstore, guest->name);
        if (domain != guest->domain)
            set_domain(daemon, guest, domain);
    }
}

void guest_server_changed(struct daemon *daemon, uint32_t domain)
{
    struct guest *guest = guest_of_domain(daemon, domain);
    if (guest != NULL && guest->vchan == NULL)
        try_connect(daemon, guest);
}

struct guest *guest_attach(struct daemon *daemon, const char *name)
{
    struct guest *guest = guest_find(daemon, name);
    if (guest != NULL)
        return guest;
    guest = calloc(1, sizeof *guest);
    if (guest != NULL)
        guest->body = malloc(QREXEC_CONTROL_BODY_MAX + 1);
    if (guest == NULL || guest->body == NULL) {
        free(guest);
        return NULL;
    }
    snprintf(guest->name, sizeof guest->name, "%s", name);
    guest->domain = NO_DOMAIN;
    guest->source.fd = -1;
    if (!daemon->no_qubesdb)
        guest->qubesdb = qubesdb_open(daemon, name);
    guest->next = daemon->guests;
    daemon->guests = guest;
    guests_resolve(daemon);
    return guest;
}

void guest_detach(struct daemon *daemon, struct guest *guest)
{
    clients_guest_changed(daemon, guest, true);
    if (guest->domain >= 0)
        set_domain(daemon, guest, NO_DOMAIN);
    struct guest **link = &daemon->guests;
    while (*link != guest)
        link = &(*link)->next;
    *link = guest->next;
    if (guest->qubesdb != NULL)
        qubesdb_close(daemon, guest->qubesdb);
    free(guest->body);
    vchan_queue_free(&guest->queue);
    free(guest);
}

/* --- Messages out */

bool guest_fits(const struct guest *guest, size_t size)
{
    return guest->state == LOCAL_GUEST_READY && guest->queue.count + size <= GUEST_QUEUE_BYTES_MAX;
}

bool guest_send(struct daemon *daemon, struct guest *guest, const void *message, size_t size)
{
    if (size == 0 || !guest_fits(guest, size) || !vchan_queue_add(&guest->queue, message, size))
        return false;
    /* A broken channel is found, and ended, when its descriptor is next looked at. */
    vchan_queue_flush(&guest->queue, guest->vchan);
    return true;
}

/* --- Messages in */

static bool take_hello(struct daemon *daemon, struct guest *guest, uint32_t version)
{
    uint8_t hello[16];
    /* The agent's own number goes back unchanged, as Qubes' daemon does it. */
    size_t size = qrexec_put_hello(hello, sizeof hello, version);
    if (!vchan_queue_add(&guest->queue, hello, size) ||
        !vchan_queue_flush(&guest->queue, guest->vchan))
        return false;
    guest->agent_version = version;
    guest->state = LOCAL_GUEST_READY;
    log_line("guest %s: agent is ready, protocol %u", guest->name, version);
    clients_guest_changed(daemon, guest, false);
    return true;
}

static void take_terminated(struct daemon *daemon, struct guest *guest, uint32_t domain,
                            uint32_t port)
{
    struct call *call = call_find(daemon, (uint32_t)guest->domain, domain, port);
    if (call == NULL)
        log_line("guest %s: ended a call that is not open: domain %u, port %u", guest->name, domain,
                 port);
    else
        call_done(daemon, call, (uint32_t)guest->domain);
}

/* false: the connection must end; the log says why. */
static bool take_message(struct daemon *daemon, struct guest *guest,
                         const struct qrexec_control *message)
{
    switch (message->type) {
    case QREXEC_HELLO:
        return take_hello(daemon, guest, message->version);
    case QREXEC_CONNECTION_TERMINATED:
        take_terminated(daemon, guest, message->domain, message->port);
        return true;
    case QREXEC_TRIGGER_SERVICE:
    case QREXEC_TRIGGER_SERVICE3:
        call_trigger(daemon, guest, message);
        return true;
    default:
        log_line("guest %s: %s came where it does not belong", guest->name,
                 qrexec_type_name(message->type));
        return false;
    }
}

/* A request with a wrong name in it is the request's fault, not the channel's: it is complete, its
 * successor is where it should be, and call_trigger() cleans or refuses what it names. */
static bool only_a_bad_name(struct qrexec_decoder *decoder)
{
    bool trigger = decoder->header.type == QREXEC_TRIGGER_SERVICE ||
                   decoder->header.type == QREXEC_TRIGGER_SERVICE3;
    if (!trigger || (decoder->error != QREXEC_BAD_NAME && decoder->error != QREXEC_BAD_IDENT))
        return false;
    decoder->error = QREXEC_OK;
    return true;
}

static bool take_bytes(struct daemon *daemon, struct guest *guest, const uint8_t *bytes,
                       size_t size)
{
    for (;;) {
        struct qrexec_control message;
        enum qrexec_progress progress =
            qrexec_decode_control(&guest->decoder, &bytes, &size, &message);
        if (progress == QREXEC_FAILED && only_a_bad_name(&guest->decoder))
            progress = QREXEC_MESSAGE;
        if (progress == QREXEC_FAILED) {
            log_line("guest %s: its agent sent %s (type 0x%x, length %u); its connection ends",
                     guest->name, qrexec_error_text(guest->decoder.error),
                     guest->decoder.header.type, guest->decoder.header.length);
            return false;
        }
        if (progress == QREXEC_MORE)
            return true;
        if (!take_message(daemon, guest, &message))
            return false;
    }
}

/* Moves bytes both ways until neither can go on or the guest has had its turn: one that never stops
 * writing must not keep casementd from the others. false: the connection must end. */
static bool pump(struct daemon *daemon, struct guest *guest)
{
    uint8_t bytes[16384];
    guest->more = false;
    for (int reads = 0; reads < READS_MAX;) {
        if (!vchan_queue_flush(&guest->queue, guest->vchan))
            return false;
        /* An agent that does not read its answers is not asked for more questions. */
        if (guest->queue.count > GUEST_QUEUE_BYTES_MAX / 2)
            return true;
        int got = libvchan_read(guest->vchan, bytes, sizeof bytes);
        if (got < 0)
            return false;
        if (got > 0) {
            reads++;
            if (!take_bytes(daemon, guest, bytes, (size_t)got))
                return false;
        } else if (libvchan_data_ready(guest->vchan) <= 0) {
            return libvchan_is_open(guest->vchan) != VCHAN_DISCONNECTED;
        }
    }
    guest->more = true;
    return true;
}

static void channel_ready(struct daemon *daemon, struct source *source)
{
    struct guest *guest = (struct guest *)source;
    libvchan_ack(guest->vchan);
    if (pump(daemon, guest))
        return;
    log_line("guest %s: its agent's connection ended", guest->name);
    reconnect(daemon, guest);
}

bool guests_go_on(struct daemon *daemon)
{
    bool more = false;
    for (struct guest *guest = daemon->guests; guest != NULL; guest = guest->next) {
        if (guest->more)
            channel_ready(daemon, &guest->source);
        more |= guest->more;
    }
    return more;
}
