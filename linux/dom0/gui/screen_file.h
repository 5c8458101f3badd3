/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which X screen casement view shows windows on, for the services of dom0 that have to do with
 * them: the file "view" in the runtime folder (layout.h) with DISPLAY and XAUTHORITY, a line each,
 * while the view runs. Not there: the environment's own.
 */
#ifndef CASEMENT_DOM0_GUI_SCREEN_FILE_H
#define CASEMENT_DOM0_GUI_SCREEN_FILE_H

/* This process's screen is the view's. A failure only costs icons. */
void screen_file_write(void);
void screen_file_remove(void);
/* Sets DISPLAY and XAUTHORITY from it, if it is there. */
void screen_file_use(void);

#endif
