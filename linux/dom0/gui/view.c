/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-view [--strict] GUEST[=COLOR]...: shows guests' windows until it is told to end.
 * A line "shown [GUEST] TITLE" says that a window is there with its pixels.
 * casement-view --screenshot FILE: saves a picture of the X screen.
 *
 * With --strict it ends, with exit code 3 and the reason, when a guest does what Qubes' daemon
 * would exit for or warn the user of: so an agent is tested against it.
 */
#include "view.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../policy.h"
#include "picture.h"
#include "screen_file.h"

enum { EXIT_STRICT = 3, GUESTS_MAX = 64, FIXED_FDS = 3 };

/* Qubes' label colours. */
static const struct color {
    const char *name;
    uint32_t value;
} colors[] = {
    {"red", 0xcc0000},  {"orange", 0xf57900}, {"yellow", 0xedd400}, {"green", 0x73d216},
    {"gray", 0x555753}, {"blue", 0x3465a4},   {"purple", 0x75507b}, {"black", 0x000000},
};
enum { COLORS = sizeof colors / sizeof *colors };

/* "name" or "name=color"; the n-th guest without one gets the n-th. */
static bool add_guest(struct view *view, const char *word, int number)
{
    char name[GUEST_NAME_BYTES];
    const char *equals = strchrnul(word, '=');
    uint32_t color = colors[number % COLORS].value;
    bool known = *equals == '\0';

    snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    for (int i = 0; *equals != '\0' && i < COLORS; i++) {
        if (strcmp(colors[i].name, equals + 1) == 0) {
            color = colors[i].value;
            known = true;
        }
    }
    if (!policy_guest_name_valid(name) || equals - word >= GUEST_NAME_BYTES || !known) {
        fprintf(stderr,
                "casement view: \"%s\" is not GUEST or GUEST=COLOR (red, orange, yellow, "
                "green, gray, blue, purple, black)\n",
                word);
        return false;
    }
    return guest_add(view, name, color) != NULL;
}

static bool open_host(struct view *view)
{
    view->store = xs_open(0);
    view->gnttab = xengnttab_open(NULL, 0);
    if (view->store == NULL || view->gnttab == NULL) {
        fprintf(stderr, "casement view: no Xen here: %s (casement up starts one)\n",
                strerror(errno));
        return false;
    }
    return xs_watch(view->store, "@introduceDomain", "domains") &&
           xs_watch(view->store, "@releaseDomain", "domains");
}

/* Frees it. */
static void handle_x_event(struct view *view, xcb_generic_event_t *event)
{
    const xcb_generic_error_t *error = (const xcb_generic_error_t *)event;

    if (event->response_type == 0)
        fprintf(stderr, "casement view: X error %d of request %d\n", error->error_code,
                error->major_code);
    else
        take_x_event(view, event);
    free(event);
}

static void take_x_events(struct view *view)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(view->display.connection)) != NULL)
        handle_x_event(view, event);
}

/* One of those that were read already, which poll() does not see; false: there is none. */
static bool take_queued_x_event(struct view *view)
{
    xcb_generic_event_t *event = xcb_poll_for_queued_event(view->display.connection);

    if (event != NULL)
        handle_x_event(view, event);
    return event != NULL;
}

static void take_store_events(struct view *view)
{
    char **event;
    bool changed = false;

    while ((event = xs_check_watch(view->store)) != NULL) {
        changed = true;
        free(event);
    }
    if (changed)
        guests_resolve(view);
}

/* Waits for anything; nothing at all when somebody has more to do. */
static int wait_for_events(struct view *view, struct pollfd *fds)
{
    int count = FIXED_FDS, timeout_ms = -1;

    for (struct guest *guest = view->guests; guest != NULL; guest = guest->next) {
        fds[count++] = (struct pollfd){.fd = guest->fd, .events = POLLIN};
        if (guest->more)
            timeout_ms = 0;
    }
    return poll(fds, (nfds_t)count, timeout_ms);
}

static int run(struct view *view, int signals)
{
    struct pollfd fds[FIXED_FDS + GUESTS_MAX] = {
        {.fd = signals, .events = POLLIN},
        {.fd = xs_fileno(view->store), .events = POLLIN},
        {.fd = xcb_get_file_descriptor(view->display.connection), .events = POLLIN},
    };

    guests_resolve(view);
    while (!view->failed) {
        /* Replies that were waited for, and sending, may have brought events along. */
        do {
            take_x_events(view);
            paint(view);
        } while (take_queued_x_event(view));
        if (wait_for_events(view, fds) < 0 && errno != EINTR)
            return 1;
        if (fds[0].revents)
            return 0;
        if (xcb_connection_has_error(view->display.connection)) {
            fputs("casement view: the X server is gone\n", stderr);
            return 1;
        }
        if (fds[1].revents)
            take_store_events(view);
        take_x_events(view);
        int at = FIXED_FDS;
        for (struct guest *guest = view->guests; guest != NULL; guest = guest->next, at++) {
            if (guest->more || fds[at].revents)
                guest_ready(guest);
        }
    }
    return EXIT_STRICT;
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int show_guests(struct view *view, char **words, int count)
{
    const int signals = signals_open();
    bool good = count <= GUESTS_MAX && signals >= 0 && open_host(view) && clipboard_open(view);

    for (int i = 0; good && i < count; i++)
        good = add_guest(view, words[i], i);
    screen_file_write();
    int code = good ? run(view, signals) : 1;
    screen_file_remove();
    while (view->guests != NULL) {
        struct guest *guest = view->guests;

        view->guests = guest->next;
        guest_free(guest);
    }
    clipboard_close(view);
    if (view->gnttab != NULL)
        xengnttab_close(view->gnttab);
    if (view->store != NULL)
        xs_close(view->store);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"strict", no_argument, NULL, 's'}, {"screenshot", required_argument, NULL, 'p'}, {0}};
    struct view view = {0};
    const char *picture = NULL;

    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option == '?')
            return 2;
        if (option == 's')
            view.strict = true;
        else
            picture = optarg;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!display_open(&view.display, NULL))
        return 1;
    int code;
    if (picture != NULL)
        code = picture_save(&view.display, picture) ? 0 : 1;
    else
        code = show_guests(&view, argv + optind, argc - optind);
    display_close(&view.display);
    return code;
}
