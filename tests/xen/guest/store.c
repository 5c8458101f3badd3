/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "events.h"
#include "memory.h"
#include "print.h"
#include "store.h"
#include "test.h"
#include "trap.h"
#include "xen.h"

enum { SLOTS = 8, WATCHES = 32, NUMBER_BYTES = 24 };

static struct lock lock;
static struct xs_client client;
static struct xs_client_slot slots[SLOTS];
static struct xs_watch *watches[WATCHES];
static struct event event;
static bool started;

static void note_watch(const struct xs_client_action *action)
{
    struct store_watch *watch = action->watch->owner;

    switch (action->kind) {
    case XS_CLIENT_WATCH:
        snprintf(watch->fired_path, sizeof watch->fired_path, "%s", action->path);
        watch->fired++;
        return;
    case XS_CLIENT_ADDED:
        watch->error = action->error;
        watch->added = true;
        return;
    default:
        watch->removed = true;
    }
}

static void take_actions(void)
{
    struct xs_client_action action;

    for (;;) {
        xs_client_next(&client, &action);
        switch (action.kind) {
        case XS_CLIENT_NONE:
            return;
        case XS_CLIENT_DONE:
            ((struct store_call *)action.request->owner)->done = true;
            break;
        case XS_CLIENT_NOTIFY:
            event_send(event.channel.port);
            break;
        case XS_CLIENT_BROKEN:
            panic("xenstored broke the ring's rules: %s", action.reason);
        default:
            note_watch(&action);
        }
    }
}

static void on_event(struct event *which, void *context)
{
    (void)which;
    (void)context;
    lock_acquire(&lock);
    take_actions();
    lock_release(&lock, false);
}

static struct xs_ring_page *find_ring(xen_port *port)
{
    uint64_t frame, number;

    if (hvm_param_get(XEN_HVM_PARAM_STORE_PFN, &frame) ||
        hvm_param_get(XEN_HVM_PARAM_STORE_EVTCHN, &number))
        panic("no XenStore");
    memory_map((void *)(frame << PAGE_SHIFT), frame << PAGE_SHIFT, PAGE_BYTES, PAGE_RW);
    *port = (xen_port)number;
    return (struct xs_ring_page *)(frame << PAGE_SHIFT);
}

void store_start(void)
{
    struct xs_client_tables tables = {slots, watches, SLOTS, WATCHES};
    struct xs_ring_page *page;
    xen_port port;

    if (started)
        return;
    started = true;
    events_start();
    page = find_ring(&port);
    xs_client_init(&client, page, &tables, (uint32_t)clock_ns());
    event.callback = on_event;
    event_adopt(&event, port);
}

void store_resume(void)
{
    struct xs_ring_page *page;
    xen_port port;
    bool on;

    if (!started)
        return;
    event_forget(&event);
    memset(&event, 0, sizeof event);
    event.callback = on_event;
    page = find_ring(&port);
    event_adopt(&event, port);
    on = store_lock();
    xs_client_reconnect(&client, page);
    store_unlock(on);
}

bool store_lock(void)
{
    return lock_acquire(&lock);
}

void store_unlock(bool interrupts_were_on)
{
    take_actions();
    lock_release(&lock, interrupts_were_on);
}

void store_begin_write(struct store_call *call, const char *path, const void *value, size_t size)
{
    call->request = (struct xs_request){
        .type = XS_TYPE_WRITE,
        .pieces = {{path, (uint32_t)strlen(path) + 1}, {value, (uint32_t)size}},
        .owner = call,
    };
    xs_client_submit(&client, &call->request);
}

static bool is_true(void *context)
{
    return *(volatile bool *)context;
}

static void submit_and_wait(struct store_call *call)
{
    bool on = store_lock();

    call->request.owner = call;
    xs_client_submit(&client, &call->request);
    store_unlock(on);
    if (wait_for(is_true, (void *)&call->done, WAIT_MS))
        return;
    on = store_lock();
    xs_client_cancel(&client, &call->request);
    store_unlock(on);
    test_fail(__FILE__, __LINE__, "xenstored does not answer a request of type %u",
              call->request.type);
}

enum xs_error store_ask(uint32_t type, const struct xs_transaction *transaction, const char *path,
                        const void *value, size_t value_size, void *reply, size_t reply_room,
                        uint32_t *reply_size)
{
    struct store_call call = {
        .request =
            {
                .type = type,
                .pieces = {{path, path ? (uint32_t)strlen(path) + 1 : 0},
                           {value, (uint32_t)value_size}},
                .reply = reply,
                .reply_room = (uint32_t)reply_room,
            },
    };

    store_start();
    if (transaction)
        call.request.transaction = *transaction;
    submit_and_wait(&call);
    if (reply_size)
        *reply_size = call.request.reply_length;
    return call.request.error;
}

enum xs_error store_read(const struct xs_transaction *transaction, const char *path, char *value,
                         size_t room)
{
    uint32_t size;
    enum xs_error error =
        store_ask(XS_TYPE_READ, transaction, path, NULL, 0, value, room - 1, &size);

    value[error == XS_OK ? size : 0] = 0;
    return error;
}

enum xs_error store_write(const struct xs_transaction *transaction, const char *path,
                          const char *value)
{
    return store_ask(XS_TYPE_WRITE, transaction, path, value, strlen(value), NULL, 0, NULL);
}

enum xs_error store_write_number(const struct xs_transaction *transaction, const char *path,
                                 uint64_t value)
{
    char text[NUMBER_BYTES];

    snprintf(text, sizeof text, "%lu", value);
    return store_write(transaction, path, text);
}

enum xs_error store_remove(const struct xs_transaction *transaction, const char *path)
{
    return store_ask(XS_TYPE_RM, transaction, path, NULL, 0, NULL, 0, NULL);
}

enum xs_error store_permit(const struct xs_transaction *transaction, const char *path,
                           const struct xs_permission *permissions, unsigned count)
{
    char text[8 * XS_PERMISSION_MAX_BYTES];
    size_t size = 0;

    for (unsigned i = 0; i < count && i < 8; i++)
        size += xs_permission_write(text + size, &permissions[i]);
    return store_ask(XS_TYPE_SET_PERMS, transaction, path, text, size, NULL, 0, NULL);
}

enum xs_error store_begin(struct xs_transaction *transaction)
{
    uint8_t reply[NUMBER_BYTES];
    struct store_call call = {
        .request =
            {
                .type = XS_TYPE_TRANSACTION_START,
                .pieces = {{"", 1}},
                .reply = reply,
                .reply_room = sizeof reply,
            },
    };

    store_start();
    submit_and_wait(&call);
    if (call.request.error == XS_OK)
        *transaction = call.request.transaction;
    return call.request.error;
}

enum xs_error store_end(const struct xs_transaction *transaction, bool commit)
{
    return store_ask(XS_TYPE_TRANSACTION_END, transaction, commit ? "T" : "F", NULL, 0, NULL, 0,
                     NULL);
}

enum xs_error store_watch(struct store_watch *watch, const char *path)
{
    bool on;

    store_start();
    memset(watch, 0, sizeof *watch);
    snprintf(watch->path, sizeof watch->path, "%s", path);
    watch->watch.path = watch->path;
    watch->watch.owner = watch;
    on = store_lock();
    if (!xs_watch_add(&client, &watch->watch))
        panic("no room for a watch");
    store_unlock(on);
    if (!wait_for(is_true, (void *)&watch->added, WAIT_MS))
        test_fail(__FILE__, __LINE__, "xenstored does not answer a watch");
    return watch->error;
}

void store_unwatch(struct store_watch *watch)
{
    bool on = store_lock();

    xs_watch_remove(&client, &watch->watch);
    store_unlock(on);
    if (!wait_for(is_true, (void *)&watch->removed, WAIT_MS))
        test_fail(__FILE__, __LINE__, "xenstored does not answer the end of a watch");
}

struct count_wait {
    struct store_watch *watch;
    uint32_t count;
};

static bool has_fired(void *context)
{
    struct count_wait *wait = context;

    return wait->watch->fired >= wait->count;
}

bool store_watch_wait(struct store_watch *watch, uint32_t count, unsigned limit_ms)
{
    struct count_wait wait = {watch, count};

    return wait_for(has_fired, &wait, limit_ms);
}

bool store_await(const char *path, const char *value, unsigned limit_ms)
{
    uint64_t deadline = clock_ns() + limit_ms * 1000000ull;
    struct store_watch watch;
    char now[128];
    bool good;

    if (store_watch(&watch, path) != XS_OK)
        return false;
    do {
        uint32_t seen = watch.fired;

        good = store_read(NULL, path, now, sizeof now) == XS_OK && !strcmp(now, value);
        if (good || !store_watch_wait(&watch, seen + 1, limit_ms))
            break;
    } while (clock_ns() < deadline);
    store_unwatch(&watch);
    return good;
}
