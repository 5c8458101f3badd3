/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves xencontrol.dll's calls by their effects on the other side of Xen. A Windows program
 * (tests/wine/xencontrol/xc_shell.c) runs under Wine as a domain of a simxen instance, with the
 * test transport; this program is domain 0, on simxen's client library and Debian's libxenstore.
 * It commands the Windows program through pipes and looks at what arrives: events both ways,
 * memory both ways, notifications, XenStore; and that nothing stays when a session closes or when
 * the Windows program is killed.
 *
 * Run by run.sh, inside `simxen host`. Arguments: the command that starts the Windows program.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>
#include "linux/simxen/client.h"

enum { SOON_MS = 20000, WAIT_OBJECT_0 = 0, WAIT_TIMEOUT = 258 };
enum { READONLY = 1, USE_OFFSET = 2, USE_PORT = 4 }; /* XENIFACE_GNTTAB_* */
enum {                                               /* Win32 */
       ERROR_FILE_NOT_FOUND = 2,
       ERROR_ACCESS_DENIED = 5,
       ERROR_INVALID_HANDLE = 6,
       ERROR_GEN_FAILURE = 31,
       ERROR_NOT_SUPPORTED = 50,
       ERROR_INVALID_PARAMETER = 87,
       ERROR_DEVICE_NOT_CONNECTED = 1167,
       ERROR_NOT_FOUND = 1168,
};

struct shell { /* one Windows program */
    pid_t pid;
    FILE *in, *out;
    char answer[8192];
};

static char **shell_command;
static unsigned domid;
static struct simxen *sx;
static struct simxen_evtchn *events;
static struct xs_handle *store;
static struct shell win; /* serves all tests but those that end one */

/* --- The Windows program */

static void shell_start(struct shell *shell)
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, 02000000), 0);
    assert_int_equal(pipe2(out, 02000000), 0);
    shell->pid = fork();
    if (shell->pid == 0) {
        char text[16];
        snprintf(text, sizeof(text), "%u", domid);
        setenv("SIMXEN_DOMID", text, 1);
        dup2(in[0], 0);
        dup2(out[1], 1);
        execvp(shell_command[0], shell_command);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    shell->in = fdopen(in[1], "w");
    shell->out = fdopen(out[0], "r");
}

static void shell_ask(struct shell *shell, const char *format, va_list arguments)
{
    vfprintf(shell->in, format, arguments);
    fputc('\n', shell->in);
    fflush(shell->in);
    if (!fgets(shell->answer, sizeof(shell->answer), shell->out))
        fail_msg("the Windows program has ended");
    shell->answer[strcspn(shell->answer, "\r\n")] = 0;
}

/* The error code of a call; win.answer holds the whole line. */
static unsigned long say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    shell_ask(&win, format, arguments);
    va_end(arguments);
    return strtoul(win.answer, NULL, 10);
}

/* The n-th word of the last answer; 0 is the error code. */
static const char *word(int index)
{
    static char copy[sizeof(win.answer)];
    char *rest = copy, *text;
    strcpy(copy, win.answer);
    while ((text = strsep(&rest, " ")) && index--)
        ;
    return text ? text : "";
}

static unsigned number(int index)
{
    return (unsigned)strtoul(word(index), NULL, 10);
}

/* A call that must work; its first result as a number. */
static unsigned ask(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    shell_ask(&win, format, arguments);
    va_end(arguments);
    if (strncmp(win.answer, "0", 2) && strncmp(win.answer, "0 ", 2))
        fail_msg("%s: %s", format, win.answer);
    return number(1);
}

/* The same, for an address. */
static void ask_address(char out[32], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    shell_ask(&win, format, arguments);
    va_end(arguments);
    if (strncmp(win.answer, "0 ", 2))
        fail_msg("%s: %s", format, win.answer);
    snprintf(out, 32, "%s", word(1));
}

static void expect_event(unsigned event)
{
    assert_int_equal(say("wait %u %u", event, SOON_MS), WAIT_OBJECT_0);
}

/* --- Domain 0 */

/* The next pending port, 0 when none comes in that time. Readable is a hint: an event may be taken
 * back when its port is closed. */
static unsigned event_within(int timeout_ms)
{
    struct pollfd ready = {.fd = simxen_evtchn_fd(events), .events = POLLIN};
    int port;

    do {
        if (poll(&ready, 1, timeout_ms) == 0)
            return 0;
        port = simxen_evtchn_pending(events);
    } while (port == -EAGAIN);
    assert_true(port > 0);
    assert_int_equal(simxen_evtchn_unmask(events, (uint32_t)port), 0);
    return (unsigned)port;
}

static unsigned next_event(void)
{
    return event_within(SOON_MS);
}

static void drain_events(void)
{
    while (event_within(0))
        ;
}

static unsigned port_state(unsigned port)
{
    struct simxen_port_status status = {0};
    return simxen_evtchn_status(sx, domid, port, &status) == 0 ? status.state : SIMXEN_PORT_CLOSED;
}

static uint8_t *map_from_guest(unsigned ref, uint32_t flags)
{
    uint32_t refs[1] = {ref}, domids[1] = {domid};
    void *page = NULL;
    return simxen_map(sx, 1, domids, true, refs, flags, NULL, &page) == 0 ? page : NULL;
}

static unsigned session, guest_event, guest_port, own_port; /* of every test */

static int setup(void **state)
{
    drain_events();
    session = ask("open log");
    guest_event = ask("event");
    guest_port = ask("unbound %u 0 %u 0", session, guest_event);
    own_port = (unsigned)simxen_evtchn_bind_interdomain(events, domid, guest_port);
    assert_true((int)own_port > 0);
    say("wait %u 0", guest_event);
    return 0;
}

static int teardown(void **state)
{
    ask("close %u", session);
    simxen_evtchn_unbind(events, own_port);
    return 0;
}

/* --- Event channels */

static void events_go_both_ways_again_and_again(void **state)
{
    for (int i = 0; i < 50; i++) {
        assert_int_equal(simxen_evtchn_notify(events, own_port), 0);
        expect_event(guest_event);
        ask("notify %u %u", session, guest_port);
        assert_int_equal(next_event(), own_port);
    }
}

static void the_guest_binds_to_our_port(void **state)
{
    int ours = simxen_evtchn_bind_unbound(events, domid);
    unsigned event = ask("event");
    unsigned theirs = ask("bind %u 0 %d %u 0", session, ours, event);

    say("wait %u 0", event);
    drain_events();
    assert_int_equal(simxen_evtchn_notify(events, (uint32_t)ours), 0);
    expect_event(event);
    ask("notify %u %u", session, theirs);
    assert_int_equal(next_event(), ours);
    simxen_evtchn_unbind(events, (uint32_t)ours);
}

/* Mask says how a port starts: what arrives is held, and delivered by the unmask; afterwards
 * events arrive by themselves. */
static void a_masked_port_holds_its_first_event(void **state)
{
    unsigned event = ask("event");
    unsigned theirs = ask("unbound %u 0 %u 1", session, event);
    int ours = simxen_evtchn_bind_interdomain(events, domid, theirs);

    assert_int_equal(simxen_evtchn_notify(events, (uint32_t)ours), 0);
    for (int i = 0; i < 3; i++) { /* meanwhile the other port works */
        assert_int_equal(simxen_evtchn_notify(events, own_port), 0);
        expect_event(guest_event);
    }
    assert_int_equal(say("wait %u 0", event), WAIT_TIMEOUT);
    ask("unmask %u %u", session, theirs);
    expect_event(event);
    assert_int_equal(simxen_evtchn_notify(events, (uint32_t)ours), 0);
    expect_event(event);
    simxen_evtchn_unbind(events, (uint32_t)ours);
}

/* The session keeps its own reference to the event. */
static void the_callers_event_handle_may_go(void **state)
{
    unsigned event = ask("event");
    unsigned theirs = ask("unbound %u 0 %u 0", session, event);
    int ours = simxen_evtchn_bind_interdomain(events, domid, theirs);

    ask("closeevent %u", event);
    assert_int_equal(simxen_evtchn_notify(events, (uint32_t)ours), 0);
    assert_int_equal(simxen_evtchn_notify(events, own_port), 0);
    expect_event(guest_event);
    ask("closeport %u %u", session, theirs);
    simxen_evtchn_unbind(events, (uint32_t)ours);
}

static void who_has_the_other_end_is_known(void **state)
{
    unsigned event = ask("event");
    unsigned theirs = ask("unbound %u 0 %u 0", session, event);

    assert_int_equal(say("peer %u %u", session, theirs), ERROR_DEVICE_NOT_CONNECTED);
    int ours = simxen_evtchn_bind_interdomain(events, domid, theirs);
    assert_int_equal(say("peer %u %u", session, theirs), 0);
    simxen_evtchn_unbind(events, (uint32_t)ours);
    assert_int_equal(say("peer %u %u", session, theirs), ERROR_DEVICE_NOT_CONNECTED);
    ask("closeport %u %u", session, theirs);
}

static void a_closed_port_is_gone(void **state)
{
    unsigned event = ask("event");
    unsigned theirs = ask("unbound %u 0 %u 0", session, event);

    assert_int_equal(port_state(theirs), SIMXEN_PORT_UNBOUND);
    ask("closeport %u %u", session, theirs);
    assert_int_equal(port_state(theirs), SIMXEN_PORT_CLOSED);
    assert_int_equal(say("closeport %u %u", session, theirs), ERROR_NOT_FOUND);
    assert_int_equal(say("notify %u %u", session, theirs), ERROR_NOT_FOUND);
    assert_int_equal(say("unmask %u %u", session, theirs), ERROR_INVALID_PARAMETER);
}

static void what_xen_refuses_is_an_error(void **state)
{
    assert_int_equal(say("bind %u 0 4000 %u 0", session, guest_event), ERROR_GEN_FAILURE);
    assert_int_equal(say("bind %u 0 0 %u 0", session, guest_event), ERROR_GEN_FAILURE);
    assert_int_equal(say("bind %u 77 1 %u 0", session, guest_event), ERROR_GEN_FAILURE);
    assert_int_equal(say("unbound %u 0 255 0", session), ERROR_INVALID_HANDLE);
    assert_int_equal(say("map %u 0 0 0 0 32000", session), ERROR_GEN_FAILURE);
    assert_int_equal(say("map %u 77 0 0 0 1", session), ERROR_GEN_FAILURE);
    assert_int_equal(say("permit %u 0 0 0 0 0", session), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("permit %u 0 1 4096 0 2", session), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("revoke %u 1000", session), ERROR_NOT_FOUND);
    assert_int_equal(say("unmap %u 1000", session), ERROR_NOT_FOUND);
}

/* --- Grants */

static void a_grant_is_one_memory_for_both(void **state)
{
    char page[32];
    ask_address(page, "permit %u 0 3 0 0 0", session);
    unsigned refs[3] = {number(2), number(3), number(4)};

    for (unsigned i = 0; i < 3; i++) {
        uint8_t *view = map_from_guest(refs[i], 0);
        assert_non_null(view);
        assert_int_equal(view[0] | view[4095], 0); /* fresh pages are zero */
        view[7] = (uint8_t)(50 + i);
        assert_int_equal(ask("peek %lx", strtoul(page, NULL, 16) + i * 4096 + 7), 50 + i);
        ask("poke %lx %u", strtoul(page, NULL, 16) + i * 4096 + 4095, 90 + i);
        assert_int_equal(view[4095], 90 + i);
        simxen_unmap(sx, view);
    }
    ask("revoke %u %s", session, page);
    assert_null(map_from_guest(refs[0], 0));
    assert_int_equal(say("revoke %u %s", session, page), ERROR_NOT_FOUND);
}

static void a_read_only_grant_cannot_be_mapped_for_writing(void **state)
{
    char page[32];
    ask_address(page, "permit %u 0 1 0 0 %d", session, READONLY);
    unsigned ref = number(2);
    assert_null(map_from_guest(ref, 0));
    uint8_t *view = map_from_guest(ref, SIMXEN_GRANT_READONLY);
    assert_non_null(view);
    ask("poke %s 33", page);
    assert_int_equal(view[0], 33);
    simxen_unmap(sx, view);
    ask("revoke %u %s", session, page);
}

static void the_programs_own_pages_can_be_granted(void **state)
{
    char own[32], shared[32];
    ask_address(own, "alloc 4");
    ask("poke %s 11", own);
    ask_address(shared, "permit %u 0 4 0 0 %d %s", session, READONLY, own);
    unsigned ref = number(2);
    assert_string_equal(shared, own);
    uint8_t *view = map_from_guest(ref, SIMXEN_GRANT_READONLY);
    assert_non_null(view);
    assert_int_equal(view[0], 11); /* the content is kept */
    ask("poke %s 12", own);
    assert_int_equal(view[0], 12);
    simxen_unmap(sx, view);
    ask("revoke %u %s", session, own);
    assert_int_equal(ask("peek %s", own), 12);
    ask("poke %s 13", own);
    ask("free %s", own);
    assert_int_equal(say("permit %u 0 1 0 0 0 %lx", session, strtoul(own, NULL, 16) + 8),
                     ERROR_INVALID_PARAMETER);
}

/* What a screen of 3840 x 2160 takes. */
static void eight_thousand_pages_can_be_granted(void **state)
{
    char own[32];
    ask_address(own, "alloc 8100");
    ask("poke %lx 66", strtoul(own, NULL, 16) + 5 * 4096);
    say("permit %u 0 8100 0 0 %d %s", session, READONLY, own);
    assert_int_equal(number(0), 0);
    uint8_t *view = map_from_guest(number(2 + 5), SIMXEN_GRANT_READONLY);
    assert_non_null(view);
    assert_int_equal(view[0], 66);
    simxen_unmap(sx, view);
    ask("revoke %u %s", session, own);
    ask("free %s", own);
}

/* pv-drivers 3.1 item 7: it must not die with the thread that asked. */
static void a_grant_outlives_the_thread_that_asked(void **state)
{
    char page[32];
    ask_address(page, "threadpermit %u 0", session);
    unsigned ref = number(2);
    ask("poke %s 77", page);
    uint8_t *view = map_from_guest(ref, 0);
    assert_non_null(view);
    assert_int_equal(view[0], 77);
    simxen_unmap(sx, view);
    ask("revoke %u %s", session, page);
}

static void a_revoke_while_mapped_leaves_the_peer_its_view(void **state)
{
    char page[32];
    ask_address(page, "permit %u 0 1 0 0 0", session);
    uint8_t *view = map_from_guest(number(2), 0);
    ask("poke %s 21", page);
    ask("revoke %u %s", session, page);
    ask_address(page, "permit %u 0 1 0 0 0", session); /* other frames, not the mapped one */
    ask("poke %s 22", page);
    assert_int_equal(view[0], 21);
    simxen_unmap(sx, view);
    ask("revoke %u %s", session, page);
}

/* How vchan hears that its peer has gone: a byte cleared and an event. */
static void the_end_of_a_grant_is_told(void **state)
{
    char page[32];
    ask_address(page, "permit %u 0 1 100 %u %d", session, guest_port, USE_OFFSET | USE_PORT);
    uint8_t *view = map_from_guest(number(2), 0);
    view[100] = 1;
    drain_events();
    ask("revoke %u %s", session, page);
    assert_int_equal(next_event(), own_port);
    assert_int_equal(view[100], 0);
    simxen_unmap(sx, view);
}

/* --- Foreign mappings */

static void the_guest_maps_our_pages(void **state)
{
    uint32_t refs[2];
    uint8_t *pages = NULL;
    char view[32];
    assert_int_equal(simxen_grant(sx, domid, 2, 0, NULL, refs, (void **)&pages), 0);
    pages[0] = 5;
    pages[4096] = 6;
    ask_address(view, "map %u 0 0 0 0 %u %u", session, refs[1], refs[0]); /* in that order */
    assert_int_equal(ask("peek %s", view), 6);
    assert_int_equal(ask("peek %lx", strtoul(view, NULL, 16) + 4096), 5);
    ask("poke %s 7", view);
    assert_int_equal(pages[4096], 7);
    assert_int_equal(say("revoke %u %s", session, view), ERROR_NOT_FOUND); /* it is a mapping */
    ask("unmap %u %s", session, view);
    assert_int_equal(say("unmap %u %s", session, view), ERROR_NOT_FOUND);
    assert_int_equal(simxen_revoke(sx, pages), 0);
}

static void read_only_mappings_are_enforced(void **state)
{
    uint32_t ref;
    void *page = NULL;
    char view[32];
    assert_int_equal(simxen_grant(sx, domid, 1, SIMXEN_GRANT_READONLY, NULL, &ref, &page), 0);
    assert_int_equal(say("map %u 0 0 0 0 %u", session, ref), ERROR_GEN_FAILURE);
    ask_address(view, "map %u 0 0 0 %d %u", session, READONLY, ref);
    assert_int_equal(ask("writable %s", view), 0);
    ask("unmap %u %s", session, view);
    simxen_revoke(sx, page);
    assert_int_equal(simxen_grant(sx, domid, 1, 0, NULL, &ref, &page), 0);
    ask_address(view, "map %u 0 0 0 0 %u", session, ref);
    assert_int_equal(ask("writable %s", view), 1);
    ask("unmap %u %s", session, view);
    simxen_revoke(sx, page);
}

static void the_end_of_a_mapping_is_told(void **state)
{
    uint32_t ref;
    uint8_t *page = NULL;
    char view[32];
    assert_int_equal(simxen_grant(sx, domid, 1, 0, NULL, &ref, (void **)&page), 0);
    ask_address(view, "map %u 0 21 %u %d %u", session, guest_port, USE_OFFSET | USE_PORT, ref);
    page[21] = 1;
    drain_events();
    ask("unmap %u %s", session, view);
    assert_int_equal(next_event(), own_port);
    assert_int_equal(page[21], 0);
    simxen_revoke(sx, page);
}

/* --- XenStore */

static const char *guest_path(const char *path)
{
    static char full[256];
    snprintf(full, sizeof(full), "/local/domain/%u/%s", domid, path);
    return full;
}

static void expect_stored(const char *path, const char *wanted)
{
    unsigned length = 0;
    char *value = xs_read(store, 0, guest_path(path), &length);
    assert_non_null(value);
    assert_string_equal(value, wanted);
    free(value);
}

static void store_values_go_both_ways(void **state)
{
    assert_int_equal(ask("read %u domid 16", session), domid);
    ask("write %u data/deep/er/key value", session);
    expect_stored("data/deep/er/key", "value");
    assert_true(xs_write(store, 0, guest_path("data/deep/er/key"), "ours", 4));
    ask("read %u data/deep/er/key 5", session);
    assert_string_equal(word(1), "ours");
    assert_int_equal(say("read %u data/deep/er/key 4", session), ERROR_INVALID_PARAMETER);
    ask("write %u data/empty -", session);
    expect_stored("data/empty", "");
    assert_int_equal(say("read %u data/empty 1", session), 0);
    ask("rm %u data/deep", session);
    assert_null(xs_read(store, 0, guest_path("data/deep/er/key"), &(unsigned){0}));
    assert_int_equal(say("read %u data/deep/er/key 16", session), ERROR_FILE_NOT_FOUND);
}

static void store_directories_are_listed(void **state)
{
    ask("write %u data/list/one 1", session);
    ask("write %u data/list/two 2", session);
    say("dir %u data/list 64", session);
    assert_string_equal(win.answer, "0 one two");
    assert_int_equal(say("dir %u data/list 8", session), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("dir %u data/list 9", session), 0);
    say("dir %u data/list/one 64", session);
    assert_string_equal(win.answer, "0"); /* no names */
    assert_int_equal(say("dir %u data/none 64", session), ERROR_FILE_NOT_FOUND);
    ask("rm %u data/list", session);
}

static void store_permissions_are_set(void **state)
{
    unsigned count = 0;
    ask("write %u data/mine x", session);
    ask("perms %u data/mine %u 0 0 1 77 3", session, domid);
    struct xs_permissions *list = xs_get_permissions(store, 0, guest_path("data/mine"), &count);
    assert_int_equal(count, 3);
    assert_int_equal(list[0].id, domid);
    assert_int_equal(list[0].perms, XS_PERM_NONE);
    assert_int_equal(list[1].id, 0);
    assert_int_equal(list[1].perms, XS_PERM_READ);
    assert_int_equal(list[2].id, 77);
    assert_int_equal(list[2].perms, XS_PERM_READ | XS_PERM_WRITE);
    free(list);
    assert_int_equal(say("perms %u data/mine %u 4", session, domid), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("perms %u data/mine", session), ERROR_INVALID_PARAMETER);
    ask("rm %u data/mine", session);
}

static void the_store_refuses_as_it_does_elsewhere(void **state)
{
    assert_int_equal(say("write %u /local/domain/0/x y", session), ERROR_ACCESS_DENIED);
    assert_int_equal(say("read %u data/bad//path 16", session), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("read %u data/bad:path%%01 16", session), ERROR_INVALID_PARAMETER);
    /* The driver passes printable text only. */
    assert_int_equal(say("write %u data/x a%%09b", session), ERROR_INVALID_PARAMETER);
    assert_int_equal(say("write %u data/x %%c3%%a4", session), ERROR_INVALID_PARAMETER);
}

static void watches_set_their_event(void **state)
{
    unsigned one = ask("event"), two = ask("event");
    char first[32], second[32];
    ask_address(first, "watch %u data/watched %u", session, one);
    ask_address(second, "watch %u data/other %u", session, two);
    expect_event(one); /* a watch fires once at the start */
    expect_event(two);
    for (int i = 0; i < 10; i++) {
        assert_true(xs_write(store, 0, guest_path("data/watched/below"), "x", 1));
        expect_event(one);
    }
    assert_int_equal(say("wait %u 0", two), WAIT_TIMEOUT);
    ask("unwatch %u %s", session, first);
    assert_true(xs_write(store, 0, guest_path("data/watched/below"), "y", 1));
    assert_true(xs_write(store, 0, guest_path("data/other"), "y", 1));
    expect_event(two); /* comes after what the first would have said */
    assert_int_equal(say("wait %u 0", one), WAIT_TIMEOUT);
    assert_int_equal(say("unwatch %u %s", session, first), ERROR_NOT_FOUND);
    ask("unwatch %u %s", session, second);
    assert_int_equal(say("watch %u data/x 255", session), ERROR_INVALID_HANDLE);
    assert_int_equal(say("watch %u data//x %u", session, one), ERROR_INVALID_PARAMETER);
}

/* --- The end */

/* What `simxen list` says of the guest, without the lines about its own kernel. */
static int guest_things(void)
{
    FILE *list = popen("\"$SIMXEN_TOOL\" list", "r");
    char line[256];
    bool ours = false;
    int things = 0;
    while (fgets(line, sizeof(line), list)) {
        unsigned number;
        if (sscanf(line, "domain %u", &number) == 1)
            ours = number == domid;
        else if (ours && (strstr(line, "port") || strstr(line, "grant")) &&
                 !strstr(line, "xenbus") && !strstr(line, "grant 1 "))
            things++;
    }
    pclose(list);
    return things;
}

static void closing_a_session_ends_all_of_it(void **state)
{
    int before = guest_things();
    uint32_t ref;
    uint8_t *page = NULL;
    unsigned event = ask("event"), other = ask("open");
    unsigned port = ask("unbound %u 0 %u 0", other, event);
    int ours = simxen_evtchn_bind_interdomain(events, domid, port);
    unsigned granted = 0;

    drain_events();
    assert_int_equal(simxen_grant(sx, domid, 1, 0, NULL, &ref, (void **)&page), 0);
    for (int i = 0; i < 5; i++) {
        ask("map %u 0 %d %u %d %u", other, 10 + i, port, USE_OFFSET | (i ? 0 : USE_PORT), ref);
        ask("permit %u 0 1 0 0 0", other);
        granted = number(2);
        ask("watch %u data %u", other, event);
    }
    memset(page, 1, 4096);
    assert_true(guest_things() > before);
    ask("close %u", other);
    assert_int_equal(next_event(), ours); /* told through the port, before the port closed */
    for (int i = 0; i < 5; i++)
        assert_int_equal(page[10 + i], 0);
    assert_null(map_from_guest(granted, 0));
    assert_int_equal(port_state(port), SIMXEN_PORT_CLOSED);
    assert_int_equal(guest_things(), before);
    say("wait %u 0", event);
    assert_true(xs_write(store, 0, guest_path("data/x"), "y", 1));
    ask("read %u data/x 8", session); /* an answer from after the write */
    assert_int_equal(say("wait %u 0", event), WAIT_TIMEOUT);
    simxen_evtchn_unbind(events, (uint32_t)ours);
    simxen_revoke(sx, page);
}

static int entries(const char *format)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof(path), format, (int)win.pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* The last session's thread may still be on its way out of Linux when it has ended for Windows. */
static void sessions_leak_no_descriptor_and_no_thread(void **state)
{
    enum { CYCLES = 200, ON_THEIR_WAY_OUT = 8 };
    ask("cycle 20");
    int descriptors = entries("/proc/%d/fd"), threads = entries("/proc/%d/task");
    ask("cycle %d", CYCLES);
    assert_in_range(entries("/proc/%d/fd"), 1, descriptors + ON_THEIR_WAY_OUT);
    assert_in_range(entries("/proc/%d/task"), 1, threads + ON_THEIR_WAY_OUT);
}

/* A second Windows program, ended in some way in the middle of everything. */
static void end_in_the_middle(void (*end)(struct shell *))
{
    struct shell kept = win;
    uint32_t ref;
    uint8_t *page = NULL;
    int before = guest_things();

    assert_int_equal(simxen_grant(sx, domid, 1, 0, NULL, &ref, (void **)&page), 0);
    shell_start(&win);
    ask("open");
    unsigned event = ask("event"), port = ask("unbound 0 0 %u 0", event);
    int ours = simxen_evtchn_bind_interdomain(events, domid, port);
    ask("permit 0 0 8 0 0 0");
    ask("watch 0 data %u", event);
    ask("map 0 0 50 %u %d %u", port, USE_OFFSET | USE_PORT, ref);
    page[50] = 1;
    drain_events();
    end(&win);
    waitpid(win.pid, NULL, 0);
    fclose(win.in);
    fclose(win.out);
    win = kept;
    assert_int_equal(next_event(), ours);
    assert_int_equal(page[50], 0);
    assert_int_equal(guest_things(), before);
    simxen_evtchn_unbind(events, (uint32_t)ours);
    simxen_revoke(sx, page);
}

static void end_by_kill(struct shell *shell)
{
    kill(shell->pid, SIGKILL);
}

static void end_by_exit(struct shell *shell)
{
    ask("exit");
}

static void a_killed_program_leaves_nothing(void **state)
{
    end_in_the_middle(end_by_kill);
}

static void a_program_that_just_exits_leaves_nothing(void **state)
{
    end_in_the_middle(end_by_exit);
}

static void threads_share_a_session(void **state)
{
    for (int i = 0; i < 5; i++) { /* with events coming in all the time */
        simxen_evtchn_notify(events, own_port);
        assert_int_equal(say("stress %u 6 20", session), 0);
    }
}

static void without_an_instance_it_is_not_supported(void **state)
{
    struct shell kept = win;
    char *dir = strdup(getenv("SIMXEN_DIR"));

    setenv("SIMXEN_DIR", "/nonexistent", 1);
    shell_start(&win);
    setenv("SIMXEN_DIR", dir, 1);
    assert_int_equal(say("open"), ERROR_NOT_SUPPORTED);
    say("exit");
    waitpid(win.pid, NULL, 0);
    fclose(win.in);
    fclose(win.out);
    win = kept;
    free(dir);
}

/* --- The instance ends under a running session */

static unsigned create_domain(void)
{
    unsigned created = 0;
    FILE *tool = popen("\"$SIMXEN_TOOL\" create --keep wine", "r");
    if (fscanf(tool, "%u", &created) != 1)
        created = 0;
    pclose(tool);
    return created;
}

static pid_t daemon_of(pid_t host)
{
    char path[64];
    int daemon = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)host, (int)host);
    FILE *children = fopen(path, "r");
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &daemon), 1); /* it is started first */
    fclose(children);
    return daemon;
}

static void kill_and_wait(pid_t pid)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    assert_true(ended.fd >= 0);
    kill(pid, SIGKILL);
    assert_int_equal(poll(&ended, 1, SOON_MS), 1);
    close(ended.fd);
}

static void a_dead_hypervisor_is_an_error_and_no_hang(void **state)
{
    struct shell kept = win, host;
    char **kept_command = shell_command, dir[256], *ours = strdup(getenv("SIMXEN_DIR"));
    unsigned kept_domid = domid;
    int pid = 0;

    shell_command = (char *[]){
        getenv("SIMXEN_TOOL"), "host", "--", "sh", "-c", "echo $SIMXEN_DIR $PPID; read end", NULL};
    shell_start(&host);
    shell_command = kept_command;
    assert_int_equal(fscanf(host.out, "%255s %d", dir, &pid), 2);
    setenv("SIMXEN_DIR", dir, 1);
    domid = create_domain();
    assert_true(domid > 0);
    shell_start(&win);
    setenv("SIMXEN_DIR", ours, 1);
    ask("open");
    unsigned event = ask("event"), port = ask("unbound 0 0 %u 0", event);
    ask("watch 0 data %u", event);
    ask("permit 0 0 1 0 0 0");

    kill_and_wait(daemon_of(pid));
    assert_int_equal(say("read 0 domid 16"), ERROR_GEN_FAILURE);
    assert_int_equal(say("read 0 domid 16"), ERROR_GEN_FAILURE);
    assert_int_equal(say("permit 0 0 1 0 0 0"), ERROR_GEN_FAILURE);
    assert_int_equal(say("unbound 0 0 %u 0", event), ERROR_GEN_FAILURE);
    assert_int_equal(say("watch 0 data %u", event), ERROR_GEN_FAILURE);
    ask("closeport 0 %u", port);
    ask("close 0");
    assert_int_equal(say("open"), ERROR_NOT_SUPPORTED);
    say("exit");
    waitpid(win.pid, NULL, 0);
    fclose(host.in);
    waitpid(host.pid, NULL, 0);
    fclose(host.out);
    fclose(win.in);
    fclose(win.out);
    win = kept;
    domid = kept_domid;
    free(ours);
}

/* --- */

static int group_setup(void **state)
{
    domid = create_domain();
    assert_true(domid > 0);
    assert_int_equal(simxen_open(&sx, getenv("SIMXEN_DIR"), 0), 0);
    assert_int_equal(simxen_evtchn_open(sx, &events), 0);
    assert_int_equal(fcntl(simxen_evtchn_fd(events), F_SETFL, O_NONBLOCK), 0);
    store = xs_open(0);
    assert_non_null(store);
    shell_start(&win);
    return 0;
}

static int group_teardown(void **state)
{
    char command[64];
    fclose(win.in);
    waitpid(win.pid, NULL, 0);
    xs_close(store);
    simxen_evtchn_close(events);
    simxen_close(sx);
    snprintf(command, sizeof(command), "\"$SIMXEN_TOOL\" destroy %u", domid);
    FILE *tool = popen(command, "r");
    return tool ? pclose(tool) : 1;
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(events_go_both_ways_again_and_again),
        TEST(the_guest_binds_to_our_port),
        TEST(a_masked_port_holds_its_first_event),
        TEST(the_callers_event_handle_may_go),
        TEST(who_has_the_other_end_is_known),
        TEST(a_closed_port_is_gone),
        TEST(what_xen_refuses_is_an_error),
        TEST(a_grant_is_one_memory_for_both),
        TEST(a_read_only_grant_cannot_be_mapped_for_writing),
        TEST(the_programs_own_pages_can_be_granted),
        TEST(eight_thousand_pages_can_be_granted),
        TEST(a_grant_outlives_the_thread_that_asked),
        TEST(a_revoke_while_mapped_leaves_the_peer_its_view),
        TEST(the_end_of_a_grant_is_told),
        TEST(the_guest_maps_our_pages),
        TEST(read_only_mappings_are_enforced),
        TEST(the_end_of_a_mapping_is_told),
        TEST(store_values_go_both_ways),
        TEST(store_directories_are_listed),
        TEST(store_permissions_are_set),
        TEST(the_store_refuses_as_it_does_elsewhere),
        TEST(watches_set_their_event),
        TEST(closing_a_session_ends_all_of_it),
        TEST(threads_share_a_session),
        TEST(sessions_leak_no_descriptor_and_no_thread),
        TEST(a_killed_program_leaves_nothing),
        TEST(a_program_that_just_exits_leaves_nothing),
        TEST(without_an_instance_it_is_not_supported),
        TEST(a_dead_hypervisor_is_an_error_and_no_hang),
    };

    shell_command = argv + 1;
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
