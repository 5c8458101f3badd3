/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names a receiver takes; see name.h. */
#include "core/filecopy/name.h"

#include <string.h>

static bool is_tail(const char *text, size_t at, size_t size)
{
    return at < size && ((uint8_t)text[at] & 0xC0) == 0x80;
}

size_t fc_utf8_next(const char *text, size_t size, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first;
    size_t length;
    uint32_t value;

    if (size == 0)
        return 0;
    first = (uint8_t)text[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if ((first & 0xF0) == 0xE0)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    else
        return 0;
    value = first & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if (!is_tail(text, i, size))
            return 0;
        value = value << 6 | ((uint8_t)text[i] & 0x3F);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return length;
}

struct code_range {
    uint32_t first, last;
};

/* Sorted. What a person cannot see, or reads as something else. */
static const struct code_range deceiving[] = {
    {0x0000, 0x001F},    /* controls */
    {0x007F, 0x00A0},    /* delete, C1 controls, no-break space */
    {0x00AD, 0x00AD},    /* soft hyphen */
    {0x034F, 0x034F},    /* grapheme joiner */
    {0x061C, 0x061C},    /* Arabic letter mark */
    {0x115F, 0x1160},    /* Hangul fillers */
    {0x1680, 0x1680},    /* Ogham space */
    {0x17B4, 0x17B5},    /* Khmer inherent vowels */
    {0x180B, 0x180F},    /* Mongolian selectors */
    {0x2000, 0x200F},    /* blanks of all widths, zero width, direction marks */
    {0x2028, 0x202F},    /* line ends, direction overrides, narrow blank */
    {0x205F, 0x206F},    /* mathematical blank, invisible operators, isolates */
    {0x2800, 0x2800},    /* blank Braille pattern */
    {0x3000, 0x3000},    /* ideographic blank */
    {0x3164, 0x3164},    /* Hangul filler */
    {0xE000, 0xF8FF},    /* private use */
    {0xFDD0, 0xFDEF},    /* non-characters */
    {0xFE00, 0xFE0F},    /* variation selectors */
    {0xFEFF, 0xFEFF},    /* byte order mark */
    {0xFFA0, 0xFFA0},    /* half-width Hangul filler */
    {0xFFF0, 0xFFFF},    /* specials, replacement character, non-characters */
    {0x1D173, 0x1D17A},  /* musical controls */
    {0xE0000, 0x10FFFF}, /* tags, more selectors, private planes */
};

static bool deceives(uint32_t code)
{
    for (size_t i = 0; i < sizeof(deceiving) / sizeof(deceiving[0]); i++) {
        if (code < deceiving[i].first)
            return false;
        if (code <= deceiving[i].last)
            return true;
    }
    return (code & 0xFFFE) == 0xFFFE; /* the last two of every plane */
}

static bool text_is_allowed(const char *text, size_t length, bool allow_all)
{
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t bytes = fc_utf8_next(text + at, length - at, &code);

        if (bytes == 0 || code == 0 || (!allow_all && deceives(code)))
            return false;
        at += bytes;
    }
    return true;
}

void fc_make_printable(char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code = 0;
        size_t bytes = fc_utf8_next(text, left, &code);

        if (bytes == 0 || deceives(code)) {
            bytes = bytes == 0 ? 1 : bytes;
            memset(text, '?', bytes);
        }
        text += bytes;
        left -= bytes;
    }
}

static size_t component_length(const char *path, size_t length)
{
    size_t n = 0;

    while (n < length && path[n] != '/')
        n++;
    return n;
}

static bool is_dot(const char *component, size_t length)
{
    return length == 1 && component[0] == '.';
}

static bool is_dot_dot(const char *component, size_t length)
{
    return length == 2 && component[0] == '.' && component[1] == '.';
}

enum fc_error fc_check_path(const char *path, size_t length, bool allow_all_names)
{
    size_t at = 0;

    if (length == 0 || length >= FC_NAME_LIMIT)
        return FC_EILSEQ;
    if (!text_is_allowed(path, length, allow_all_names))
        return FC_EILSEQ;
    for (;;) {
        size_t n = component_length(path + at, length - at);

        if (n == 0 || is_dot(path + at, n) || is_dot_dot(path + at, n))
            return FC_EILSEQ;
        at += n;
        if (at == length)
            return FC_OK;
        at++; /* a path that ends here has an empty last component */
    }
}

static size_t depth_of(const char *path, size_t length)
{
    size_t depth = 1;

    for (size_t i = 0; i < length; i++)
        depth += path[i] == '/';
    return depth;
}

enum fc_error fc_check_symlink(const char *path, size_t path_length, const char *target,
                               size_t target_length, bool allow_all_names)
{
    size_t depth = depth_of(path, path_length);
    size_t climbs;
    bool descended = false;

    if (!text_is_allowed(target, target_length, allow_all_names))
        return FC_EILSEQ;
    /* A link as the top entry would be followed by the next copy's "top/...". */
    if (depth < 2 || target_length == 0 || target[0] == '/')
        return FC_ENOLINK;
    climbs = depth - 2;
    for (size_t at = 0; at < target_length;) {
        size_t n = component_length(target + at, target_length - at);

        if (is_dot_dot(target + at, n)) {
            /* ".." after a name may go anywhere if that name is itself a link. */
            if (descended || climbs == 0)
                return FC_ENOLINK;
            climbs--;
        } else if (n != 0 && !is_dot(target + at, n)) {
            descended = true;
        }
        at += n + 1;
    }
    return FC_OK;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool fc_check_domain(const char *name)
{
    size_t n = 0;

    if (!is_letter(name[0]))
        return false;
    for (; name[n] != '\0'; n++) {
        char c = name[n];

        if (n == 31)
            return false;
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

size_t fc_utf8_to_utf16(const char *text, size_t size, uint16_t *out, size_t out_units)
{
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        size_t bytes = fc_utf8_next(text + at, size - at, &code);
        size_t units = code > 0xFFFF ? 2 : 1;

        if (bytes == 0 || used + units > out_units)
            return SIZE_MAX;
        if (units == 2) {
            out[used] = (uint16_t)(0xD800 + ((code - 0x10000) >> 10));
            out[used + 1] = (uint16_t)(0xDC00 + ((code - 0x10000) & 0x3FF));
        } else {
            out[used] = (uint16_t)code;
        }
        used += units;
        at += bytes;
    }
    return used;
}

static size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t fc_utf16_to_utf8(const uint16_t *text, size_t units, char *out, size_t out_size)
{
    size_t used = 0;

    for (size_t at = 0; at < units; at++) {
        uint32_t code = text[at];
        char bytes[4];
        size_t n;

        if (code >= 0xD800 && code <= 0xDFFF) {
            bool paired = code <= 0xDBFF && at + 1 < units && (text[at + 1] & 0xFC00) == 0xDC00;

            if (!paired)
                return SIZE_MAX;
            code = 0x10000 + ((code & 0x3FF) << 10) + (text[++at] & 0x3FFu);
        }
        n = utf8_encode(code, bytes);
        if (n > out_size - used)
            return SIZE_MAX;
        for (size_t i = 0; i < n; i++)
            out[used + i] = bytes[i];
        used += n;
    }
    return used;
}
