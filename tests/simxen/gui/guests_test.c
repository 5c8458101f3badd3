/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that one casement view shows two guests at once and keeps them apart: each has windows of
 * its own colour, name and pixels, although both number them alike; what the user does reaches the
 * guest whose window it is, and no other; one that dies takes its windows along and nobody else's,
 * and comes back. The second guest is this program again, in a domain of its own ("other").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "desk.h"

enum { RED = 0xcc0000, BLUE = 0x3465a4 };
enum { COLOR = 0x204060, CLICKED_COLOR = 0x602040 };

static const struct gui_place mine = {100, 100, 300, 200}, others = {250, 180, 320, 240};
static struct desk desk;

/* --- The second guest: one window, of another colour from the first click on; until stdin ends. */

static int be_other(void)
{
    struct agent agent;
    struct gui_window window = {0};

    agent_open(&agent);
    agent_listen(&agent);
    agent_show(&agent, &window, "Same", others, COLOR);
    while (agent_pump(&agent)) {
        struct pollfd fds[2] = {{.fd = libvchan_fd_for_select(agent.vchan), .events = POLLIN},
                                {.fd = STDIN_FILENO, .events = POLLIN}};

        if (agent_heard(&agent, GUI_EVENT_BUTTON, &window)) {
            agent.event_count = 0;
            gui_window_image(
                &agent.model, &window,
                &picture_new(&agent, others.width, others.height, CLICKED_COLOR)->image);
            continue;
        }
        agent_take_back(&agent);
        poll(fds, 2, -1);
        if (fds[1].revents)
            _exit(0); /* as if it had crashed: nothing is closed */
    }
    return 1;
}

/* --- The first guest, and the user */

static FILE *start_other(void)
{
    FILE *other = popen(getenv("GUI_OTHER"), "w");

    assert_non_null(other);
    return other;
}

static bool other_shows(uint32_t color)
{
    const struct picture *picture = picture_new(&desk.agent, others.width, others.height, color);
    const bool shows = desk_shows(&desk, picture, others.x, others.y);

    xengntshr_unshare(desk.agent.share, picture->pixels, picture->image.ref_count);
    free(picture->refs);
    free((void *)picture);
    return shows;
}

static void click(int32_t x, int32_t y, uint8_t button)
{
    screen_point(&desk.screen, x, y);
    screen_click(&desk.screen, button);
}

static void two_guests_are_kept_apart(void **state)
{
    struct gui_window window = {0};
    const struct gui_event *event;
    struct picture *picture = agent_show(&desk.agent, &window, "Same", mine, 0x806020);

    UNTIL(&desk, desk_shows(&desk, picture, mine.x, mine.y));
    FILE *other = start_other();
    UNTIL(&desk, other_shows(COLOR));
    assert_int_not_equal(screen_find(&desk.screen, "[win] Same"), 0);
    assert_int_not_equal(screen_find(&desk.screen, "[work] Same"), 0);
    assert_int_equal(screen_count(&desk.screen, "win"), 1);
    assert_int_equal(screen_count(&desk.screen, "work"), 1);
    assert_int_equal(screen_pixel(&desk.screen, mine.x - 2, mine.y + 50), RED);
    assert_int_equal(screen_pixel(&desk.screen, others.x - 2, others.y + 150), BLUE);

    /* The user's click is the other's alone; the next one is ours, and raises us. */
    click(others.x + 200, others.y + 200, 3);
    UNTIL(&desk, other_shows(CLICKED_COLOR));
    assert_null(agent_heard(&desk.agent, GUI_EVENT_BUTTON, NULL));
    click(mine.x + 10, mine.y + 10, 1);
    UNTIL(&desk, (event = agent_heard(&desk.agent, GUI_EVENT_BUTTON, &window)) &&
                     event->button.action == GUI_BUTTON_RELEASE);
    assert_int_equal(event->button.button, 1);
    UNTIL(&desk, desk_shows(&desk, picture, mine.x, mine.y));

    assert_int_equal(pclose(other), 0);
    UNTIL(&desk, screen_count(&desk.screen, "work") == 0);
    assert_int_equal(screen_count(&desk.screen, "win"), 1);
    for (uint32_t i = 0; i < mine.width * mine.height; i++)
        picture->pixels[i] ^= 0x0f0f0f;
    gui_window_damage(&desk.agent.model, &window,
                      &(struct gui_rect){0, 0, mine.width, mine.height});
    UNTIL(&desk, desk_shows(&desk, picture, mine.x, mine.y));

    other = start_other();
    UNTIL(&desk, other_shows(COLOR));
    assert_int_equal(pclose(other), 0);
    UNTIL(&desk, screen_count(&desk.screen, "work") == 0);
    desk_remove(&desk, &window);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_guests_are_kept_apart)};

    if (argc > 1)
        return be_other();
    screen_open(&desk.screen);
    desk_open(&desk);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
