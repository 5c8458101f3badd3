/* SPDX-License-Identifier: BSD-2-Clause */
/* See rules.h. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

static struct rules_step done(struct rules_window *window)
{
    return (struct rules_step){RULES_DO, NULL, window};
}

static struct rules_step not_done(enum rules_verdict verdict, const char *why)
{
    return (struct rules_step){verdict, why, NULL};
}

struct rules_window *rules_find(const struct rules *rules, uint32_t id)
{
    struct rules_window *window = rules->buckets[id % RULES_BUCKETS];

    while (window != NULL && window->id != id)
        window = window->next;
    return window;
}

struct rules_window *rules_any(const struct rules *rules)
{
    for (size_t i = 0; i < RULES_BUCKETS; i++) {
        if (rules->buckets[i] != NULL)
            return rules->buckets[i];
    }
    return NULL;
}

static void drop_image(struct rules *rules, struct rules_window *window)
{
    rules->image_pages -= window->image_pages;
    window->image_pages = 0;
    window->has_image = false;
}

void rules_drop(struct rules *rules, struct rules_window *window)
{
    struct rules_window **link = &rules->buckets[window->id % RULES_BUCKETS];

    while (*link != window)
        link = &(*link)->next;
    *link = window->next;
    drop_image(rules, window);
    rules->window_count--;
    free(window);
}

static int32_t clamp(int32_t value, int32_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* false: a size that is negative where it is taken as a signed number. */
static bool set_place(struct rules_window *window, int32_t x, int32_t y, uint32_t width,
                      uint32_t height)
{
    if ((int32_t)width < 0 || (int32_t)height < 0)
        return false;
    window->x = clamp(x, GUI_WIDTH_MAX);
    window->y = clamp(y, GUI_HEIGHT_MAX);
    window->width = width > GUI_WIDTH_MAX ? GUI_WIDTH_MAX : width == 0 ? 1 : width;
    window->height = height > GUI_HEIGHT_MAX ? GUI_HEIGHT_MAX : height == 0 ? 1 : height;
    return true;
}

static struct rules_step take_create(struct rules *rules, const struct gui_message *message)
{
    const struct gui_create *create = &message->create;
    struct rules_window *window, **bucket = &rules->buckets[message->window % RULES_BUCKETS];

    if (rules_find(rules, message->window) != NULL)
        return not_done(RULES_EXIT, "CREATE of a window that exists");
    if (rules->window_count == RULES_WINDOWS_MAX)
        return not_done(RULES_EXIT, "more windows than a guest may have");
    window = calloc(1, sizeof *window);
    if (window == NULL)
        return not_done(RULES_EXIT, "no memory for a window");
    if (!set_place(window, create->x, create->y, create->width, create->height)) {
        free(window);
        return not_done(RULES_MISBEHAVES, "CREATE with a negative size");
    }
    window->id = message->window;
    window->override_redirect = create->override_redirect != 0;
    window->next = *bucket;
    *bucket = window;
    rules->window_count++;
    return done(window);
}

static struct rules_step take_map(const struct rules *rules, struct rules_window *window,
                                  const struct gui_map *map)
{
    if (window->mapped || window->docked)
        return not_done(RULES_PASS_OVER, "MAP of a window that is mapped or docked");
    window->mapped = true;
    window->override_redirect = map->override_redirect != 0;
    window->transient_for = rules_find(rules, map->transient_for) != NULL ? map->transient_for : 0;
    return done(window);
}

static struct rules_step take_unmap(struct rules *rules, struct rules_window *window)
{
    if (!window->mapped || window->docked)
        return not_done(RULES_PASS_OVER, "UNMAP of a window that is not mapped, or docked");
    window->mapped = false;
    window->flags = 0;
    if (window->id != GUI_SCREEN_ID)
        drop_image(rules, window);
    return done(window);
}

static struct rules_step take_configure(struct rules_window *window,
                                        const struct gui_configure *configure)
{
    struct rules_window now = *window;
    bool same;

    if (configure->width == 0 || configure->height == 0 ||
        !set_place(&now, configure->x, configure->y, configure->width, configure->height))
        return not_done(RULES_MISBEHAVES, "CONFIGURE with a size of 0 or less");
    same = now.x == window->x && now.y == window->y && now.width == window->width &&
           now.height == window->height;
    if (window->asked && !same)
        return not_done(RULES_ASK_AGAIN, "CONFIGURE other than the one that was asked for");
    if (window->docked && !same)
        return not_done(RULES_ASK_AGAIN, "CONFIGURE of a docked window");
    *window = now;
    window->asked = false;
    return done(window);
}

static struct rules_step take_flags(struct rules_window *window, const struct gui_flags *flags)
{
    if (flags->set & flags->unset)
        return not_done(RULES_MISBEHAVES, "WINDOW_FLAGS that are set and unset");
    if (flags->set & GUI_FLAG_MINIMIZE && !window->mapped)
        return not_done(RULES_PASS_OVER, "MINIMIZE of a window that is not mapped");
    window->flags = (window->flags | (flags->set & GUI_FLAGS_ALL)) & ~flags->unset;
    return done(window);
}

static struct rules_step take_dump(struct rules *rules, struct rules_window *window,
                                   const struct gui_message *message)
{
    const uint32_t pages = message->tail_bytes / 4;

    if (rules->image_pages - window->image_pages + pages > RULES_PAGES_MAX)
        return not_done(RULES_EXIT, "more pages than a guest may have mapped");
    drop_image(rules, window);
    rules->image_pages += pages;
    window->image_pages = pages;
    window->image_width = message->dump.width;
    window->image_height = message->dump.height;
    window->has_image = true;
    return done(window);
}

static struct rules_step take_damage(const struct rules *rules, struct rules_window *window,
                                     const struct gui_rect *rect)
{
    const struct rules_window *screen = rules_find(rules, GUI_SCREEN_ID);

    if ((int32_t)rect->width < 0 || (int32_t)rect->height < 0)
        return not_done(RULES_MISBEHAVES, "SHMIMAGE with a negative size");
    if (!window->has_image && (screen == NULL || !screen->has_image))
        return not_done(RULES_PASS_OVER, "SHMIMAGE of a window without an image");
    return done(window);
}

static struct rules_step take_class(struct rules_window *window, const struct gui_class *class)
{
    if (window->mapped)
        return not_done(RULES_PASS_OVER, "WMCLASS of a window that is mapped");
    window->class = *class;
    return done(window);
}

static struct rules_step take_dock(struct rules_window *window)
{
    if (window->mapped || window->docked)
        return not_done(RULES_PASS_OVER, "DOCK of a window that is mapped or docked");
    window->docked = true;
    window->override_redirect = false;
    return done(window);
}

static struct rules_step take_cursor(struct rules_window *window, uint32_t cursor)
{
    if (cursor != GUI_CURSOR_DEFAULT && (cursor < GUI_CURSOR_X11 || cursor >= GUI_CURSOR_X11_END))
        return not_done(RULES_PASS_OVER, "a CURSOR that does not exist");
    window->cursor = cursor;
    return done(window);
}

struct rules_step rules_take(struct rules *rules, const struct gui_message *message)
{
    struct rules_window *window = rules_find(rules, message->window);

    if (message->type == GUI_CREATE)
        return take_create(rules, message);
    if (window == NULL)
        return not_done(RULES_EXIT, "a message for a window that was not created");
    switch (message->type) {
    case GUI_DESTROY:
        return done(window);
    case GUI_MAP:
        return take_map(rules, window, &message->map);
    case GUI_UNMAP:
        return take_unmap(rules, window);
    case GUI_CONFIGURE:
        return take_configure(window, &message->configure);
    case GUI_SHMIMAGE:
        return take_damage(rules, window, &message->damage);
    case GUI_WMNAME:
        window->title = message->title;
        return done(window);
    case GUI_DOCK:
        return take_dock(window);
    case GUI_WINDOW_HINTS:
        window->hints = message->hints;
        return done(window);
    case GUI_WINDOW_FLAGS:
        return take_flags(window, &message->flags);
    case GUI_WMCLASS:
        return take_class(window, &message->class);
    case GUI_WINDOW_DUMP:
        return take_dump(rules, window, message);
    case GUI_CURSOR:
        return take_cursor(window, message->cursor.cursor);
    default:
        return not_done(RULES_EXIT, "a message that an agent does not send");
    }
}

bool rules_place(struct rules_window *window, int32_t x, int32_t y, uint32_t width, uint32_t height)
{
    if (window->x == x && window->y == y && window->width == width && window->height == height)
        return false;
    set_place(window, x, y, width, height);
    if (window->asked)
        return false; /* sent when the answer to the last one turns out to differ */
    window->asked = window->id != GUI_SCREEN_ID;
    return true;
}
