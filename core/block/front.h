/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend of a PV disk: finding its backend in XenStore, agreeing with it, following its
 * states, and parting from it. Events in, actions out: the caller takes actions from
 * blk_front_next() until it says BLK_DO_NOTHING, and answers each that says so, at once or later;
 * until then there is no other. The requests themselves go through queues (queue.h), which this
 * knows nothing of: the actions say what to do with them.
 *
 * The life of a disk, with the states of io/xenbus.h that are written on the way:
 *
 *     find the backend - wait for its InitWait - MAKE_RINGS - publish, Initialised(3) -
 *     wait for its Connected - read the disk, Connected(4) - OPEN ... GROWN ...
 *     blk_front_close(): Closing(5) - wait - Closed(6) - wait - DROP_RINGS - CLOSED
 *
 * After blk_front_resume() it begins anew, with OPEN at its end as before. After a fault FAIL comes
 * first, then what closing does. A connection that a former driver left (our state is not
 * Initialising) is closed first. Each wait for the backend is bounded by config.patience_ms.
 *
 * Nothing here waits or allocates. One caller at a time (PASSIVE_LEVEL suits: XenStore's answers
 * come then); the queues have locks of their own.
 */
#ifndef CORE_BLOCK_FRONT_H
#define CORE_BLOCK_FRONT_H

#include "core/block/disk.h"

enum {
    BLK_PATH_MAX = 256, /* a backend's folder, with NUL */
    BLK_NODE_NAME_MAX = 40,
    BLK_NODE_TEXT_MAX = 24,
    BLK_ANSWER_MAX = BLK_PATH_MAX, /* longer values make no sense: answer what fits */
};

enum blk_do {
    BLK_DO_NOTHING,
    /* XenStore, without a transaction (state is what the peer looks at, and it comes last). To be
     * answered. Nodes are below the frontend's folder, or backend_path for READ_BACK. */
    BLK_DO_READ_FRONT,
    BLK_DO_READ_BACK,
    BLK_DO_WRITE,  /* node = text */
    BLK_DO_REMOVE, /* node; absent is as good */
    BLK_DO_WATCH,  /* set a watch on backend_path "/state" in place of the one before; when it
                    * fires (the first time too): blk_front_backend_moved() */
    /* The rings. */
    BLK_DO_MAKE_RINGS, /* plan: make, grant and attach the rings, grant the pools, make the event
                        * channels. Answer with blk_front_rings(). */
    BLK_DO_DROP_RINGS, /* revoke and close all of that; the backend has let go, if it ever will. To
                        * be answered. Requests that are still there fail before. */
    /* The disk; not to be answered. */
    BLK_DO_OPEN,        /* disk: blk_queue_connect() each queue, push, notify */
    BLK_DO_GROWN,       /* disk: blk_queue_change() each queue; tell the OS of the size */
    BLK_DO_CLOSE_ASKED, /* the backend wants to go (detach): blk_front_close() when it suits */
    BLK_DO_FAIL,        /* fault: blk_queue_fail() each queue; the disk is no more */
    BLK_DO_CLOSED,      /* the end, after a close or a fault; blk_front_restart() begins anew */
};

struct blk_action {
    enum blk_do what;
    const char *node; /* this and text: valid until the next call */
    const char *text;
};

enum blk_answer { BLK_DONE, BLK_ABSENT, BLK_REFUSED };

struct blk_front_config {
    uint32_t handle; /* the number of the frontend's folder: device/vbd/<handle> */
    uint32_t cpu_count, queues_max, ring_order_max;
    uint64_t patience_ms; /* how long the backend may take for a step */
};

struct blk_queue_grants { /* the caller's answer to MAKE_RINGS, one a queue */
    uint32_t ring_refs[BLK_RING_PAGES_MAX];
    uint32_t port;
};

struct blk_front {
    /* To be read. */
    struct blk_plan plan;
    struct blk_disk disk;
    uint32_t backend_domid;
    char backend_path[BLK_PATH_MAX];
    enum blk_fault fault;
    enum blk_node fault_node; /* BLK_FAULT_NODE: which, or BLK_NODE_COUNT */
    /* Its own. */
    struct blk_front_config config;
    struct blk_queue_grants grants[BLK_QUEUES_MAX];
    struct blk_values values;
    uint32_t step, index; /* see front.c */
    uint64_t step_since_ms, now_ms;
    uint64_t backend_state; /* as last read; 0: there is none */
    bool asked;             /* an action waits for its answer */
    bool moved;             /* the backend's state is to be read */
    bool has_rings;         /* MAKE_RINGS was answered, DROP_RINGS was not */
    bool opened;            /* OPEN was told on this connection */
    bool follows;           /* disk is that of an earlier connection, which goes on */
    bool restarting;        /* what is being closed is a connection that a former driver left */
    bool close_wanted, close_told, fail_due;
    char node[BLK_NODE_NAME_MAX], text[BLK_NODE_TEXT_MAX];
};

void blk_front_init(struct blk_front *front, const struct blk_front_config *config,
                    uint64_t now_ms);

/* The next thing to do. */
void blk_front_next(struct blk_front *front, struct blk_action *action);

/* The answer to the last action. bytes: of a READ that is BLK_DONE, at most BLK_ANSWER_MAX. */
void blk_front_answer(struct blk_front *front, enum blk_answer answer, const char *bytes,
                      uint32_t length);
/* The answer to MAKE_RINGS: grants of plan.queue_count queues, or NULL: it could not be done, and
 * nothing is left of it. */
void blk_front_rings(struct blk_front *front, const struct blk_queue_grants *grants);

/* Events; after each, take actions. */
void blk_front_backend_moved(struct blk_front *front);
/* Time has passed. Call it at least each second. */
void blk_front_tick(struct blk_front *front, uint64_t now_ms);
/* A queue's fault, BLK_FAULT_SILENT, or one of the caller's own. */
void blk_front_fault(struct blk_front *front, enum blk_fault fault);
/* The disk is no longer wanted; its requests are done. */
void blk_front_close(struct blk_front *front);
/* After a suspend: grants, event channels, watches are gone, and the queues detached; an action
 * that was not answered yet is forgotten. */
void blk_front_resume(struct blk_front *front, uint64_t now_ms);
/* After BLK_DO_CLOSED: the disk is wanted again. The fault is forgotten. */
void blk_front_restart(struct blk_front *front, uint64_t now_ms);

#endif
