/* SPDX-License-Identifier: BSD-2-Clause */
/* See change.h. */
#include <stdbool.h>
#include <string.h>
#include "core/gui/change.h"
#include "core/gui/rects.h"

/* What is reported is made of tiles: wide enough that a difference is found long before the end
 * of a row piece, low enough that a line of text is not three. */
enum { TILE_WIDTH = 128, TILE_HEIGHT = 16, TILE_ROW_BYTES = TILE_WIDTH * GUI_PIXEL_BYTES };
enum { TILES_MAX = (GUI_WIDTH_MAX + TILE_WIDTH - 1) / TILE_WIDTH };
enum { BLOCK_BYTES = 64 };

/* A fixed count and no exit in between: compilers make vector instructions of it. */
static inline bool block_differs(const uint8_t *a, const uint8_t *b)
{
    uint64_t left, right, difference = 0;

    for (size_t i = 0; i < BLOCK_BYTES; i += sizeof(left)) {
        memcpy(&left, a + i, sizeof(left));
        memcpy(&right, b + i, sizeof(right));
        difference |= left ^ right;
    }
    return difference != 0;
}

/* true: there was a difference; from there on the bytes were copied. */
static inline bool copy_if_different(uint8_t *to, const uint8_t *from, size_t bytes)
{
    size_t at = 0;

    while (bytes - at >= BLOCK_BYTES && !block_differs(to + at, from + at))
        at += BLOCK_BYTES;
    if (bytes - at < BLOCK_BYTES && memcmp(to + at, from + at, bytes - at) == 0)
        return false;
    memcpy(to + at, from + at, bytes - at);
    return true;
}

static size_t tile_bytes(size_t left)
{
    return left < TILE_ROW_BYTES ? left : TILE_ROW_BYTES;
}

/* One row of a band; marks the tiles that it changed. */
static void copy_row(uint8_t *to, const uint8_t *from, size_t bytes, bool *changed)
{
    for (size_t at = 0, tile = 0; at < bytes; at += TILE_ROW_BYTES, tile++) {
        if (copy_if_different(to + at, from + at, tile_bytes(bytes - at)))
            changed[tile] = true;
    }
}

static void add_runs(struct gui_rect band, const bool *changed, struct gui_rect *rects,
                     uint32_t *count, uint32_t max)
{
    const uint32_t tiles = (band.width + TILE_WIDTH - 1) / TILE_WIDTH;

    for (uint32_t first = 0, end; first < tiles; first = end + 1) {
        end = first;
        while (end < tiles && changed[end])
            end++;
        if (end == first)
            continue;
        struct gui_rect run = {band.x + (int32_t)(first * TILE_WIDTH), band.y,
                               (end - first) * TILE_WIDTH, band.height};
        const uint32_t right = band.width - first * TILE_WIDTH;
        run.width = run.width < right ? run.width : right;
        gui_rects_add(rects, count, max, &run);
    }
}

uint32_t gui_change_copy(uint8_t *image, uint32_t width, uint32_t height, const uint8_t *capture,
                         ptrdiff_t capture_stride_bytes, const struct gui_rect *area,
                         struct gui_rect *rects, uint32_t max)
{
    struct gui_rect band = *area;
    bool changed[TILES_MAX];
    uint32_t count = 0;

    if (width > GUI_WIDTH_MAX || !gui_rect_clip(&band, width, height))
        return 0;
    const int32_t bottom = band.y + (int32_t)band.height;
    const size_t left_bytes = (size_t)band.x * GUI_PIXEL_BYTES;
    for (; band.y < bottom; band.y += TILE_HEIGHT) {
        band.height = bottom - band.y < TILE_HEIGHT ? (uint32_t)(bottom - band.y) : TILE_HEIGHT;
        memset(changed, 0, sizeof(changed));
        for (int32_t y = band.y; y < band.y + (int32_t)band.height; y++)
            copy_row(image + (size_t)y * width * GUI_PIXEL_BYTES + left_bytes,
                     capture + y * capture_stride_bytes + left_bytes,
                     (size_t)band.width * GUI_PIXEL_BYTES, changed);
        add_runs(band, changed, rects, &count, max);
    }
    return count;
}
