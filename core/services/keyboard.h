/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keyboard layouts as dom0 names them (/keyboard-layout: "layout+variant+options", X's names), and
 * Windows' identifiers for them (the keys below its "Keyboard Layouts").
 */
#ifndef CASEMENT_SERVICES_KEYBOARD_H
#define CASEMENT_SERVICES_KEYBOARD_H

#include <stdint.h>

/* text: perhaps with several layouts, separated by commas: the first counts. A variant that Windows
 * has no layout for becomes the plain layout. 0: no such layout, or no such text. */
uint32_t keyboard_windows_id(const char *text);

#endif
