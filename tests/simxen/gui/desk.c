/* SPDX-License-Identifier: BSD-2-Clause */
/* See desk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"

enum { SILENCE_MS = 20000, STIR_MS = 200, ASK_AGAIN_MS = 100 };

void desk_open(struct desk *desk)
{
    agent_open(&desk->agent);
    agent_listen(&desk->agent);
}

/* Openbox 3.6 may leave what it has read from the X server until something else comes: it is asked
 * until it answers, and again when it is silent. */
void desk_wait_for_manager(struct desk *desk)
{
    struct screen *screen = &desk->screen;
    const xcb_window_t window = xcb_generate_id(screen->connection);
    struct pollfd fd = {.fd = screen_fd(screen), .events = POLLIN};
    char extents[20];

    xcb_create_window(screen->connection, 0, window, screen->root->root, 0, 0, 9, 9, 0,
                      XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, 0, NULL);
    while (!screen_property(screen, window, "_NET_FRAME_EXTENTS", extents, sizeof(extents))) {
        screen_ask_wm(screen, window, "_NET_REQUEST_FRAME_EXTENTS", (uint32_t[5]){0});
        if (!screen_drain(screen))
            poll(&fd, 1, ASK_AGAIN_MS);
    }
    desk->stirs = window;
}

void desk_go_on(struct desk *desk)
{
    agent_pump(&desk->agent);
    agent_take_back(&desk->agent);
    screen_drain(&desk->screen);
}

void desk_wait(struct desk *desk, const char *what)
{
    struct pollfd fds[2] = {{.fd = libvchan_fd_for_select(desk->agent.vchan), .events = POLLIN},
                            {.fd = screen_fd(&desk->screen), .events = POLLIN}};

    /* Replies to questions bring events along, which poll() does not see. */
    if (screen_drain(&desk->screen))
        return;
    for (int silent_ms = 0; poll(fds, 2, STIR_MS) == 0; silent_ms += STIR_MS) {
        if (silent_ms >= SILENCE_MS)
            fail_msg("nothing happens any more, and still not: %s", what);
        if (desk->stirs)
            screen_ask_wm(&desk->screen, desk->stirs, "_NET_REQUEST_FRAME_EXTENTS",
                          (uint32_t[5]){0});
    }
}

bool desk_shows(struct desk *desk, const struct picture *picture, int32_t x, int32_t y)
{
    return screen_shows(&desk->screen, x, y, picture->image.width, picture->image.height,
                        picture->pixels, picture->image.width);
}

bool desk_placed(struct desk *desk, const struct gui_window *window, struct gui_place place)
{
    const struct gui_event *event = agent_heard(&desk->agent, GUI_EVENT_CONFIGURE, window);

    return event && memcmp(&event->place, &place, sizeof(place)) == 0;
}

void desk_remove(struct desk *desk, struct gui_window *window)
{
    struct gui_window *gone = NULL;

    gui_window_remove(&desk->agent.model, window);
    UNTIL(desk, (gone = gui_model_free_window(&desk->agent.model)) != NULL);
    assert_ptr_equal(gone, window);
}

int desk_forget(void **state)
{
    struct desk *desk = *state;

    desk->agent.event_count = 0;
    return 0;
}
