/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for tests of the GUI agent: a GUI daemon without a screen. It holds what the agent says
 * against the rules of Qubes' daemon (linux/dom0/gui/rules.h; a violation fails the test), maps the
 * images and looks at their pixels, and says what a user would do. With it, the guest's programs:
 * the agent and any number of painters (painter.c). One thread; waiting for a condition moves
 * everything, and fails the test by name when it does not come true within HOST_PATIENCE_MS.
 */
#ifndef CASEMENT_TEST_GUI_HOST_H
#define CASEMENT_TEST_GUI_HOST_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include "core/gui/message.h"
#include "linux/dom0/gui/rules.h"

enum { HOST_PATIENCE_MS = 30000, HOST_LINE_BYTES = 512 };

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            host_failed(__FILE__, __LINE__, #condition);                                           \
    } while (0)
#define EXPECT_EQUAL(got, wanted)                                                                  \
    do {                                                                                           \
        const long long got_ = (long long)(got), wanted_ = (long long)(wanted);                    \
        if (got_ != wanted_) {                                                                     \
            fprintf(stderr, "%s is %lld, not %lld\n", #got, got_, wanted_);                        \
            host_failed(__FILE__, __LINE__, #got);                                                 \
        }                                                                                          \
    } while (0)
/* Moves everything until it holds. */
#define EXPECT_SOON(condition)                                                                     \
    do {                                                                                           \
        const double since_ = host_seconds();                                                      \
        while (!(condition))                                                                       \
            if (!host_turn(since_))                                                                \
                host_failed(__FILE__, __LINE__, #condition);                                       \
    } while (0)

/* Stops the guest's Wine and ends the program with code 1. */
_Noreturn void host_failed(const char *file, int line, const char *what);

/* What the rules do not keep of a window. */
struct picture {
    const uint32_t *pixels; /* NULL: none */
    uint32_t width, height, pages;
    unsigned dumps, damages; /* how often each came */
    uint64_t damaged_pixels;
    uint64_t refs_sum; /* of the references of the last image: is it another one? */
};

/* The domain, and the host's side of it. */
void host_start(void);
/* The agent; extra: further arguments, NULL ended or NULL. */
void host_start_agent(const char *const *extra);
void host_kill_agent(void);
pid_t host_agent(void);
/* Another program of the guest; out: its output, or -1. */
pid_t host_start_program(const char *program, const char *const *extra, int out);
/* A GUI daemon with that screen; its version is GUI_VERSION. Returns once the handshake is done. */
void host_connect(uint32_t width, uint32_t height);
void host_disconnect(void);
/* The agent's channel ended. */
bool host_ended(void);
/* Do not acknowledge images (false), as a daemon that is slow. */
void host_acknowledge(bool yes);
/* Runs guicontrol.exe (a service's program) with that word and stdin; its exit code. */
int host_control(const char *word, const char *input);
/* Ends everything. */
void host_stop(void);

double host_seconds(void);
/* Waits for the next event and takes it; false: HOST_PATIENCE_MS have passed since then. */
bool host_turn(double since);
/* As many turns as there are within so long: for what must not happen. */
void host_watch(int milliseconds);

/* The one mapped window of that title (NULL: any). The agent may not have shown it yet: it is
 * waited for, and the test fails when it does not come. */
struct rules_window *host_window(const char *title);
bool host_has_window(const char *title); /* now */
struct picture *host_picture(const struct rules_window *window);
unsigned host_window_count(void);  /* mapped */
uint64_t host_message_count(void); /* from the agent */
/* 0xRRGGBB; outside: 0xff000000. */
uint32_t host_pixel(const struct rules_window *window, uint32_t x, uint32_t y);

/* What the user does. */
void host_send(const struct gui_message *message);
void host_send_raw(const void *bytes, size_t size);
void host_key(const struct rules_window *window, uint32_t linux_key, bool press, uint32_t state);
void host_button(const struct rules_window *window, uint32_t button, bool press, int x, int y);
void host_focus(const struct rules_window *window, bool in);
void host_configure(struct rules_window *window, int x, int y, uint32_t width, uint32_t height);
/* The answer to CLIPBOARD_REQ; NULL: none yet. Its bytes in *size. */
const char *host_clipboard(size_t *size);

/* A painter in the guest. */
struct painter {
    pid_t pid;
    FILE *orders;
    int answers;
    char lines[65536]; /* what it said and nobody asked for, with line ends */
    size_t used;
};
void painter_start(struct painter *painter);
void painter_stop(struct painter *painter);
/* Gives an order (printf-like), waits for the answer and returns it. */
const char *painter_order(struct painter *painter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, for an order that answers later, or never. */
void painter_tell(struct painter *painter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Did it say that line? Takes what it says meanwhile. */
bool painter_said(struct painter *painter, const char *line);
/* The pattern of a seed (painter.c). */
uint32_t painter_pixel(uint32_t seed, uint32_t x, uint32_t y);

/* The client area of a painter's window, as its answer to `window` and its kin says. */
struct area {
    uint32_t x, y, width, height;
};
struct area painter_area(const char *answer);
/* How many pixels of that area are the pattern's. */
unsigned host_matching(const struct rules_window *window, const struct area *area, uint32_t seed);
/* All of them. */
bool host_shows(const char *title, const struct area *area, uint32_t seed);

#endif
