/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What changed between two captures of the same pixels, found while the new one is copied over the
 * old one, in one pass: the old one is the granted image that the daemon reads, so what is still
 * costs two reads and no write, and what moves is copied once.
 */
#ifndef CASEMENT_GUI_CHANGE_H
#define CASEMENT_GUI_CHANGE_H

#include <stddef.h>
#include "core/gui/wire.h"

/* Makes `area` (clipped) of an image of width * height pixels like a capture, of which row y is at
 * capture + y * capture_stride_bytes (negative for one that is upside down). Both of
 * GUI_PIXEL_BYTES a pixel, the image's rows without padding; all four bytes count. They must not
 * overlap. Returns how many rectangles now cover all that differed: at most `max` (at least 1). */
uint32_t gui_change_copy(uint8_t *image, uint32_t width, uint32_t height, const uint8_t *capture,
                         ptrdiff_t capture_stride_bytes, const struct gui_rect *area,
                         struct gui_rect *rects, uint32_t max);

#endif
