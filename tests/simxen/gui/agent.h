/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of casement view's tests: core/gui's model on a vchan server, with windows whose
 * pixels the test draws. It keeps what the daemon said for the test to look at.
 */
#ifndef TEST_SIMXEN_GUI_AGENT_H
#define TEST_SIMXEN_GUI_AGENT_H

#include <xengnttab.h>

#include "core/gui/model.h"
#include "include/libvchan.h"

enum { EVENTS_MAX = 256 };

/* A granted image. */
struct picture {
    struct gui_image image;
    uint32_t *pixels; /* width * height */
    uint32_t *refs;
};

struct agent {
    libvchan_t *vchan;
    xengntshr_handle *share;
    struct gui_model model;
    uint8_t *body;
    bool obey; /* place windows as CONFIGURE says, at once */
    struct gui_event events[EVENTS_MAX];
    uint32_t event_count;
    uint8_t pasted[64]; /* the last CLIPBOARD, cut */
    uint32_t pasted_bytes;
};

void agent_open(struct agent *agent);
/* A server that the daemon may join; ends the last one. */
void agent_listen(struct agent *agent);
/* Moves bytes both ways; false: the daemon is gone. */
bool agent_pump(struct agent *agent);

struct picture *picture_new(struct agent *agent, uint32_t width, uint32_t height, uint32_t color);
/* Ends the grants of all images that the model gives back. */
void agent_take_back(struct agent *agent);

/* A window that is shown at once, of one colour but for a pattern in its rows and columns. */
struct picture *agent_show(struct agent *agent, struct gui_window *window, const char *title,
                           struct gui_place place, uint32_t color);

/* The last event of this type for the window (NULL: any); NULL: none. */
const struct gui_event *agent_heard(const struct agent *agent, enum gui_event_type type,
                                    const struct gui_window *window);

#endif
