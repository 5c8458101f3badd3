/* SPDX-License-Identifier: BSD-2-Clause */
/* The windows of the model and what becomes of them and their images; see model.h. */
#include <string.h>
#include "core/gui/model_private.h"
#include "core/gui/rects.h"
#include "core/gui/text.h"

void gui_model_init(struct gui_model *model, uint32_t version, uint8_t *body)
{
    memset(model, 0, sizeof(*model));
    gui_decoder_init(&model->decoder, GUI_AT_AGENT, version, body, GUI_AGENT_BODY_MAX);
}

static struct gui_window **bucket(struct gui_model *model, uint32_t id)
{
    return &model->buckets[id % GUI_BUCKETS];
}

struct gui_window *gui_model_find_any(const struct gui_model *model, uint32_t id)
{
    struct gui_window *window = model->buckets[id % GUI_BUCKETS];

    while (window && window->id != id)
        window = window->hash_next;
    return window;
}

struct gui_window *gui_model_find(const struct gui_model *model, uint32_t id)
{
    struct gui_window *window = gui_model_find_any(model, id);
    return window && !window->removed ? window : NULL;
}

void gui_model_touch(struct gui_model *model, struct gui_window *window)
{
    if (window->is_dirty)
        return;
    window->is_dirty = true;
    window->dirty_next = NULL;
    window->dirty_prev = model->dirty_last;
    *(model->dirty_last ? &model->dirty_last->dirty_next : &model->dirty_first) = window;
    model->dirty_last = window;
}

void gui_model_untouch(struct gui_model *model, struct gui_window *window)
{
    struct gui_window *next = window->dirty_next, *prev = window->dirty_prev;

    if (!window->is_dirty)
        return;
    window->is_dirty = false;
    *(prev ? &prev->dirty_next : &model->dirty_first) = next;
    *(next ? &next->dirty_prev : &model->dirty_last) = prev;
}

void gui_model_release(struct gui_model *model, struct gui_image *image)
{
    if (!image)
        return;
    image->next = model->free_images;
    model->free_images = image;
}

void gui_model_release_older(struct gui_model *model, struct gui_window *window)
{
    if (window->older != window->image) /* the caller may have gone back to it */
        gui_model_release(model, window->older);
    window->older = NULL;
}

struct gui_image *gui_model_free_image(struct gui_model *model)
{
    struct gui_image *image = model->free_images;

    if (image)
        model->free_images = image->next;
    return image;
}

struct gui_window *gui_model_free_window(struct gui_model *model)
{
    struct gui_window *window = model->free_windows;

    if (window)
        model->free_windows = window->hash_next;
    return window;
}

/* The daemon uses no image any more; only the one that the caller wants shown stays. */
static void forget_images(struct gui_model *model, struct gui_window *window)
{
    gui_model_release_older(model, window);
    if (window->shown != window->image)
        gui_model_release(model, window->shown);
    window->shown = NULL;
    window->dump_valid = window->dump_pending = false;
}

void gui_model_finish(struct gui_model *model, struct gui_window *window)
{
    struct gui_window **link = bucket(model, window->id);

    forget_images(model, window);
    gui_model_release(model, window->image);
    window->image = NULL;
    gui_model_untouch(model, window);
    while (*link != window)
        link = &(*link)->hash_next;
    *link = window->hash_next;
    window->hash_next = model->free_windows;
    model->free_windows = window;
}

void gui_model_connected(struct gui_model *model)
{
    model->connected = true;
}

/* Everything is to be said again, to a daemon that knows nothing. */
static void forget_known(struct gui_model *model, struct gui_window *window)
{
    forget_images(model, window);
    memset(&window->known, 0, sizeof(window->known));
    window->created = window->asking = window->answered = false;
    window->unsaid = window->given;
    window->damage_count = 0;
    gui_model_touch(model, window);
}

void gui_model_disconnected(struct gui_model *model)
{
    const struct gui_decoder old = model->decoder;

    gui_decoder_init(&model->decoder, GUI_AT_AGENT, old.own_version, old.body, old.body_room);
    model->connected = model->version_sent = false;
    model->clipboard_wanted = model->clipboard_given = false;
    model->head_bytes = model->head_sent = model->tail_bytes = model->tail_sent = 0;
    for (size_t i = 0; i < GUI_BUCKETS; i++) {
        for (struct gui_window *window = model->buckets[i], *next; window; window = next) {
            next = window->hash_next;
            if (window->removed)
                gui_model_finish(model, window);
            else
                forget_known(model, window);
        }
    }
}

static int32_t within(int32_t value, int32_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

static uint32_t size_within(uint32_t value, uint32_t limit)
{
    return value > limit ? limit : value ? value : 1;
}

struct gui_place gui_place_within(const struct gui_place *place)
{
    return (struct gui_place){within(place->x, GUI_WIDTH_MAX), within(place->y, GUI_HEIGHT_MAX),
                              size_within(place->width, GUI_WIDTH_MAX),
                              size_within(place->height, GUI_HEIGHT_MAX)};
}

static uint32_t new_id(struct gui_model *model)
{
    do {
        model->next_id++;
    } while (model->next_id == GUI_SCREEN_ID || gui_model_find_any(model, model->next_id));
    return model->next_id;
}

bool gui_window_add(struct gui_model *model, struct gui_window *window, enum gui_window_kind kind,
                    const struct gui_place *place)
{
    void *const user = window->user;

    if (kind == GUI_SCREEN && gui_model_find_any(model, GUI_SCREEN_ID))
        return false;
    memset(window, 0, sizeof(*window));
    window->user = user;
    window->id = kind == GUI_SCREEN ? GUI_SCREEN_ID : new_id(model);
    window->place = gui_place_within(place);
    window->hash_next = *bucket(model, window->id);
    *bucket(model, window->id) = window;
    gui_model_touch(model, window);
    return true;
}

void gui_window_remove(struct gui_model *model, struct gui_window *window)
{
    window->removed = true;
    if (!window->created) {
        gui_model_finish(model, window);
        return;
    }
    if (window->image != window->shown && window->image != window->older)
        gui_model_release(model, window->image);
    window->image = NULL;
    gui_model_touch(model, window);
}

void gui_window_place(struct gui_model *model, struct gui_window *window,
                      const struct gui_place *place)
{
    window->place = gui_place_within(place);
    gui_model_touch(model, window);
}

void gui_window_answer(struct gui_model *model, struct gui_window *window)
{
    window->answered = true;
    gui_model_touch(model, window);
}

void gui_window_show(struct gui_model *model, struct gui_window *window, bool shown)
{
    window->want.mapped = shown;
    gui_model_touch(model, window);
}

void gui_window_relate(struct gui_model *model, struct gui_window *window, bool override_redirect,
                       const struct gui_window *parent)
{
    window->want.override_redirect = override_redirect;
    window->want.transient_for = parent && parent != window ? parent->id : 0;
    gui_model_touch(model, window);
}

static void say(struct gui_model *model, struct gui_window *window, uint8_t what)
{
    window->given |= what;
    window->unsaid |= what;
    gui_model_touch(model, window);
}

void gui_window_title(struct gui_model *model, struct gui_window *window, const char *text,
                      size_t size_bytes)
{
    struct gui_title title;

    gui_text_put(title.text, sizeof(title.text), text, size_bytes);
    if (window->given & SAYS_TITLE && memcmp(&title, &window->title, sizeof(title)) == 0)
        return;
    window->title = title;
    say(model, window, SAYS_TITLE);
}

void gui_window_class(struct gui_model *model, struct gui_window *window, const char *class,
                      const char *instance)
{
    gui_text_put(window->class.name, sizeof(window->class.name), class, strlen(class));
    gui_text_put(window->class.instance, sizeof(window->class.instance), instance,
                 strlen(instance));
    say(model, window, SAYS_CLASS);
}

void gui_window_dock(struct gui_model *model, struct gui_window *window)
{
    window->want.docked = true;
    gui_model_touch(model, window);
}

void gui_window_hints(struct gui_model *model, struct gui_window *window,
                      const struct gui_hints *hints)
{
    struct gui_hints now = *hints;

    now.flags &= GUI_HINTS_ALL;
    if (window->given & SAYS_HINTS && memcmp(&now, &window->hints, sizeof(now)) == 0)
        return;
    window->hints = now;
    say(model, window, SAYS_HINTS);
}

void gui_window_flags(struct gui_model *model, struct gui_window *window, uint32_t flags)
{
    window->want.flags = flags & GUI_FLAGS_ALL;
    gui_model_touch(model, window);
}

void gui_window_cursor(struct gui_model *model, struct gui_window *window, uint32_t cursor)
{
    const bool glyph = cursor >= GUI_CURSOR_X11 && cursor < GUI_CURSOR_X11_END;

    window->want.cursor = glyph ? cursor : GUI_CURSOR_DEFAULT;
    gui_model_touch(model, window);
}

bool gui_window_image(struct gui_model *model, struct gui_window *window, struct gui_image *image)
{
    if (!image->width || !image->height || image->width > GUI_WIDTH_MAX ||
        image->height > GUI_HEIGHT_MAX || image->ref_count > GUI_REFS_MAX ||
        image->ref_count < gui_image_pages(image->width, image->height))
        return false;
    if (image == window->image)
        return true;
    if (window->image != window->shown && window->image != window->older)
        gui_model_release(model, window->image);
    window->image = image;
    window->damage_count = 0;
    gui_model_touch(model, window);
    return true;
}

void gui_window_damage(struct gui_model *model, struct gui_window *window,
                       const struct gui_rect *rect)
{
    struct gui_rect part = *rect;

    /* A new image is shown whole when it goes out. */
    if (!window->dump_valid || window->image != window->shown ||
        !gui_rect_clip(&part, window->image->width, window->image->height))
        return;
    gui_rects_add(window->damage, &window->damage_count, GUI_DAMAGE_MAX, &part);
    gui_model_touch(model, window);
}

bool gui_model_clipboard(struct gui_model *model, const uint8_t *text, uint32_t size_bytes)
{
    const uint32_t most = gui_clipboard_bytes_max(model->decoder.version);
    const bool big = model->decoder.version >= GUI_VERSION_BIG_CLIPBOARD;
    const bool fits = size_bytes <= (big ? most - 1 : most);

    if (!model->clipboard_wanted || model->clipboard_given)
        return false;
    model->clipboard_given = true;
    model->clipboard = text;
    model->clipboard_bytes = fits ? size_bytes : big ? most : 0;
    return fits;
}

bool gui_model_clipboard_busy(const struct gui_model *model)
{
    return model->clipboard_given;
}
