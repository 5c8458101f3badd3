/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys as the GUI protocol says them (X key codes: Linux' code + 8) and as a PC's keyboard does
 * (scan codes of set 1), and which of them an agent holds down for the daemon. A key is known by
 * its place on the keyboard, so that every layout works.
 *
 * Set 1: Microsoft, "Keyboard scan code specification". Linux' codes: linux/input-event-codes.h.
 */
#ifndef CASEMENT_GUI_KEYS_H
#define CASEMENT_GUI_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/gui/wire.h"

enum {
    GUI_KEYCODES = 8 * GUI_KEYMAP_BYTES,
    GUI_KEYCODE_OFFSET = 8,     /* X's code of a key minus Linux' */
    GUI_SCAN_EXTENDED = 0xe000, /* the prefix E0 */
    GUI_SCAN_PAUSE = 0xe11d,    /* the one key with the prefix E1 */
};

/* X's modifier masks, in the state of key and button messages. */
enum { GUI_STATE_CAPS_LOCK = 1 << 1, GUI_STATE_NUM_LOCK = 1 << 4 };

/* Scan code, with GUI_SCAN_EXTENDED when it has that prefix; 0: a key that a PC's keyboard does not
 * have. */
uint16_t gui_scan_code(uint32_t keycode);

/* What the agent has pressed and not released. Zero it to begin. */
struct gui_keys {
    uint8_t down[GUI_KEYMAP_BYTES];
};

/* A key message of the daemon. true: inject it (a key that is down may be pressed again: it
 * repeats); false: no such key, or a release of what is not held. */
bool gui_keys_event(struct gui_keys *keys, uint32_t keycode, bool press);

/* A key that is held here but is not down in `keymap` (NULL: of all that are held), taken off the
 * held ones: release it and ask again. 0: none. */
uint32_t gui_keys_take_stray(struct gui_keys *keys, const uint8_t keymap[GUI_KEYMAP_BYTES]);

#endif
