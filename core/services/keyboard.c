/* SPDX-License-Identifier: BSD-2-Clause */
/* See keyboard.h. Options (compose keys and the like) are nothing that Windows has. */
#include "core/services/keyboard.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct keyboard_row {
    const char *layout, *variant; /* variant "": the plain layout, and any that is not listed */
    uint32_t windows;
} rows[] = {
    {"al", "", 0x0000041c},       {"am", "", 0x0002042b},           {"ara", "", 0x00000401},
    {"at", "", 0x00000407},       {"az", "", 0x0000042c},           {"ba", "", 0x0000041a},
    {"be", "", 0x0000080c},       {"bg", "phonetic", 0x00040402},   {"bg", "", 0x00030402},
    {"br", "", 0x00000416},       {"by", "", 0x00000423},           {"ca", "eng", 0x00000409},
    {"ca", "multix", 0x00011009}, {"ca", "", 0x00001009},           {"ch", "fr", 0x0000100c},
    {"ch", "", 0x00000807},       {"cn", "", 0x00000804},           {"cz", "qwerty", 0x00010405},
    {"cz", "", 0x00000405},       {"de", "", 0x00000407},           {"dk", "", 0x00000406},
    {"ee", "", 0x00000425},       {"es", "", 0x0000040a},           {"fi", "", 0x0000040b},
    {"fo", "", 0x00000438},       {"fr", "bepo", 0x0002040c},       {"fr", "", 0x0000040c},
    {"gb", "extd", 0x00000452},   {"gb", "", 0x00000809},           {"ge", "", 0x00000437},
    {"gr", "", 0x00000408},       {"hr", "", 0x0000041a},           {"hu", "", 0x0000040e},
    {"ie", "", 0x00001809},       {"il", "", 0x0002040d},           {"ir", "", 0x00000429},
    {"is", "", 0x0000040f},       {"it", "", 0x00000410},           {"jp", "", 0x00000411},
    {"kr", "", 0x00000412},       {"kz", "", 0x0000043f},           {"latam", "", 0x0000080a},
    {"lt", "", 0x00010427},       {"lv", "", 0x00020426},           {"mk", "", 0x0001042f},
    {"mn", "", 0x00000450},       {"mt", "", 0x0000043a},           {"nl", "", 0x00000413},
    {"no", "", 0x00000414},       {"pl", "qwertz", 0x00010415},     {"pl", "", 0x00000415},
    {"pt", "", 0x00000816},       {"ro", "", 0x00010418},           {"rs", "latin", 0x0000081a},
    {"rs", "", 0x00000c1a},       {"ru", "phonetic", 0x00020419},   {"ru", "", 0x00000419},
    {"se", "", 0x0000041d},       {"si", "", 0x00000424},           {"sk", "qwerty", 0x0001041b},
    {"sk", "", 0x0000041b},       {"th", "", 0x0000041e},           {"tr", "f", 0x0001041f},
    {"tr", "", 0x0000041f},       {"tw", "", 0x00000404},           {"ua", "", 0x00020422},
    {"us", "dvorak", 0x00010409}, {"us", "dvorak-l", 0x00030409},   {"us", "dvorak-r", 0x00040409},
    {"us", "intl", 0x00020409},   {"us", "altgr-intl", 0x00020409}, {"us", "", 0x00000409},
    {"vn", "", 0x0000042a},
};

/* text up to one of the ends is word. */
static bool is(const char *text, const char *ends, const char *word)
{
    size_t length = strcspn(text, ends);

    return length == strlen(word) && memcmp(text, word, length) == 0;
}

uint32_t keyboard_windows_id(const char *text)
{
    const char *plus = strchr(text, '+');
    const char *variant = plus != NULL ? plus + 1 : "";

    /* A variant stands before the layout's plain row. */
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (is(text, "+,", rows[i].layout) &&
            (rows[i].variant[0] == '\0' || is(variant, "+,", rows[i].variant)))
            return rows[i].windows;
    }
    return 0;
}
