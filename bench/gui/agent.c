/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the GUI agent costs and how soon it shows what changed: the shipped gui-agent.exe under
 * Wine, on simxen, with the tests' host (tests/wine/gui/host.h) that maps the images and looks at
 * pixels.
 *   gui_idle_percent   of a core, for an agent with a still desktop
 *   gui_frames         different pictures that the host sees of a 640x480 area that changes 50
 * times a second, against a bare capture loop of the same method and interval gui_latency from a
 * key press to changed pixels, median, in capture intervals gui_window_growth  CPU time of the
 * agent a frame with 100 windows, one of which changes, against 1
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/gui/pace.h"
#include "tests/wine/gui/host.h"

enum {
    IDLE_MS = 10000,
    FRAMES_MS = 5000,
    FRAMES_ROUNDS = 3,
    ANIMATE_MS = 20,
    KEYS = 60,
    KEY_A = 30, /* Linux' number */
    STILL_WINDOWS = 99,
};

static struct painter painter;
static struct area area;

/* User and system time. */
static double agent_cpu_ms(void)
{
    char path[64], line[1024];
    unsigned long user, system;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)host_agent());
    FILE *const file = fopen(path, "r");
    EXPECT(file != NULL && fgets(line, sizeof line, file) != NULL);
    fclose(file);
    char *const name_end = strrchr(line, ')');
    EXPECT(name_end != NULL &&
           sscanf(name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                  &system) == 2);
    return (double)(user + system) * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

static uint32_t shown_pixel(void)
{
    return host_pixel(host_window("main"), area.x, area.y);
}

/* How many different pictures came within so long. */
static unsigned count_frames(int milliseconds)
{
    const double until = host_seconds() + milliseconds / 1000.0;
    uint32_t last = shown_pixel();
    unsigned frames = 0, damages = host_picture(host_window("main"))->damages;

    while (host_seconds() < until) {
        host_turn(host_seconds());
        const struct picture *const picture = host_picture(host_window("main"));
        if (picture->damages == damages)
            continue;
        damages = picture->damages;
        frames += shown_pixel() != last;
        last = shown_pixel();
    }
    return frames;
}

static unsigned count_captured(int milliseconds)
{
    char duration[16], x[16], y[16], answer[32] = "";
    int out[2], status;

    snprintf(duration, sizeof duration, "%d", milliseconds);
    snprintf(x, sizeof x, "%u", area.x);
    snprintf(y, sizeof y, "%u", area.y);
    EXPECT(pipe(out) == 0);
    const pid_t child = host_start_program("capture_loop.exe",
                                           (const char *[]){"main", duration, x, y, NULL}, out[1]);
    close(out[1]);
    kill(host_agent(), SIGSTOP); /* it would capture beside the loop */
    const ssize_t got = read(out[0], answer, sizeof answer - 1);
    close(out[0]);
    EXPECT(waitpid(child, &status, 0) == child && got > 0);
    kill(host_agent(), SIGCONT);
    return (unsigned)atoi(answer);
}

static void begin(void)
{
    host_start();
    host_start_agent(NULL);
    painter_start(&painter);
    host_connect(1280, 1024);
    /* A frame of Wine's is around it: the area that changes is 640 x 480. */
    area = painter_area(painter_order(&painter, "window main 50 50 646 506 1"));
    EXPECT_SOON(host_shows("main", &area, 1));
}

static void idle(void)
{
    begin();
    host_watch(3000);
    const double before = agent_cpu_ms();
    const uint64_t messages = host_message_count();
    host_watch(IDLE_MS);
    printf("  a still desktop: %llu messages in %d s\n",
           (unsigned long long)(host_message_count() - messages), IDLE_MS / 1000);
    printf("gui_idle_percent: ours/reference = %.2f\n",
           (agent_cpu_ms() - before) * 100.0 / IDLE_MS);
    host_stop();
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Sides alternate, since machines are busy now and then; the median of the rounds counts. */
static void frames(void)
{
    double ratios[FRAMES_ROUNDS];

    begin();
    painter_order(&painter, "animate main %d", ANIMATE_MS);
    for (int i = 0; i < FRAMES_ROUNDS; i++) {
        count_frames(1000);
        const unsigned ours = count_frames(FRAMES_MS);
        const unsigned bare = count_captured(FRAMES_MS);

        ratios[i] = (double)ours / bare;
        printf("  %ux%u changing each %d ms: %.1f frames/s shown, %.1f captured by a bare loop\n",
               area.width, area.height, ANIMATE_MS, ours * 1000.0 / FRAMES_MS,
               bare * 1000.0 / FRAMES_MS);
    }
    qsort(ratios, FRAMES_ROUNDS, sizeof *ratios, compare);
    printf("gui_frames: ours/reference = %.2f\n", ratios[FRAMES_ROUNDS / 2]);
    host_stop();
}

static void latency(void)
{
    double ms[KEYS];

    begin();
    host_focus(host_window("main"), true);
    EXPECT_SOON(painter_said(&painter, "focus main"));
    painter_order(&painter, "flip main");
    for (int i = 0; i < KEYS; i++) {
        const uint32_t before = shown_pixel();

        host_watch(50 + i % 7); /* not in step with the agent */
        const double since = host_seconds();
        host_key(host_window("main"), KEY_A, true, 0);
        EXPECT_SOON(shown_pixel() != before);
        ms[i] = (host_seconds() - since) * 1000.0;
        host_key(host_window("main"), KEY_A, false, 0);
    }
    qsort(ms, KEYS, sizeof *ms, compare);
    printf("  from key to pixels: %.1f ms at the median, %.1f ms at the 90th percentile\n",
           ms[KEYS / 2], ms[KEYS * 9 / 10]);
    printf("gui_latency: ours/reference = %.2f\n", ms[KEYS / 2] * 1000.0 / GUI_PACE_INTERVAL_US);
    host_stop();
}

static double cpu_ms_per_frame(void)
{
    count_frames(2000);
    const double before = agent_cpu_ms();
    const unsigned frames_seen = count_frames(FRAMES_MS);

    EXPECT(frames_seen > 0);
    return (agent_cpu_ms() - before) / frames_seen;
}

static void growth(void)
{
    begin();
    painter_order(&painter, "animate main %d", ANIMATE_MS);
    const double one = cpu_ms_per_frame();
    painter_order(&painter, "many %d", STILL_WINDOWS);
    EXPECT_SOON(host_window_count() >= STILL_WINDOWS + 1);
    painter_order(&painter, "raise main");
    const double hundred = cpu_ms_per_frame();
    printf("  CPU time of the agent a frame: %.2f ms with 1 window, %.2f ms with 100\n", one,
           hundred);
    printf("gui_window_growth: ours/reference = %.2f\n", hundred / one);
    host_stop();
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } benches[] = {{"idle", idle}, {"frames", frames}, {"latency", latency}, {"growth", growth}};

    for (size_t i = 0; count == 2 && i < sizeof benches / sizeof *benches; i++) {
        if (strcmp(benches[i].name, words[1]) == 0) {
            benches[i].run();
            return 0;
        }
    }
    fputs("usage: gui_agent_bench idle|frames|latency|growth\n", stderr);
    return 2;
}
