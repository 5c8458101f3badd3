/* SPDX-License-Identifier: BSD-2-Clause */
/* The formatter, once, onto a sink: a buffer or the console. */
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "print.h"
#include <string.h>

struct sink {
    char *out; /* NULL: the console */
    size_t size, length;
};

struct field {
    bool left, zeroes, prefix;
    int width, precision; /* precision -1: none */
    int longs;            /* 1: l or z, 2: ll, -1: h, -2: hh */
};

static void put(struct sink *sink, char c)
{
    if (!sink->out)
        console_put(c);
    else if (sink->length + 1 < sink->size)
        sink->out[sink->length] = c;
    sink->length++;
}

static void put_padded(struct sink *sink, const struct field *field, const char *prefix,
                       const char *text, size_t length)
{
    size_t total = strlen(prefix) + length;
    size_t fill = field->width > 0 && (size_t)field->width > total ? field->width - total : 0;

    for (size_t i = 0; !field->left && !field->zeroes && i < fill; i++)
        put(sink, ' ');
    for (; *prefix; prefix++)
        put(sink, *prefix);
    for (size_t i = 0; !field->left && field->zeroes && i < fill; i++)
        put(sink, '0');
    for (size_t i = 0; i < length; i++)
        put(sink, text[i]);
    for (size_t i = 0; field->left && i < fill; i++)
        put(sink, ' ');
}

static void put_number(struct sink *sink, const struct field *field, uint64_t value, unsigned base,
                       const char *prefix, const char *digits)
{
    char text[24];
    size_t at = sizeof text;

    do
        text[--at] = digits[value % base];
    while (value /= base);
    put_padded(sink, field, prefix, text + at, sizeof text - at);
}

static uint64_t take_unsigned(const struct field *field, va_list *arguments)
{
    uint64_t value = field->longs > 0 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);

    if (field->longs == -1)
        value = (uint16_t)value;
    if (field->longs == -2)
        value = (uint8_t)value;
    return value;
}

static int64_t take_signed(const struct field *field, va_list *arguments)
{
    int64_t value = field->longs > 0 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);

    if (field->longs == -1)
        value = (int16_t)value;
    if (field->longs == -2)
        value = (int8_t)value;
    return value;
}

static const char *parse_count(const char *at, int *count, va_list *arguments)
{
    if (*at == '*') {
        *count = va_arg(*arguments, int);
        return at + 1;
    }
    for (*count = 0; *at >= '0' && *at <= '9'; at++)
        *count = *count * 10 + *at - '0';
    return at;
}

static const char *parse_field(const char *at, struct field *field, va_list *arguments)
{
    *field = (struct field){.precision = -1};
    for (;; at++) {
        if (*at == '-')
            field->left = true;
        else if (*at == '0')
            field->zeroes = true;
        else if (*at == '#')
            field->prefix = true;
        else
            break;
    }
    at = parse_count(at, &field->width, arguments);
    if (*at == '.')
        at = parse_count(at + 1, &field->precision, arguments);
    for (;; at++) {
        if (*at == 'l')
            field->longs++;
        else if (*at == 'z' || *at == 't' || *at == 'j')
            field->longs = 1;
        else if (*at == 'h')
            field->longs--;
        else
            return at;
    }
}

static void put_field(struct sink *sink, char kind, const struct field *field, va_list *arguments)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

    switch (kind) {
    case 'd':
    case 'i': {
        int64_t value = take_signed(field, arguments);
        put_number(sink, field, value < 0 ? -(uint64_t)value : (uint64_t)value, 10,
                   value < 0 ? "-" : "", lower);
        return;
    }
    case 'u':
        put_number(sink, field, take_unsigned(field, arguments), 10, "", lower);
        return;
    case 'x':
        put_number(sink, field, take_unsigned(field, arguments), 16, field->prefix ? "0x" : "",
                   lower);
        return;
    case 'X':
        put_number(sink, field, take_unsigned(field, arguments), 16, field->prefix ? "0x" : "",
                   upper);
        return;
    case 'p':
        put_number(sink, field, (uintptr_t)va_arg(*arguments, void *), 16, "0x", lower);
        return;
    case 'c': {
        char c = (char)va_arg(*arguments, int);
        put_padded(sink, field, "", &c, 1);
        return;
    }
    case 's': {
        const char *text = va_arg(*arguments, const char *);
        size_t length = 0;

        if (!text)
            text = "(null)";
        while (length != (size_t)field->precision && text[length])
            length++;
        put_padded(sink, field, "", text, length);
        return;
    }
    default:
        put(sink, kind);
    }
}

static void format_into(struct sink *sink, const char *format, va_list *arguments)
{
    for (const char *at = format; *at; at++) {
        struct field field;

        if (*at != '%') {
            put(sink, *at);
            continue;
        }
        at = parse_field(at + 1, &field, arguments);
        if (!*at)
            return;
        put_field(sink, *at, &field, arguments);
    }
}

void print_list(const char *format, va_list arguments)
{
    struct sink sink = {0};
    va_list copy;
    bool on = console_begin();

    va_copy(copy, arguments);
    format_into(&sink, format, &copy);
    va_end(copy);
    console_end(on);
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
}

int vsnprintf(char *out, size_t size, const char *format, va_list arguments)
{
    char nothing;
    struct sink sink = {.out = size ? out : &nothing, .size = size};
    va_list copy;

    va_copy(copy, arguments);
    format_into(&sink, format, &copy);
    va_end(copy);
    if (size)
        out[sink.length < size ? sink.length : size - 1] = 0;
    return (int)sink.length;
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}
