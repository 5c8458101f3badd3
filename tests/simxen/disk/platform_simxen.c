/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk driver's platform on simxen (tests/disk/platform.h): core/xen's grant table and XenStore
 * client on a guest machine that is this program. Events are looked for, not delivered: whatever
 * fired wakes the one thread, which looks at everything.
 */
#include "platform_simxen.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/xen/abi.h"
#include "core/xen/grant_table.h"
#include "core/xen/xs_client.h"
#include "linux/simxen/guest.h"
#include "tests/disk/platform.h"
#include "tests/simxen/simxen/fixture.h"

enum {
    RAM_BYTES = 128 << 20,
    SHARED_FRAME = 0x100,
    GRANT_FRAME = 0x110,
    GRANT_FRAMES = 16,
    FIRST_FREE_FRAME = 0x200,
    FREE_BLOCKS = 256,
    SLOTS = 8,
    WATCHES = 4,
};

static struct simxen_guest *guest;
static struct grant_table grants;
static struct grant_frame grant_frames[GRANT_FRAMES];
static uint64_t grant_operations;

static uint32_t ports[BLK_QUEUES_MAX];

static struct xs_client store;
static struct xs_client_slot store_slots[SLOTS];
static struct xs_watch *store_watches[WATCHES];
static uint32_t store_port;
static struct xs_watch watch;
static char watch_path[512];
static bool watch_fired, watch_added, watch_removed, watch_used;
static enum xs_error watch_error;

static int64_t call(uint32_t number, uint64_t op, void *argument)
{
    return simxen_guest_hypercall(guest, 0, number, op, (uint64_t)(uintptr_t)argument, 0, 0, 0);
}

static void *frame_at(uint64_t frame)
{
    return (uint8_t *)simxen_guest_memory(guest) + frame * XEN_PAGE_BYTES;
}

/* --- Events. */

/* Takes what is pending. True: something was. An event-channel hypercall, too, makes events
 * visible: so look before every sleep. */
static bool take_events(void)
{
    struct xen_shared_info *shared = frame_at(SHARED_FRAME);
    uint64_t taken = 0;
    simxen_guest_pump(guest);
    __atomic_store_n(&shared->vcpu[0].upcall_pending, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->vcpu[0].pending_sel, 0, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < XEN_2L_WORDS; i++)
        taken |= __atomic_exchange_n(&shared->evtchn_pending[i], 0, __ATOMIC_SEQ_CST);
    return taken;
}

static void send(uint32_t port)
{
    struct xen_evtchn_send op = {port};
    call(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, &op);
}

uint32_t disk_port_open(uint32_t queue, uint32_t domid)
{
    struct xen_evtchn_alloc_unbound op = {.domid = XEN_DOMID_SELF, .remote_domid = (uint16_t)domid};
    if (call(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_ALLOC_UNBOUND, &op))
        return 0;
    return ports[queue] = op.port;
}

void disk_port_close(uint32_t queue)
{
    struct xen_evtchn_close op = {ports[queue]};
    if (ports[queue])
        call(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_CLOSE, &op);
    ports[queue] = 0;
}

void disk_port_forget(uint32_t queue)
{
    ports[queue] = 0;
}

void disk_port_notify(uint32_t queue)
{
    send(ports[queue]);
}

uint64_t disk_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- XenStore. */

static void store_turn(void)
{
    struct xs_client_action action;
    for (;;) {
        xs_client_next(&store, &action);
        if (action.kind == XS_CLIENT_NONE)
            return;
        if (action.kind == XS_CLIENT_NOTIFY)
            send(store_port);
        else if (action.kind == XS_CLIENT_DONE)
            *(bool *)action.request->owner = true;
        else if (action.kind == XS_CLIENT_WATCH)
            watch_fired = true;
        else if (action.kind == XS_CLIENT_ADDED) {
            watch_added = true;
            watch_error = action.error;
        } else if (action.kind == XS_CLIENT_REMOVED)
            watch_removed = true;
        CHECK(action.kind != XS_CLIENT_BROKEN);
    }
}

void disk_sleep(uint32_t limit_ms)
{
    struct pollfd fd = {simxen_guest_fd(guest), POLLIN, 0};
    if (!take_events()) {
        poll(&fd, 1, (int)limit_ms);
        take_events();
    }
    store_turn();
}

static enum blk_answer ask(struct xs_request *request)
{
    bool done = false;
    request->owner = &done;
    xs_client_submit(&store, request);
    store_turn();
    while (!done)
        disk_sleep(PATIENCE_MS);
    return request->error == XS_OK                ? BLK_DONE
           : request->error == XS_ERROR_NOT_FOUND ? BLK_ABSENT
                                                  : BLK_REFUSED;
}

enum blk_answer disk_store_read(const char *path, char *value, uint32_t room, uint32_t *length)
{
    struct xs_request request = {.type = XS_TYPE_READ,
                                 .pieces = {{path, (uint32_t)strlen(path) + 1}},
                                 .reply = (uint8_t *)value,
                                 .reply_room = room};
    enum blk_answer answer = ask(&request);
    *length = answer == BLK_DONE ? request.reply_length : 0;
    return answer;
}

enum blk_answer disk_store_write(const char *path, const char *value)
{
    struct xs_request request = {
        .type = XS_TYPE_WRITE,
        .pieces = {{path, (uint32_t)strlen(path) + 1}, {value, (uint32_t)strlen(value)}}};
    return ask(&request);
}

enum blk_answer disk_store_remove(const char *path)
{
    struct xs_request request = {.type = XS_TYPE_RM,
                                 .pieces = {{path, (uint32_t)strlen(path) + 1}}};
    return ask(&request);
}

bool disk_store_watch(const char *path)
{
    if (watch_used) {
        watch_removed = false;
        xs_watch_remove(&store, &watch);
        for (store_turn(); !watch_removed;)
            disk_sleep(PATIENCE_MS);
    }
    memset(&watch, 0, sizeof(watch));
    strcpy(watch_path, path);
    watch.path = watch_path;
    watch_added = watch_fired = false;
    watch_used = xs_watch_add(&store, &watch);
    for (store_turn(); watch_used && !watch_added;)
        disk_sleep(PATIENCE_MS);
    return watch_used = watch_used && watch_error == XS_OK;
}

bool disk_store_fired(void)
{
    bool fired = watch_fired;
    watch_fired = false;
    return fired;
}

/* --- Memory and grants. */

static struct {
    void *pages;
    uint32_t count;
} blocks[FREE_BLOCKS];
static uint64_t next_frame = FIRST_FREE_FRAME;

void *disk_pages_new(uint32_t count)
{
    for (uint32_t i = 0; i < FREE_BLOCKS; i++)
        if (blocks[i].pages && blocks[i].count == count) {
            void *pages = blocks[i].pages;
            blocks[i].pages = NULL;
            return memset(pages, 0, (size_t)count * XEN_PAGE_BYTES);
        }
    CHECK(next_frame + count <= RAM_BYTES / XEN_PAGE_BYTES);
    next_frame += count;
    return frame_at(next_frame - count);
}

void disk_pages_free(void *pages, uint32_t count)
{
    for (uint32_t i = 0; i < FREE_BLOCKS; i++)
        if (!blocks[i].pages) {
            blocks[i].pages = pages;
            blocks[i].count = count;
            return;
        }
    CHECK(!"a free place in the list");
}

uint32_t disk_grant(uint32_t domid, const void *page)
{
    uint64_t frame = (uint64_t)((const uint8_t *)page - (uint8_t *)frame_at(0)) / XEN_PAGE_BYTES;
    uint32_t ref = grant_take(&grants);
    if (ref)
        CHECK(grant_permit(&grants, ref, (xen_domid)domid, (uint32_t)frame, false));
    grant_operations++;
    return ref;
}

bool disk_ungrant(uint32_t ref)
{
    grant_operations++;
    return grant_revoke(&grants, ref) == GRANT_REVOKED && grant_give(&grants, ref);
}

/* The table is a new one (set_up). */
void disk_forget_grant(uint32_t ref)
{
}

uint64_t disk_grant_operations(void)
{
    return grant_operations;
}

/* --- The machine. */

static void add_to_physmap(uint32_t space, uint64_t index, uint64_t at)
{
    struct xen_memory_add_to_physmap op = {
        .domid = XEN_DOMID_SELF, .space = space, .idx = index, .frame = at};
    CHECK_EQUAL(call(XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_ADD_TO_PHYSMAP, &op), 0);
}

static uint64_t param(uint32_t index)
{
    struct xen_hvmop_param op = {.domid = XEN_DOMID_SELF, .index = index};
    CHECK_EQUAL(call(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, &op), 0);
    return op.value;
}

static void set_up(void)
{
    struct xen_hvmop_param wide = {
        .domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_CALLBACK_IRQ, .value = 32};
    call(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_PARAM, &wide);
    add_to_physmap(XEN_MAPSPACE_SHARED_INFO, 0, SHARED_FRAME);
    grant_table_init(&grants);
    memset(grant_frames, 0, sizeof(grant_frames));
    for (uint32_t i = 0; i < GRANT_FRAMES; i++) {
        add_to_physmap(XEN_MAPSPACE_GRANT_TABLE, i, GRANT_FRAME + i);
        CHECK(grant_table_add_frame(&grants, &grant_frames[i], frame_at(GRANT_FRAME + i)));
    }
    memset(ports, 0, sizeof(ports));
    store_port = (uint32_t)param(XEN_HVM_PARAM_STORE_EVTCHN);
}

static void (*arrive_at)(uint32_t domid);

static bool shut_down(void *context, uint32_t reason)
{
    uint32_t domid;
    CHECK_EQUAL(reason, XEN_SHUTDOWN_SUSPEND);
    CHECK_EQUAL(simxen_toolstack_restore(simxen_guest_domid(guest), &domid), 0);
    CHECK_EQUAL(simxen_guest_resume(guest, domid), 0);
    arrive_at(domid);
    return true;
}

uint32_t platform_start(const char *name)
{
    struct simxen_guest_config config = {
        .dir = getenv("SIMXEN_DIR"), .memory_bytes = RAM_BYTES, .vcpus = 1, .shutdown = shut_down};
    struct xs_client_tables tables = {store_slots, store_watches, SLOTS, WATCHES};
    CHECK_EQUAL(simxen_toolstack_create(name, &config.domid), 0);
    CHECK_EQUAL(simxen_guest_open(&guest, &config), 0);
    set_up();
    memset(store_slots, 0, sizeof(store_slots));
    memset(store_watches, 0, sizeof(store_watches));
    memset(blocks, 0, sizeof(blocks));
    next_frame = FIRST_FREE_FRAME;
    watch_used = false;
    xs_client_init(&store, frame_at(param(XEN_HVM_PARAM_STORE_PFN)), &tables, 1);
    return config.domid;
}

void platform_end(void)
{
    simxen_guest_close(guest);
    guest = NULL;
}

uint32_t platform_save_and_restore(void (*arrive)(uint32_t domid))
{
    struct xen_sched_shutdown op = {XEN_SHUTDOWN_SUSPEND};
    arrive_at = arrive;
    CHECK_EQUAL(call(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_SHUTDOWN, &op), 0);
    set_up();
    xs_client_reconnect(&store, frame_at(param(XEN_HVM_PARAM_STORE_PFN)));
    store_turn();
    return simxen_guest_domid(guest);
}
