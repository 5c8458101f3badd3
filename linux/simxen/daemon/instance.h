/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's books: one struct instance owns all domains, connections, ports, grants and
 * mappings. One thread touches it. What clients can see of it in shared memory (protocol.h) is a
 * copy that the daemon never reads back, but for the event words.
 *
 * Ownership: a connection (one process, or one library in it) owns its handles, grants and
 * mappings and loses them with its socket; a domain owns its ports and its memory. A port stays
 * while its handle lives or an unmap notification refers to it, as Linux's evtchn_get() has it.
 */
#ifndef SIMXEN_INSTANCE_H
#define SIMXEN_INSTANCE_H

#include "../protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct instance;
struct domain;
struct connection;
struct xenbus;

/* Something epoll watches. `gone` sources are freed after the current batch of events. */
struct source {
    void (*ready)(struct instance *, struct source *, uint32_t events);
    int fd;
    bool gone;
    struct source *next_gone;
};

struct handle { /* an open /dev/xen/evtchn */
    struct handle *next;
    struct domain *domain;
    uint32_t id;
    int fd; /* eventfd, a semaphore */
    pid_t pid;
};

struct port {
    uint8_t state; /* SX_PORT_* */
    uint16_t remote_domid, remote_port;
    uint8_t virq;
    bool reserved;         /* closed, but its number is not used: still in a queue of the guest's */
    uint32_t notify_count; /* unmap notifications that refer to it */
    struct handle *handle; /* NULL: only notifications keep it */
};

enum { /* Xen's GTF_* of version 1, and one of ours */
       GRANT_PERMIT = 1,
       GRANT_READONLY = 4,
       GRANT_READING = 8,
       GRANT_WRITING = 16,
       GRANT_ENDING = 0x8000, /* revoked while mapped: freed at the last unmap */
};

struct grant_entry {
    uint16_t flags, domid;
    uint32_t frame;
    uint32_t readers, writers; /* mappings, those that may write in both */
};

struct unmap_notify { /* what happens when a sharing ends */
    bool clear_byte, fire_port;
    uint32_t offset, port;
};

struct grant { /* made by one request */
    struct grant *next;
    uint32_t id, count;
    struct unmap_notify notify;
    uint32_t refs[];
};

struct mapping { /* made by one request */
    struct mapping *next;
    struct domain *owner; /* whose pages */
    uint32_t id, count;
    bool readonly;
    struct unmap_notify notify;
    uint32_t refs[];
};

struct connection {
    struct source source; /* first */
    struct connection *next;
    struct domain *domain; /* NULL before SX_HELLO */
    pid_t pid;
    bool list_due; /* asked for a list of a settled instance */
    struct handle *handles;
    struct grant *grants;
    struct mapping *mappings;
};

struct guest; /* guest.c */

struct domain {
    struct domain *next; /* in order of domid */
    uint32_t domid;
    char name[SX_NAME_BYTES];
    bool keep;        /* outlives its last process */
    bool had_process; /* a connection was made */
    bool dying;       /* waits for others to unmap its pages */
    uint32_t connection_count, handle_count;
    struct sx_domain_shared *shared;
    struct port *ports; /* SX_MAX_PORTS */
    uint32_t port_limit;
    uint32_t virq_port[SX_NR_VIRQS];
    struct grant_entry *grants; /* SX_MAX_GRANTS */
    uint32_t grant_count, next_ref;
    uint64_t *frames_used; /* a bit per frame */
    uint32_t mapped_pages; /* of others, by this domain */
    uint32_t foreign_maps; /* of this domain's pages, by others */
    int memory_fd, memory_ro_fd;
    struct xenbus *xenbus;
    struct guest *guest; /* its kernel is a program of its own; else NULL and xenbus is there */
    bool shutdown;
    uint32_t shutdown_reason;
};

struct instance {
    int epoll_fd, dir_fd, state_fd;
    int spare_fd; /* given up for a moment to turn callers away when no other is left */
    struct source listener, signals;
    bool stop;
    bool process_ended; /* while a connection is cleared away whose process may have been killed */
    const char *dir;
    struct domain *domains; /* domain 0 first */
    struct connection *connections;
    struct source *gone;
    uint32_t next_domid, next_id;
    pid_t xenstored_pid; /* who took domain 0's XenStore ring */
};

/* serve.c */
int serve(const char *dir, int ready_fd);
int source_add(struct instance *in, struct source *source, uint32_t events);
void source_change(struct instance *in, struct source *source, uint32_t events);
/* Closes the descriptor; frees the memory that starts with *source after this batch. */
void source_end(struct instance *in, struct source *source);
/* Turns one caller away when no descriptor is left: in the queue it would keep the loop spinning.
 */
void accept_failed(struct instance *in, int listener, int error);
void connection_end(struct instance *in, struct connection *connection);

/* domain.c */
struct domain *domain_find(struct instance *in, uint32_t domid);
/* A new domain with its XenStore ring; returns its id or a negative errno. */
int domain_create(struct instance *in, const char *name, uint32_t flags);
void domain_destroy(struct instance *in, struct domain *domain);
/* Frees a dying domain that nobody maps any more. */
void domain_settle(struct instance *in, struct domain *domain);
void domains_free(struct instance *in);

/* evtchn.c: results (but for handle_new's, NULL: too many) are a port, 0 or a negative errno.
 * `domain` is the caller. */
struct handle *handle_new(struct instance *in, struct domain *domain, struct handle **list);
void handle_free(struct instance *in, struct handle **list, struct handle *handle);
int port_bind_unbound(struct domain *domain, struct handle *handle, uint32_t remote_domid);
int port_bind_interdomain(struct instance *in, struct domain *domain, struct handle *handle,
                          uint32_t remote_domid, uint32_t remote_port);
int port_bind_virq(struct domain *domain, struct handle *handle, uint32_t virq);
/* A port for the domain's own use: a virq of any vCPU, or SX_IPI. */
int port_bind_local(struct domain *domain, struct handle *handle, uint32_t virq);
/* The toolstack's port passes to the guest kernel. */
void port_adopt(struct domain *domain, uint32_t port, struct handle *handle);
int port_unbind(struct instance *in, struct domain *domain, struct handle *handle, uint32_t port);
/* Closes every port whatever refers to it: the domain is gone. */
void ports_close_all(struct instance *in, struct domain *domain);
/* The handle at the other end of an interdomain port, NULL when there is none. */
struct handle *port_peer(struct instance *in, struct domain *domain, uint32_t port);
void port_notify(struct instance *in, struct domain *domain, uint32_t port);
void virq_raise(struct domain *domain, uint32_t virq);
int port_hold(struct domain *domain, uint32_t port);
void port_release(struct instance *in, struct domain *domain, uint32_t port);
void port_reserve(struct domain *domain, uint32_t port, bool reserved);
int port_status(struct instance *in, struct domain *caller, uint32_t domid, uint32_t port,
                uint32_t out[4]);

/* grant.c */
int grant_make(struct instance *in, struct connection *connection, const struct sx_request *request,
               struct grant **out);
int grant_end(struct instance *in, struct connection *connection, uint32_t id);
int mapping_make(struct instance *in, struct connection *connection,
                 const struct sx_request *request, struct mapping **out, uint32_t *frames);
int mapping_end(struct instance *in, struct connection *connection, uint32_t id);
/* One use of one reference by `mapper`: pins it, or gives Xen's reason why not (XEN_GNTST_*).
 * *page is where the memory is in the owner's file. */
int grant_pin(struct domain *owner, uint32_t ref, uint32_t mapper, bool readonly, uint32_t *page);
void grant_unpin(struct domain *owner, uint32_t ref, bool readonly);
/* All that a process leaves behind. */
void grants_end_all(struct instance *in, struct connection *connection);
/* A dying domain permits nothing any more. */
void grants_close_all(struct domain *domain);
/* Grants frame 0 to domain 0 as SX_XENSTORE_GRANT. */
void grant_xenstore(struct domain *domain);

/* list.c: a text for people; returns how many things there are that a clean instance has not. */
uint32_t list_write(struct instance *in, FILE *out);

/* guest.c: domains whose kernel is a program: their memory, grant table and hypercalls. Results are
 * as above; a grant operation's status is in the reply's data. */
int guest_start(struct domain *domain);
void guest_free(struct domain *domain);
uint32_t guest_store_port(const struct domain *domain);
/* The connection of its kernel ends: what it mapped of others is unmapped. */
void guest_kernel_ended(struct instance *in, struct connection *connection);
int guest_request(struct instance *in, struct connection *connection,
                  const struct sx_request *request, struct sx_reply *reply, int *fd);
/* The entry of a reference in the guest's own memory; NULL: the table has no such entry. */
struct xen_grant_entry *guest_grant_entry(const struct domain *domain, uint32_t ref);
/* Where a frame's memory is in the domain's file; false: no memory of its own there. */
bool guest_frame_page(const struct domain *domain, uint64_t frame, uint32_t *page);
/* A new domain with the memory of another; returns its id. */
int guest_restore(struct instance *in, struct domain *from, const char *name, uint32_t flags);

/* xenbus.c: the guest kernel's part of XenStore. */
int xenbus_start(struct instance *in, struct domain *domain);
void xenbus_stop(struct instance *in, struct domain *domain);
uint32_t xenbus_port(const struct xenbus *xenbus);
uint32_t xenbus_client_count(const struct xenbus *xenbus);

#endif
