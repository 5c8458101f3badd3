/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that no history of windows makes the agent's model say what a GUI daemon exits for, warns
 * the user of or passes over: random guests and random daemons (seeded; a failing seed is printed)
 * meet over a channel that delivers late and in pieces, through every version from 1.4 to 1.8 and
 * through reconnects, and linux/dom0/gui/rules.c judges each message. Also that at rest the daemon
 * shows exactly what the guest has, pixels included; that no image comes back while the daemon uses
 * it; and that every window and image does come back in the end.
 * HISTORY_SEED=n runs one seed alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/model.h"
#include "linux/dom0/gui/rules.h"

enum { SEEDS = 400, STEPS = 1500, WINDOWS = 10, SIDE_PIXELS = 8, STREAM_BYTES = 1 << 20 };

/* What was sent and has not been read. */
struct stream {
    uint8_t *bytes;
    size_t start, end;
};

/* An image of up to 8 x 8 pixels, each one a number. */
struct picture {
    struct gui_image image; /* first */
    uint32_t ref;
    uint8_t pixels[SIDE_PIXELS][SIDE_PIXELS];
    bool used; /* the daemon has it mapped */
    struct picture *next;
};

struct guest_window {
    struct gui_window window; /* first */
    struct guest_window *next;
};

/* What the daemon shows of a window. */
struct shown {
    struct picture *picture;
    uint8_t pixels[SIDE_PIXELS][SIDE_PIXELS];
    bool crossed; /* the user iconified or restored it while the guest said something of it, too:
                     the protocol does not tell who won */
};

struct world {
    uint64_t random;
    struct gui_model model;
    uint8_t agent_body[GUI_AGENT_BODY_MAX];
    struct guest_window *windows[WINDOWS]; /* NULL: none */
    struct guest_window *all_windows;      /* also those that were removed */
    struct picture *pictures;              /* all that the model has */
    uint32_t next_ref;
    bool clipboard_asked;

    struct rules rules;
    struct gui_decoder decoder;
    uint8_t daemon_body[GUI_DAEMON_BODY_MAX];
    uint32_t daemon_version;
    struct stream to_daemon, to_agent;
};

static uint8_t clipboard[GUI_CLIPBOARD_MAX + 100];

static uint32_t roll(struct world *world, uint32_t sides)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)(world->random >> 33) % sides;
}

/* --- The channel */

static void stream_put(struct stream *stream, const void *bytes, size_t size)
{
    if (stream->start == stream->end)
        stream->start = stream->end = 0;
    assert_true(stream->end + size <= STREAM_BYTES);
    memcpy(stream->bytes + stream->end, bytes, size);
    stream->end += size;
}

static void say_to_agent(struct world *world, const struct gui_message *message)
{
    uint8_t head[GUI_HEAD_BYTES_MAX];

    stream_put(&world->to_agent, head, gui_put(head, message));
    if (message->tail_bytes)
        stream_put(&world->to_agent, message->tail, message->tail_bytes);
}

/* --- The daemon */

static struct shown *shown_of(struct rules_window *window)
{
    if (!window->user)
        window->user = calloc(1, sizeof(struct shown));
    return window->user;
}

static void stop_using(struct shown *shown)
{
    if (shown->picture)
        shown->picture->used = false;
    shown->picture = NULL;
}

static void drop_window(struct world *world, struct rules_window *window)
{
    stop_using(shown_of(window));
    free(window->user);
    rules_drop(&world->rules, window);
}

static struct picture *picture_of_ref(struct world *world, uint32_t ref)
{
    struct picture *picture = world->pictures;

    while (picture && picture->ref != ref)
        picture = picture->next;
    return picture;
}

/* Old daemons do not say when they stop using an image; the model then guesses. */
static bool acknowledges(const struct world *world)
{
    return world->decoder.version >= GUI_VERSION_DUMP_ACK;
}

static void show_dump(struct world *world, struct shown *shown, const struct gui_message *message)
{
    uint32_t ref;
    struct picture *picture;

    memcpy(&ref, message->tail, sizeof(ref));
    picture = picture_of_ref(world, ref);
    stop_using(shown);
    if (acknowledges(world)) {
        assert_non_null(picture); /* it was given back before the daemon saw it */
        say_to_agent(world,
                     &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = message->window});
    }
    memset(shown->pixels, 0, sizeof(shown->pixels));
    shown->picture = picture;
    if (picture)
        picture->used = true;
}

static void show_damage(struct shown *shown, const struct gui_rect *rect)
{
    const struct picture *picture = shown->picture;

    for (uint32_t y = 0; picture && y < rect->height; y++) {
        for (uint32_t x = 0; x < rect->width; x++) {
            assert_in_range(rect->x + (int32_t)x, 0, picture->image.width - 1);
            assert_in_range(rect->y + (int32_t)y, 0, picture->image.height - 1);
            shown->pixels[rect->y + (int32_t)y][rect->x + (int32_t)x] =
                picture->pixels[rect->y + (int32_t)y][rect->x + (int32_t)x];
        }
    }
}

static void say_place(struct world *world, const struct rules_window *window)
{
    say_to_agent(world, &(struct gui_message){
                            .type = GUI_CONFIGURE,
                            .window = window->id,
                            .configure = {window->x, window->y, window->width, window->height, 0}});
}

/* Is there a message of this type for the window that the agent has not read? */
static bool on_the_way(const struct world *world, uint32_t window, uint32_t type)
{
    struct gui_header header;
    size_t at = world->to_agent.start;

    /* The agent reads whole messages in this test, so a header is at the start. */
    while (at < world->to_agent.end) {
        memcpy(&header, world->to_agent.bytes + at, sizeof(header));
        if (header.window == window && header.type == type)
            return true;
        at += sizeof(header) + header.length_bytes;
    }
    return false;
}

static void judge(struct world *world, const struct gui_message *message)
{
    struct rules_window *window = rules_find(&world->rules, message->window);
    struct rules_step step = rules_take(&world->rules, message);

    if (step.verdict == RULES_ASK_AGAIN && window) {
        /* Only because both moved it at the same time, or the user moves a docked one. */
        assert_true(on_the_way(world, window->id, GUI_CONFIGURE) || window->asked);
        say_place(world, window);
        return;
    }
    if (step.verdict != RULES_DO)
        fail_msg("%s of window %u: %s", gui_type_name(message->type), message->window, step.why);
    switch (message->type) {
    case GUI_DESTROY:
        if (world->decoder.version >= GUI_VERSION_DESTROY_ACK)
            say_to_agent(world,
                         &(struct gui_message){.type = GUI_DESTROY, .window = message->window});
        drop_window(world, step.window);
        break;
    case GUI_UNMAP:
        if (message->window != GUI_SCREEN_ID)
            stop_using(shown_of(step.window));
        break;
    case GUI_WINDOW_DUMP:
        show_dump(world, shown_of(step.window), message);
        break;
    case GUI_SHMIMAGE:
        show_damage(shown_of(step.window), &message->damage);
        break;
    case GUI_MAP:
        assert_int_equal(step.window->transient_for, message->map.transient_for);
        break;
    default:
        break;
    }
}

static void daemon_greets(struct world *world)
{
    const struct gui_xconf xconf = {1024, 768, 24, 3073};

    stream_put(&world->to_agent, &world->decoder.version, sizeof(uint32_t));
    stream_put(&world->to_agent, &xconf, sizeof(xconf));
}

static void daemon_reads(struct world *world, size_t most)
{
    size_t size = world->to_daemon.end - world->to_daemon.start;
    const uint8_t *bytes = world->to_daemon.bytes + world->to_daemon.start;
    struct gui_message message;
    enum gui_progress progress;

    size = size < most ? size : most;
    world->to_daemon.start += size;
    while ((progress = gui_decode(&world->decoder, &bytes, &size, &message)) == GUI_MESSAGE) {
        if (message.type == 0)
            daemon_greets(world);
        else if (message.type != GUI_CLIPBOARD_DATA)
            judge(world, &message);
        else
            world->clipboard_asked = false;
    }
    if (progress == GUI_FAILED)
        fail_msg("the daemon cannot read it: %s", gui_error_text(world->decoder.error));
}

static struct rules_window *some_shown_window(struct world *world)
{
    struct rules_window *window = world->rules.buckets[roll(world, WINDOWS * 3)];

    return window && world->decoder.version ? window : NULL;
}

/* Has each side heard all that the other said? */
static bool at_rest(const struct world *world)
{
    return world->to_daemon.start == world->to_daemon.end &&
           world->to_agent.start == world->to_agent.end;
}

static void user_acts(struct world *world)
{
    struct rules_window *window = some_shown_window(world);
    struct gui_message message = {.window = window ? window->id : 9999};

    if (!world->decoder.version || on_the_way(world, message.window, GUI_DESTROY))
        return;
    switch (roll(world, 8)) {
    case 0:
    case 1:
        if (window && rules_place(window, (int32_t)roll(world, 100) - 50, (int32_t)roll(world, 9),
                                  roll(world, 50) + 1, roll(world, 50) + 1))
            say_place(world, window);
        return;
    case 2: /* iconify, restore: as a window manager does */
        if (!window || !window->mapped || window->docked)
            return;
        shown_of(window)->crossed |= !at_rest(world);
        window->flags |= GUI_FLAG_MINIMIZE;
        message.type = GUI_WINDOW_FLAGS;
        message.flags.set = GUI_FLAG_MINIMIZE;
        break;
    case 3:
        if (!window || !(window->flags & GUI_FLAG_MINIMIZE))
            return;
        shown_of(window)->crossed |= !at_rest(world);
        window->flags &= ~(uint32_t)GUI_FLAG_MINIMIZE;
        message.type = GUI_MAP;
        break;
    case 4:
        message.type = GUI_CLIPBOARD_REQ;
        world->clipboard_asked = true;
        break;
    case 5:
        message.type = GUI_MOTION;
        message.motion = (struct gui_motion){-100000, INT32_MAX, 0, 0};
        break;
    case 6:
        message.type = GUI_CONFIGURE; /* absurd, and never for a window of the guest */
        message.window = 8888;
        message.configure = (struct gui_configure){INT32_MIN, INT32_MAX, 0, UINT32_MAX, 7};
        break;
    default:
        message.type = GUI_CLIPBOARD_DATA;
        message.tail = clipboard;
        message.tail_bytes = roll(world, 300);
        break;
    }
    say_to_agent(world, &message);
}

/* --- The guest */

static struct picture *new_picture(struct world *world)
{
    struct picture *picture = calloc(1, sizeof(*picture));

    picture->ref = ++world->next_ref;
    picture->image = (struct gui_image){.width = roll(world, SIDE_PIXELS) + 1,
                                        .height = roll(world, SIDE_PIXELS) + 1,
                                        .refs = &picture->ref,
                                        .ref_count = 1};
    for (uint32_t i = 0; i < SIDE_PIXELS * SIDE_PIXELS; i++)
        picture->pixels[i / SIDE_PIXELS][i % SIDE_PIXELS] = (uint8_t)(roll(world, 255) + 1);
    picture->next = world->pictures;
    world->pictures = picture;
    return picture;
}

static void take_back(struct world *world)
{
    struct gui_image *image;
    struct gui_window *window;

    while ((image = gui_model_free_image(&world->model))) {
        struct picture *picture = (struct picture *)image, **link = &world->pictures;

        if (picture->used && acknowledges(world))
            fail_msg("image %u came back while the daemon uses it", picture->ref);
        while (*link != picture) {
            assert_non_null(*link); /* or it came back twice */
            link = &(*link)->next;
        }
        *link = picture->next;
        for (uint32_t i = 0; i < RULES_BUCKETS; i++) { /* old daemons: it is gone */
            for (struct rules_window *w = world->rules.buckets[i]; w; w = w->next) {
                if (w->user && shown_of(w)->picture == picture)
                    shown_of(w)->picture = NULL;
            }
        }
        free(picture);
    }
    while ((window = gui_model_free_window(&world->model))) {
        struct guest_window **link = &world->all_windows;

        while (*link != (struct guest_window *)window) {
            assert_non_null(*link);
            link = &(*link)->next;
        }
        *link = (*link)->next;
        free(window);
    }
}

static struct gui_place some_place(struct world *world)
{
    return (struct gui_place){(int32_t)roll(world, 2000) - 1000, (int32_t)roll(world, 2000) - 1000,
                              roll(world, 20) ? roll(world, 300) : UINT32_MAX, roll(world, 300)};
}

static void add_window(struct world *world, uint32_t slot)
{
    struct guest_window *added = calloc(1, sizeof(*added));
    const struct gui_place place = some_place(world);
    const enum gui_window_kind kind = roll(world, 10) ? GUI_ORDINARY : GUI_SCREEN;

    if (!gui_window_add(&world->model, &added->window, kind, &place)) {
        free(added);
        return;
    }
    added->next = world->all_windows;
    world->all_windows = added;
    world->windows[slot] = added;
    if (kind == GUI_ORDINARY && !roll(world, 10))
        gui_window_dock(&world->model, &added->window);
}

static void change_pixels(struct world *world, struct gui_window *window)
{
    struct picture *picture = (struct picture *)window->image;
    const struct gui_rect rect = {(int32_t)roll(world, 6) - 2, (int32_t)roll(world, 6) - 2,
                                  roll(world, 6), roll(world, 6)};

    if (!picture)
        return;
    for (int32_t y = rect.y; y < rect.y + (int32_t)rect.height; y++) {
        for (int32_t x = rect.x; x < rect.x + (int32_t)rect.width; x++) {
            if (x >= 0 && y >= 0 && x < SIDE_PIXELS && y < SIDE_PIXELS)
                picture->pixels[y][x] = (uint8_t)(roll(world, 255) + 1);
        }
    }
    gui_window_damage(&world->model, window, &rect);
}

static void change_look(struct world *world, struct gui_window *window)
{
    struct gui_model *model = &world->model;
    const struct guest_window *parent = world->windows[roll(world, WINDOWS)];
    const struct gui_place place = some_place(world);
    char title[300];

    switch (roll(world, 9)) {
    case 0:
        gui_window_place(model, window, &place);
        return;
    case 1:
        gui_window_relate(model, window, roll(world, 2), parent ? &parent->window : NULL);
        return;
    case 2:
        memset(title, 'a' + (int)roll(world, 26), sizeof(title));
        gui_window_title(model, window, title, roll(world, sizeof(title)));
        return;
    case 3:
        gui_window_class(model, window, roll(world, 2) ? "notepad" : "wordpad", "x");
        return;
    case 4:
        gui_window_hints(model, window,
                         &(struct gui_hints){.flags = UINT32_MAX, .min_width = roll(world, 3)});
        return;
    case 5:
        gui_window_flags(model, window, roll(world, 9));
        return;
    case 6:
        gui_window_cursor(model, window, roll(world, 0x200));
        return;
    case 7:
        gui_window_image(model, window, &new_picture(world)->image);
        return;
    default:
        gui_window_answer(model, window);
        return;
    }
}

static void guest_acts(struct world *world)
{
    const uint32_t slot = roll(world, WINDOWS);
    struct gui_window *window = world->windows[slot] ? &world->windows[slot]->window : NULL;

    if (!window) {
        add_window(world, slot);
        return;
    }
    switch (roll(world, 10)) {
    case 0:
        if (roll(world, 3) == 0) {
            gui_window_remove(&world->model, window);
            world->windows[slot] = NULL;
        }
        return;
    case 1:
    case 2:
        gui_window_show(&world->model, window, roll(world, 3));
        return;
    case 3:
    case 4:
    case 5:
        change_pixels(world, window);
        return;
    default:
        change_look(world, window);
        return;
    }
}

static void agent_hears(struct world *world, const struct gui_event *event)
{
    if (event->type == GUI_EVENT_CLIPBOARD_REQUEST)
        gui_model_clipboard(&world->model, clipboard, roll(world, sizeof(clipboard)));
    if (event->type != GUI_EVENT_CONFIGURE)
        return;
    if (roll(world, 4)) /* else the program does as it likes */
        gui_window_place(&world->model, event->window, &event->place);
    if (roll(world, 2)) /* else it takes its time */
        gui_window_answer(&world->model, event->window);
}

static void agent_reads(struct world *world)
{
    size_t size = world->to_agent.end - world->to_agent.start;
    const uint8_t *bytes = world->to_agent.bytes + world->to_agent.start;
    struct gui_event event;

    world->to_agent.start = world->to_agent.end;
    while (gui_model_feed(&world->model, &bytes, &size, &event) == GUI_MESSAGE)
        agent_hears(world, &event);
    assert_int_equal(world->model.decoder.error, GUI_OK);
}

static bool agent_sends(struct world *world, size_t most)
{
    const uint8_t *bytes;
    size_t size = gui_model_output(&world->model, &bytes);

    if (!size)
        return false;
    size = size < most ? size : most;
    stream_put(&world->to_daemon, bytes, size);
    gui_model_sent(&world->model, size);
    return true;
}

/* --- Both */

static void connect_both(struct world *world)
{
    world->daemon_version = GUI_VERSION_OLDEST + roll(world, 5);
    gui_decoder_init(&world->decoder, GUI_AT_DAEMON, world->daemon_version, world->daemon_body,
                     GUI_DAEMON_BODY_MAX);
    gui_model_connected(&world->model);
}

static void disconnect_both(struct world *world)
{
    struct rules_window *window;

    while ((window = rules_any(&world->rules)))
        drop_window(world, window);
    world->to_daemon.start = world->to_daemon.end = 0;
    world->to_agent.start = world->to_agent.end = 0;
    world->clipboard_asked = false;
    gui_model_disconnected(&world->model);
    for (uint32_t i = 0; i < WINDOWS; i++) {
        if (world->windows[i]) /* nothing of the last daemon is held */
            assert_null(world->windows[i]->window.older);
    }
}

static void settle(struct world *world)
{
    bool busy = true;

    while (busy) {
        for (uint32_t i = 0; i < WINDOWS; i++) {
            if (world->windows[i])
                gui_window_answer(&world->model, &world->windows[i]->window);
        }
        busy = agent_sends(world, SIZE_MAX);
        daemon_reads(world, SIZE_MAX);
        busy |= world->to_agent.start != world->to_agent.end;
        agent_reads(world);
        take_back(world);
    }
}

static void compare_window(const struct world *world, struct gui_window *window)
{
    struct rules_window *there = rules_find(&world->rules, window->id);
    const struct picture *picture = (struct picture *)window->image;

    assert_non_null(there);
    assert_int_equal(there->mapped || there->docked, window->want.mapped || window->known.docked);
    assert_string_equal(there->title.text, window->title.text);
    assert_int_equal(there->cursor, window->want.cursor);
    if (!there->docked) {
        assert_int_equal(there->x, window->place.x);
        assert_int_equal(there->y, window->place.y);
        assert_int_equal(there->width, window->place.width);
        assert_int_equal(there->height, window->place.height);
    }
    if (!there->mapped)
        return;
    if (!shown_of(there)->crossed)
        assert_int_equal(there->flags, window->want.flags);
    assert_int_equal(there->override_redirect, window->want.override_redirect);
    if (!picture || !there->has_image)
        return assert_true(!picture == !there->has_image);
    for (uint32_t y = 0; y < picture->image.height; y++)
        assert_memory_equal(shown_of(there)->pixels[y], picture->pixels[y], picture->image.width);
}

static void compare_all(struct world *world)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < WINDOWS; i++) {
        if (!world->windows[i])
            continue;
        compare_window(world, &world->windows[i]->window);
        count++;
    }
    assert_int_equal(world->rules.window_count, count);
    assert_false(world->clipboard_asked);
}

static void step(struct world *world)
{
    switch (roll(world, 8)) {
    case 0:
        agent_reads(world);
        break;
    case 1:
        daemon_reads(world, roll(world, 2000));
        break;
    case 2:
        user_acts(world);
        break;
    case 3:
    case 4:
        agent_sends(world, roll(world, 300) + 1);
        break;
    default:
        guest_acts(world);
        break;
    }
    take_back(world);
}

static void run_history(uint64_t seed)
{
    struct world *world = calloc(1, sizeof(*world));

    world->random = seed * 0x9e3779b97f4a7c15u + 1;
    world->to_daemon.bytes = malloc(STREAM_BYTES);
    world->to_agent.bytes = malloc(STREAM_BYTES);
    gui_model_init(&world->model, GUI_VERSION, world->agent_body);
    connect_both(world);
    for (uint32_t i = 0; i < STEPS; i++) {
        step(world);
        if (roll(world, 300) == 0) {
            disconnect_both(world);
            connect_both(world);
        }
        if (roll(world, 300) == 0) {
            settle(world);
            compare_all(world);
        }
    }
    settle(world);
    compare_all(world);
    for (uint32_t i = 0; i < WINDOWS; i++) {
        if (world->windows[i])
            gui_window_remove(&world->model, &world->windows[i]->window);
        world->windows[i] = NULL;
    }
    settle(world);
    assert_null(world->all_windows);
    assert_null(world->pictures);
    assert_null(rules_any(&world->rules));
    assert_int_equal(world->rules.image_pages, 0);
    free(world->to_daemon.bytes);
    free(world->to_agent.bytes);
    free(world);
}

static void every_history_is_legal(void **state)
{
    const char *only = getenv("HISTORY_SEED");

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        if (only && seed != strtoull(only, NULL, 10))
            continue;
        print_message("seed %u\r", (unsigned int)seed);
        run_history(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_history_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
