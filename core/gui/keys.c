/* SPDX-License-Identifier: BSD-2-Clause */
/* See keys.h. */
#include "core/gui/keys.h"

#include <stddef.h>

/* Linux numbered its keys by scan code as far as one byte goes (up to F12), so only the others
 * stand here. */
enum { SAME_UP_TO = 83, LINUX_KEYS = 256 - GUI_KEYCODE_OFFSET };

#define E(code) (GUI_SCAN_EXTENDED | (code))
static const uint16_t others[LINUX_KEYS] = {
    [86] = 0x56,     [87] = 0x57,            /* the key beside left Shift, F11 */
    [88] = 0x58,     [89] = 0x73,            /* F12, Ro */
    [92] = 0x79,     [93] = 0x70,            /* Henkan, Katakana/Hiragana */
    [94] = 0x7b,     [96] = E(0x1c),         /* Muhenkan, keypad Enter */
    [97] = E(0x1d),  [98] = E(0x35),         /* right Ctrl, keypad / */
    [99] = E(0x37),  [100] = E(0x38),        /* Print, right Alt */
    [102] = E(0x47), [103] = E(0x48),        /* Home, up */
    [104] = E(0x49), [105] = E(0x4b),        /* page up, left */
    [106] = E(0x4d), [107] = E(0x4f),        /* right, End */
    [108] = E(0x50), [109] = E(0x51),        /* down, page down */
    [110] = E(0x52), [111] = E(0x53),        /* Insert, Delete */
    [113] = E(0x20), [114] = E(0x2e),        /* mute, softer */
    [115] = E(0x30), [116] = E(0x5e),        /* louder, power */
    [117] = 0x59,    [119] = GUI_SCAN_PAUSE, /* keypad =, Pause */
    [121] = 0x7e,    [122] = 0x72,           /* keypad comma, Hangul */
    [123] = 0x71,    [124] = 0x7d,           /* Hanja, Yen */
    [125] = E(0x5b), [126] = E(0x5c),        /* left and right Windows */
    [127] = E(0x5d), [128] = E(0x68),        /* menu, stop */
    [140] = E(0x21), [142] = E(0x5f),        /* calculator, sleep */
    [143] = E(0x63), [155] = E(0x6c),        /* wake, mail */
    [156] = E(0x66), [157] = E(0x6b),        /* bookmarks, computer */
    [158] = E(0x6a), [159] = E(0x69),        /* back, forward */
    [163] = E(0x19), [164] = E(0x22),        /* next track, play */
    [165] = E(0x10), [166] = E(0x24),        /* previous track, stop */
    [171] = E(0x6d), [172] = E(0x32),        /* media, home page */
    [173] = E(0x67), [183] = 0x64,           /* refresh, F13 */
    [184] = 0x65,    [185] = 0x66,           /* F14 ... */
    [186] = 0x67,    [187] = 0x68,           /* */
    [188] = 0x69,    [189] = 0x6a,           /* */
    [190] = 0x6b,    [191] = 0x6c,           /* */
    [192] = 0x6d,    [193] = 0x6e,           /* */
    [194] = 0x76,    [217] = E(0x65),        /* F24, search */
};
#undef E

uint16_t gui_scan_code(uint32_t keycode)
{
    const uint32_t key = keycode - GUI_KEYCODE_OFFSET; /* wraps for those that do not exist */

    if (keycode < GUI_KEYCODE_OFFSET || key >= LINUX_KEYS)
        return 0;
    return key <= SAME_UP_TO ? (uint16_t)key : others[key];
}

static uint8_t bit(uint32_t keycode)
{
    return (uint8_t)(1u << keycode % 8);
}

bool gui_keys_event(struct gui_keys *keys, uint32_t keycode, bool press)
{
    if (gui_scan_code(keycode) == 0)
        return false;
    uint8_t *const byte = &keys->down[keycode / 8];
    const bool held = *byte & bit(keycode);
    if (press)
        *byte |= bit(keycode);
    else
        *byte &= (uint8_t)~bit(keycode);
    return press || held;
}

uint32_t gui_keys_take_stray(struct gui_keys *keys, const uint8_t keymap[GUI_KEYMAP_BYTES])
{
    for (uint32_t i = 0; i < GUI_KEYMAP_BYTES; i++) {
        const uint8_t stray = keys->down[i] & (uint8_t) ~(keymap != NULL ? keymap[i] : 0);
        for (uint32_t keycode = 8 * i; stray != 0 && keycode < 8 * (i + 1); keycode++) {
            if (!(stray & bit(keycode)))
                continue;
            keys->down[i] &= (uint8_t)~bit(keycode);
            return keycode;
        }
    }
    return 0;
}
