/* SPDX-License-Identifier: BSD-2-Clause */
/* See picture.h. */
#include "core/services/picture.h"
#include "core/filecopy/name.h"

#include <stdbool.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_id(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9') && text[i] != '.' &&
            text[i] != '_' && text[i] != '-')
            return false;
    return length > 0;
}

static bool is_local_path(const char *text, size_t length)
{
    size_t step;
    uint32_t code;

    if (length < 4 || !is_letter(text[0]) || text[1] != ':' ||
        (text[2] != '\\' && text[2] != '/') || text[3] == '\\' || text[3] == '/')
        return false;
    for (size_t at = 2; at < length; at += step) {
        step = fc_utf8_next(text + at, length - at, &code);
        if (step == 0 || code < ' ' || (code < 0x80 && strchr(":*?\"<>|", (int)code)))
            return false;
    }
    return true;
}

enum picture_source picture_parse(const char *line, size_t length, char *out)
{
    static const char menu[] = "xdgicon:";
    enum picture_source source = PICTURE_NONE;

    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length == 0 || length >= PICTURE_LINE_BYTES)
        return PICTURE_NONE;
    if (length == 1 && line[0] == '-') {
        source = PICTURE_STDIN;
    } else if (length > sizeof(menu) - 1 && memcmp(line, menu, sizeof(menu) - 1) == 0) {
        line += sizeof(menu) - 1;
        length -= sizeof(menu) - 1;
        source = is_id(line, length) ? PICTURE_MENU : PICTURE_NONE;
    } else if (is_local_path(line, length)) {
        source = PICTURE_FILE;
    }
    memcpy(out, line, length);
    out[length] = '\0';
    return source;
}
