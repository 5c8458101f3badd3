/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon says, as events. Its answers (acknowledgements, and what it changed by itself)
 * change what the model knows of it; a message for a window that is gone is an ordinary race and
 * passed over, as is a value that no daemon means.
 */
#include <string.h>
#include "core/gui/model_private.h"

static int32_t coordinate(int32_t value)
{
    return value > GUI_WIDTH_MAX ? GUI_WIDTH_MAX : value < -GUI_WIDTH_MAX ? -GUI_WIDTH_MAX : value;
}

static bool take_ready(const struct gui_message *message, struct gui_event *event)
{
    const struct gui_place screen =
        gui_place_within(&(struct gui_place){0, 0, message->xconf.width, message->xconf.height});

    event->type = GUI_EVENT_READY;
    event->xconf = message->xconf;
    event->xconf.width = screen.width;
    event->xconf.height = screen.height;
    return true;
}

/* For no window in particular. */
static bool take_common(struct gui_model *model, const struct gui_message *message,
                        struct gui_event *event)
{
    switch (message->type) {
    case GUI_KEYMAP_NOTIFY:
        event->type = GUI_EVENT_KEYMAP;
        event->keymap = message->keymap;
        return true;
    case GUI_CLIPBOARD_REQ:
        if (model->clipboard_wanted || model->clipboard_given)
            return false; /* the answer to the last one will do */
        model->clipboard_wanted = true;
        event->type = GUI_EVENT_CLIPBOARD_REQUEST;
        return true;
    default:
        if (message->tail_bytes > gui_clipboard_bytes_max(model->decoder.version))
            return false;
        event->type = GUI_EVENT_CLIPBOARD;
        event->text.bytes = message->tail;
        event->text.size_bytes = message->tail_bytes;
        return true;
    }
}

/* The answer must have the values of the question. */
static bool take_configure(struct gui_window *window, const struct gui_message *message,
                           struct gui_event *event)
{
    const struct gui_configure *configure = &message->configure;

    event->type = GUI_EVENT_CONFIGURE;
    event->place = gui_place_within(
        &(struct gui_place){configure->x, configure->y, configure->width, configure->height});
    window->asked = event->place;
    window->asking = true;
    window->answered = false;
    return true;
}

static bool take_flags(struct gui_window *window, const struct gui_message *message,
                       struct gui_event *event)
{
    const uint32_t set = message->flags.set & GUI_FLAGS_ALL;
    const uint32_t unset = message->flags.unset & GUI_FLAGS_ALL;

    if ((set & unset) || !(set | unset))
        return false;
    window->want.flags = (window->want.flags | set) & ~unset;
    window->known.flags = (window->known.flags | set) & ~unset;
    event->type = GUI_EVENT_FLAGS;
    event->flags = (struct gui_flags){set, unset};
    return true;
}

static bool take_map(struct gui_window *window, struct gui_event *event)
{
    window->want.flags &= ~(uint32_t)GUI_FLAG_MINIMIZE;
    window->known.flags &= ~(uint32_t)GUI_FLAG_MINIMIZE;
    event->type = GUI_EVENT_MAP;
    return true;
}

static bool take_button(const struct gui_message *message, struct gui_event *event)
{
    if (message->button.button < 1 || message->button.button > 32)
        return false;
    event->type = GUI_EVENT_BUTTON;
    event->button = message->button;
    event->button.x = coordinate(message->button.x);
    event->button.y = coordinate(message->button.y);
    return true;
}

static bool take_pointer(const struct gui_message *message, struct gui_event *event)
{
    switch (message->type) {
    case GUI_KEYPRESS:
        event->type = GUI_EVENT_KEY;
        event->key = message->key;
        event->key.x = coordinate(message->key.x);
        event->key.y = coordinate(message->key.y);
        return true;
    case GUI_BUTTON:
        return take_button(message, event);
    case GUI_MOTION:
        event->type = GUI_EVENT_MOTION;
        event->motion = message->motion;
        event->motion.x = coordinate(message->motion.x);
        event->motion.y = coordinate(message->motion.y);
        return true;
    default:
        event->type = GUI_EVENT_CROSSING;
        event->crossing = message->crossing;
        event->crossing.x = coordinate(message->crossing.x);
        event->crossing.y = coordinate(message->crossing.y);
        return true;
    }
}

/* Acknowledgements: for windows that were removed, too. */
static void take_ack(struct gui_model *model, struct gui_window *window, uint32_t type)
{
    if (type == GUI_DESTROY && window->destroy_sent) {
        gui_model_finish(model, window);
    } else if (type == GUI_WINDOW_DUMP_ACK && window->dump_pending) {
        window->dump_pending = false;
        gui_model_release_older(model, window);
        gui_model_touch(model, window);
    }
}

static bool take_for_window(struct gui_window *window, const struct gui_message *message,
                            struct gui_event *event)
{
    event->window = window;
    switch (message->type) {
    case GUI_CONFIGURE:
        return take_configure(window, message, event);
    case GUI_WINDOW_FLAGS:
        return take_flags(window, message, event);
    case GUI_MAP:
        return take_map(window, event);
    case GUI_CLOSE:
        event->type = GUI_EVENT_CLOSE;
        return true;
    case GUI_FOCUS:
        event->type = GUI_EVENT_FOCUS;
        event->focus = message->focus;
        return true;
    default:
        return take_pointer(message, event);
    }
}

static bool take(struct gui_model *model, const struct gui_message *message,
                 struct gui_event *event)
{
    struct gui_window *window;

    memset(event, 0, sizeof(*event));
    if (message->type == 0)
        return take_ready(message, event);
    if (message->type == GUI_KEYMAP_NOTIFY || message->type == GUI_CLIPBOARD_REQ ||
        message->type == GUI_CLIPBOARD_DATA)
        return take_common(model, message, event);
    window = gui_model_find_any(model, message->window);
    if (!window || !window->created)
        return false;
    if (message->type == GUI_DESTROY || message->type == GUI_WINDOW_DUMP_ACK) {
        take_ack(model, window, message->type);
        return false;
    }
    return !window->removed && take_for_window(window, message, event);
}

enum gui_progress gui_model_feed(struct gui_model *model, const uint8_t **bytes, size_t *size,
                                 struct gui_event *event)
{
    struct gui_message message;
    enum gui_progress progress;

    do {
        progress = gui_decode(&model->decoder, bytes, size, &message);
    } while (progress == GUI_MESSAGE && !take(model, &message, event));
    return progress;
}
