/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The next message: composed from what differs between what the guest wants and what the daemon
 * knows, in the one order that daemons accept. Each step sets the known side to what the message
 * says, so that it is not said twice.
 */
#include <string.h>
#include "core/gui/model_private.h"

static void put(struct gui_model *model, const struct gui_message *message)
{
    model->head_bytes = (uint32_t)gui_put(model->head, message);
    model->head_sent = 0;
    model->tail = message->tail;
    model->tail_bytes = message->tail_bytes;
    model->tail_sent = 0;
}

static bool same_place(const struct gui_place *a, const struct gui_place *b)
{
    return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

static bool say_destroy(struct gui_model *model, struct gui_window *window)
{
    if (window->destroy_sent)
        return false;
    put(model, &(struct gui_message){.type = GUI_DESTROY, .window = window->id});
    window->destroy_sent = true;
    if (model->decoder.version < GUI_VERSION_DESTROY_ACK)
        gui_model_finish(model, window);
    return true;
}

static void say_create(struct gui_model *model, struct gui_window *window)
{
    const struct gui_place *place = &window->place;

    window->created = true;
    window->known_place = *place;
    put(model, &(struct gui_message){.type = GUI_CREATE,
                                     .window = window->id,
                                     .create = {place->x, place->y, place->width, place->height, 0,
                                                window->want.override_redirect}});
}

static bool say_configure(struct gui_model *model, struct gui_window *window)
{
    struct gui_place place = window->place;

    if (window->asking) { /* the daemon waits for its own values and takes no other */
        if (!window->answered)
            return false;
        place = window->asked;
        window->asking = false;
    } else if (same_place(&place, &window->known_place) || window->known.docked) {
        return false;
    }
    window->known_place = place;
    put(model, &(struct gui_message){.type = GUI_CONFIGURE,
                                     .window = window->id,
                                     .configure = {place.x, place.y, place.width, place.height,
                                                   window->want.override_redirect}});
    return true;
}

/* The window that this one belongs to; a parent that is gone changes nothing. */
static uint32_t wanted_parent(const struct gui_model *model, const struct gui_window *window)
{
    const uint32_t id = window->want.transient_for;

    if (id && gui_model_find(model, id))
        return id;
    return id && window->known.mapped ? window->known.transient_for : 0;
}

/* Only a new MAP can change what a MAP says, or undo MINIMIZE. */
static bool say_unmap(struct gui_model *model, struct gui_window *window)
{
    const struct gui_window_look *want = &window->want, *known = &window->known;

    if (!known->mapped || known->docked ||
        (want->mapped && want->override_redirect == known->override_redirect &&
         wanted_parent(model, window) == known->transient_for &&
         !(known->flags & ~want->flags & GUI_FLAG_MINIMIZE)))
        return false;
    window->known.mapped = false;
    window->known.flags = 0;
    if (window->id != GUI_SCREEN_ID) {
        window->dump_valid = false;
        window->damage_count = 0;
    }
    put(model, &(struct gui_message){.type = GUI_UNMAP, .window = window->id});
    return true;
}

static bool take_unsaid(struct gui_window *window, uint8_t what)
{
    const bool unsaid = window->unsaid & what;

    window->unsaid &= (uint8_t)~what;
    return unsaid;
}

/* What a window is called, and what it must have before its MAP. */
static bool say_names(struct gui_model *model, struct gui_window *window)
{
    struct gui_message message = {.window = window->id};
    const bool before_map = window->want.mapped && !window->known.mapped;

    if (before_map && take_unsaid(window, SAYS_CLASS)) {
        message.type = GUI_WMCLASS;
        message.class = window->class;
    } else if (before_map && window->want.docked && !window->known.docked) {
        message.type = GUI_DOCK;
        window->known.docked = window->known.mapped = true; /* the tray maps it */
    } else if (take_unsaid(window, SAYS_TITLE)) {
        message.type = GUI_WMNAME;
        message.title = window->title;
    } else if (take_unsaid(window, SAYS_HINTS)) {
        message.type = GUI_WINDOW_HINTS;
        message.hints = window->hints;
    } else {
        return false;
    }
    put(model, &message);
    return true;
}

/* A parent that the daemon has not heard of would be ignored, so that goes first. */
static bool say_map(struct gui_model *model, struct gui_window *window)
{
    const uint32_t parent_id = wanted_parent(model, window);
    struct gui_window *parent = parent_id ? gui_model_find(model, parent_id) : NULL;

    if (!window->want.mapped || window->known.mapped)
        return false;
    if (parent && !parent->created) {
        say_create(model, parent);
        return true;
    }
    window->known.mapped = true;
    window->known.transient_for = parent_id;
    window->known.override_redirect = window->want.override_redirect;
    put(model, &(struct gui_message){.type = GUI_MAP,
                                     .window = window->id,
                                     .map = {parent_id, window->want.override_redirect}});
    return true;
}

static bool say_look(struct gui_model *model, struct gui_window *window)
{
    const uint32_t set = window->want.flags & ~window->known.flags;
    const uint32_t unset = window->known.flags & ~window->want.flags; /* not MINIMIZE: see UNMAP */

    if (window->known.mapped && !window->known.docked && (set || unset)) {
        window->known.flags = window->want.flags;
        put(model, &(struct gui_message){
                       .type = GUI_WINDOW_FLAGS, .window = window->id, .flags = {set, unset}});
        return true;
    }
    if (window->known.cursor != window->want.cursor) {
        window->known.cursor = window->want.cursor;
        put(model, &(struct gui_message){
                       .type = GUI_CURSOR, .window = window->id, .cursor = {window->want.cursor}});
        return true;
    }
    return false;
}

/* Until a daemon that acknowledges (1.7) has done so, the image before is held and no third one
 * is sent. An older daemon says nothing: there an image is held until two newer ones are out. */
static bool say_dump(struct gui_model *model, struct gui_window *window)
{
    struct gui_image *image = window->image;

    if (!image || !window->known.mapped || window->dump_pending ||
        (image == window->shown && window->dump_valid))
        return false;
    if (image != window->shown) {
        gui_model_release_older(model, window);
        window->older = window->shown;
        window->shown = image;
    }
    window->dump_valid = true;
    window->dump_pending = model->decoder.version >= GUI_VERSION_DUMP_ACK;
    window->damage[0] = (struct gui_rect){0, 0, image->width, image->height};
    window->damage_count = 1;
    put(model, &(struct gui_message){.type = GUI_WINDOW_DUMP,
                                     .window = window->id,
                                     .dump = {0, image->width, image->height, 24},
                                     .tail = (const uint8_t *)image->refs,
                                     .tail_bytes = image->ref_count * 4});
    return true;
}

static bool say_damage(struct gui_model *model, struct gui_window *window)
{
    if (!window->damage_count || !window->known.mapped || !window->dump_valid)
        return false;
    put(model, &(struct gui_message){.type = GUI_SHMIMAGE,
                                     .window = window->id,
                                     .damage = window->damage[--window->damage_count]});
    /* Others come before it has its next turn: a window that always changes holds nobody up. */
    gui_model_untouch(model, window);
    gui_model_touch(model, window);
    return true;
}

static bool say_next(struct gui_model *model, struct gui_window *window)
{
    if (window->removed)
        return say_destroy(model, window);
    if (!window->created) {
        say_create(model, window);
        return true;
    }
    return say_configure(model, window) || say_unmap(model, window) || say_names(model, window) ||
           say_map(model, window) || say_look(model, window) || say_dump(model, window) ||
           say_damage(model, window);
}

static bool say_clipboard(struct gui_model *model)
{
    if (!model->clipboard_given || !model->clipboard_wanted)
        return false;
    model->clipboard_wanted = false;
    put(model, &(struct gui_message){.type = GUI_CLIPBOARD_DATA,
                                     .tail = model->clipboard,
                                     .tail_bytes = model->clipboard_bytes});
    return true;
}

static bool compose(struct gui_model *model)
{
    if (!model->version_sent) {
        memcpy(model->head, &model->decoder.own_version, sizeof(uint32_t));
        model->head_bytes = sizeof(uint32_t);
        model->version_sent = true;
        return true;
    }
    if (!model->decoder.version)
        return false;
    if (say_clipboard(model))
        return true;
    while (model->dirty_first) {
        if (say_next(model, model->dirty_first))
            return true;
        gui_model_untouch(model, model->dirty_first);
    }
    return false;
}

size_t gui_model_output(struct gui_model *model, const uint8_t **bytes)
{
    if (!model->connected || model->decoder.error)
        return 0;
    if (model->head_sent == model->head_bytes && model->tail_sent == model->tail_bytes &&
        !compose(model))
        return 0;
    if (model->head_sent < model->head_bytes) {
        *bytes = model->head + model->head_sent;
        return model->head_bytes - model->head_sent;
    }
    *bytes = model->tail + model->tail_sent;
    return model->tail_bytes - model->tail_sent;
}

void gui_model_sent(struct gui_model *model, size_t bytes)
{
    const bool in_head = model->head_sent < model->head_bytes;

    *(in_head ? &model->head_sent : &model->tail_sent) += (uint32_t)bytes;
    /* The text is the caller's again with its last byte. */
    if (model->clipboard_given && !model->clipboard_wanted &&
        model->head_sent == model->head_bytes && model->tail_sent == model->tail_bytes)
        model->clipboard_given = false;
}
