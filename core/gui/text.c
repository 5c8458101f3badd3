/* SPDX-License-Identifier: BSD-2-Clause */
/* See text.h. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "core/gui/text.h"

/* Bytes of the character at the start of text, 0 when it is none. No overlong forms, surrogates,
 * or numbers above 0x10ffff. */
static size_t character(const uint8_t *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = text[0];
    const size_t length = first < 0x80             ? 1
                          : (first & 0xe0) == 0xc0 ? 2
                          : (first & 0xf0) == 0xe0 ? 3
                          : (first & 0xf8) == 0xf0 ? 4
                                                   : 0;
    uint32_t code;

    if (length <= 1)
        return length;
    if (length > size)
        return 0;
    code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    return length;
}

static bool is_control(const uint8_t *text, size_t length)
{
    return (length == 1 && (text[0] < 0x20 || text[0] == 0x7f)) ||
           (length == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

void gui_text_put(char *out, size_t room, const char *text, size_t size_bytes)
{
    const uint8_t *from = (const uint8_t *)text;
    size_t at = 0;

    memset(out, 0, room);
    while (size_bytes) {
        const size_t length = character(from, size_bytes);
        const bool plain = length && !is_control(from, length);
        const size_t taken = length ? length : 1, put = plain ? length : 1;

        if (at + put >= room)
            return;
        if (plain)
            memcpy(out + at, from, length);
        else
            out[at] = '?';
        at += put, from += taken, size_bytes -= taken;
    }
}
