/* SPDX-License-Identifier: BSD-2-Clause */
/* See layout.h. */
#include "core/gui/layout.h"

#include "core/gui/wire.h"

enum { FIELDS_SHORT = 4, FIELDS = 6, VALUE_MAX = 1000000 };

struct text {
    const char *at, *end;
};

static bool at_line_end(const struct text *text)
{
    return text->at == text->end || *text->at == '\n' || *text->at == '\r';
}

static void skip_blanks(struct text *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
        text->at++;
}

static bool take_number(struct text *text, int32_t *value)
{
    const bool negative = text->at < text->end && *text->at == '-';
    const char *const first = text->at + negative;

    *value = 0;
    for (text->at = first; text->at < text->end && *text->at >= '0' && *text->at <= '9';
         text->at++) {
        *value = *value * 10 + (*text->at - '0');
        if (*value > VALUE_MAX)
            return false;
    }
    if (negative)
        *value = -*value;
    return text->at != first;
}

/* Returns how many there were, or -1. */
static int take_fields(struct text *text, int32_t fields[FIELDS])
{
    int count = 0;

    for (skip_blanks(text); !at_line_end(text); skip_blanks(text)) {
        if (count == FIELDS || !take_number(text, &fields[count++]))
            return -1;
        if (!at_line_end(text) && *text->at != ' ' && *text->at != '\t')
            return -1;
    }
    while (text->at < text->end && (*text->at == '\r' || *text->at == '\n'))
        text->at++;
    return count;
}

static bool within(int32_t value, int32_t least, int32_t most)
{
    return value >= least && value <= most;
}

static bool make_monitor(const int32_t fields[FIELDS], struct gui_monitor *monitor)
{
    if (!within(fields[0], 1, GUI_WIDTH_MAX) || !within(fields[1], 1, GUI_HEIGHT_MAX) ||
        !within(fields[2], -GUI_WIDTH_MAX, GUI_WIDTH_MAX) ||
        !within(fields[3], -GUI_WIDTH_MAX, GUI_WIDTH_MAX) || fields[4] < 0 || fields[5] < 0)
        return false;
    *monitor = (struct gui_monitor){.width = (uint32_t)fields[0],
                                    .height = (uint32_t)fields[1],
                                    .x = fields[2],
                                    .y = fields[3],
                                    .width_mm = (uint32_t)fields[4],
                                    .height_mm = (uint32_t)fields[5]};
    return true;
}

bool gui_layout_parse(struct gui_layout *layout, const char *text, size_t size_bytes)
{
    struct text rest = {text, text + size_bytes};

    layout->count = 0;
    while (rest.at < rest.end) {
        int32_t fields[FIELDS] = {0};
        const int count = take_fields(&rest, fields);
        if (count == 0)
            continue;
        if ((count != FIELDS_SHORT && count != FIELDS) || layout->count == GUI_MONITORS_MAX ||
            !make_monitor(fields, &layout->monitors[layout->count]))
            return false;
        layout->count++;
    }
    return layout->count > 0;
}
