/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casementd: dom0's side of qrexec for any number of guests. It connects to each guest's agent,
 * gives out data ports, asks the policy, and introduces callers to services. It never waits for a
 * guest. Written against Xen's libxenstore and libvchan: on simxen and on a real dom0 the same.
 *
 *     casementd [--default-user NAME] [--policy FILE] [--no-qubesdb] [GUEST...]
 *
 * Prints one line, "ready", when it serves (casement up waits for that); the log is stderr.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

enum { LOG_BYTES_MAX = 16 << 20 };

/* Guests cause lines: they must not fill the disk. */
static void bound_log(void)
{
    struct stat status;
    if (fstat(2, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > LOG_BYTES_MAX &&
        ftruncate(2, 0) == 0)
        fputs("(the log was full; what was before is gone)\n", stderr);
}

void log_line(const char *format, ...)
{
    char text[1024], stamp[32];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* Names from guests are in here: nothing of them may look like another line. */
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '?';
    }
    bound_log();
    time_t now = time(NULL);
    struct tm local;
    strftime(stamp, sizeof stamp, "%H:%M:%S", localtime_r(&now, &local));
    fprintf(stderr, "%s %s\n", stamp, text);
}

bool source_watch(struct daemon *daemon, struct source *source, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    if (fd < 0 || epoll_ctl(daemon->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return false;
    source->fd = fd;
    return true;
}

void source_unwatch(struct daemon *daemon, struct source *source)
{
    if (source->fd >= 0)
        epoll_ctl(daemon->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    source->fd = -1;
}

bool source_output(struct daemon *daemon, struct source *source, bool wanted)
{
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = source};
    return epoll_ctl(daemon->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) == 0;
}

static void xenstore_ready(struct daemon *daemon, struct source *source)
{
    bool resolve = false;
    char **watch;
    while ((watch = xs_check_watch(daemon->xenstore)) != NULL) {
        unsigned domain;
        if (sscanf(watch[XS_WATCH_TOKEN], "server:%u", &domain) == 1)
            guest_server_changed(daemon, domain);
        else
            resolve = true;
        free(watch);
    }
    if (errno != EAGAIN) {
        log_line("the connection to xenstored ended: %s", strerror(errno));
        daemon->ended = true;
        daemon->exit_code = 1;
    } else if (resolve) {
        guests_resolve(daemon);
    }
}

static void signal_ready(struct daemon *daemon, struct source *source)
{
    daemon->ended = true;
}

static bool open_xenstore(struct daemon *daemon)
{
    daemon->xenstore = xs_open(0);
    if (daemon->xenstore == NULL) {
        log_line("cannot reach xenstored: %s", strerror(errno));
        return false;
    }
    daemon->xenstore_source.ready = xenstore_ready;
    return xs_watch(daemon->xenstore, "@introduceDomain", "domains") &&
           xs_watch(daemon->xenstore, "@releaseDomain", "domains") &&
           source_watch(daemon, &daemon->xenstore_source, xs_fileno(daemon->xenstore));
}

static bool open_signals(struct daemon *daemon)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    daemon->signals.ready = signal_ready;
    return source_watch(daemon, &daemon->signals, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/* One daemon a runtime folder. The lock goes with the process, however it ends. */
static bool take_lock(const struct daemon *daemon)
{
    char *path = path_join(daemon->layout.runtime, "casementd.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!taken)
        log_line("%s: %s", path, errno == EWOULDBLOCK ? "casementd runs already" : strerror(errno));
    free(path);
    return taken;
}

static bool open_listener(struct daemon *daemon)
{
    int fd = local_listen(daemon->layout.runtime);
    if (fd < 0) {
        log_line("cannot listen in %s: %s", daemon->layout.runtime, strerror(-fd));
        return false;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    daemon->listener.ready = client_accept;
    return source_watch(daemon, &daemon->listener, fd);
}

static void find_policy(struct daemon *daemon, const char *chosen)
{
    if (chosen == NULL)
        daemon->policy.own_path = path_join(daemon->layout.home, "policy");
    daemon->policy.default_path =
        chosen != NULL ? strdup(chosen) : path_join(daemon->layout.dom0, "default.policy");
    policy_file_current(&daemon->policy); /* a fault is worth a line in the log right now */
}

static void run(struct daemon *daemon)
{
    bool more = false;
    while (!daemon->ended) {
        struct epoll_event event;
        int count = epoll_wait(daemon->epoll_fd, &event, 1, more ? 0 : -1);
        if (count < 0 && errno != EINTR) {
            log_line("epoll: %s", strerror(errno));
            daemon->exit_code = 1;
            return;
        }
        if (count == 1) {
            struct source *source = event.data.ptr;
            source->ready(daemon, source);
        }
        more = guests_go_on(daemon);
    }
}

static void close_all(struct daemon *daemon)
{
    while (daemon->clients != NULL)
        client_close(daemon, daemon->clients);
    while (daemon->guests != NULL)
        guest_detach(daemon, daemon->guests);
    if (daemon->xenstore != NULL)
        xs_close(daemon->xenstore);
    policy_free(daemon->policy.policy);
    free(daemon->policy.own_path);
    free(daemon->policy.default_path);
    while (daemon->services != NULL) {
        struct service *service = daemon->services;
        daemon->services = service->next;
        close(service->source.fd);
        free(service);
    }
    while (daemon->calls != NULL) {
        struct call *call = daemon->calls;
        daemon->calls = call->next;
        free(call);
    }
    ports_free(daemon->ports);
    layout_free(&daemon->layout);
}

/* Each call that dom0 serves holds a descriptor, and each pair of domains may have 256 of them. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void say_ready(void)
{
    puts("ready");
    /* Whoever waits sees the end of it. */
    if (freopen("/dev/null", "w", stdout) == NULL)
        log_line("cannot close the standard output: %s", strerror(errno));
}

static int usage(int code)
{
    fputs("casementd [--default-user NAME] [--policy FILE] [--no-qubesdb] [GUEST...]\n",
          code ? stderr : stdout);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"default-user", required_argument, NULL, 'u'},
        {"policy", required_argument, NULL, 'p'},
        {"no-qubesdb", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct daemon daemon = {.listener.fd = -1, .signals.fd = -1, .xenstore_source.fd = -1};
    const char *policy = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'u')
            daemon.default_user = optarg;
        else if (option == 'p')
            policy = optarg;
        else if (option == 'q')
            daemon.no_qubesdb = true;
        else
            return usage(option == 'h' ? 0 : 2);
    }
    if (layout_find(&daemon.layout) != 0)
        return 1;
    raise_descriptor_limit();
    daemon.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    daemon.ports = ports_new();
    find_policy(&daemon, policy);
    bool ok = daemon.epoll_fd >= 0 && daemon.ports != NULL && take_lock(&daemon) &&
              open_signals(&daemon) && open_xenstore(&daemon) && open_listener(&daemon);
    for (int i = optind; ok && i < argc; i++) {
        if (!policy_guest_name_valid(argv[i])) {
            log_line("\"%s\" is no name for a guest", argv[i]);
            ok = false;
        } else {
            ok = guest_attach(&daemon, argv[i]) != NULL;
        }
    }
    if (ok) {
        say_ready();
        run(&daemon);
    }
    close_all(&daemon);
    return ok ? daemon.exit_code : 1;
}
