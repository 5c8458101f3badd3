/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend of a PV disk: see front.h. A step asks for one action at a time and is told the
 * answer; a step that waits reads the backend's state each time the watch fired, and decides.
 */
#include "core/block/front.h"
#include "core/xen/decimal.h"

#include <string.h>

enum { /* io/xenbus.h; 0: there is no state */
       XENBUS_INITIALISING = 1,
       XENBUS_INIT_WAIT = 2,
       XENBUS_INITIALISED = 3,
       XENBUS_CONNECTED = 4,
       XENBUS_CLOSING = 5,
       XENBUS_CLOSED = 6,
       XENBUS_RECONFIGURED = 8, /* the last */
};

enum step {
    FIND_STATE,
    FIND_DOMAIN,
    FIND_PATH,
    SET_WATCH,
    SAY_INITIALISING,
    AWAIT_OFFER,
    READ_OFFER,
    MAKE_RINGS,
    CLEAR,
    PUBLISH,
    SAY_INITIALISED,
    AWAIT_CONNECTED,
    READ_DISK,
    SAY_CONNECTED,
    OPEN,
    OPENED,
    READ_AGAIN,
    GROWN,
    CLOSE_ASKED,
    FAIL,
    SAY_CLOSING,
    AWAIT_CLOSING,
    SAY_CLOSED,
    AWAIT_CLOSED,
    DROP_RINGS,
    TELL_CLOSED,
    CLOSED,
};

static void go(struct blk_front *front, enum step step)
{
    front->step = step;
    front->index = 0;
    front->step_since_ms = front->now_ms;
    front->moved = true; /* a wait begins with a look */
}

/* Among the steps of an open disk, in which a look that is due stays due. */
static void stay(struct blk_front *front, enum step step)
{
    front->step = step;
    front->index = 0;
}

static void fail(struct blk_front *front, enum blk_fault fault)
{
    if (front->fault || front->step >= SAY_CLOSING)
        return;
    front->fault = fault;
    go(front, FAIL);
}

/* A fault of the owner's waited for the answer that has come. */
static bool fault_was_due(struct blk_front *front)
{
    if (!front->fail_due)
        return false;
    front->fail_due = false;
    go(front, FAIL);
    return true;
}

/* --- Texts. */

static uint32_t put_text(char *out, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    memcpy(out, text, length + 1);
    return length;
}

/* --- Asking. */

static void ask(struct blk_front *front, struct blk_action *action, enum blk_do what)
{
    action->what = what;
    action->node = front->node;
    action->text = front->text;
    front->asked = true;
}

static void ask_node(struct blk_front *front, struct blk_action *action, enum blk_do what,
                     const char *node)
{
    put_text(front->node, node);
    ask(front, action, what);
}

static void say_state(struct blk_front *front, struct blk_action *action, uint32_t state)
{
    decimal_write(front->text, state);
    ask_node(front, action, BLK_DO_WRITE, "state");
}

/* --- Finding the backend. */

static void find_state(struct blk_front *front, struct blk_action *action)
{
    ask_node(front, action, BLK_DO_READ_FRONT, "state");
}

static void found_state(struct blk_front *front, enum blk_answer answer, const char *bytes,
                        uint32_t length)
{
    uint64_t state;
    if (answer != BLK_DONE || !blk_number(bytes, length, XENBUS_RECONFIGURED, &state)) {
        fail(front, BLK_FAULT_PATH);
        return;
    }
    front->index = (uint32_t)state; /* until the watch is set */
    front->step = FIND_DOMAIN;
}

static void find_domain(struct blk_front *front, struct blk_action *action)
{
    ask_node(front, action, BLK_DO_READ_FRONT, "backend-id");
}

static void found_domain(struct blk_front *front, enum blk_answer answer, const char *bytes,
                         uint32_t length)
{
    enum { DOMAINS = 0x7ff0 };
    uint64_t domain;
    if (answer != BLK_DONE || !blk_number(bytes, length, DOMAINS - 1, &domain)) {
        fail(front, BLK_FAULT_PATH);
        return;
    }
    front->backend_domid = (uint32_t)domain;
    front->step = FIND_PATH;
}

static void find_path(struct blk_front *front, struct blk_action *action)
{
    ask_node(front, action, BLK_DO_READ_FRONT, "backend");
}

/* An absolute path of the characters that XenStore allows. */
static bool path_valid(const char *bytes, uint32_t length)
{
    if (length < 2 || length >= BLK_PATH_MAX || bytes[0] != '/' || bytes[length - 1] == '/')
        return false;
    for (uint32_t i = 0; i < length; i++) {
        char c = bytes[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '@';
        if (!letter && (c != '/' || (i && bytes[i - 1] == '/')))
            return false;
    }
    return true;
}

static void found_path(struct blk_front *front, enum blk_answer answer, const char *bytes,
                       uint32_t length)
{
    if (answer != BLK_DONE || !path_valid(bytes, length)) {
        fail(front, BLK_FAULT_PATH);
        return;
    }
    memcpy(front->backend_path, bytes, length);
    front->backend_path[length] = 0;
    front->step = SET_WATCH;
}

static void set_watch(struct blk_front *front, struct blk_action *action)
{
    ask_node(front, action, BLK_DO_WATCH, "state");
}

static void watch_set(struct blk_front *front, enum blk_answer answer, const char *bytes,
                      uint32_t length)
{
    uint32_t own_state = front->index;
    if (answer != BLK_DONE)
        fail(front, BLK_FAULT_STORE);
    else if (own_state <= XENBUS_INITIALISING)
        go(front, AWAIT_OFFER);
    else {
        front->restarting = true;
        go(front, own_state == XENBUS_CLOSED ? AWAIT_CLOSED : SAY_CLOSING);
    }
}

static void say_initialising(struct blk_front *front, struct blk_action *action)
{
    say_state(front, action, XENBUS_INITIALISING);
}

/* After a write that has to succeed: the next step in order. */
static void said(struct blk_front *front, enum blk_answer answer, const char *bytes,
                 uint32_t length)
{
    if (answer == BLK_DONE)
        go(front, front->step + 1);
    else
        fail(front, BLK_FAULT_STORE);
}

/* --- Waiting for a state of the backend's. */

static void look(struct blk_front *front, struct blk_action *action)
{
    if (!front->moved)
        return;
    front->moved = false;
    ask_node(front, action, BLK_DO_READ_BACK, "state");
}

/* False: it is none that exists; the disk has failed. */
static bool looked(struct blk_front *front, enum blk_answer answer, const char *bytes,
                   uint32_t length)
{
    front->backend_state = 0;
    if (answer == BLK_ABSENT)
        return true;
    if (answer == BLK_DONE && blk_number(bytes, length, XENBUS_RECONFIGURED, &front->backend_state))
        return true;
    fail(front, answer == BLK_DONE ? BLK_FAULT_STATE : BLK_FAULT_STORE);
    return false;
}

static void looked_for_offer(struct blk_front *front, enum blk_answer answer, const char *bytes,
                             uint32_t length)
{
    if (!looked(front, answer, bytes, length))
        return;
    /* Some backends connect without waiting for us; an old connection's state is none of ours. */
    uint64_t last = front->restarting ? XENBUS_INIT_WAIT : XENBUS_CONNECTED;
    if (front->backend_state >= XENBUS_INIT_WAIT && front->backend_state <= last) {
        memset(&front->values, 0, sizeof(front->values));
        go(front, READ_OFFER);
    }
}

static void looked_for_connected(struct blk_front *front, enum blk_answer answer, const char *bytes,
                                 uint32_t length)
{
    if (!looked(front, answer, bytes, length))
        return;
    if (front->backend_state == XENBUS_CONNECTED)
        go(front, READ_DISK);
    else if (front->backend_state == XENBUS_CLOSING || front->backend_state == XENBUS_CLOSED)
        fail(front, BLK_FAULT_STATE);
    else if (!front->backend_state)
        fail(front, BLK_FAULT_GONE);
}

static void looked_while_open(struct blk_front *front, enum blk_answer answer, const char *bytes,
                              uint32_t length)
{
    if (!looked(front, answer, bytes, length))
        return;
    if (front->backend_state == XENBUS_CONNECTED)
        stay(front, READ_AGAIN);
    else if (front->backend_state == XENBUS_CLOSING && !front->close_told)
        stay(front, CLOSE_ASKED);
    else if (!front->backend_state || front->backend_state == XENBUS_CLOSED)
        fail(front, BLK_FAULT_GONE);
    else if (front->backend_state != XENBUS_CLOSING)
        fail(front, BLK_FAULT_STATE);
}

/* --- Reading the backend's nodes, one after the other. */

static void read_nodes(struct blk_front *front, struct blk_action *action, enum blk_node first)
{
    ask_node(front, action, BLK_DO_READ_BACK, blk_node_name((enum blk_node)(first + front->index)));
}

/* False: the disk has failed. */
static bool node_read(struct blk_front *front, enum blk_node first, enum blk_answer answer,
                      const char *bytes, uint32_t length)
{
    enum blk_node node = (enum blk_node)(first + front->index++);
    front->values.known &= ~(1u << node);
    if (answer == BLK_ABSENT ||
        (answer == BLK_DONE && blk_values_set(&front->values, node, bytes, length)))
        return true;
    front->fault_node = node;
    fail(front, answer == BLK_DONE ? BLK_FAULT_NODE : BLK_FAULT_STORE);
    return false;
}

static void read_offer(struct blk_front *front, struct blk_action *action)
{
    read_nodes(front, action, 0);
}

static void offer_read(struct blk_front *front, enum blk_answer answer, const char *bytes,
                       uint32_t length)
{
    if (!node_read(front, 0, answer, bytes, length) || front->index < BLK_NODE_CONNECTED_FIRST)
        return;
    front->plan = blk_plan_make(&front->values, front->config.cpu_count, front->config.queues_max,
                                front->config.ring_order_max);
    go(front, MAKE_RINGS);
}

static void read_disk(struct blk_front *front, struct blk_action *action)
{
    read_nodes(front, action, BLK_NODE_CONNECTED_FIRST);
}

/* True: all nodes are read, and *disk is what they say. */
static bool disk_complete(struct blk_front *front, enum blk_answer answer, const char *bytes,
                          uint32_t length, bool follows, struct blk_disk *disk)
{
    if (!node_read(front, BLK_NODE_CONNECTED_FIRST, answer, bytes, length) ||
        front->index < BLK_NODE_COUNT - BLK_NODE_CONNECTED_FIRST)
        return false;
    enum blk_fault fault = blk_disk_read(&front->values, disk);
    if (!fault && follows)
        fault = blk_disk_may_follow(&front->disk, disk);
    if (fault)
        fail(front, fault);
    return !fault;
}

static void disk_read(struct blk_front *front, enum blk_answer answer, const char *bytes,
                      uint32_t length)
{
    struct blk_disk disk;
    if (!disk_complete(front, answer, bytes, length, front->follows, &disk))
        return;
    front->disk = disk;
    go(front, SAY_CONNECTED);
}

/* Linux's backend writes the new size and its state again. */
static void disk_read_again(struct blk_front *front, enum blk_answer answer, const char *bytes,
                            uint32_t length)
{
    struct blk_disk disk;
    if (!disk_complete(front, answer, bytes, length, true, &disk))
        return;
    bool grown = disk.sector_count != front->disk.sector_count;
    front->disk.sector_count = disk.sector_count; /* the rest was agreed on when it connected */
    stay(front, grown ? GROWN : OPENED);
}

/* --- The rings. */

static void make_rings(struct blk_front *front, struct blk_action *action)
{
    ask(front, action, BLK_DO_MAKE_RINGS);
}

void blk_front_rings(struct blk_front *front, const struct blk_queue_grants *grants)
{
    if (!front->asked || front->step != MAKE_RINGS)
        return;
    front->asked = false;
    front->has_rings = grants != NULL;
    if (fault_was_due(front))
        return;
    if (!grants) {
        fail(front, BLK_FAULT_NO_RINGS);
        return;
    }
    memcpy(front->grants, grants, front->plan.queue_count * sizeof(*grants));
    go(front, CLEAR);
}

/* What an earlier connection may have written and this one does not. */
static const char *const leftovers[] = {"ring-page-order", "multi-queue-num-queues"};

static void clear(struct blk_front *front, struct blk_action *action)
{
    ask_node(front, action, BLK_DO_REMOVE, leftovers[front->index]);
}

static void cleared(struct blk_front *front, enum blk_answer answer, const char *bytes,
                    uint32_t length)
{
    if (answer == BLK_REFUSED)
        fail(front, BLK_FAULT_STORE);
    else if (++front->index == sizeof(leftovers) / sizeof(leftovers[0]))
        go(front, PUBLISH);
}

/* One queue's nodes: its ring's pages, its event channel. */
static void put_queue_node(struct blk_front *front, uint32_t queue, uint32_t item)
{
    const struct blk_queue_grants *grants = &front->grants[queue];
    uint32_t pages = 1u << front->plan.ring_order, length = 0;
    if (front->plan.queue_count > 1) {
        length = put_text(front->node, "queue-");
        length += decimal_write(front->node + length, queue);
        length += put_text(front->node + length, "/");
    }
    if (item == pages) {
        put_text(front->node + length, "event-channel");
        decimal_write(front->text, grants->port);
        return;
    }
    length += put_text(front->node + length, "ring-ref");
    if (pages > 1)
        decimal_write(front->node + length, item);
    decimal_write(front->text, grants->ring_refs[item]);
}

/* The nodes of the whole disk: false: not for this plan. */
static bool put_disk_node(struct blk_front *front, uint32_t item)
{
    static const char *const names[] = {"protocol", "feature-persistent", "ring-page-order",
                                        "multi-queue-num-queues"};
    put_text(front->node, names[item]);
    switch (item) {
    case 0:
        put_text(front->text, BLK_WIRE_PROTOCOL);
        return true;
    case 1:
        decimal_write(front->text, 1);
        return true;
    case 2:
        decimal_write(front->text, front->plan.ring_order);
        return front->plan.ring_order > 0;
    default:
        decimal_write(front->text, front->plan.queue_count);
        return front->plan.queue_count > 1;
    }
}

static void publish(struct blk_front *front, struct blk_action *action)
{
    enum { DISK_NODES = 4 };
    uint32_t of_queue = (1u << front->plan.ring_order) + 1;
    uint32_t queue_nodes = of_queue * front->plan.queue_count;
    if (front->index < queue_nodes) {
        put_queue_node(front, front->index / of_queue, front->index % of_queue);
        ask(front, action, BLK_DO_WRITE);
        return;
    }
    for (uint32_t item; (item = front->index - queue_nodes) < DISK_NODES; front->index++)
        if (put_disk_node(front, item)) {
            ask(front, action, BLK_DO_WRITE);
            return;
        }
    go(front, SAY_INITIALISED);
    blk_front_next(front, action);
}

static void published(struct blk_front *front, enum blk_answer answer, const char *bytes,
                      uint32_t length)
{
    front->index++;
    if (answer != BLK_DONE)
        fail(front, BLK_FAULT_STORE);
}

static void say_initialised(struct blk_front *front, struct blk_action *action)
{
    say_state(front, action, XENBUS_INITIALISED);
}

static void say_connected(struct blk_front *front, struct blk_action *action)
{
    say_state(front, action, XENBUS_CONNECTED);
}

/* --- Telling. */

static void tell_open(struct blk_front *front, struct blk_action *action)
{
    action->what = BLK_DO_OPEN;
    front->opened = front->follows = true;
    go(front, OPENED); /* and looks: the disk may have grown meanwhile */
}

static void tell_grown(struct blk_front *front, struct blk_action *action)
{
    action->what = BLK_DO_GROWN;
    stay(front, OPENED);
}

static void tell_close_asked(struct blk_front *front, struct blk_action *action)
{
    action->what = BLK_DO_CLOSE_ASKED;
    front->close_told = true;
    stay(front, OPENED);
}

static void tell_fail(struct blk_front *front, struct blk_action *action)
{
    action->what = BLK_DO_FAIL;
    go(front, SAY_CLOSING);
}

/* --- Parting. Whatever goes wrong here, the next step comes. */

static void say_closing(struct blk_front *front, struct blk_action *action)
{
    say_state(front, action, XENBUS_CLOSING);
}

static void say_closed(struct blk_front *front, struct blk_action *action)
{
    say_state(front, action, XENBUS_CLOSED);
}

static void parting_said(struct blk_front *front, enum blk_answer answer, const char *bytes,
                         uint32_t length)
{
    go(front, front->backend_path[0] ? front->step + 1 : DROP_RINGS);
}

static void looked_for_closing(struct blk_front *front, enum blk_answer answer, const char *bytes,
                               uint32_t length)
{
    uint64_t state = 0;
    if (answer == BLK_DONE && !blk_number(bytes, length, UINT32_MAX, &state))
        state = 0;
    if (!state || state >= XENBUS_CLOSING)
        go(front, SAY_CLOSED);
}

static void looked_for_closed(struct blk_front *front, enum blk_answer answer, const char *bytes,
                              uint32_t length)
{
    uint64_t state = 0;
    if (answer == BLK_DONE && !blk_number(bytes, length, UINT32_MAX, &state))
        state = 0;
    if (state < XENBUS_INITIALISED || state >= XENBUS_CLOSED)
        go(front, DROP_RINGS);
}

static void drop_rings(struct blk_front *front, struct blk_action *action)
{
    if (front->has_rings) {
        ask(front, action, BLK_DO_DROP_RINGS);
        return;
    }
    bool again = front->restarting && !front->fault && !front->close_wanted;
    go(front, again ? SAY_INITIALISING : TELL_CLOSED);
    blk_front_next(front, action);
}

static void rings_dropped(struct blk_front *front, enum blk_answer answer, const char *bytes,
                          uint32_t length)
{
    front->has_rings = front->opened = false;
}

static void tell_closed(struct blk_front *front, struct blk_action *action)
{
    action->what = BLK_DO_CLOSED;
    go(front, CLOSED);
}

/* --- The steps. */

static const struct {
    void (*next)(struct blk_front *front, struct blk_action *action);
    void (*answered)(struct blk_front *front, enum blk_answer answer, const char *bytes,
                     uint32_t length);
    bool bounded;      /* by the patience with the backend */
    enum step expired; /* what then; 0: the disk fails */
} steps[] = {
    [FIND_STATE] = {.next = find_state, .answered = found_state},
    [FIND_DOMAIN] = {.next = find_domain, .answered = found_domain},
    [FIND_PATH] = {.next = find_path, .answered = found_path},
    [SET_WATCH] = {.next = set_watch, .answered = watch_set},
    [SAY_INITIALISING] = {.next = say_initialising, .answered = said},
    [AWAIT_OFFER] = {.next = look, .answered = looked_for_offer, .bounded = true},
    [READ_OFFER] = {.next = read_offer, .answered = offer_read},
    [MAKE_RINGS] = {.next = make_rings},
    [CLEAR] = {.next = clear, .answered = cleared},
    [PUBLISH] = {.next = publish, .answered = published},
    [SAY_INITIALISED] = {.next = say_initialised, .answered = said},
    [AWAIT_CONNECTED] = {.next = look, .answered = looked_for_connected, .bounded = true},
    [READ_DISK] = {.next = read_disk, .answered = disk_read},
    [SAY_CONNECTED] = {.next = say_connected, .answered = said},
    [OPEN] = {.next = tell_open},
    [OPENED] = {.next = look, .answered = looked_while_open},
    [READ_AGAIN] = {.next = read_disk, .answered = disk_read_again},
    [GROWN] = {.next = tell_grown},
    [CLOSE_ASKED] = {.next = tell_close_asked},
    [FAIL] = {.next = tell_fail},
    [SAY_CLOSING] = {.next = say_closing, .answered = parting_said},
    [AWAIT_CLOSING] = {.next = look,
                       .answered = looked_for_closing,
                       .bounded = true,
                       .expired = SAY_CLOSED},
    [SAY_CLOSED] = {.next = say_closed, .answered = parting_said},
    [AWAIT_CLOSED] = {.next = look,
                      .answered = looked_for_closed,
                      .bounded = true,
                      .expired = DROP_RINGS},
    [DROP_RINGS] = {.next = drop_rings, .answered = rings_dropped},
    [TELL_CLOSED] = {.next = tell_closed},
    [CLOSED] = {.next = NULL},
};

void blk_front_next(struct blk_front *front, struct blk_action *action)
{
    *action = (struct blk_action){.what = BLK_DO_NOTHING};
    if (front->asked)
        return;
    if (front->close_wanted && front->step < FAIL)
        go(front, SAY_CLOSING);
    if (steps[front->step].next)
        steps[front->step].next(front, action);
}

void blk_front_answer(struct blk_front *front, enum blk_answer answer, const char *bytes,
                      uint32_t length)
{
    if (!front->asked || !steps[front->step].answered)
        return;
    front->asked = false;
    if (!fault_was_due(front))
        steps[front->step].answered(front, answer, bytes, length);
}

/* --- Events. */

void blk_front_backend_moved(struct blk_front *front)
{
    front->moved = true;
}

void blk_front_tick(struct blk_front *front, uint64_t now_ms)
{
    front->now_ms = now_ms;
    if (front->asked || !steps[front->step].bounded ||
        now_ms - front->step_since_ms < front->config.patience_ms)
        return;
    if (steps[front->step].expired)
        go(front, steps[front->step].expired);
    else
        fail(front, BLK_FAULT_SLOW);
}

void blk_front_fault(struct blk_front *front, enum blk_fault fault)
{
    if (!front->asked) {
        fail(front, fault);
    } else if (!front->fault && front->step < FAIL) {
        front->fault = fault;
        front->fail_due = true;
    }
}

void blk_front_close(struct blk_front *front)
{
    front->close_wanted = true;
}

static void start(struct blk_front *front, uint64_t now_ms)
{
    front->now_ms = now_ms;
    front->asked = front->has_rings = front->opened = front->close_told = false;
    front->restarting = front->fail_due = false;
    front->backend_path[0] = 0;
    go(front, FIND_STATE);
}

void blk_front_init(struct blk_front *front, const struct blk_front_config *config, uint64_t now_ms)
{
    memset(front, 0, sizeof(*front));
    front->config = *config;
    front->fault_node = BLK_NODE_COUNT;
    start(front, now_ms);
}

void blk_front_resume(struct blk_front *front, uint64_t now_ms)
{
    bool ended = front->step == CLOSED;
    bool ending = front->fault || front->close_wanted;
    bool tell_first = front->fail_due || front->step == FAIL;
    start(front, now_ms);
    if (ended)
        go(front, CLOSED);
    else if (ending)
        go(front, tell_first ? FAIL : TELL_CLOSED);
}

void blk_front_restart(struct blk_front *front, uint64_t now_ms)
{
    if (front->step != CLOSED)
        return;
    front->fault = BLK_NO_FAULT;
    front->fault_node = BLK_NODE_COUNT;
    front->close_wanted = front->follows = false;
    start(front, now_ms);
}
