/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's side of the GUI protocol: what the guest shows goes in, messages that a GUI daemon
 * must accept come out, and what the daemon says comes back as checked events.
 *
 * The model holds no queue. Each window has what the guest wants (set by the functions below) and
 * what the daemon knows; the next message is composed from the difference when there is room to
 * send. So a title that changed a thousand times is sent once, memory does not grow with time, a
 * slow daemon sees the latest state, and after a reconnect everything is sent again by itself.
 * Whatever the order of calls, the messages keep the daemon's rules: CREATE first, WMCLASS and
 * DOCK before MAP, a new image after MAP and not before the last one was acknowledged, damage
 * only inside of an image, UNMAP and MAP to change what only MAP can say, the daemon's CONFIGURE
 * answered with its own values, nothing after DESTROY.
 *
 * Nothing is allocated: windows, images and the clipboard's text are the caller's, lent until the
 * model gives them back (gui_model_free_window(), gui_model_free_image()). One thread at a time.
 *
 * A loop:  gui_model_connected() when the vchan is; then, whenever something happened:
 *     while bytes came: gui_model_feed(), act on each event;
 *     while the vchan has room: n = gui_model_output(&bytes); write m <= n; gui_model_sent(m);
 *     free what gui_model_free_window() and gui_model_free_image() return.
 * gui_model_disconnected() when the channel ended, for whatever reason, then listen again.
 */
#ifndef CASEMENT_GUI_MODEL_H
#define CASEMENT_GUI_MODEL_H

#include "core/gui/message.h"

/* Pixels that the GUI domain may map: from gui_window_image() until given back the caller keeps
 * it, its references and the grants. Its pixels may be written at any time. */
struct gui_image {
    uint32_t width, height; /* 1 to GUI_WIDTH_MAX, GUI_HEIGHT_MAX */
    const uint32_t *refs;   /* gui_image_pages(width, height) of them, or more */
    uint32_t ref_count;
    void *user;             /* the caller's */
    struct gui_image *next; /* the model's */
};

struct gui_place {
    int32_t x, y; /* in the guest's desktop */
    uint32_t width, height;
};

enum { GUI_DAMAGE_MAX = 8 }; /* rectangles a window; more are merged */

/* What a window looks like to the daemon. */
struct gui_window_look {
    bool mapped, override_redirect, docked;
    uint32_t transient_for; /* an id */
    uint32_t flags;         /* GUI_FLAG_* */
    uint32_t cursor;
};

struct gui_window {
    uint32_t id; /* on the wire; the model chooses. Icons (qubes.WindowIconUpdater) use it too */
    void *user;  /* the caller's */

    /* The rest is the model's. */
    struct gui_window *dirty_next, *dirty_prev; /* what has something to say, in order */
    struct gui_window *hash_next;               /* the next of its bucket; of the free list */
    bool is_dirty, removed;

    struct gui_window_look want, known;
    struct gui_place place;       /* the guest's */
    struct gui_place known_place; /* the daemon's */
    struct gui_place asked;       /* by the daemon's last CONFIGURE */
    bool asking, answered;        /* asked is not answered yet; the caller says it may be */
    struct gui_class class;
    struct gui_title title;
    struct gui_hints hints;
    uint8_t given, unsaid; /* which of the three were set; are not said yet */
    bool created, destroy_sent;

    struct gui_image *image; /* what the caller wants to be shown */
    struct gui_image *shown; /* of the last WINDOW_DUMP */
    struct gui_image *older; /* the one before, until that was acknowledged */
    bool dump_valid;         /* the daemon has `shown`: no UNMAP came after it */
    bool dump_pending;       /* a WINDOW_DUMP is not acknowledged yet */

    struct gui_rect damage[GUI_DAMAGE_MAX];
    uint32_t damage_count;
};

enum { GUI_BUCKETS = 256 };

struct gui_model {
    struct gui_decoder decoder;
    bool connected, version_sent;
    uint32_t next_id;
    struct gui_window *buckets[GUI_BUCKETS]; /* every window that is not given back, by id */
    struct gui_window *dirty_first, *dirty_last;
    struct gui_window *free_windows;
    struct gui_image *free_images;

    bool clipboard_wanted; /* the daemon asked and has no answer yet */
    bool clipboard_given;  /* and it is here */
    const uint8_t *clipboard;
    uint32_t clipboard_bytes;

    /* The message that is being sent: the head, then the tail where it lies. */
    uint8_t head[GUI_HEAD_BYTES_MAX];
    uint32_t head_bytes, head_sent;
    const uint8_t *tail;
    uint32_t tail_bytes, tail_sent;
};

/* body: GUI_AGENT_BODY_MAX bytes, lent for the model's life. version: GUI_VERSION, or an older one
 * for tests. */
void gui_model_init(struct gui_model *model, uint32_t version, uint8_t *body);

/* --- The channel */

void gui_model_connected(struct gui_model *model);
/* Forgets what the daemon knew. The images that it used are given back, except those that windows
 * still show; so are removed windows. */
void gui_model_disconnected(struct gui_model *model);
/* The next bytes to send, valid until the next call; 0: nothing now. */
size_t gui_model_output(struct gui_model *model, const uint8_t **bytes);
void gui_model_sent(struct gui_model *model, size_t bytes);

enum gui_event_type {
    GUI_EVENT_READY, /* the handshake is done: `xconf`; windows follow */
    GUI_EVENT_KEY,
    GUI_EVENT_BUTTON,
    GUI_EVENT_MOTION,
    GUI_EVENT_CROSSING,
    GUI_EVENT_FOCUS,
    GUI_EVENT_CLOSE,
    /* Place the window so, report what came of it with gui_window_place(), and say
     * gui_window_answer(); until then the daemon sends no further CONFIGURE. */
    GUI_EVENT_CONFIGURE,
    GUI_EVENT_MAP,   /* the user restored it: no longer minimized */
    GUI_EVENT_FLAGS, /* the user changed `flags`; the model takes them as the window's own */
    GUI_EVENT_KEYMAP,
    GUI_EVENT_CLIPBOARD_REQUEST, /* answer with gui_model_clipboard() */
    GUI_EVENT_CLIPBOARD,         /* `text`: the user pasted into this guest */
};

struct gui_event {
    enum gui_event_type type;
    struct gui_window *window; /* NULL for READY, KEYMAP and CLIPBOARD*, and never else */
    union {
        struct gui_xconf xconf;   /* both sides 1 to GUI_WIDTH_MAX, GUI_HEIGHT_MAX */
        struct gui_key key;       /* coordinates of input are clamped to +-GUI_WIDTH_MAX */
        struct gui_button button; /* 1 to 32 */
        struct gui_motion motion;
        struct gui_crossing crossing;
        struct gui_focus focus;
        struct gui_place place; /* CONFIGURE: clamped to what a window may be */
        struct gui_flags flags; /* disjoint, GUI_FLAGS_ALL at most */
        struct gui_keymap keymap;
        struct {
            const uint8_t *bytes; /* until the next feed; UTF-8 as the daemon says, unchecked */
            uint32_t size_bytes;
        } text;
    };
};

/* Takes bytes from *bytes and moves it and *size on. GUI_MESSAGE: *event is filled, feed the rest
 * again. GUI_FAILED: the channel must be closed, gui_error_text(model->decoder.error) says why.
 * Messages for windows that are gone, and values that cannot be, are passed over. */
enum gui_progress gui_model_feed(struct gui_model *model, const uint8_t **bytes, size_t *size,
                                 struct gui_event *event);

/* What is the caller's again; NULL: nothing more. */
struct gui_window *gui_model_free_window(struct gui_model *model);
struct gui_image *gui_model_free_image(struct gui_model *model);

/* The answer to CLIPBOARD_REQUEST: UTF-8 text. It is lent until gui_model_clipboard_busy() says
 * no. More than the protocol carries is sent as "too big" (before 1.8: as no text), and false is
 * returned so that the caller can say so; also when nobody asked. */
bool gui_model_clipboard(struct gui_model *model, const uint8_t *text, uint32_t size_bytes);
bool gui_model_clipboard_busy(const struct gui_model *model);

/* --- Windows. `window` is the caller's memory, lent until gui_model_free_window() returns it. */

enum gui_window_kind {
    GUI_ORDINARY,
    GUI_SCREEN, /* the whole desktop, id GUI_SCREEN_ID; one at a time */
};
/* Takes `user` and nothing else from *window. false: there is a GUI_SCREEN already, or it is not
 * given back yet (so rather hide and show it than remove and add it). */
bool gui_window_add(struct gui_model *model, struct gui_window *window, enum gui_window_kind kind,
                    const struct gui_place *place);
/* The window is gone; call nothing else on it. Its image comes back too. */
void gui_window_remove(struct gui_model *model, struct gui_window *window);
/* Where it is now. A place that cannot be said is clamped; 0x0 becomes 1x1. */
void gui_window_place(struct gui_model *model, struct gui_window *window,
                      const struct gui_place *place);
/* The daemon's CONFIGURE was carried out, as far as it could be. */
void gui_window_answer(struct gui_model *model, struct gui_window *window);
void gui_window_show(struct gui_model *model, struct gui_window *window, bool shown);
/* override_redirect: the window places itself (menus, tooltips). parent: a dialog's window, or
 * NULL. */
void gui_window_relate(struct gui_model *model, struct gui_window *window, bool override_redirect,
                       const struct gui_window *parent);
/* UTF-8; cut at 127 bytes between characters; what is not UTF-8 or is a control becomes '?'. */
void gui_window_title(struct gui_model *model, struct gui_window *window, const char *text,
                      size_t size_bytes);
/* NUL ended; cut at 63 bytes. Taken over when the window is shown next. */
void gui_window_class(struct gui_model *model, struct gui_window *window, const char *class,
                      const char *instance);
/* A notification area's icon; before the first gui_window_show(). Only the daemon places it, and
 * it stays until it is removed. */
void gui_window_dock(struct gui_model *model, struct gui_window *window);
void gui_window_hints(struct gui_model *model, struct gui_window *window,
                      const struct gui_hints *hints);
/* All of GUI_FLAG_* that hold now. */
void gui_window_flags(struct gui_model *model, struct gui_window *window, uint32_t flags);
void gui_window_cursor(struct gui_model *model, struct gui_window *window, uint32_t cursor);
/* Shows another image, whole. The one before comes back when the daemon does not use it any more.
 * false: not an image (size 0 or too large, too few references); it stays the caller's. */
bool gui_window_image(struct gui_model *model, struct gui_window *window, struct gui_image *image);
/* Pixels of the image changed. */
void gui_window_damage(struct gui_model *model, struct gui_window *window,
                       const struct gui_rect *rect);

#endif
