/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The windows of one guest as its GUI messages make them, by the rules of Qubes' GUI daemon: what
 * it exits for, what it shows the user a "misbehaves" dialog for, what it silently passes over.
 * No X here: casement view does with its windows what a step says, and the tests of core/gui hold
 * the agent's model against it.
 */
#ifndef CASEMENT_DOM0_GUI_RULES_H
#define CASEMENT_DOM0_GUI_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gui/message.h"

enum {
    RULES_WINDOWS_MAX = 1024,     /* of one guest; a daemon of ours ends a guest that wants more */
    RULES_PAGES_MAX = 1024 * 256, /* of all images of one guest: 1 GiB */
    RULES_BUCKETS = 256,
};

struct rules_window {
    struct rules_window *next; /* in its bucket */
    uint32_t id;
    bool mapped, docked, override_redirect;
    uint32_t transient_for; /* 0, or the id of a window that was there at its MAP */
    int32_t x, y;
    uint32_t width, height; /* 1 to GUI_WIDTH_MAX, GUI_HEIGHT_MAX */
    bool has_image;
    uint32_t image_width, image_height, image_pages;
    bool asked; /* we sent a CONFIGURE with the values above and have not seen them come back */
    uint32_t flags;
    struct gui_title title;
    struct gui_class class;
    struct gui_hints hints;
    uint32_t cursor;
    void *user; /* the caller's */
};

struct rules {
    uint32_t window_count, image_pages;
    struct rules_window *buckets[RULES_BUCKETS];
};

enum rules_verdict {
    RULES_DO,         /* the window is changed as the message says; show it */
    RULES_PASS_OVER,  /* it has no effect */
    RULES_ASK_AGAIN,  /* a CONFIGURE that is not the answer to ours: send ours again */
    RULES_MISBEHAVES, /* Qubes' daemon warns the user and drops the message */
    RULES_EXIT,       /* Qubes' daemon exits, and all windows of the guest with it */
};

struct rules_step {
    enum rules_verdict verdict;
    const char *why;             /* unless RULES_DO; a sentence part */
    struct rules_window *window; /* RULES_DO: which (after DESTROY: to be freed by rules_drop()) */
};

/* message: checked by gui_decode(). CLIPBOARD_DATA has no window and is not for here. */
struct rules_step rules_take(struct rules *rules, const struct gui_message *message);

struct rules_window *rules_find(const struct rules *rules, uint32_t id);
/* Frees a window that is destroyed; *window may have any state. */
void rules_drop(struct rules *rules, struct rules_window *window);
/* Any window, NULL: none is left. */
struct rules_window *rules_any(const struct rules *rules);

/* The user moved it; true: send a CONFIGURE with its place (not while one is unanswered). */
bool rules_place(struct rules_window *window, int32_t x, int32_t y, uint32_t width,
                 uint32_t height);

#endif
