/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short list of rectangles that covers what changed. When there are more than it holds, the two
 * that waste the least together become one: the list covers too much rather than too little.
 */
#ifndef CASEMENT_GUI_RECTS_H
#define CASEMENT_GUI_RECTS_H

#include <stdbool.h>
#include "core/gui/wire.h"

/* The part of *rect within width * height; false: there is none. */
bool gui_rect_clip(struct gui_rect *rect, uint32_t width, uint32_t height);

/* Adds *rect, which has been clipped. rects: `max` long (at least 1), of which *count are in use.
 */
void gui_rects_add(struct gui_rect *rects, uint32_t *count, uint32_t max,
                   const struct gui_rect *rect);

#endif
