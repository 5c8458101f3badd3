/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's XenStore client over its ring, asynchronous: requests are handed in and come back
 * answered, in any number and from any caller; watches fire. Events in, actions out: the caller
 * says when the ring moved (or when it has submitted something) by taking actions from
 * xs_client_next() until there is none. Nothing here waits, allocates or keeps a pointer to
 * anything but the requests and watches it was handed and not yet given back, and the tables.
 *
 * A request is the caller's memory: submitted, it stays in place, with its payload and its reply
 * buffer, until XS_CLIENT_DONE names it or xs_client_cancel() returns. What a cancelled request
 * leaves behind in xenstored (a transaction begun, a watch set) is cleaned up.
 *
 * The peer is not trusted: an index or a length that breaks the ring's rules ends the connection
 * (XS_CLIENT_BROKEN, every request fails with XS_ERROR_IO), a reply of the wrong type fails its
 * request, an answer to a question nobody asked is counted and dropped. A reply of exactly
 * XS_PAYLOAD_MAX_BYTES is legal.
 *
 * After a suspend (xs_client_reconnect): watches are set again, what was asked outside of a
 * transaction is asked again, and everything in a transaction fails with XS_ERROR_AGAIN.
 *
 * One caller at a time (a lock of the caller's, held for moments: each call copies at most one
 * message).
 */
#ifndef CORE_XEN_XS_CLIENT_H
#define CORE_XEN_XS_CLIENT_H

#include "core/xen/xs_ring.h"
#include "core/xen/xs_wire.h"

enum xs_error {
    XS_OK,
    /* What xenstored says, by the names of its wire format. */
    XS_ERROR_INVALID,       /* EINVAL */
    XS_ERROR_ACCESS,        /* EACCES, EPERM */
    XS_ERROR_EXISTS,        /* EEXIST */
    XS_ERROR_NOT_FOUND,     /* ENOENT, EISDIR */
    XS_ERROR_NO_MEMORY,     /* ENOMEM */
    XS_ERROR_NO_SPACE,      /* ENOSPC: a quota */
    XS_ERROR_NOT_EMPTY,     /* ENOTEMPTY */
    XS_ERROR_NOT_SUPPORTED, /* ENOSYS */
    XS_ERROR_READ_ONLY,     /* EROFS */
    XS_ERROR_BUSY,          /* EBUSY */
    XS_ERROR_AGAIN,         /* EAGAIN: do the whole transaction again */
    XS_ERROR_TOO_BIG,       /* E2BIG, or the reply is longer than reply_room */
    XS_ERROR_IO,            /* EIO, any other word, a reply that makes no sense, a broken ring */
    XS_ERROR_CANCELLED,     /* the client was shut down */
};

struct xs_transaction { /* of XS_TRANSACTION_NONE, or from a request of TRANSACTION_START */
    uint32_t number;    /* 0: none */
    uint32_t epoch;     /* of the connection that it belongs to */
};

enum { XS_PIECES = 3 };
struct xs_piece {
    const void *bytes;
    uint32_t length;
};

enum xs_request_state { XS_REQUEST_IDLE, XS_REQUEST_QUEUED, XS_REQUEST_SENT, XS_REQUEST_DONE };

struct xs_request { /* zeroed by its owner */
    /* In. */
    uint32_t type;                     /* enum xs_type; not WATCH or UNWATCH, which xs_watch_* do */
    struct xs_transaction transaction; /* out: of a TRANSACTION_START, the one that has begun */
    struct xs_piece pieces[XS_PIECES]; /* the payload, in this order; XS_PAYLOAD_MAX_BYTES in all */
    uint8_t *reply;                    /* NULL: the answer's text interests nobody */
    uint32_t reply_room;
    void *owner; /* for the caller alone */
    /* Out, when done. */
    enum xs_error error;
    uint32_t reply_length; /* XS_ERROR_TOO_BIG: what was needed, or 0 if that is not known */
    /* The client's. */
    enum xs_request_state state;
    uint32_t slot;
    uint64_t sequence;
    struct xs_watch *watch;
    struct xs_request *previous, *next;
    struct { /* a DIRECTORY that is fetched in parts */
        bool active;
        uint32_t offset, restarts, generation_length, offset_length;
        char generation[24];
        char offset_text[12];
    } part;
};

enum xs_watch_life {
    XS_WATCH_IDLE,
    XS_WATCH_ADDING,
    XS_WATCH_ACTIVE,
    XS_WATCH_REMOVING,
};

enum { XS_TOKEN_BYTES = 9 }; /* four hex digits of index, four of generation, NUL */

struct xs_watch {     /* zeroed by its owner */
    const char *path; /* in; with its NUL, stays until the watch is removed */
    void *owner;
    /* The client's. */
    struct xs_request request;
    enum xs_watch_life life;
    bool remove_due; /* when the request on its way is done */
    bool set_due;    /* again, after a reconnect */
    bool quiet;      /* it is being set again: nobody is told */
    uint32_t index, generation;
    char token[XS_TOKEN_BYTES];
};

struct xs_client_slot {         /* a request on the ring */
    struct xs_request *request; /* NULL: cancelled */
    uint32_t type;              /* as sent */
    uint32_t transaction;       /* a cancelled request began it: it is to be ended */
    uint16_t generation;
    bool used;
    bool ending; /* the end of that transaction is on its way */
};

struct xs_client_tables { /* zeroed memory of the caller, as long as the client */
    struct xs_client_slot *slots;
    struct xs_watch **watches;
    uint32_t slot_count;  /* requests on the ring at a time; below 65536 */
    uint32_t watch_count; /* below 65536 */
};

struct xs_request_list {
    struct xs_request *first, *last;
};

struct xs_client {
    struct xs_ring_page *page;
    struct xs_client_tables tables;
    uint32_t epoch;
    uint32_t watch_generation;
    uint64_t sequence;
    struct xs_request_list queued, done;
    uint32_t slots_used, ends_due;
    bool notify_due;
    bool shut;
    const char *broken;
    bool broken_told;
    uint32_t stray_replies, stray_events, lost_watches; /* counters for a dump */
    uint32_t outgoing_length, outgoing_done;
    uint8_t outgoing[XS_MESSAGE_MAX_BYTES];
    bool incoming_used; /* the message was handled; an action may still point into it */
    struct xs_assembler incoming;
};

enum xs_client_kind {
    XS_CLIENT_NONE,    /* nothing to do until the next event */
    XS_CLIENT_YIELD,   /* the peer sends much that is for nobody: call again, but let others on */
    XS_CLIENT_DONE,    /* request is its owner's again; see request->error */
    XS_CLIENT_WATCH,   /* watch fired for path, which is valid until the next call */
    XS_CLIENT_ADDED,   /* watch is set (error XS_OK), or is its owner's again */
    XS_CLIENT_REMOVED, /* watch is its owner's again */
    XS_CLIENT_NOTIFY,  /* fire the ring's event channel */
    XS_CLIENT_BROKEN,  /* told once: reason says how the peer broke the rules; reconnect or end */
};

struct xs_client_action {
    enum xs_client_kind kind;
    struct xs_request *request;
    struct xs_watch *watch;
    enum xs_error error; /* XS_CLIENT_ADDED */
    const char *path;    /* XS_CLIENT_WATCH; NUL-terminated */
    const char *reason;  /* XS_CLIENT_BROKEN */
};

/* seed: where the numbers of requests and tokens begin, different each time a guest's client
 * starts, so that answers to a former client are not taken for ours. */
void xs_client_init(struct xs_client *client, struct xs_ring_page *page,
                    const struct xs_client_tables *tables, uint32_t seed);

/* Always accepted; a payload that is too long, or a transaction of a former connection, comes back
 * with its error as XS_CLIENT_DONE. A DIRECTORY that xenstored cannot answer in one message is
 * fetched in parts, all of one generation. Call xs_client_next() after it. */
void xs_client_submit(struct xs_client *client, struct xs_request *request);

/* True: the request is its owner's again, and no XS_CLIENT_DONE will name it. False: it is done,
 * and XS_CLIENT_DONE has named it or will. */
bool xs_client_cancel(struct xs_client *client, struct xs_request *request);

/* Sets a watch; XS_CLIENT_ADDED follows. False: the watch table is full, the watch in use, or the
 * client shut down. */
bool xs_watch_add(struct xs_client *client, struct xs_watch *watch);
/* For a watch that was added and not told lost by XS_CLIENT_ADDED. No XS_CLIENT_WATCH and no
 * XS_CLIENT_ADDED names it after this; XS_CLIENT_REMOVED gives it back. */
void xs_watch_remove(struct xs_client *client, struct xs_watch *watch);

/* The next thing to do. Call after any event until it says XS_CLIENT_NONE. */
void xs_client_next(struct xs_client *client, struct xs_client_action *action);

/* The connection is a new one: after a suspend, or after XS_CLIENT_BROKEN when the ring has been
 * set up again. page may be another. */
void xs_client_reconnect(struct xs_client *client, struct xs_ring_page *page);

/* The end: nothing goes to the ring any more, everything handed in comes back through
 * xs_client_next(): requests with XS_ERROR_CANCELLED, watches with XS_CLIENT_REMOVED. */
void xs_client_shut_down(struct xs_client *client);

/* --- Texts of the protocol. */

enum xs_error xs_error_of_word(const char *word, uint32_t length);

enum xs_access { XS_ACCESS_NONE = 0, XS_ACCESS_READ = 1, XS_ACCESS_WRITE = 2 };
struct xs_permission {
    uint16_t domid;
    uint16_t access; /* enum xs_access, or-ed */
};
enum { XS_PERMISSION_MAX_BYTES = 7 }; /* "b65535" and its NUL */
/* One permission of SET_PERMS' payload with its NUL; returns its length. */
uint32_t xs_permission_write(char out[XS_PERMISSION_MAX_BYTES],
                             const struct xs_permission *permission);
/* A list of them, as GET_PERMS answers. False: it is something else, or longer than room. */
bool xs_permissions_read(const uint8_t *reply, uint32_t length, struct xs_permission *out,
                         uint32_t room, uint32_t *count);

/* A path that xenstored may be asked for: absolute or relative, of its characters, not too long. */
bool xs_path_valid(const char *path, uint32_t length);

#endif
