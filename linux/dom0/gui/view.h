/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement view: a small GUI daemon for X. One thread, one poll(); nothing in it waits for a guest.
 *
 *   view     the screen, its clipboard, all guests (view.c)
 *   guest    one guest's connection (guest.c); its windows by the protocol's rules (rules.c)
 *   window   what one window of a guest is on the X screen (window.c, paint.c)
 *   input    what the user does, as messages (input.c, clipboard.c)
 *
 * Everything from a guest is distrusted: bytes are checked by core/gui, windows and pages counted
 * by rules.c, pixels copied before they are used, text cleaned before X sees it. A guest that
 * breaks a rule for which Qubes' daemon exits loses its windows until it starts anew.
 */
#ifndef CASEMENT_DOM0_GUI_VIEW_H
#define CASEMENT_DOM0_GUI_VIEW_H

#include <xengnttab.h>
#include <xenstore.h>

#include "core/gui/message.h"
#include "core/gui/rects.h"
#include "display.h"
#include "include/libvchan.h"
#include "linux/dom0/vchan_queue.h"
#include "rules.h"

enum {
    GUEST_NAME_BYTES = 32,           /* with NUL */
    GUEST_QUEUE_BYTES_MAX = 1 << 20, /* unread by the guest; further input is dropped */
    DAMAGE_MAX = 8,
    FRAME_PX = 3,  /* of the qube's colour around each window */
    TITLE_PX = 16, /* above it, with the title, where no window manager shows one */
};

struct view;

struct guest {
    struct view *view;
    struct guest *next;
    char name[GUEST_NAME_BYTES];
    uint32_t color; /* 0xrrggbb */
    int domain;     /* -1: there is none of this name */
    libvchan_t *vchan;
    bool connecting; /* vchan is not connected yet */
    bool greeted;    /* version and screen were sent */
    bool more;       /* its ring had more than one turn takes */
    bool refused;    /* broke a rule: not connected to again while the domain lives */
    int fd;          /* to be polled; -1: none */
    struct gui_decoder decoder;
    uint8_t *body; /* the decoder's room */
    struct rules rules;
    bool clipboard_asked;
    struct vchan_queue queue;
    size_t last_motion; /* where in the queue a MOTION is that nothing follows; SIZE_MAX: none */
};

/* Each rules_window of a guest has one of these as its user. */
struct window {
    struct window *next; /* in the view's list */
    struct guest *guest;
    struct rules_window *rules;
    xcb_window_t frame;                /* child of the root; of the qube's colour */
    xcb_window_t content;              /* in it; the guest's pixels */
    uint32_t left, top, right, bottom; /* of the frame around the content */
    bool override_redirect;            /* as X has it */
    uint32_t wm_state;                 /* GUI_FLAG_* that the window manager had for it */
    uint8_t insists;                   /* how often a place of the guest's is still asked for */
    uint16_t configured;               /* sequence number of our last change of its place */
    uint8_t *pixels;                   /* the guest's pages, read only; NULL: none */
    uint32_t pixel_pages;
    struct gui_rect damage[DAMAGE_MAX];
    uint32_t damage_count;
    bool painted; /* at least once */
    bool told;    /* standard output has a line about it */
};

struct clipboard {
    uint8_t *text; /* what the last guest copied; owned */
    uint32_t text_bytes;
    xcb_window_t window; /* unmapped: owns the selection, receives pastes */
    struct guest *paste_to;
};

struct view {
    struct display display;
    struct xs_handle *store;
    xengnttab_handle *gnttab;
    struct guest *guests;
    struct window *windows;
    struct window *focused;
    struct clipboard clipboard;
    bool strict;
    bool failed; /* strict: a guest broke a rule */
};

__attribute__((format(printf, 2, 3))) void guest_log(const struct guest *guest, const char *format,
                                                     ...);

/* --- guest.c */

/* NULL after a message. */
struct guest *guest_add(struct view *view, const char *name, uint32_t color);
void guest_free(struct guest *guest);
/* Domains came or went, or a guest's node changed. */
void guests_resolve(struct view *view);
/* guest->fd is readable, or `more` is set. */
void guest_ready(struct guest *guest);
/* Queues it, and drops it when the guest does not read. */
void guest_send(struct guest *guest, const struct gui_message *message);

/* --- window.c: a step of the rules has been taken for `window`, show it */

bool window_create(struct guest *guest, struct rules_window *rules);
void window_destroy(struct view *view, struct window *window);
void window_map(struct view *view, struct window *window);
void window_unmap(struct view *view, struct window *window);
/* To where the rules say. */
void window_place(struct view *view, struct window *window);
/* X says that it is elsewhere. With a window manager that may be news from before the guest's own
 * last place: true: that was asked for again, a limited number of times. */
bool window_insists(struct view *view, struct window *window);
void window_title(struct view *view, struct window *window);
void window_class(struct view *view, struct window *window);
void window_hints(struct view *view, struct window *window);
void window_flags(struct view *view, struct window *window, const struct gui_flags *flags);
void window_dock(struct view *view, struct window *window);
void window_cursor(struct view *view, struct window *window);
/* Title and border, which X does not keep. */
void window_draw_frame(struct view *view, struct window *window);
/* NULL: not one of ours. */
struct window *window_of(const struct view *view, xcb_window_t id);

/* --- tray.c */

/* Asks for a place in the notification area, if there is one. */
void tray_ask(struct view *view, const struct window *window);
/* One for the root window: perhaps that a notification area is there now. */
void tray_message(struct view *view, const xcb_client_message_event_t *event);
/* A docked window that came back to the root has lost its area: it is shown nowhere else. */
void tray_reparented(struct view *view, const xcb_reparent_notify_event_t *event);

/* --- paint.c */

/* Maps the pages of a WINDOW_DUMP. false: the guest has not granted them. */
bool window_image(struct view *view, struct window *window, const uint8_t *refs, uint32_t count);
void window_drop_image(struct view *view, struct window *window);
/* In the content's coordinates. */
void window_damage(struct window *window, const struct gui_rect *rect);
/* Paints as much of all damage as there is room for now. */
void paint(struct view *view);

/* --- input.c */

void take_x_event(struct view *view, xcb_generic_event_t *event);
void focus_lost(struct view *view, const struct window *window);

/* --- clipboard.c */

bool clipboard_open(struct view *view);
void clipboard_close(struct view *view);
/* The user's explicit wish: Ctrl+Shift+C and Ctrl+Shift+V. */
void clipboard_copy(struct view *view, struct guest *from);
void clipboard_paste(struct view *view, struct guest *to, xcb_timestamp_t time);
/* A guest's CLIPBOARD_DATA. */
void clipboard_take(struct guest *guest, const uint8_t *text, uint32_t size_bytes);
/* X's selection events; true: it was one. */
bool clipboard_event(struct view *view, const xcb_generic_event_t *event);

#endif
