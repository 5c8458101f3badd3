/* SPDX-License-Identifier: BSD-2-Clause */
/* See rects.h. */
#include "core/gui/rects.h"

bool gui_rect_clip(struct gui_rect *rect, uint32_t width, uint32_t height)
{
    const int64_t left = rect->x > 0 ? rect->x : 0, top = rect->y > 0 ? rect->y : 0;
    int64_t right = (int64_t)rect->x + rect->width, bottom = (int64_t)rect->y + rect->height;

    right = right < width ? right : width;
    bottom = bottom < height ? bottom : height;
    if (left >= right || top >= bottom)
        return false;
    *rect = (struct gui_rect){(int32_t)left, (int32_t)top, (uint32_t)(right - left),
                              (uint32_t)(bottom - top)};
    return true;
}

static uint64_t area(const struct gui_rect *rect)
{
    return (uint64_t)rect->width * rect->height;
}

static struct gui_rect around(const struct gui_rect *a, const struct gui_rect *b)
{
    const int64_t a_right = (int64_t)a->x + a->width, b_right = (int64_t)b->x + b->width;
    const int64_t a_bottom = (int64_t)a->y + a->height, b_bottom = (int64_t)b->y + b->height;
    const int32_t x = a->x < b->x ? a->x : b->x, y = a->y < b->y ? a->y : b->y;

    return (struct gui_rect){x, y, (uint32_t)((a_right > b_right ? a_right : b_right) - x),
                             (uint32_t)((a_bottom > b_bottom ? a_bottom : b_bottom) - y)};
}

/* Pixels that one rectangle around both has and they have not; negative: they overlap more. */
static int64_t waste(const struct gui_rect *a, const struct gui_rect *b)
{
    const struct gui_rect both = around(a, b);
    return (int64_t)(area(&both) - area(a) - area(b));
}

void gui_rects_add(struct gui_rect *rects, uint32_t *count, uint32_t max,
                   const struct gui_rect *rect)
{
    struct gui_rect now = *rect;
    uint32_t best;

    /* Each round takes one away from the list, so this ends. */
    while (*count) {
        best = 0;
        for (uint32_t i = 1; i < *count; i++) {
            if (waste(&rects[i], &now) < waste(&rects[best], &now))
                best = i;
        }
        if (waste(&rects[best], &now) > 0 && *count < max)
            break;
        now = around(&rects[best], &now);
        rects[best] = rects[--*count];
    }
    rects[(*count)++] = now;
}
