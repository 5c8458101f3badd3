/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting and ending simxen, xenstored and casementd (host.h). */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "local.h"
#include "process.h"
#include "wine_guest.h"

enum { END_TIMEOUT_MS = 10000 };

char *host_log(const struct layout *layout, const char *name)
{
    char *folder = path_join(layout->home, "log");
    mkdir(folder, 0700);
    char *path = path_join(folder, "%s", name);
    free(folder);
    return path;
}

char **host_environment(const struct layout *layout)
{
    char *simxen = path_join(layout->runtime, "simxen");
    char *rundir = path_join(simxen, "xenstored"), *socket = path_join(rundir, "socket");
    char *own = path_join(layout->simxen, "lib:%s/lib", layout->xen);
    const char *before = getenv("LD_LIBRARY_PATH");
    if (before != NULL && before[0] == '\0')
        before = NULL; /* an empty entry would mean the current folder */
    char *libraries = before != NULL ? path_join(own, ":%s", before) : strdup(own);
    if (before != NULL) { /* path_join() put a slash before the colon, which means the same */
        char *colon = strstr(libraries, "/:");
        memmove(colon, colon + 1, strlen(colon));
    }
    const char *const values[][2] = {
        {"CASEMENT_INSTANCE", layout->runtime}, {"CASEMENT_HOME", layout->home},
        {"CASEMENT_RUNTIME", layout->runtime},  {"SIMXEN_DIR", simxen},
        {"SIMXEN_DEBIAN_XEN", layout->xen},     {"SIMXEN_DOMID", "0"},
        {"XENSTORED_RUNDIR", rundir},           {"XENSTORED_PATH", socket},
        {"LD_LIBRARY_PATH", libraries},
    };
    size_t count = layout->real_dom0 ? 3 : sizeof values / sizeof *values;
    char **environment = environment_copy(environ);
    bool ok = environment != NULL && libraries != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = environment_set(&environment, values[i][0], values[i][1]);
    free(simxen);
    free(rundir);
    free(socket);
    free(own);
    free(libraries);
    if (ok)
        return environment;
    environment_free(environment);
    return NULL;
}

/* --- Is it there? */

static bool answers(const char *folder, const char *name, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, name);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

static bool simxen_runs(const struct layout *layout)
{
    return answers(layout->runtime, "simxen/socket", SOCK_SEQPACKET);
}

static bool xenstored_runs(const struct layout *layout)
{
    return answers(layout->runtime, "simxen/xenstored/socket", SOCK_STREAM);
}

static bool daemon_runs(const struct layout *layout)
{
    return answers(layout->runtime, "casementd", SOCK_SEQPACKET);
}

bool host_runs(const struct layout *layout)
{
    return daemon_runs(layout) &&
           (layout->real_dom0 || (simxen_runs(layout) && xenstored_runs(layout)));
}

/* --- Starting */

/* Starts a server and waits for its word on `out` (a line, or the end of it when all it does is
 * to close it). role goes into its mark. 0 or -errno. */
static int start_server(const struct layout *layout, const char *role, char *const *argv,
                        const char *preload, bool line)
{
    char **environment = host_environment(layout);
    char *log = host_log(layout, role);
    int ready[2];
    if (environment == NULL || !environment_set(&environment, "CASEMENT_ROLE", role) ||
        !environment_set(&environment, "LD_PRELOAD", preload) || pipe2(ready, O_CLOEXEC) < 0)
        return -ENOMEM;
    struct process_spec spec = {.argv = argv,
                                .environment = environment,
                                .log_path = log,
                                .stdout_fd = ready[1],
                                .new_session = true};
    pid_t pid = process_start(&spec, NULL);
    close(ready[1]);
    char byte;
    ssize_t got = 0;
    if (pid > 0) {
        do {
            got = read(ready[0], &byte, 1);
        } while (got > 0 && byte != '\n');
    }
    close(ready[0]);
    int result = pid < 0 ? pid : line && got <= 0 ? -ECHILD : 0;
    if (result != 0)
        fprintf(stderr, "casement: %s did not start (%s); see %s\n", argv[0], strerror(-result),
                log);
    free(log);
    environment_free(environment);
    return result;
}

static int start_simxen(const struct layout *layout)
{
    char *program = path_join(layout->simxen, "simxen");
    char *folder = path_join(layout->runtime, "simxen");
    mkdir(folder, 0700);
    int result = start_server(layout, "simxen",
                              (char *[]){program, "serve", "--ready", folder, NULL}, NULL, true);
    free(program);
    free(folder);
    return result;
}

static int start_xenstored(const struct layout *layout)
{
    char *program = path_join(layout->xen, "bin/xenstored");
    char *folder = path_join(layout->runtime, "simxen/xenstored");
    mkdir(folder, 0700);
    /* Answers for /proc/xen, which tells xenstored where dom0's own ring is. Found along
     * LD_LIBRARY_PATH: LD_PRELOAD takes no path with a blank in it.
     * As a daemon it closes its output when it serves: that is the sign. */
    int result = start_server(layout, "xenstored", (char *[]){program, "--internal-db=on", NULL},
                              "libxenprocfs.so", false);
    if (result == 0 && !xenstored_runs(layout)) {
        fprintf(stderr, "casement: xenstored ended at once; see the log\n");
        result = -ECHILD;
    }
    free(program);
    free(folder);
    return result;
}

/* Serves at once the guests that run already: their agents wait for a daemon. */
static int start_daemon(const struct layout *layout)
{
    char **names = wine_guest_names(layout);
    size_t count = 0, running = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    char **argv = calloc(count + 2, sizeof *argv);
    int result = argv != NULL ? 0 : -ENOMEM;
    if (argv != NULL)
        argv[0] = path_join(layout->dom0, "casementd");
    for (size_t i = 0; argv != NULL && i < count; i++) {
        if (wine_guest_runs(layout, names[i]))
            argv[++running] = names[i];
    }
    if (result == 0)
        result = start_server(layout, "casementd", argv, NULL, true);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (argv != NULL)
        free(argv[0]);
    free(argv);
    return result;
}

int host_start(const struct layout *layout)
{
    int result = 0;
    if (!layout->real_dom0 && !(simxen_runs(layout) && xenstored_runs(layout))) {
        struct process_mark mark = {"CASEMENT_INSTANCE", layout->runtime};
        if (process_signal_marked(&mark, 1, 0) > 0)
            fputs("casement: a part of the host is gone; starting afresh\n", stderr);
        host_stop(layout);
        result = start_simxen(layout);
        if (result == 0)
            result = start_xenstored(layout);
    }
    if (result == 0 && !daemon_runs(layout))
        result = start_daemon(layout);
    return result;
}

/* --- Domains */

static int run_simxen(const struct layout *layout, char *const *arguments, int stdout_fd)
{
    char *program = path_join(layout->simxen, "simxen");
    char *argv[6] = {program};
    for (int i = 0; i < 4 && arguments[i] != NULL; i++)
        argv[i + 1] = arguments[i];
    char **environment = host_environment(layout);
    struct process_spec spec = {.argv = argv, .environment = environment, .stdout_fd = stdout_fd};
    spec.stderr_fd = fcntl(2, F_DUPFD_CLOEXEC, 10);
    int result = environment != NULL ? process_run(&spec) : -ENOMEM;
    close(spec.stderr_fd);
    environment_free(environment);
    free(program);
    return result;
}

static char *domain_file(const struct layout *layout, const char *name)
{
    return path_join(layout->runtime, "domain-%s", name);
}

int host_create_domain(const struct layout *layout, const char *name)
{
    char *path = domain_file(layout, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), domain = -EIO;
    int code = fd < 0 ? -errno : run_simxen(layout, (char *[]){"create", (char *)name, NULL}, fd);
    char text[16] = "";
    if (code == 0 && pread(fd, text, sizeof text - 1, 0) > 0)
        domain = atoi(text);
    if (domain <= 0)
        fprintf(stderr, "casement: no domain for %s\n", name);
    if (fd >= 0)
        close(fd);
    free(path);
    return domain > 0 ? domain : -EIO;
}

static void destroy(const struct layout *layout, const char *domain)
{
    char *program = path_join(layout->simxen, "simxen");
    char **environment = host_environment(layout);
    struct process_spec spec = {.argv = (char *[]){program, "destroy", (char *)domain, NULL},
                                .environment = environment};
    /* Usually it ended with its wineserver; then there is nothing to destroy. */
    if (environment != NULL)
        process_run(&spec);
    environment_free(environment);
    free(program);
}

void host_destroy_domain(const struct layout *layout, const char *name)
{
    char *path = domain_file(layout, name), text[16] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0 && simxen_runs(layout)) {
        text[strcspn(text, "\n")] = '\0';
        destroy(layout, text);
    }
    unlink(path);
    if (fd >= 0)
        close(fd);
    free(path);
}

/* --- Ending */

static int end_role(const struct layout *layout, const char *role)
{
    struct process_mark marks[] = {{"CASEMENT_INSTANCE", layout->runtime}, {"CASEMENT_ROLE", role}};
    int count = process_signal_marked(marks, 2, SIGTERM);
    if (count <= 0)
        return count;
    if (process_await_marked(marks, 2, END_TIMEOUT_MS) == 0)
        return 0;
    return process_end_marked(marks, 2, END_TIMEOUT_MS);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

/* The folder was named by the user and may hold other things: only what is ours goes. */
static void clear_runtime(const struct layout *layout)
{
    char *simxen = path_join(layout->runtime, "simxen");
    nftw(simxen, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
    free(simxen);
    DIR *folder = opendir(layout->runtime);
    for (struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL;
         entry = readdir(folder)) {
        if (strcmp(entry->d_name, "casementd") == 0 ||
            strcmp(entry->d_name, "casementd.lock") == 0 ||
            strncmp(entry->d_name, "qubesdb.", strlen("qubesdb.")) == 0 ||
            strncmp(entry->d_name, "domain-", strlen("domain-")) == 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
}

/* What simxen has, as text. expect_empty: its exit code says whether that is nothing. NULL: it
 * could not be asked. The caller closes it. */
static FILE *list(const struct layout *layout, char *expect_empty, int *code)
{
    FILE *text = tmpfile();
    if (text == NULL)
        return NULL;
    *code = run_simxen(layout, (char *[]){"list", expect_empty, NULL}, fileno(text));
    rewind(text);
    return text;
}

/* A domain without a process never had one: `up` was killed between making it and starting it. */
static void destroy_unstarted(const struct layout *layout)
{
    int code;
    FILE *text = list(layout, NULL, &code);
    char *line = NULL, domain[16];
    size_t room = 0;
    unsigned processes;
    while (text != NULL && getline(&line, &room, text) > 0) {
        if (sscanf(line, "domain %15s %*s processes %u", domain, &processes) == 2 &&
            processes == 0 && strcmp(domain, "0") != 0)
            destroy(layout, domain);
    }
    free(line);
    if (text != NULL)
        fclose(text);
}

static int list_must_be_empty(const struct layout *layout)
{
    int code = -1;
    FILE *text = list(layout, "--expect-empty", &code);
    if (code != 0) {
        fputs("casement: the hypervisor still has:\n", stderr);
        for (int c = text != NULL ? fgetc(text) : EOF; c != EOF; c = fgetc(text))
            fputc(c, stderr);
    }
    if (text != NULL)
        fclose(text);
    return code == 0 ? 0 : -ENOTEMPTY;
}

int host_stop(const struct layout *layout)
{
    int result = 0;
    char **names = wine_guest_names(layout);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        int stopped = wine_guest_stop(layout, *name);
        result = result != 0 ? result : stopped;
        free(*name);
    }
    free(names);
    end_role(layout, "casementd");
    if (simxen_runs(layout) && xenstored_runs(layout) && result == 0) {
        destroy_unstarted(layout);
        result = list_must_be_empty(layout);
    }
    end_role(layout, "xenstored");
    end_role(layout, "simxen");

    struct process_mark mark = {"CASEMENT_INSTANCE", layout->runtime};
    int ended = process_end_marked(&mark, 1, END_TIMEOUT_MS);
    if (ended != 0)
        fprintf(stderr, "casement: processes are left: %s\n", strerror(-ended));
    clear_runtime(layout);
    return ended != 0 ? ended : result;
}
