/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture of the whole X screen, as a PNG file. */
#ifndef CASEMENT_DOM0_GUI_PICTURE_H
#define CASEMENT_DOM0_GUI_PICTURE_H

#include "display.h"

/* false after a message on stderr. */
bool picture_save(struct display *display, const char *path);

#endif
