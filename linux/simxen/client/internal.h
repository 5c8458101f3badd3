/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One simxen client: the socket, the shared memory, and what this process learned about its ports.
 * `lock` guards the socket (one request at a time) and everything that is not read atomically.
 */
#ifndef SIMXEN_CLIENT_INTERNAL_H
#define SIMXEN_CLIENT_INTERNAL_H

#include "../client.h"
#include "../linux_syscalls.h"
#include "../protocol.h"

/* What notify() needs of a local port's other end. Read without the lock. */
struct port_cache {
    uint64_t link;                 /* the link that `peer` belongs to; 0: nothing known */
    struct sx_domain_shared *peer; /* valid while the client lives */
    uint64_t doorbell;             /* remote handle << 32 | descriptor; 0: none */
};

struct peer_memory { /* a domain's shared part, mapped once */
    struct peer_memory *next;
    uint32_t domid;
    struct sx_domain_shared *shared;
};

struct page_region { /* granted or mapped pages, found again by address */
    struct page_region *next;
    void *address;
    uint32_t page_count;
    bool mapped;   /* else granted */
    bool existing; /* granted from the caller's own pages */
    uint32_t id_count;
    uint32_t ids[]; /* the daemon's numbers of the grant or mappings */
};

struct simxen {
    uint32_t lock;
    uint32_t domid;
    int socket_fd, state_fd;
    struct sx_domain_shared *own;
    struct peer_memory *peers;
    struct page_region *regions;
    struct port_cache cache[SX_MAX_PORTS];
};

struct simxen_evtchn {
    struct simxen *sx;
    uint32_t id;
    int fd;
    uint32_t next_port; /* where pending() looks first, so that no port starves another */
};

/* One request, one reply. data/data_words go out behind the request; up to room words of the
 * reply's data come back. fd (may be NULL) receives a descriptor or -1. Returns the daemon's
 * error, -ESRCH when the daemon or the domain has gone. sx->lock held by the caller. */
int simxen_call(struct simxen *sx, const struct sx_request *request, const uint32_t *data,
                uint32_t data_words, struct sx_reply *reply, uint32_t *answer, uint32_t room,
                int *fd);
/* The same with the lock taken, nothing but reply->value wanted. Returns value or an error. */
int simxen_simple(struct simxen *sx, const struct sx_request *request);
/* The shared part of a domain, NULL when it cannot be mapped. sx->lock held. */
struct sx_domain_shared *simxen_peer(struct simxen *sx, uint32_t domid);

/* All pages leave this process's view; granted pages of the caller's own become private again. The
 * daemon ends the grants and mappings when the socket closes. */
void simxen_regions_forget(struct simxen *sx);

#endif
