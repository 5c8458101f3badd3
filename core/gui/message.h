/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a stream of bytes to checked GUI messages, and back, for either side. The decoder takes
 * bytes cut anywhere, goes through the handshake, refuses a wrong type, direction or length as
 * soon as the header is complete, and checks what can be checked of the body without knowing the
 * windows. Nothing here allocates: the caller lends the decoder room for one body.
 *
 * A daemon refuses types it does not know, as Qubes' does; an agent skips them, since the daemon
 * may be newer. One decoder belongs to one direction of one channel and one thread.
 */
#ifndef CASEMENT_GUI_MESSAGE_H
#define CASEMENT_GUI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/gui/wire.h"

/* Why a channel had to end. 0 is no error. */
enum gui_error {
    GUI_OK = 0,
    GUI_BAD_VERSION,   /* a version that we cannot speak, or newer than what we said */
    GUI_BAD_TYPE,      /* no such message */
    GUI_BAD_DIRECTION, /* the message belongs to the other side */
    GUI_BAD_LENGTH,    /* a body of the wrong size for its type and version */
    GUI_BAD_TEXT,      /* a title or class without its NUL */
    GUI_BAD_DUMP,      /* an image of an unknown kind, too large, or with too few grants */
    GUI_BAD_VALUE,     /* a number outside of its enumeration */
    GUI_NO_ROOM,       /* a body larger than the room that the caller lent */
};

/* A sentence part: "a message of an unknown type". Never NULL. */
const char *gui_error_text(enum gui_error error);
/* "WINDOW_DUMP" or "unknown". */
const char *gui_type_name(uint32_t type);

enum {
    GUI_AGENT_BODY_MAX = GUI_CLIPBOARD_MAX + 1,                            /* what an agent reads */
    GUI_DAEMON_BODY_MAX = (int)sizeof(struct gui_dump) + 4 * GUI_REFS_MAX, /* what a daemon reads */
};

/* Pages of a granted image: of width * height pixels of 4 bytes. */
static inline uint32_t gui_image_pages(uint32_t width, uint32_t height)
{
    const uint64_t bytes = (uint64_t)width * height * GUI_PIXEL_BYTES;
    return (uint32_t)((bytes + GUI_PAGE_BYTES - 1) / GUI_PAGE_BYTES);
}

/* Most bytes of clipboard text that a side of this version may send, "too big" included. */
static inline uint32_t gui_clipboard_bytes_max(uint32_t version)
{
    return version >= GUI_VERSION_BIG_CLIPBOARD ? GUI_CLIPBOARD_MAX + 1 : GUI_CLIPBOARD_MAX_OLD;
}

/* One message. */
struct gui_message {
    uint32_t type;   /* enum gui_type; 0: the handshake is complete */
    uint32_t window; /* as the peer says */
    union {
        struct gui_xconf xconf; /* type 0, read by an agent */
        struct gui_key key;
        struct gui_button button;
        struct gui_motion motion;
        struct gui_crossing crossing;
        struct gui_focus focus;
        struct gui_keymap keymap;
        struct gui_create create;
        struct gui_map map;
        struct gui_configure configure;
        struct gui_rect damage;
        struct gui_title title; /* has its NUL */
        struct gui_class class; /* both have their NUL */
        struct gui_hints hints;
        struct gui_flags flags;
        struct gui_dump dump;
        struct gui_cursor cursor;
    };
    /* CLIPBOARD_DATA: the text. WINDOW_DUMP: the references (u32 each, any alignment). Points into
     * the decoder's body: valid until it is fed. */
    const uint8_t *tail;
    uint32_t tail_bytes;
};

enum gui_reader {
    GUI_AT_AGENT,  /* what a daemon sends */
    GUI_AT_DAEMON, /* what an agent sends */
};

struct gui_decoder {
    enum gui_reader reader;
    uint32_t own_version;
    uint32_t version; /* that holds on this channel; 0 during the handshake */
    uint8_t head[sizeof(uint32_t) + sizeof(struct gui_xconf)];
    uint32_t head_got, body_got;
    struct gui_header header;
    bool in_body, skip; /* skip: of a type that an agent does not know */
    uint8_t *body;
    uint32_t body_room;
    enum gui_error error; /* stays once set */
};

/* `body` stays the caller's; GUI_AGENT_BODY_MAX or GUI_DAEMON_BODY_MAX bytes serve every legal
 * message (a smaller one refuses longer ones with GUI_NO_ROOM). own_version: what we say, from
 * GUI_VERSION_OLDEST to GUI_VERSION. */
void gui_decoder_init(struct gui_decoder *decoder, enum gui_reader reader, uint32_t own_version,
                      uint8_t *body, uint32_t body_room);

enum gui_progress {
    GUI_MORE,    /* all bytes taken, no message complete */
    GUI_MESSAGE, /* *message is filled; feed the rest again */
    GUI_FAILED,  /* decoder->error says why; the channel must end */
};

/* Takes bytes from *bytes and moves it and *size on. */
enum gui_progress gui_decode(struct gui_decoder *decoder, const uint8_t **bytes, size_t *size,
                             struct gui_message *message);

/* Writes the header and the fixed part of a message, from the member that belongs to its type, and
 * returns its size (at most GUI_HEAD_BYTES_MAX). A tail (tail_bytes) is counted in the header and
 * sent after it by the caller. */
enum { GUI_HEAD_BYTES_MAX = (int)sizeof(struct gui_header) + 128 };
size_t gui_put(uint8_t out[GUI_HEAD_BYTES_MAX], const struct gui_message *message);

#endif
