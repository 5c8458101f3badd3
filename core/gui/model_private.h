/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the model (windows, output, input) have of each other. */
#ifndef CASEMENT_GUI_MODEL_PRIVATE_H
#define CASEMENT_GUI_MODEL_PRIVATE_H

#include "core/gui/model.h"

/* Bits of gui_window.given and .unsaid. */
enum { SAYS_CLASS = 1, SAYS_TITLE = 2, SAYS_HINTS = 4 };

/* NULL: none that is not given back. */
struct gui_window *gui_model_find_any(const struct gui_model *model, uint32_t id);
/* NULL: none, or it was removed. */
struct gui_window *gui_model_find(const struct gui_model *model, uint32_t id);
/* The window has something to say. */
void gui_model_touch(struct gui_model *model, struct gui_window *window);
void gui_model_untouch(struct gui_model *model, struct gui_window *window);
/* Gives an image back; NULL is none. */
void gui_model_release(struct gui_model *model, struct gui_image *image);
/* Gives the window and its images back: the daemon knows nothing of it any more. */
void gui_model_finish(struct gui_model *model, struct gui_window *window);
/* Gives back the image that a newer one replaced. */
void gui_model_release_older(struct gui_model *model, struct gui_window *window);

/* The nearest place that a window may have: sizes of at least 1. */
struct gui_place gui_place_within(const struct gui_place *place);

#endif
