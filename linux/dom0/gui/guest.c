/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's GUI connection: finding its domain, joining its agent's vchan (port 6000) without
 * waiting for it, the handshake, and moving messages. The agent may go and come back at any time:
 * its windows go with it, and it says them again.
 */
#include "view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../domains.h"

enum { READS_MAX = 16 }; /* of a guest's ring in one turn */

void guest_log(const struct guest *guest, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "casement view: %s: ", guest->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* --- Connecting */

static void drop_windows(struct guest *guest)
{
    struct rules_window *rules;

    while ((rules = rules_any(&guest->rules)) != NULL) {
        if (rules->user != NULL)
            window_destroy(guest->view, rules->user);
        rules_drop(&guest->rules, rules);
    }
}

static void disconnect(struct guest *guest)
{
    drop_windows(guest);
    if (guest->vchan != NULL)
        libvchan_close(guest->vchan);
    guest->vchan = NULL;
    guest->fd = -1;
    guest->connecting = guest->greeted = guest->more = guest->clipboard_asked = false;
    guest->queue.count = 0;
    guest->last_motion = SIZE_MAX;
}

static void try_connect(struct guest *guest)
{
    EVTCHN watch;

    if (guest->refused)
        return;
    guest->vchan = libvchan_client_init_async(guest->domain, GUI_PORT, &watch);
    if (guest->vchan == NULL) {
        guest_log(guest, "cannot wait for its agent: %s", strerror(errno));
        return;
    }
    guest->connecting = true;
    guest->fd = watch;
}

static void finish_connecting(struct guest *guest)
{
    const int result = libvchan_client_init_async_finish(guest->vchan, false);

    if (result > 0)
        return;
    if (result < 0) { /* tried again when the agent's node changes, or domains come and go */
        disconnect(guest);
        return;
    }
    guest->connecting = false;
    libvchan_set_blocking(guest->vchan, false);
    guest->fd = libvchan_fd_for_select(guest->vchan);
    gui_decoder_init(&guest->decoder, GUI_AT_DAEMON, GUI_VERSION, guest->body, GUI_DAEMON_BODY_MAX);
    guest->more = true; /* what was written before we looked brings no event of its own */
}

/* Xen sends a watch's first event at once: from there on this is told of the agent's node. */
static void watch_server(struct guest *guest, bool watched)
{
    char path[96];

    snprintf(path, sizeof path, "/local/domain/%d/data/vchan/0/%d/event-channel", guest->domain,
             GUI_PORT);
    if (watched)
        xs_watch(guest->view->store, path, guest->name);
    else
        xs_unwatch(guest->view->store, path, guest->name);
}

static void set_domain(struct guest *guest, int domain)
{
    if (guest->domain != NO_DOMAIN) {
        watch_server(guest, false);
        disconnect(guest);
    }
    guest->domain = domain;
    guest->refused = false;
    if (domain != NO_DOMAIN)
        watch_server(guest, true);
}

void guests_resolve(struct view *view)
{
    for (struct guest *guest = view->guests; guest != NULL; guest = guest->next) {
        const int domain = domain_find(view->store, guest->name);

        if (domain != guest->domain)
            set_domain(guest, domain);
        if (domain != NO_DOMAIN && guest->vchan == NULL)
            try_connect(guest);
    }
}

struct guest *guest_add(struct view *view, const char *name, uint32_t color)
{
    struct guest *guest = calloc(1, sizeof *guest);

    if (guest != NULL)
        guest->body = malloc(GUI_DAEMON_BODY_MAX);
    if (guest == NULL || guest->body == NULL) {
        free(guest);
        fputs("casement view: no memory\n", stderr);
        return NULL;
    }
    guest->view = view;
    snprintf(guest->name, sizeof guest->name, "%s", name);
    guest->color = color;
    guest->domain = NO_DOMAIN;
    guest->fd = -1;
    guest->last_motion = SIZE_MAX;
    guest->next = view->guests;
    view->guests = guest;
    return guest;
}

void guest_free(struct guest *guest)
{
    disconnect(guest);
    vchan_queue_free(&guest->queue);
    free(guest->body);
    free(guest);
}

/* --- Messages out */

static bool flush(struct guest *guest)
{
    const size_t before = guest->queue.count;
    const bool works = vchan_queue_flush(&guest->queue, guest->vchan);

    if (guest->queue.count != before)
        guest->last_motion = SIZE_MAX;
    return works;
}

static bool queue(struct guest *guest, const void *bytes, size_t size)
{
    return guest->queue.count + size <= GUEST_QUEUE_BYTES_MAX &&
           vchan_queue_add(&guest->queue, bytes, size);
}

/* Where the pointer was is of no use when it has moved on. */
static void replace_motion(struct guest *guest, uint32_t window)
{
    struct gui_header last;

    if (guest->last_motion == SIZE_MAX)
        return;
    memcpy(&last, guest->queue.bytes + guest->last_motion, sizeof last);
    if (last.window == window)
        guest->queue.count = guest->last_motion;
}

void guest_send(struct guest *guest, const struct gui_message *message)
{
    uint8_t head[GUI_HEAD_BYTES_MAX];
    const size_t size = gui_put(head, message);

    if (!guest->greeted || guest->queue.count + size + message->tail_bytes > GUEST_QUEUE_BYTES_MAX)
        return;
    if (message->type == GUI_MOTION)
        replace_motion(guest, message->window);
    guest->last_motion = message->type == GUI_MOTION ? guest->queue.count : SIZE_MAX;
    guest->more = true; /* sent in the next turn */
    if (queue(guest, head, size) && message->tail_bytes > 0)
        queue(guest, message->tail, message->tail_bytes);
}

static bool greet(struct guest *guest)
{
    const xcb_screen_t *screen = guest->view->display.screen;
    const uint32_t width = screen->width_in_pixels, height = screen->height_in_pixels;
    const struct gui_xconf xconf = {width, height, screen->root_depth, width * height / 256 + 1};

    guest_log(guest, "its agent is here, protocol 1.%u", guest->decoder.version & 0xffff);
    guest->greeted = true;
    return queue(guest, &guest->decoder.version, sizeof guest->decoder.version) &&
           queue(guest, &xconf, sizeof xconf);
}

/* --- Messages in */

static void acknowledge(struct guest *guest, const struct gui_message *message, uint32_t since)
{
    if (guest->decoder.version >= since)
        guest_send(guest,
                   &(struct gui_message){.type = message->type == GUI_DESTROY ? GUI_DESTROY
                                                                              : GUI_WINDOW_DUMP_ACK,
                                         .window = message->window});
}

static void send_place(struct guest *guest, const struct rules_window *rules)
{
    guest_send(guest, &(struct gui_message){
                          .type = GUI_CONFIGURE,
                          .window = rules->id,
                          .configure = {rules->x, rules->y, rules->width, rules->height, 0}});
}

/* NULL, or why the guest must go. */
static const char *show_image(struct guest *guest, struct window *window,
                              const struct gui_message *message)
{
    if (!window_image(guest->view, window, message->tail, message->tail_bytes / 4))
        return "pages that were not granted";
    acknowledge(guest, message, GUI_VERSION_DUMP_ACK);
    return NULL;
}

static void destroy(struct guest *guest, struct rules_window *rules,
                    const struct gui_message *message)
{
    window_destroy(guest->view, rules->user);
    rules_drop(&guest->rules, rules);
    acknowledge(guest, message, GUI_VERSION_DESTROY_ACK);
}

/* The rules have taken it; NULL, or why the guest must go. */
static const char *show(struct guest *guest, struct rules_window *rules,
                        const struct gui_message *message)
{
    struct view *view = guest->view;
    struct window *window = rules->user;

    switch (message->type) {
    case GUI_CREATE:
        return window_create(guest, rules) ? NULL : "no memory for a window";
    case GUI_DESTROY:
        destroy(guest, rules, message);
        return NULL;
    case GUI_MAP:
        window_map(view, window);
        return NULL;
    case GUI_UNMAP:
        window_unmap(view, window);
        return NULL;
    case GUI_CONFIGURE:
        /* The area may have given a docked one another size meanwhile, which this must not undo. */
        if (!rules->docked)
            window_place(view, window);
        return NULL;
    case GUI_SHMIMAGE:
        window_damage(window, &message->damage);
        return NULL;
    case GUI_WMNAME:
        window_title(view, window);
        return NULL;
    case GUI_WMCLASS:
        window_class(view, window);
        return NULL;
    case GUI_DOCK:
        window_dock(view, window);
        return NULL;
    case GUI_WINDOW_HINTS:
        window_hints(view, window);
        return NULL;
    case GUI_WINDOW_FLAGS:
        window_flags(view, window, &message->flags);
        return NULL;
    case GUI_CURSOR:
        window_cursor(view, window);
        return NULL;
    default: /* WINDOW_DUMP; the rules know no other */
        return show_image(guest, window, message);
    }
}

/* NULL, or why the guest must go. */
static const char *take_message(struct guest *guest, const struct gui_message *message)
{
    if (message->type == 0)
        return greet(guest) ? NULL : "no memory";
    if (message->type == GUI_CLIPBOARD_DATA) {
        clipboard_take(guest, message->tail, message->tail_bytes);
        return NULL;
    }
    const struct rules_step step = rules_take(&guest->rules, message);
    switch (step.verdict) {
    case RULES_DO:
        return show(guest, step.window, message);
    case RULES_ASK_AGAIN:
        send_place(guest, rules_find(&guest->rules, message->window));
        return NULL;
    case RULES_PASS_OVER:
        return NULL;
    case RULES_MISBEHAVES:
        guest_log(guest, "misbehaves: %s (window %u)", step.why, message->window);
        guest->view->failed |= guest->view->strict;
        return NULL;
    default:
        return step.why;
    }
}

static bool refuse(struct guest *guest, const char *why)
{
    guest_log(guest, "breaks the protocol: %s (%s, window %u, %u bytes); its windows go", why,
              gui_type_name(guest->decoder.header.type), guest->decoder.header.window,
              guest->decoder.header.length_bytes);
    guest->refused = true;
    guest->view->failed |= guest->view->strict;
    return false;
}

static bool take_bytes(struct guest *guest, const uint8_t *bytes, size_t size)
{
    struct gui_message message;
    enum gui_progress progress;
    const char *why;

    while ((progress = gui_decode(&guest->decoder, &bytes, &size, &message)) == GUI_MESSAGE) {
        why = take_message(guest, &message);
        if (why != NULL)
            return refuse(guest, why);
    }
    return progress == GUI_MORE || refuse(guest, gui_error_text(guest->decoder.error));
}

/* Moves bytes both ways until neither can go on or the guest has had its turn. */
static bool pump(struct guest *guest)
{
    uint8_t bytes[16384];

    guest->more = false;
    for (int reads = 0; reads < READS_MAX;) {
        if (!flush(guest))
            return false;
        /* A guest that does not read its answers is not asked for more. */
        if (guest->queue.count > GUEST_QUEUE_BYTES_MAX / 2)
            return libvchan_is_open(guest->vchan) != VCHAN_DISCONNECTED;
        const int got = libvchan_read(guest->vchan, bytes, sizeof bytes);

        if (got < 0)
            return false;
        if (got > 0) {
            reads++;
            if (!take_bytes(guest, bytes, (size_t)got))
                return false;
        } else if (libvchan_data_ready(guest->vchan) <= 0) {
            return flush(guest) && libvchan_is_open(guest->vchan) != VCHAN_DISCONNECTED;
        }
    }
    guest->more = true;
    return flush(guest);
}

void guest_ready(struct guest *guest)
{
    if (guest->vchan == NULL)
        return;
    if (guest->connecting) {
        finish_connecting(guest);
        return;
    }
    libvchan_ack(guest->vchan);
    if (pump(guest))
        return;
    guest_log(guest, "its agent is gone");
    disconnect(guest);
    try_connect(guest);
}
