/* SPDX-License-Identifier: BSD-2-Clause */
/* See url.h. */
#include "core/services/url.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t scheme_length(const char *text, size_t length)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        size_t n = 0;

        while (schemes[i][n] != '\0' && n < length && lower(text[n]) == schemes[i][n])
            n++;
        if (schemes[i][n] == '\0')
            return n;
    }
    return 0;
}

static bool is_allowed(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '`' && c != '<' &&
           c != '>' && c != '|' && c != '^' && c != '{' && c != '}';
}

bool url_parse(const char *text, size_t length, char *out)
{
    size_t scheme;

    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    scheme = scheme_length(text, length);
    if (scheme == 0 || scheme == length || length > URL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_allowed(text[i]))
            return false;
        out[i] = text[i];
    }
    out[length] = '\0';
    return true;
}
