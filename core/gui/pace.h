/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to look at a window next. Where Windows does not say what changed (GDI), looking is all that
 * helps, and it costs: what changed lately is looked at often, what is still is looked at part by
 * part from the time that is left. So a still desktop costs next to nothing, a hundred still
 * windows slow one moving window little, and no window, however large, takes all the time.
 * Arithmetic on times that the caller brings: no clock here.
 */
#ifndef CASEMENT_GUI_PACE_H
#define CASEMENT_GUI_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GUI_PACE_INTERVAL_US = 10000,   /* between two looks at a moving window */
    GUI_PACE_MOVING_US = 1000000,   /* a window that changed is taken for moving so long */
    GUI_PACE_HINTED_US = 300000,    /* so long after a hint: input, an event of its program */
    GUI_PACE_STRIP_ROWS = 32,       /* of a part */
    GUI_PACE_STILL_PART = 200,      /* one part in so many of the time goes into still windows */
    GUI_PACE_STILL_BESIDE_PART = 4, /* or of the time that moving windows took, if that is more */
    GUI_PACE_CREDIT_MAX_US = 20000, /* unused time is not saved up for ever */
    GUI_PACE_ROUND_US = 50000,      /* a still window's next part, at the earliest */
};

/* One window. Zero it to begin; times are microseconds of any clock that does not go back. */
struct gui_pace_window {
    uint64_t moving_until_us;
    uint64_t next_us;    /* not before */
    uint32_t next_strip; /* of the still window: which part comes next */
};

/* It changed. / It may change soon. */
void gui_pace_changed(struct gui_pace_window *window, uint64_t now_us);
void gui_pace_hint(struct gui_pace_window *window, uint64_t now_us);
bool gui_pace_moving(const struct gui_pace_window *window, uint64_t now_us);
/* A whole look at a moving window took cost_us. */
void gui_pace_looked(struct gui_pace_window *window, uint64_t now_us, uint64_t cost_us);
/* The rows of the next part of a still window of this height: each part once a round, far apart
 * one after the other, since most changes are larger than a part. */
uint32_t gui_pace_next_strip(struct gui_pace_window *window, uint32_t height, uint32_t *rows);

/* The time that still windows may take, for all of them together. */
struct gui_pace_budget {
    int64_t credit_us;
    uint64_t since_us;
};
/* Once a round, before still windows are looked at; moving_cost_us: what moving windows took since
 * the last. */
void gui_pace_earn(struct gui_pace_budget *budget, uint64_t now_us, uint64_t moving_cost_us);
bool gui_pace_may_spend(const struct gui_pace_budget *budget);
/* Until it may, if nothing moves. */
uint64_t gui_pace_wait_us(const struct gui_pace_budget *budget);
void gui_pace_spend(struct gui_pace_budget *budget, uint64_t cost_us);

#endif
