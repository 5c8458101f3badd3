/* SPDX-License-Identifier: BSD-2-Clause */
/* See arguments.h. */
#include <string.h>
#include "core/qrexec/arguments.h"

static bool plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the escape at `text` (behind its '-') stands for, 0 when it is none. */
static char unescape(const char *text, size_t *length)
{
    if (text[0] == '-') {
        *length = 1;
        return '-';
    }
    const int high = hex_digit(text[0]);
    const int low = high < 0 ? -1 : hex_digit(text[1]);
    *length = 2;
    return low < 0 ? 0 : (char)(high * 16 + low);
}

size_t qrexec_decode_vmexec(const char *text, char *out, size_t room)
{
    size_t count = 1, used = 0, length;

    for (; *text; text++) {
        char c = *text;
        if (c == '+') {
            c = 0;
            count++;
        } else if (c == '-') {
            c = unescape(text + 1, &length);
            if (!c)
                return 0;
            text += length;
        } else if (!plain(c)) {
            return 0;
        }
        if (used == room)
            return 0;
        out[used++] = c;
    }
    if (used == room)
        return 0;
    out[used] = 0;
    return count;
}

size_t qrexec_encode_vmexec(const char *arguments, size_t count, char *out, size_t room)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0;

    for (size_t i = 0; i < count; i++, arguments++) {
        if (i && used < room)
            out[used++] = '+';
        for (; *arguments; arguments++) {
            const unsigned char c = (unsigned char)*arguments;
            if (room - used < 4)
                return 0;
            if (plain((char)c)) {
                out[used++] = (char)c;
            } else {
                out[used++] = '-';
                if (c != '-')
                    out[used++] = hex[c >> 4];
                out[used++] = c == '-' ? '-' : hex[c & 15];
            }
        }
    }
    if (used >= room)
        return 0;
    out[used] = 0;
    return used;
}

struct line {
    char *out;
    size_t used, room;
    bool full;
};

static void add(struct line *line, char c, size_t times)
{
    for (; times; times--) {
        if (line->used + 1 >= line->room) {
            line->full = true;
            return;
        }
        line->out[line->used++] = c;
    }
}

/* Between quotes, backslashes are doubled where a quote follows, and a quote gets one more. */
static void add_quoted(struct line *line, const char *argument)
{
    size_t slashes = 0;

    add(line, '"', 1);
    for (; *argument; argument++) {
        if (*argument == '\\') {
            slashes++;
            continue;
        }
        add(line, '\\', *argument == '"' ? 2 * slashes + 1 : slashes);
        add(line, *argument, 1);
        slashes = 0;
    }
    add(line, '\\', 2 * slashes);
    add(line, '"', 1);
}

bool qrexec_append_argument(char *out, size_t room, const char *argument, bool program)
{
    const size_t before = strlen(out);
    struct line line = {out, before, room, false};

    if (program && strchr(argument, '"'))
        return false;
    if (before)
        add(&line, ' ', 1);
    if (argument[0] && !strpbrk(argument, " \t\n\v\"")) {
        for (; *argument; argument++)
            add(&line, *argument, 1);
    } else if (program) {
        add(&line, '"', 1);
        for (; *argument; argument++)
            add(&line, *argument, 1);
        add(&line, '"', 1);
    } else {
        add_quoted(&line, argument);
    }
    out[line.full ? before : line.used] = 0;
    return !line.full;
}
