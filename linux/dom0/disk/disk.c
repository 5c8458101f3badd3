/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-disk: disks for the guests of simxen, in dom0's view.
 *
 *   casement-disk attach GUEST FILE NAME [--read-only|--cdrom]
 *   casement-disk detach GUEST NAME [--force]
 *   casement-disk list [GUEST]
 *   casement-disk serve DOMAIN NUMBER FILE NAME w|r|c
 *
 * attach starts serve, the backend, in the background; the last word is writable, read-only or CD.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xenbus.h>

#include "backend.h"
#include "store.h"

enum { FAILED = 1, USAGE = 2, PATIENCE_S = 20 };

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "casement: %s: %s\n", what, why);
    return FAILED;
}

/* A disk by the words of the command line. False: a message was written. */
static bool find(struct disk_store *store, struct xs_handle *xs, const char *guest,
                 const char *name)
{
    int64_t domid = disk_domain(xs, guest);
    uint32_t number = disk_number(name);
    if (domid <= 0)
        fail(guest, "there is no such guest");
    else if (!number)
        fail(name, "a disk is called xvda, xvdb ... or by its number");
    else
        disk_store_init(store, xs, (uint32_t)domid, number);
    return domid > 0 && number;
}

/* --- Waiting for what the guest does. */

static bool connected(struct disk_store *store)
{
    return disk_store_read_front(store, "state", XenbusStateReconfigured) == XenbusStateConnected &&
           disk_store_read_back(store, "state", XenbusStateReconfigured) == XenbusStateConnected;
}

static bool gone(struct disk_store *store)
{
    return !disk_store_exists(store);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until it holds, looked at whenever one of the two folders changes. */
static bool await(struct disk_store *store, bool (*holds)(struct disk_store *store))
{
    int64_t end_ms = now_ms() + PATIENCE_S * 1000, left_ms;
    struct pollfd fd = {.fd = xs_fileno(store->xs), .events = POLLIN};
    xs_watch(store->xs, store->front, "front");
    xs_watch(store->xs, store->back, "back");
    while (!holds(store)) {
        left_ms = end_ms - now_ms();
        if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) <= 0)
            return holds(store);
        for (char **event; (event = xs_check_watch(store->xs));)
            free(event);
    }
    return true;
}

/* --- The words. */

static int serve(int argc, char **argv)
{
    struct xs_handle *xs = xs_open(0);
    struct disk_store store;
    struct backing backing;
    if (argc != 7 || !xs)
        return argc != 7 ? USAGE : fail("xenstored", strerror(errno));
    enum disk_kind kind = argv[6][0] == 'c'   ? DISK_CD
                          : argv[6][0] == 'r' ? DISK_READ_ONLY
                                              : DISK_WRITABLE;
    int error = backing_open(&backing, argv[4], kind != DISK_WRITABLE);
    if (error)
        return fail(argv[4], strerror(-error));
    disk_store_init(&store, xs, (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]));
    if (!disk_store_create(&store, argv[5], argv[4], kind))
        return fail(argv[5], errno == EEXIST ? "the guest has such a disk" : strerror(errno));
    bool ran = backend_run(&store, &backing);
    backing_close(&backing);
    xs_close(xs);
    return ran ? 0 : fail("event channels", strerror(errno));
}

/* In the background, with its own session and the log as its output. Its first sign of life is the
 * folder in XenStore; *ended becomes readable when it could not begin. */
static bool start_server(char **argv, int *ended)
{
    int life[2];
    if (pipe2(life, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        fcntl(life[1], F_SETFD, 0);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 0);
        dup2(null, 1);
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    close(life[1]);
    *ended = life[0];
    return pid > 0;
}

static bool began_or_ended(struct disk_store *store, int ended)
{
    struct pollfd fds[] = {{.fd = xs_fileno(store->xs), .events = POLLIN},
                           {.fd = ended, .events = POLLIN}};
    xs_watch(store->xs, store->back, "began");
    while (!disk_store_exists(store)) {
        if (poll(fds, 2, PATIENCE_S * 1000) <= 0 || fds[1].revents)
            return disk_store_exists(store);
        for (char **event; (event = xs_check_watch(store->xs));)
            free(event);
    }
    return true;
}

static int attach(int argc, char **argv)
{
    struct xs_handle *xs = xs_open(0);
    struct disk_store store;
    bool read_only = argc == 6 && strcmp(argv[5], "--read-only") == 0;
    bool cd = argc == 6 && strcmp(argv[5], "--cdrom") == 0;
    const char *kind = cd ? "c" : read_only ? "r" : "w";
    int ended;
    if (argc != 5 && !read_only && !cd)
        return USAGE;
    if (!xs)
        return fail("xenstored", strerror(errno));
    if (!find(&store, xs, argv[2], argv[4]))
        return FAILED;
    char *path = realpath(argv[3], NULL);
    if (!path)
        return fail(argv[3], strerror(errno));
    if (disk_store_exists(&store))
        return fail(argv[4], "the guest has such a disk");
    char domid[12], number[12];
    snprintf(domid, sizeof(domid), "%u", store.domid);
    snprintf(number, sizeof(number), "%u", store.number);
    char *server[] = {argv[0], "serve", domid, number, path, argv[4], (char *)kind, NULL};
    bool began = start_server(server, &ended) && began_or_ended(&store, ended);
    free(path);
    if (!began)
        return FAILED; /* it said why */
    if (!await(&store, connected)) {
        printf("%s is there for %s, which has not taken it yet\n", argv[4], argv[2]);
        return 0;
    }
    printf("%s is connected in %s\n", argv[4], argv[2]);
    return 0;
}

static int detach(int argc, char **argv)
{
    struct xs_handle *xs = xs_open(0);
    struct disk_store store;
    bool force = argc == 5 && strcmp(argv[4], "--force") == 0;
    if (argc != 4 && !force)
        return USAGE;
    if (!xs)
        return fail("xenstored", strerror(errno));
    if (!find(&store, xs, argv[2], argv[3]))
        return FAILED;
    if (!disk_store_exists(&store))
        return fail(argv[3], "the guest has no such disk");
    if (force)
        disk_store_remove(&store);
    else
        disk_store_write(&store, "online", 0);
    if (!await(&store, gone))
        return fail(argv[3], "the guest does not let go of it (--force takes it away)");
    printf("%s is gone from %s\n", argv[3], argv[2]);
    return 0;
}

static void print_disk(struct xs_handle *xs, uint32_t domid, uint32_t number)
{
    static const char *const states[] = {
        "?", "beginning", "waits for the guest", "beginning", "connected", "closing", "closed"};
    struct disk_store store;
    disk_store_init(&store, xs, domid, number);
    char *name = disk_store_text(&store, store.back, "dev");
    char *path = disk_store_text(&store, store.back, "params");
    char *mode = disk_store_text(&store, store.back, "mode");
    char *type = disk_store_text(&store, store.back, "device-type");
    int64_t sectors = disk_store_read_back(&store, "sectors", UINT32_MAX);
    int64_t state = disk_store_read_back(&store, "state", XenbusStateClosed);
    printf("%u %s %s %lld MiB %s %s\n", domid, name ? name : "?",
           type && strcmp(type, "cdrom") == 0 ? "CD, read-only"
           : mode && mode[0] == 'r'           ? "read-only"
                                              : "writable",
           (long long)(sectors / 2048), states[state < 0 ? 0 : state], path ? path : "?");
    free(name);
    free(path);
    free(mode);
    free(type);
}

static void print_disks(struct xs_handle *xs, uint32_t domid)
{
    char folder[STORE_PATH_MAX];
    unsigned count = 0;
    snprintf(folder, sizeof(folder), "/local/domain/0/backend/vbd/%u", domid);
    char **disks = xs_directory(xs, XBT_NULL, folder, &count);
    for (unsigned i = 0; disks && i < count; i++)
        print_disk(xs, domid, (uint32_t)strtoul(disks[i], NULL, 10));
    free(disks);
}

static int list(int argc, char **argv)
{
    struct xs_handle *xs = xs_open(0);
    unsigned count = 0;
    if (!xs)
        return fail("xenstored", strerror(errno));
    if (argc == 3) {
        int64_t domid = disk_domain(xs, argv[2]);
        if (domid <= 0)
            return fail(argv[2], "there is no such guest");
        print_disks(xs, (uint32_t)domid);
        return 0;
    }
    char **domains = xs_directory(xs, XBT_NULL, "/local/domain/0/backend/vbd", &count);
    for (unsigned i = 0; domains && i < count; i++)
        print_disks(xs, (uint32_t)strtoul(domains[i], NULL, 10));
    free(domains);
    return argc == 2 ? 0 : USAGE;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } words[] = {{"attach", attach}, {"detach", detach}, {"list", list}, {"serve", serve}};
    int code = USAGE;
    for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(argv[1], words[i].name) == 0)
            code = words[i].run(argc, argv);
    if (code == USAGE)
        fputs("usage: casement-disk attach GUEST FILE NAME [--read-only|--cdrom]\n"
              "       casement-disk detach GUEST NAME [--force]\n"
              "       casement-disk list [GUEST]\n",
              stderr);
    return code;
}
