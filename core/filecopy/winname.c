/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that Windows can store, reversibly; see winname.h. */
#include "core/filecopy/winname.h"
#include "core/filecopy/name.h"

#include <string.h>

static bool is_forbidden_character(uint8_t c)
{
    return c < 0x20 || (c < 0x80 && strchr("<>:\"|?*\\", c) != NULL);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool equals_upper(const char *name, size_t length, const char *device)
{
    if (strlen(device) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (upper(name[i]) != device[i])
            return false;
    }
    return true;
}

/* The digit of COM1 or LPT1: 0 to 9, or superscript one, two or three (U+00B9, U+00B2, U+00B3). */
static bool is_port_digit(const char *text, size_t length)
{
    if (length == 1)
        return text[0] >= '0' && text[0] <= '9';
    return length == 2 && (uint8_t)text[0] == 0xC2 &&
           ((uint8_t)text[1] == 0xB9 || (uint8_t)text[1] == 0xB2 || (uint8_t)text[1] == 0xB3);
}

static bool is_device(const char *name, size_t length)
{
    static const char *const devices[] = {"CON",    "PRN",     "AUX",   "NUL",
                                          "CONIN$", "CONOUT$", "CLOCK$"};
    size_t base = 0;

    /* The extension does not count, nor do blanks before it: "con .txt" is the console. */
    while (base < length && name[base] != '.' && name[base] != ':')
        base++;
    while (base > 0 && name[base - 1] == ' ')
        base--;
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (equals_upper(name, base, devices[i]))
            return true;
    }
    return base > 3 && (equals_upper(name, 3, "COM") || equals_upper(name, 3, "LPT")) &&
           is_port_digit(name + 3, base - 3);
}

static bool ends_badly(const char *name, size_t length)
{
    return length > 0 && (name[length - 1] == '.' || name[length - 1] == ' ');
}

bool fc_winname_is_forbidden(const char *name, size_t length)
{
    if (length == 0 || ends_badly(name, length) || is_device(name, length))
        return true;
    for (size_t i = 0; i < length; i++) {
        if (is_forbidden_character((uint8_t)name[i]) || name[i] == '/')
            return true;
    }
    return false;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that an escape at text stands for, or -1 when there is none. */
static int escape_value(const char *text, size_t length)
{
    int high, low;

    if (length < 3 || text[0] != '%')
        return -1;
    high = hex_value(text[1]);
    low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The one rule of what is read as an escape, for both directions. in_start: only escapes so far. */
static bool is_escape(const char *text, size_t length, bool in_start)
{
    int value = escape_value(text, length);

    if (value < 0)
        return false;
    if (in_start || value == '%' || is_forbidden_character((uint8_t)value))
        return true;
    return length == 3 && (value == '.' || value == ' ');
}

static bool needs_escape(const char *name, size_t length, size_t at, bool in_start)
{
    if (is_forbidden_character((uint8_t)name[at]))
        return true;
    if (at + 1 == length && ends_badly(name, length))
        return true;
    return is_escape(name + at, length - at, in_start);
}

size_t fc_winname_escape(const char *name, size_t length, size_t leading_escapes, char *out,
                         size_t out_size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0, characters = 0;
    bool in_start = true;

    if (leading_escapes == 0 && is_device(name, length))
        leading_escapes = 1;
    for (size_t at = 0; at < length; characters++) {
        uint32_t code;
        size_t bytes = fc_utf8_next(name + at, length - at, &code);
        bool escaped = characters < leading_escapes || needs_escape(name, length, at, in_start);

        if (bytes == 0 || out_size - used < (escaped ? 3 * bytes : bytes))
            return 0;
        for (size_t end = at + bytes; at < end; at++) {
            if (escaped) {
                out[used++] = '%';
                out[used++] = digits[(uint8_t)name[at] >> 4];
                out[used++] = digits[(uint8_t)name[at] & 15];
            } else {
                out[used++] = name[at];
            }
        }
        in_start = in_start && escaped;
    }
    return characters < leading_escapes ? 0 : used;
}

/* What an undone name must be to have come from fc_winname_escape. */
static bool can_be_original(const char *name, size_t length)
{
    if (memchr(name, '/', length) != NULL)
        return false;
    return fc_check_path(name, length, true) == FC_OK;
}

size_t fc_winname_unescape(const char *name, size_t length, char *out)
{
    size_t used = 0;
    bool in_start = true;

    for (size_t at = 0; at < length;) {
        in_start = in_start && escape_value(name + at, length - at) >= 0;
        if (is_escape(name + at, length - at, in_start)) {
            out[used++] = (char)escape_value(name + at, length - at);
            at += 3;
        } else {
            out[used++] = name[at++];
        }
    }
    if (can_be_original(out, used))
        return used;
    memcpy(out, name, length);
    return length;
}
