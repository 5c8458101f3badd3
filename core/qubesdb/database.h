/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A qube's QubesDB as its daemon sees it: the keys, the local clients with their watches, and the
 * link to the other side, which has the same keys. A change from anywhere reaches the keys, the
 * watches and, when it is not from there, the link.
 *
 * Events in, bytes out: the daemon feeds what its clients and the vchan bring, and sends what
 * stands in their queues. Nothing here waits or calls the system. One thread at a time.
 */
#ifndef CASEMENT_QUBESDB_DATABASE_H
#define CASEMENT_QUBESDB_DATABASE_H

#include "core/qubesdb/queue.h"

enum {
    QDB_CLIENT_WATCHES = 256,     /* of one client */
    QDB_INPUT_BACKLOG = 64 << 10, /* no more requests are taken while so much waits to be sent */
    QDB_WATCH_BACKLOG = 1 << 20,  /* a client that lets so many events lie is closed */
};

enum qdb_link_state {
    QDB_LINK_DOWN,
    QDB_LINK_READING, /* the qube's side: all keys are on their way */
    QDB_LINK_UP,
};

/* The vchan to the other side. */
struct qdb_link {
    bool is_dom0; /* which side this is */
    enum qdb_link_state state;
    struct qdb_assembler input;
    struct qdb_queue output;
    uint32_t unanswered;       /* requests of ours */
    struct qdb_store incoming; /* what is being read: the old keys answer until it is all here */
};

struct qdb_client {
    struct qdb_client *next;
    bool may_write;
    const char *problem; /* not NULL: it is to be closed for this */
    struct qdb_assembler input;
    struct qdb_queue output;
    uint32_t watch_count;
    char watches[QDB_CLIENT_WATCHES][QDB_PATH_BYTES];
};

struct qdb_database {
    const struct qdb_memory *memory;
    struct qdb_store store;
    struct qdb_link link;
    struct qdb_client *clients;
};

void qdb_database_init(struct qdb_database *database, const struct qdb_memory *memory,
                       bool is_dom0);
/* Clients are to be removed before. */
void qdb_database_free(struct qdb_database *database);

/* A change of the daemon's own or of a client; the link is told when it is up. False: no memory,
 * too many keys, or (on the qube's side) the link is not up. */
bool qdb_database_write(struct qdb_database *database, const char *path, const void *data,
                        uint32_t length);
/* Returns how many keys went; a path that ends in "/" names all below. */
uint32_t qdb_database_remove(struct qdb_database *database, const char *path);

/* --- Local clients. The struct is the caller's, its content this module's. */

void qdb_client_add(struct qdb_database *database, struct qdb_client *client, bool may_write);
void qdb_client_remove(struct qdb_database *database, struct qdb_client *client);
/* How many bytes may be fed: 0 while answers wait to be sent. */
bool qdb_client_takes_input(const struct qdb_client *client);
/* Takes bytes of the client's stream (*taken of them: the rest comes again when its output has been
 * sent). After each event of any kind look at the output and at the problem of every client. */
void qdb_client_feed(struct qdb_database *database, struct qdb_client *client, const uint8_t *bytes,
                     size_t length, size_t *taken);

/* --- The link */

void qdb_link_connected(struct qdb_database *database);
/* The keys stay as they are and are read anew at the next connection. */
void qdb_link_disconnected(struct qdb_database *database);
/* As qdb_client_feed. Not NULL: what is wrong with the peer; disconnect. */
const char *qdb_link_feed(struct qdb_database *database, const uint8_t *bytes, size_t length,
                          size_t *taken);

#endif
