/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers and structures of the Qubes GUI protocol, 1.4 to 1.8. Everything here crosses a
 * boundary: little-endian, exact widths. One channel (vchan port 6000; the agent is its server for
 * the GUI domain) starts with the agent's version as a bare u32, which the daemon answers with the
 * version that holds and a struct gui_xconf. From then on each message is a struct gui_header and
 * `length_bytes` of body. "Agent" is the guest's side, "daemon" the one that owns the screen.
 *
 * Specification: Qubes OS documentation, "GUI protocol", and qubes-gui-protocol.h of
 * qubes-gui-common for the numbers.
 */
#ifndef CASEMENT_GUI_WIRE_H
#define CASEMENT_GUI_WIRE_H

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the GUI protocol is little-endian; this core copies its structures unconverted"
#endif

enum {
    GUI_PORT = 6000,
    GUI_RING_BYTES = 65536, /* of each ring that an agent of ours serves */

    GUI_VERSION_OLDEST = 0x00010004, /* the first in which the daemon says its version too */
    GUI_VERSION_DESTROY_ACK = 0x00010005,
    GUI_VERSION_DUMP_ACK = 0x00010007,
    GUI_VERSION_BIG_CLIPBOARD = 0x00010008,
    GUI_VERSION = 0x00010008,

    GUI_SCREEN_ID = 0, /* the window that is the whole guest desktop */

    GUI_WIDTH_MAX = 16384, /* of a window, of its image, and of a coordinate's distance from 0 */
    GUI_HEIGHT_MAX = 6144,
    GUI_PAGE_BYTES = 4096,
    GUI_PIXEL_BYTES = 4,  /* B, G, R and one unused; rows without padding */
    GUI_REFS_MAX = 98304, /* grants of one image: GUI_WIDTH_MAX * GUI_HEIGHT_MAX pixels */

    GUI_CLIPBOARD_MAX = 256000,    /* bytes; one more says "too big" */
    GUI_CLIPBOARD_MAX_OLD = 65000, /* before GUI_VERSION_BIG_CLIPBOARD */

    GUI_TITLE_BYTES = 128,  /* with NUL */
    GUI_CLASS_BYTES = 64,   /* with NUL */
    GUI_KEYMAP_BYTES = 32,  /* one bit a key code */
    GUI_CURSOR_DEFAULT = 0, /* or GUI_CURSOR_X11 + a glyph of X's cursor font */
    GUI_CURSOR_X11 = 0x100,
    GUI_CURSOR_X11_END = 0x19a, /* the first that does not exist */
};

enum gui_type {
    GUI_KEYPRESS = 124,        /* daemon -> agent, gui_key */
    GUI_BUTTON = 125,          /* daemon -> agent, gui_button */
    GUI_MOTION = 126,          /* daemon -> agent, gui_motion */
    GUI_CROSSING = 127,        /* daemon -> agent, gui_crossing */
    GUI_FOCUS = 128,           /* daemon -> agent, gui_focus */
    GUI_CREATE = 130,          /* agent -> daemon, gui_create */
    GUI_DESTROY = 131,         /* agent -> daemon, empty; the daemon's acknowledgement (1.5) */
    GUI_MAP = 132,             /* both, gui_map */
    GUI_UNMAP = 133,           /* agent -> daemon, empty */
    GUI_CONFIGURE = 134,       /* both, gui_configure */
    GUI_MFNDUMP = 135,         /* agent -> daemon, before there were grants; never sent by us */
    GUI_SHMIMAGE = 136,        /* agent -> daemon, gui_rect: what changed in the image */
    GUI_CLOSE = 137,           /* daemon -> agent, empty */
    GUI_EXECUTE = 138,         /* daemon -> agent, unused */
    GUI_CLIPBOARD_REQ = 139,   /* daemon -> agent, empty */
    GUI_CLIPBOARD_DATA = 140,  /* both, UTF-8 without NUL */
    GUI_WMNAME = 141,          /* agent -> daemon, gui_title */
    GUI_KEYMAP_NOTIFY = 142,   /* daemon -> agent, gui_keymap */
    GUI_DOCK = 143,            /* agent -> daemon, empty */
    GUI_WINDOW_HINTS = 144,    /* agent -> daemon, gui_hints */
    GUI_WINDOW_FLAGS = 145,    /* both, gui_flags */
    GUI_WMCLASS = 146,         /* agent -> daemon, gui_class */
    GUI_WINDOW_DUMP = 147,     /* agent -> daemon, gui_dump and grant references */
    GUI_CURSOR = 148,          /* agent -> daemon, gui_cursor */
    GUI_WINDOW_DUMP_ACK = 149, /* daemon -> agent, empty (1.7): the image before is not used */
};

struct gui_header {
    uint32_t type;
    uint32_t window;
    uint32_t length_bytes; /* of the body */
};
_Static_assert(sizeof(struct gui_header) == 12, "msg_hdr");

/* After the daemon's version: its screen. */
struct gui_xconf {
    uint32_t width, height; /* pixels; width may be rounded up to a multiple of 8 */
    uint32_t depth;
    uint32_t memory_kib;
};
_Static_assert(sizeof(struct gui_xconf) == 16, "msg_xconf");

enum { GUI_KEY_PRESS = 2, GUI_KEY_RELEASE = 3, GUI_BUTTON_PRESS = 4, GUI_BUTTON_RELEASE = 5 };
enum { GUI_ENTER = 7, GUI_LEAVE = 8, GUI_FOCUS_IN = 9, GUI_FOCUS_OUT = 10 };

/* Coordinates of input are the window's own. `state` is X's mask of modifiers and buttons before
 * the event. */
struct gui_key {
    uint32_t action; /* GUI_KEY_PRESS or GUI_KEY_RELEASE */
    int32_t x, y;
    uint32_t state;
    uint32_t keycode; /* X's: Linux' code + 8 */
};
_Static_assert(sizeof(struct gui_key) == 20, "msg_keypress");

struct gui_button {
    uint32_t action; /* GUI_BUTTON_PRESS or GUI_BUTTON_RELEASE */
    int32_t x, y;
    uint32_t state;
    uint32_t button; /* X's: 1 to 3, 4 and 5 the wheel, 6 and 7 the horizontal one, 8 and 9 */
};
_Static_assert(sizeof(struct gui_button) == 20, "msg_button");

struct gui_motion {
    int32_t x, y;
    uint32_t state;
    uint32_t is_hint;
};
_Static_assert(sizeof(struct gui_motion) == 16, "msg_motion");

struct gui_crossing {
    uint32_t action; /* GUI_ENTER or GUI_LEAVE */
    int32_t x, y;
    uint32_t state;
    uint32_t mode, detail, focus;
};
_Static_assert(sizeof(struct gui_crossing) == 28, "msg_crossing");

struct gui_focus {
    uint32_t action; /* GUI_FOCUS_IN or GUI_FOCUS_OUT */
    uint32_t mode, detail;
};
_Static_assert(sizeof(struct gui_focus) == 12, "msg_focus");

struct gui_keymap {
    uint8_t down[GUI_KEYMAP_BYTES]; /* key code n: bit n % 8 of byte n / 8 */
};
_Static_assert(sizeof(struct gui_keymap) == 32, "msg_keymap_notify");

struct gui_create {
    int32_t x, y;
    uint32_t width, height;
    uint32_t parent; /* ignored by daemons */
    uint32_t override_redirect;
};
_Static_assert(sizeof(struct gui_create) == 24, "msg_create");

struct gui_map {
    uint32_t transient_for; /* a window's id or 0 */
    uint32_t override_redirect;
};
_Static_assert(sizeof(struct gui_map) == 8, "msg_map_info");

struct gui_configure {
    int32_t x, y;
    uint32_t width, height;
    uint32_t override_redirect; /* ignored by daemons */
};
_Static_assert(sizeof(struct gui_configure) == 20, "msg_configure");

/* A part of a window's image, pixels. */
struct gui_rect {
    int32_t x, y;
    uint32_t width, height;
};
_Static_assert(sizeof(struct gui_rect) == 16, "msg_shmimage");

struct gui_title {
    char text[GUI_TITLE_BYTES]; /* UTF-8, NUL ended */
};
_Static_assert(sizeof(struct gui_title) == 128, "msg_wmname");

struct gui_class {
    char name[GUI_CLASS_BYTES];     /* X's res_class, NUL ended */
    char instance[GUI_CLASS_BYTES]; /* X's res_name, NUL ended */
};
_Static_assert(sizeof(struct gui_class) == 128, "msg_wmclass");

enum {
    GUI_HINT_USER_POSITION = 1 << 0,
    GUI_HINT_POSITION = 1 << 2,
    GUI_HINT_MIN_SIZE = 1 << 4,
    GUI_HINT_MAX_SIZE = 1 << 5,
    GUI_HINT_INCREMENT = 1 << 6,
    GUI_HINT_BASE_SIZE = 1 << 8,
    GUI_HINTS_ALL = 0x175,
};
struct gui_hints {
    uint32_t flags; /* GUI_HINT_* */
    uint32_t min_width, min_height, max_width, max_height;
    uint32_t width_increment, height_increment, base_width, base_height;
};
_Static_assert(sizeof(struct gui_hints) == 36, "msg_window_hints");

enum {
    GUI_FLAG_FULLSCREEN = 1 << 0,
    GUI_FLAG_ATTENTION = 1 << 1,
    GUI_FLAG_MINIMIZE = 1 << 2,
    GUI_FLAGS_ALL = 7,
};
struct gui_flags {
    uint32_t set, unset; /* GUI_FLAG_*; no flag in both */
};
_Static_assert(sizeof(struct gui_flags) == 8, "msg_window_flags");

/* Followed by one u32 grant reference a page: at least width * height * 4 bytes of them. The first
 * pixel is at the start of the first page. */
struct gui_dump {
    uint32_t type; /* 0: grant references */
    uint32_t width, height;
    uint32_t bits_per_pixel; /* 24 is said; a pixel takes 4 bytes all the same */
};
_Static_assert(sizeof(struct gui_dump) == 16, "msg_window_dump_hdr");

struct gui_cursor {
    uint32_t cursor; /* GUI_CURSOR_DEFAULT, or from GUI_CURSOR_X11 to below GUI_CURSOR_X11_END */
};
_Static_assert(sizeof(struct gui_cursor) == 4, "msg_cursor");

#endif
