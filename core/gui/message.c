/* SPDX-License-Identifier: BSD-2-Clause */
/* See message.h. */
#include <string.h>
#include "core/gui/message.h"

const char *gui_error_text(enum gui_error error)
{
    switch (error) {
    case GUI_OK:
        return "no error";
    case GUI_BAD_VERSION:
        return "a protocol version that cannot be spoken";
    case GUI_BAD_TYPE:
        return "a message of an unknown type";
    case GUI_BAD_DIRECTION:
        return "a message that only the other side may send";
    case GUI_BAD_LENGTH:
        return "a message with a length that is wrong for its type";
    case GUI_BAD_TEXT:
        return "a text without its end";
    case GUI_BAD_DUMP:
        return "an image of an unknown kind, too large, or with too few pages";
    case GUI_BAD_VALUE:
        return "a number that its field does not have";
    case GUI_NO_ROOM:
        return "more than there is room for";
    }
    return "an unknown error";
}

enum { TO_AGENT = 1u << GUI_AT_AGENT, TO_DAEMON = 1u << GUI_AT_DAEMON };

/* What each message may be: who reads it, how long its fixed part is, and how long the rest. */
static const struct rule {
    uint32_t type;
    const char *name;
    unsigned int readers;
    uint32_t fixed_bytes, tail_bytes_max;
} rules[] = {
    {GUI_KEYPRESS, "KEYPRESS", TO_AGENT, sizeof(struct gui_key), 0},
    {GUI_BUTTON, "BUTTON", TO_AGENT, sizeof(struct gui_button), 0},
    {GUI_MOTION, "MOTION", TO_AGENT, sizeof(struct gui_motion), 0},
    {GUI_CROSSING, "CROSSING", TO_AGENT, sizeof(struct gui_crossing), 0},
    {GUI_FOCUS, "FOCUS", TO_AGENT, sizeof(struct gui_focus), 0},
    {GUI_CREATE, "CREATE", TO_DAEMON, sizeof(struct gui_create), 0},
    {GUI_DESTROY, "DESTROY", TO_AGENT | TO_DAEMON, 0, 0},
    {GUI_MAP, "MAP", TO_AGENT | TO_DAEMON, sizeof(struct gui_map), 0},
    {GUI_UNMAP, "UNMAP", TO_DAEMON, 0, 0},
    {GUI_CONFIGURE, "CONFIGURE", TO_AGENT | TO_DAEMON, sizeof(struct gui_configure), 0},
    {GUI_SHMIMAGE, "SHMIMAGE", TO_DAEMON, sizeof(struct gui_rect), 0},
    {GUI_CLOSE, "CLOSE", TO_AGENT, 0, 0},
    {GUI_CLIPBOARD_REQ, "CLIPBOARD_REQ", TO_AGENT, 0, 0},
    {GUI_CLIPBOARD_DATA, "CLIPBOARD_DATA", TO_AGENT | TO_DAEMON, 0, GUI_CLIPBOARD_MAX + 1},
    {GUI_WMNAME, "WMNAME", TO_DAEMON, sizeof(struct gui_title), 0},
    {GUI_KEYMAP_NOTIFY, "KEYMAP_NOTIFY", TO_AGENT, sizeof(struct gui_keymap), 0},
    {GUI_DOCK, "DOCK", TO_DAEMON, 0, 0},
    {GUI_WINDOW_HINTS, "WINDOW_HINTS", TO_DAEMON, sizeof(struct gui_hints), 0},
    {GUI_WINDOW_FLAGS, "WINDOW_FLAGS", TO_AGENT | TO_DAEMON, sizeof(struct gui_flags), 0},
    {GUI_WMCLASS, "WMCLASS", TO_DAEMON, sizeof(struct gui_class), 0},
    {GUI_WINDOW_DUMP, "WINDOW_DUMP", TO_DAEMON, sizeof(struct gui_dump), 4 * GUI_REFS_MAX},
    {GUI_CURSOR, "CURSOR", TO_DAEMON, sizeof(struct gui_cursor), 0},
    {GUI_WINDOW_DUMP_ACK, "WINDOW_DUMP_ACK", TO_AGENT, 0, 0},
};

static const struct rule *find_rule(uint32_t type)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        if (rules[i].type == type)
            return &rules[i];
    }
    return NULL;
}

const char *gui_type_name(uint32_t type)
{
    const struct rule *rule = find_rule(type);
    return rule ? rule->name : "unknown";
}

void gui_decoder_init(struct gui_decoder *decoder, enum gui_reader reader, uint32_t own_version,
                      uint8_t *body, uint32_t body_room)
{
    memset(decoder, 0, sizeof(*decoder));
    decoder->reader = reader;
    decoder->own_version = own_version;
    decoder->body = body;
    decoder->body_room = body_room;
}

static enum gui_error check_header(struct gui_decoder *decoder)
{
    const struct gui_header *header = &decoder->header;
    const struct rule *rule = find_rule(header->type);
    uint32_t tail_max;

    decoder->skip = false;
    if (!rule) {
        decoder->skip = decoder->reader == GUI_AT_AGENT;
        return decoder->skip ? GUI_OK : GUI_BAD_TYPE;
    }
    if (!(rule->readers & 1u << decoder->reader))
        return GUI_BAD_DIRECTION;
    tail_max = rule->tail_bytes_max;
    if (header->type == GUI_CLIPBOARD_DATA)
        tail_max = gui_clipboard_bytes_max(decoder->version);
    if (header->length_bytes < rule->fixed_bytes ||
        header->length_bytes - rule->fixed_bytes > tail_max)
        return GUI_BAD_LENGTH;
    return header->length_bytes > decoder->body_room ? GUI_NO_ROOM : GUI_OK;
}

static bool is_one_of(uint32_t value, uint32_t one, uint32_t other)
{
    return value == one || value == other;
}

static enum gui_error check_dump(const struct gui_message *message)
{
    const struct gui_dump *dump = &message->dump;

    if (dump->type != 0 || dump->width > GUI_WIDTH_MAX || dump->height > GUI_HEIGHT_MAX)
        return GUI_BAD_DUMP;
    if (message->tail_bytes % 4 != 0)
        return GUI_BAD_LENGTH;
    return message->tail_bytes / 4 < gui_image_pages(dump->width, dump->height) ? GUI_BAD_DUMP
                                                                                : GUI_OK;
}

/* What is wrong whatever windows there are. */
static enum gui_error check_body(const struct gui_message *message)
{
    bool good = true;

    switch (message->type) {
    case GUI_KEYPRESS:
        good = is_one_of(message->key.action, GUI_KEY_PRESS, GUI_KEY_RELEASE) &&
               message->key.keycode >= 8 && message->key.keycode < 256;
        break;
    case GUI_BUTTON:
        good = is_one_of(message->button.action, GUI_BUTTON_PRESS, GUI_BUTTON_RELEASE);
        break;
    case GUI_CROSSING:
        good = is_one_of(message->crossing.action, GUI_ENTER, GUI_LEAVE);
        break;
    case GUI_FOCUS:
        good = is_one_of(message->focus.action, GUI_FOCUS_IN, GUI_FOCUS_OUT);
        break;
    case GUI_WMNAME:
        return memchr(message->title.text, 0, GUI_TITLE_BYTES) ? GUI_OK : GUI_BAD_TEXT;
    case GUI_WMCLASS:
        return memchr(message->class.name, 0, GUI_CLASS_BYTES) &&
                       memchr(message->class.instance, 0, GUI_CLASS_BYTES)
                   ? GUI_OK
                   : GUI_BAD_TEXT;
    case GUI_WINDOW_DUMP:
        return check_dump(message);
    default:
        break;
    }
    return good ? GUI_OK : GUI_BAD_VALUE;
}

static enum gui_error take_body(const struct gui_decoder *decoder, struct gui_message *message)
{
    const uint32_t fixed = find_rule(decoder->header.type)->fixed_bytes;

    memset(message, 0, sizeof(*message));
    message->type = decoder->header.type;
    message->window = decoder->header.window;
    if (fixed)
        memcpy(&message->xconf, decoder->body, fixed); /* any member: all start there */
    message->tail_bytes = decoder->header.length_bytes - fixed;
    message->tail = message->tail_bytes ? decoder->body + fixed : NULL;
    return check_body(message);
}

/* Moves up to `wanted` bytes in all; true when they are there. `to` NULL: dropped. */
static bool gather(uint8_t *to, uint32_t *got, uint32_t wanted, const uint8_t **bytes, size_t *size)
{
    const size_t n = wanted - *got < *size ? wanted - *got : *size;

    if (n && to)
        memcpy(to + *got, *bytes, n);
    *got += (uint32_t)n, *bytes += n, *size -= n;
    return *got == wanted;
}

/* An agent hears the version that holds and the screen; a daemon the version that the agent has. */
static enum gui_error take_greeting(struct gui_decoder *decoder, struct gui_message *message)
{
    uint32_t version;

    memset(message, 0, sizeof(*message));
    memcpy(&version, decoder->head, sizeof(version));
    if (version >> 16 != GUI_VERSION >> 16 || version < GUI_VERSION_OLDEST)
        return GUI_BAD_VERSION;
    if (decoder->reader == GUI_AT_DAEMON) {
        decoder->version = version < decoder->own_version ? version : decoder->own_version;
        return GUI_OK;
    }
    if (version > decoder->own_version)
        return GUI_BAD_VERSION;
    decoder->version = version;
    memcpy(&message->xconf, decoder->head + sizeof(version), sizeof(message->xconf));
    return GUI_OK;
}

static enum gui_progress failed(struct gui_decoder *decoder, enum gui_error error)
{
    decoder->error = error;
    return GUI_FAILED;
}

static enum gui_progress decode_greeting(struct gui_decoder *decoder, const uint8_t **bytes,
                                         size_t *size, struct gui_message *message)
{
    const uint32_t wanted = decoder->reader == GUI_AT_AGENT ? sizeof(decoder->head) : 4;

    if (!gather(decoder->head, &decoder->head_got, wanted, bytes, size))
        return GUI_MORE;
    decoder->head_got = 0;
    const enum gui_error error = take_greeting(decoder, message);
    return error ? failed(decoder, error) : GUI_MESSAGE;
}

enum gui_progress gui_decode(struct gui_decoder *decoder, const uint8_t **bytes, size_t *size,
                             struct gui_message *message)
{
    enum gui_error error;

    if (decoder->error)
        return GUI_FAILED;
    if (!decoder->version)
        return decode_greeting(decoder, bytes, size, message);
    for (;;) {
        if (!decoder->in_body) {
            if (!gather(decoder->head, &decoder->head_got, sizeof(decoder->header), bytes, size))
                return GUI_MORE;
            memcpy(&decoder->header, decoder->head, sizeof(decoder->header));
            error = check_header(decoder);
            if (error)
                return failed(decoder, error);
            decoder->head_got = decoder->body_got = 0;
            decoder->in_body = true;
        }
        if (!gather(decoder->skip ? NULL : decoder->body, &decoder->body_got,
                    decoder->header.length_bytes, bytes, size))
            return GUI_MORE;
        decoder->in_body = false;
        if (!decoder->skip)
            break;
    }
    error = take_body(decoder, message);
    return error ? failed(decoder, error) : GUI_MESSAGE;
}

size_t gui_put(uint8_t out[GUI_HEAD_BYTES_MAX], const struct gui_message *message)
{
    const uint32_t fixed = find_rule(message->type)->fixed_bytes;
    const struct gui_header header = {message->type, message->window, fixed + message->tail_bytes};

    memcpy(out, &header, sizeof(header));
    memcpy(out + sizeof(header), &message->xconf, fixed); /* any member: all start there */
    return sizeof(header) + fixed;
}
