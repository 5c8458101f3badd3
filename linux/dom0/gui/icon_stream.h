/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest sends to qubes.WindowIconUpdater: for each icon a line with the window's number in
 * the GUI protocol, a line "WIDTH HEIGHT", and that many pixels of four bytes: red, green, blue,
 * alpha. Bytes may be cut anywhere. A guest is distrusted: lines have a length and numbers a range.
 */
#ifndef CASEMENT_DOM0_GUI_ICON_STREAM_H
#define CASEMENT_DOM0_GUI_ICON_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum { ICON_SIDE_MAX = 2048, ICON_LINE_BYTES = 32 /* with its end */ };

struct icon_stream {
    char line[ICON_LINE_BYTES];
    uint32_t line_bytes;
    enum { ICON_WINDOW_LINE, ICON_SIZE_LINE, ICON_PIXELS } expects;
    uint32_t window, width, height; /* of the icon */
    uint8_t *pixels;                /* owned; NULL until the size is known */
    size_t got_bytes;
};

enum icon_progress {
    ICON_MORE,     /* all bytes taken */
    ICON_COMPLETE, /* window, width, height and pixels are an icon: take pixels (and set it to NULL
                      to own it), then feed the rest */
    ICON_FAILED,   /* not such a stream, or no memory: end it */
};

/* Zero a stream to begin. Takes bytes from *bytes and moves it and *size on. */
enum icon_progress icon_stream_feed(struct icon_stream *stream, const uint8_t **bytes,
                                    size_t *size);
void icon_stream_end(struct icon_stream *stream);

#endif
