/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casementd's parts and who owns what. One thread, one epoll loop; every object that waits for a
 * descriptor is a struct source. Exactly one event is handled at a time, so an object may be freed
 * in a handler, also another one than the handler's own.
 *
 *   guest    one domain's control channel (guest.c)
 *   call     one data port in use, with two sides that each must be done with it (call.c)
 *   service  a program of dom0 that serves a call (service.c)
 *   client   a connection of the casement command (client.c)
 */
#ifndef CASEMENT_DAEMON_H
#define CASEMENT_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/qrexec/message.h"
#include "include/libvchan.h"
#include "domains.h"
#include "layout.h"
#include "local.h"
#include "policy.h"
#include "ports.h"
#include "vchan_queue.h"

struct xs_handle;
struct daemon;
struct qubesdb;

enum {
    GUEST_QUEUE_BYTES_MAX = 1 << 20, /* unsent control messages; more are refused */
};

struct source {
    void (*ready)(struct daemon *daemon, struct source *source);
    int fd; /* -1: not watched */
};

struct guest {
    struct source source; /* the vchan's descriptor, or its watch while connecting */
    struct guest *next;
    char name[LOCAL_NAME_BYTES];
    int domain; /* NO_DOMAIN: there is none of this name */
    enum local_guest_state state;
    struct qubesdb *qubesdb; /* NULL: none */
    libvchan_t *vchan;
    uint32_t agent_version;
    struct qrexec_decoder decoder;
    bool more;                /* its ring had more than one turn takes */
    uint8_t *body;            /* the decoder's room */
    struct vchan_queue queue; /* for the agent */
    uint64_t calls_total;
};

struct call {
    struct call *next;
    uint32_t domain[2], port;
    bool open[2];          /* that side still uses the port */
    struct client *client; /* dom0's side; NULL: a service's or none */
};

struct service {
    struct source source; /* its pidfd */
    struct service *next;
    pid_t pid;
    struct call *call;
    char name[64]; /* for the log; cut */
};

struct client {
    struct source source;
    struct client *next;
    uint32_t waiting; /* LOCAL_WAIT: for guest; LOCAL_CALL: for START; else 0 */
    char guest[LOCAL_NAME_BYTES];
    struct call *call;
    uint32_t exec_type;
    char *command; /* until START */
};

struct policy_file {
    char *own_path, *default_path; /* the first when it exists; NULL: there is no choice */
    char *path;                    /* one of the two: the one that was read */
    struct policy *policy;         /* NULL: unreadable or wrong, everything is denied */
    struct timespec changed;
    off_t size_bytes;
    ino_t inode;
    dev_t device;
};

struct daemon {
    int epoll_fd;
    struct source listener, signals, xenstore_source;
    struct xs_handle *xenstore;
    struct layout layout;
    struct policy_file policy;
    struct ports *ports;
    struct guest *guests;
    struct call *calls;
    struct service *services;
    struct client *clients;
    bool no_qubesdb;
    const char *default_user; /* NULL: the agent decides what "DEFAULT" is */
    bool ended;
    int exit_code;
};

/* casementd.c */
bool source_watch(struct daemon *daemon, struct source *source, int fd);
void source_unwatch(struct daemon *daemon, struct source *source);
/* Whether it is also called when there is room to write. */
bool source_output(struct daemon *daemon, struct source *source, bool wanted);
__attribute__((format(printf, 1, 2))) void log_line(const char *format, ...);

/* guest.c */
struct guest *guest_find(struct daemon *daemon, const char *name);
struct guest *guest_of_domain(struct daemon *daemon, uint32_t domain);
/* Finds or adds it. NULL: no memory. */
struct guest *guest_attach(struct daemon *daemon, const char *name);
void guest_detach(struct daemon *daemon, struct guest *guest);
/* Domains came or went: looks every guest's id up. */
void guests_resolve(struct daemon *daemon);
/* Gives each guest that has more a turn. true: some still have. */
bool guests_go_on(struct daemon *daemon);
/* The node of an agent's server changed in this domain's part of xenstore. */
void guest_server_changed(struct daemon *daemon, uint32_t domain);
/* Queues an encoded message and sends what fits. false: the guest is not ready or does not read;
 * then nothing is queued. guest_fits(): would size bytes be taken? */
bool guest_send(struct daemon *daemon, struct guest *guest, const void *message, size_t size);
bool guest_fits(const struct guest *guest, size_t size);

/* call.c */
/* Takes a port for two domains. NULL: none is free. */
struct call *call_open(struct daemon *daemon, uint32_t domain_a, uint32_t domain_b);
/* A side is done; when both are, the call is freed. */
void call_done(struct daemon *daemon, struct call *call, uint32_t domain);
struct call *call_find(struct daemon *daemon, uint32_t domain_a, uint32_t domain_b, uint32_t port);
/* The domain or its agent is gone: its sides of all calls are done. */
void calls_drop_domain(struct daemon *daemon, uint32_t domain);
uint32_t calls_count(const struct daemon *daemon, uint32_t domain);
/* An agent asks for a service. Everything from the policy to the answer. */
void call_trigger(struct daemon *daemon, struct guest *guest, const struct qrexec_control *request);

/* service.c */
/* Starts dom0's service for a call whose server is `guest`. false: could not be started. */
bool service_start(struct daemon *daemon, struct call *call, const struct guest *guest,
                   const char *service, const char *target);

/* client.c */
void client_accept(struct daemon *daemon, struct source *listener);
void client_error(struct daemon *daemon, struct client *client, const char *text);
void client_close(struct daemon *daemon, struct client *client);
/* Answers the clients that wait for this guest. gone: with an error. */
void clients_guest_changed(struct daemon *daemon, const struct guest *guest, bool gone);

/* policy_file.c */
/* Reads it again when it changed. NULL: denied is all there is; the log says why. */
const struct policy *policy_file_current(struct policy_file *file);

#endif
