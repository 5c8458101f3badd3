/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's agent and an X screen side by side: tests act on either and wait, without looking at
 * any clock, until the other has come to it.
 */
#ifndef TEST_SIMXEN_GUI_DESK_H
#define TEST_SIMXEN_GUI_DESK_H

#include "agent.h"
#include "screen.h"

struct desk {
    struct agent agent;
    struct screen screen;
    xcb_window_t stirs; /* a window to ask the window manager about when it is silent; 0: none */
};

/* Makes the agent; the screen is open. */
void desk_open(struct desk *desk);
/* Before desk_open(): returns when the window manager that was started is there. */
void desk_wait_for_manager(struct desk *desk);
/* Does what there is to do now. */
void desk_go_on(struct desk *desk);
/* Returns when something happened; fails the test when nothing does any more. what: is waited for.
 */
void desk_wait(struct desk *desk, const char *what);

#define UNTIL(desk, condition)                                                                     \
    do {                                                                                           \
        while (desk_go_on(desk), !(condition))                                                     \
            desk_wait(desk, #condition);                                                           \
    } while (0)

/* Does the screen show the whole picture there? */
bool desk_shows(struct desk *desk, const struct picture *picture, int32_t x, int32_t y);
/* Was the window's last CONFIGURE this one? */
bool desk_placed(struct desk *desk, const struct gui_window *window, struct gui_place place);
/* Returns when the daemon has let go of it. */
void desk_remove(struct desk *desk, struct gui_window *window);

/* A test's set-up; its state is the desk. What the agent heard before is forgotten. */
int desk_forget(void **state);

#endif
