/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting as Windows does it (print.h), for 8-bit and 16-bit text from one engine. */
#include <stdbool.h>
#include <stdint.h>
#include <ntifs.h>

#include "model/print.h"

struct sink {
    char *narrow;
    WCHAR *wide;
    size_t size, length;
};

static void put(struct sink *sink, unsigned c)
{
    if (sink->length + 1 < sink->size) {
        if (sink->wide)
            sink->wide[sink->length] = (WCHAR)c;
        else
            sink->narrow[sink->length] = (char)c;
    }
    sink->length++;
}

struct spec {
    bool left, zero, plus, space, hash;
    int width, precision; /* -1: none */
    int bytes;            /* of the integer */
    bool wide;            /* l or w before s, c, Z */
    bool narrow;          /* h before s, c */
};

static void put_text(struct sink *sink, const struct spec *spec, const char *narrow,
                     const WCHAR *wide, size_t length)
{
    size_t pad;

    if (spec->precision >= 0 && length > (size_t)spec->precision)
        length = (size_t)spec->precision;
    pad = spec->width > 0 && (size_t)spec->width > length ? (size_t)spec->width - length : 0;
    for (size_t i = 0; !spec->left && i < pad; i++)
        put(sink, ' ');
    for (size_t i = 0; i < length; i++)
        put(sink, wide ? wide[i] : (unsigned char)narrow[i]);
    for (size_t i = 0; spec->left && i < pad; i++)
        put(sink, ' ');
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, bool negative,
                       unsigned base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[72];
    size_t count = 0, pad, least = spec->precision > 0 ? (size_t)spec->precision : 0;
    char sign = negative ? '-' : spec->plus ? '+' : spec->space ? ' ' : 0;
    bool prefix = spec->hash && base == 16 && value;

    while (value || (count == 0 && spec->precision != 0)) {
        text[count++] = digits[value % base];
        value /= base;
    }
    pad = count > least ? count : least;
    pad += (sign != 0) + (prefix ? 2 : 0);
    pad = spec->width > 0 && (size_t)spec->width > pad ? (size_t)spec->width - pad : 0;
    if (spec->zero && !spec->left && spec->precision < 0) {
        least = (count > least ? count : least) + pad;
        pad = 0;
    }
    for (size_t i = 0; !spec->left && i < pad; i++)
        put(sink, ' ');
    if (sign)
        put(sink, (unsigned char)sign);
    if (prefix) {
        put(sink, '0');
        put(sink, upper ? 'X' : 'x');
    }
    for (size_t i = count; i < least; i++)
        put(sink, '0');
    while (count)
        put(sink, (unsigned char)text[--count]);
    for (size_t i = 0; spec->left && i < pad; i++)
        put(sink, ' ');
}

static unsigned at(const char *narrow, const WCHAR *wide, size_t i)
{
    return wide ? wide[i] : (unsigned char)narrow[i];
}

static size_t length_of(const struct spec *spec, const char *narrow, const WCHAR *wide)
{
    size_t length = 0;

    while ((spec->precision < 0 || length < (size_t)spec->precision) &&
           (wide ? wide[length] != 0 : narrow[length] != 0))
        length++;
    return length;
}

static void format_all(struct sink *sink, const char *narrow, const WCHAR *wide, va_list arguments)
{
    for (size_t i = 0; at(narrow, wide, i); i++) {
        struct spec spec = {.width = 0, .precision = -1, .bytes = 4};
        unsigned c = at(narrow, wide, i);
        bool flags = true;

        if (c != '%') {
            put(sink, c);
            continue;
        }
        while (flags) {
            c = at(narrow, wide, ++i);
            switch (c) {
            case '-':
                spec.left = true;
                break;
            case '0':
                spec.zero = true;
                break;
            case '+':
                spec.plus = true;
                break;
            case ' ':
                spec.space = true;
                break;
            case '#':
                spec.hash = true;
                break;
            default:
                flags = false;
            }
        }
        if (c == '*') {
            spec.width = va_arg(arguments, int);
            if (spec.width < 0) {
                spec.left = true;
                spec.width = -spec.width;
            }
            c = at(narrow, wide, ++i);
        }
        for (; c >= '0' && c <= '9'; c = at(narrow, wide, ++i))
            spec.width = spec.width * 10 + (int)(c - '0');
        if (c == '.') {
            spec.precision = 0;
            c = at(narrow, wide, ++i);
            if (c == '*') {
                spec.precision = va_arg(arguments, int);
                c = at(narrow, wide, ++i);
            }
            for (; c >= '0' && c <= '9'; c = at(narrow, wide, ++i))
                spec.precision = spec.precision * 10 + (int)(c - '0');
        }
        for (bool size = true; size;) {
            switch (c) {
            case 'h':
                spec.narrow = true;
                break;
            case 'w':
                spec.wide = true;
                break;
            case 'l':
                spec.bytes = spec.wide ? 8 : 4; /* long is 4 bytes, long long 8 */
                spec.wide = true;
                break;
            case 'z':
            case 't':
            case 'j':
                spec.bytes = 8;
                break;
            case 'I':
                if (at(narrow, wide, i + 1) == '3' && at(narrow, wide, i + 2) == '2') {
                    i += 2;
                } else {
                    spec.bytes = 8;
                    if (at(narrow, wide, i + 1) == '6' && at(narrow, wide, i + 2) == '4')
                        i += 2;
                }
                break;
            default:
                size = false;
            }
            if (size)
                c = at(narrow, wide, ++i);
        }
        if (wide && (c == 's' || c == 'c' || c == 'S' || c == 'C')) {
            /* In 16-bit text a bare %s is 16-bit, %S and %hs are 8-bit. */
            spec.wide = (c == 's' || c == 'c') && !spec.narrow;
        } else if (c == 'S' || c == 'C') {
            spec.wide = !spec.narrow;
        }
        switch (c) {
        case 'd':
        case 'i': {
            int64_t value =
                spec.bytes == 8 ? (int64_t)va_arg(arguments, int64_t) : va_arg(arguments, int);

            put_number(sink, &spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0,
                       10, false);
            break;
        }
        case 'u':
        case 'x':
        case 'X':
        case 'o': {
            uint64_t value = spec.bytes == 8 ? (uint64_t)va_arg(arguments, uint64_t)
                                             : va_arg(arguments, unsigned);

            put_number(sink, &spec, value, false, c == 'u' ? 10 : c == 'o' ? 8 : 16, c == 'X');
            break;
        }
        case 'p':
            spec.precision = 16;
            put_number(sink, &spec, (uint64_t)(ULONG_PTR)va_arg(arguments, void *), false, 16,
                       true);
            break;
        case 'c':
        case 'C': {
            WCHAR one = (WCHAR)va_arg(arguments, int);

            put_text(sink, &spec, NULL, &one, 1);
            break;
        }
        case 's':
        case 'S': {
            const void *text = va_arg(arguments, const void *);

            if (!text) {
                put_text(sink, &spec, "(null)", NULL, 6);
            } else if (spec.wide) {
                put_text(sink, &spec, NULL, text, length_of(&spec, NULL, text));
            } else {
                put_text(sink, &spec, text, NULL, length_of(&spec, text, NULL));
            }
            break;
        }
        case 'Z': {
            const void *string = va_arg(arguments, const void *);

            if (!string) {
                put_text(sink, &spec, "(null)", NULL, 6);
            } else if (spec.wide) {
                const UNICODE_STRING *unicode = string;

                put_text(sink, &spec, NULL, unicode->Buffer, unicode->Length / sizeof(WCHAR));
            } else {
                const ANSI_STRING *ansi = string;

                put_text(sink, &spec, ansi->Buffer, NULL, ansi->Length);
            }
            break;
        }
        case 0:
            return;
        default:
            put(sink, c);
        }
    }
}

static size_t finish(struct sink *sink)
{
    if (sink->size) {
        size_t end = sink->length < sink->size ? sink->length : sink->size - 1;

        if (sink->wide)
            sink->wide[end] = 0;
        else
            sink->narrow[end] = 0;
    }
    return sink->length;
}

size_t print_format(char *out, size_t size, const char *format, va_list arguments)
{
    struct sink sink = {.narrow = out, .size = size};

    format_all(&sink, format, NULL, arguments);
    return finish(&sink);
}

size_t print_format_wide(unsigned short *out, size_t size, const unsigned short *format,
                         va_list arguments)
{
    struct sink sink = {.wide = (WCHAR *)out, .size = size};

    format_all(&sink, NULL, (const WCHAR *)format, arguments);
    return finish(&sink);
}
