/* SPDX-License-Identifier: BSD-2-Clause */
/* See icon_stream.h. */
#include "icon_stream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Digits at *text, at least one; moves it behind them. false: none, or more than most. */
static bool take_number(const char **text, uint32_t most, uint32_t *number)
{
    uint64_t value = 0;
    const char *at = *text;

    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > most)
            return false;
    }
    if (at == *text)
        return false;
    *text = at;
    *number = (uint32_t)value;
    return true;
}

static bool take_window(struct icon_stream *stream)
{
    const char *text = stream->line;

    stream->expects = ICON_SIZE_LINE;
    return take_number(&text, UINT32_MAX, &stream->window) && *text == '\0';
}

static bool take_size(struct icon_stream *stream)
{
    const char *text = stream->line;

    if (!take_number(&text, ICON_SIDE_MAX, &stream->width) || *text++ != ' ' ||
        !take_number(&text, ICON_SIDE_MAX, &stream->height) || *text != '\0' ||
        stream->width == 0 || stream->height == 0)
        return false;
    stream->expects = ICON_PIXELS;
    stream->got_bytes = 0;
    free(stream->pixels);
    stream->pixels = malloc((size_t)stream->width * stream->height * 4);
    return stream->pixels != NULL;
}

/* false: not a line. */
static bool take_line_byte(struct icon_stream *stream, char byte)
{
    if (byte != '\n') {
        stream->line[stream->line_bytes++] = byte;
        return byte != '\0' && stream->line_bytes < ICON_LINE_BYTES;
    }
    stream->line[stream->line_bytes] = '\0';
    stream->line_bytes = 0;
    return stream->expects == ICON_WINDOW_LINE ? take_window(stream) : take_size(stream);
}

enum icon_progress icon_stream_feed(struct icon_stream *stream, const uint8_t **bytes, size_t *size)
{
    while (*size > 0) {
        if (stream->expects != ICON_PIXELS) {
            (*size)--;
            if (!take_line_byte(stream, (char)*(*bytes)++))
                return ICON_FAILED;
            continue;
        }
        const size_t wanted = (size_t)stream->width * stream->height * 4 - stream->got_bytes;
        const size_t taken = *size < wanted ? *size : wanted;

        memcpy(stream->pixels + stream->got_bytes, *bytes, taken);
        stream->got_bytes += taken, *bytes += taken, *size -= taken;
        if (taken == wanted) {
            stream->expects = ICON_WINDOW_LINE;
            return ICON_COMPLETE;
        }
    }
    return ICON_MORE;
}

void icon_stream_end(struct icon_stream *stream)
{
    free(stream->pixels);
    stream->pixels = NULL;
}
