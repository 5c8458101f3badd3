/* SPDX-License-Identifier: BSD-2-Clause */
/* See pace.h. */
#include "core/gui/pace.h"

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void gui_pace_changed(struct gui_pace_window *window, uint64_t now_us)
{
    window->moving_until_us = later(window->moving_until_us, now_us + GUI_PACE_MOVING_US);
}

void gui_pace_hint(struct gui_pace_window *window, uint64_t now_us)
{
    window->moving_until_us = later(window->moving_until_us, now_us + GUI_PACE_HINTED_US);
    if (window->next_us > now_us + GUI_PACE_INTERVAL_US)
        window->next_us = now_us;
}

bool gui_pace_moving(const struct gui_pace_window *window, uint64_t now_us)
{
    return now_us < window->moving_until_us;
}

void gui_pace_looked(struct gui_pace_window *window, uint64_t now_us, uint64_t cost_us)
{
    window->next_us = now_us + later(GUI_PACE_INTERVAL_US, cost_us); /* half of the time at most */
}

/* The bits of `value` in reverse order, of as many as numbers below `count` have: of eight
 * 0, 4, 2, 6, 1, 5, 3, 7. `count` is a power of two. */
static uint32_t reversed(uint32_t value, uint32_t count)
{
    uint32_t result = 0;

    for (uint32_t bit = 1; bit < count; bit <<= 1, value >>= 1)
        result = result << 1 | (value & 1);
    return result;
}

uint32_t gui_pace_next_strip(struct gui_pace_window *window, uint32_t height, uint32_t *rows)
{
    const uint32_t strips = (height + GUI_PACE_STRIP_ROWS - 1) / GUI_PACE_STRIP_ROWS;
    uint32_t count = 1, strip;

    while (count < strips)
        count *= 2;
    do { /* at least every second number is a strip */
        strip = reversed(window->next_strip % count, count);
        window->next_strip = (window->next_strip + 1) % count;
    } while (strip >= strips);
    const uint32_t top = strip * GUI_PACE_STRIP_ROWS;
    *rows = height - top < GUI_PACE_STRIP_ROWS ? height - top : GUI_PACE_STRIP_ROWS;
    return top;
}

void gui_pace_earn(struct gui_pace_budget *budget, uint64_t now_us, uint64_t moving_cost_us)
{
    const uint64_t idle_us = budget->since_us != 0 ? (now_us - budget->since_us) : 0;
    budget->since_us = now_us;
    budget->credit_us +=
        (int64_t)later(idle_us / GUI_PACE_STILL_PART, moving_cost_us / GUI_PACE_STILL_BESIDE_PART);
    if (budget->credit_us > GUI_PACE_CREDIT_MAX_US)
        budget->credit_us = GUI_PACE_CREDIT_MAX_US;
}

bool gui_pace_may_spend(const struct gui_pace_budget *budget)
{
    return budget->credit_us > 0;
}

uint64_t gui_pace_wait_us(const struct gui_pace_budget *budget)
{
    return budget->credit_us > 0 ? 0 : (uint64_t)(1 - budget->credit_us) * GUI_PACE_STILL_PART;
}

void gui_pace_spend(struct gui_pace_budget *budget, uint64_t cost_us)
{
    budget->credit_us -= (int64_t)cost_us;
}
