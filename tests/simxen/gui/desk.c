/* SPDX-License-Identifier: BSD-2-Clause */
/* See desk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"

enum { SILENCE_MS = 20000 };

void desk_open(struct desk *desk)
{
    agent_open(&desk->agent);
    agent_listen(&desk->agent);
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
    if (!screen_drain(&desk->screen) && poll(fds, 2, SILENCE_MS) == 0)
        fail_msg("nothing happens any more, and still not: %s", what);
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
