/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what the GUI agent shows of a guest's windows, and what it does with the host's input,
 * end to end: the shipped gui-agent.exe under Wine, real windows on a composed X display, real
 * vchan and grants on simxen, and a host that holds every message against the rules of Qubes' GUI
 * daemon (host.h). agent_test NAME runs one of the tests.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/wine/gui/host.h"

static struct painter painter, other;

/* A guest with one painter and a host that sees it. */
static void begin(void)
{
    host_start();
    host_start_agent(NULL);
    painter_start(&painter);
    host_connect(1280, 1024);
}

static struct area window(struct painter *of, const char *kind, const char *name, int x, int y,
                          int width, int height, unsigned seed)
{
    return painter_area(
        painter_order(of, "%s %s %d %d %d %d %u", kind, name, x, y, width, height, seed));
}

/* Each window has its own pixels, whatever covers it (#9846, and the seamless mode of QWT 4). */
static void covered_windows_have_their_own_pixels(void)
{
    begin();
    painter_start(&other);
    const struct area below = window(&painter, "window", "below", 100, 100, 400, 300, 1);
    const struct area above = window(&other, "window", "above", 150, 150, 400, 300, 2);

    EXPECT_SOON(host_shows("below", &below, 1));
    EXPECT_SOON(host_shows("above", &above, 2));
    painter_order(&painter, "paint below 3"); /* it stays covered */
    EXPECT_SOON(host_shows("below", &below, 3));
    EXPECT(host_shows("above", &above, 2));
    EXPECT_EQUAL(host_window("below")->x, 100);
    EXPECT_EQUAL(host_window("below")->width, 400);
    EXPECT(!host_window("below")->override_redirect);
    EXPECT_EQUAL(strcmp(host_window("below")->class.name, "painter"), 0);
    host_stop();
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"covered", covered_windows_have_their_own_pixels},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (argc == 1 || strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            printf("ok: %s\n", tests[i].name);
        }
    return 0;
}
