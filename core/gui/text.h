/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for a field of fixed size: UTF-8 without controls, cut between characters, NUL ended. */
#ifndef CASEMENT_GUI_TEXT_H
#define CASEMENT_GUI_TEXT_H

#include <stddef.h>

/* Fills all of out[room] (room > 0): what does not fit is left out, each byte that is not UTF-8
 * and each control becomes '?', the rest is NUL. */
void gui_text_put(char *out, size_t room, const char *text, size_t size_bytes);

#endif
