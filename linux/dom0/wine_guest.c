/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting and ending guests under Wine (wine_guest.h). */
#include "wine_guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_screen.h"
#include "host.h"
#include "policy.h"
#include "prefix.h"
#include "process.h"
#include "windows/agent/common/service_table.h"

enum {
    START_STEP_TIMEOUT_MS = 120000, /* for each program of Wine that a start runs */
    POWER_OFF_TIMEOUT_MS = 5000,
    END_TIMEOUT_MS = 10000,
};

static const char services_program[] = "C:\\Program Files\\Casement\\bin\\casement-services.exe";

struct guest_paths {
    char *prefix, *log, *wine, *server;
};

static bool find_paths(const struct layout *layout, const char *name, struct guest_paths *paths)
{
    char log_name[64];
    snprintf(log_name, sizeof log_name, "guest-%s", name);
    *paths = (struct guest_paths){.prefix = path_join(layout->home, "guests/%s", name),
                                  .log = host_log(layout, log_name),
                                  .wine = prefix_wine(),
                                  .server = prefix_wineserver()};
    return paths->wine != NULL && paths->server != NULL;
}

static void free_paths(struct guest_paths *paths)
{
    free(paths->prefix);
    free(paths->log);
    free(paths->wine);
    free(paths->server);
}

/* domain 0: not yet one. */
static char **guest_environment(const struct layout *layout, const char *name,
                                const struct guest_paths *paths, int domain)
{
    char **environment = prefix_environment(paths->prefix);
    char number[16];
    snprintf(number, sizeof number, "%d", domain);
    char *simxen = path_join(layout->runtime, "simxen");
    bool ok = environment != NULL &&
              environment_set(&environment, "CASEMENT_INSTANCE", layout->runtime) &&
              environment_set(&environment, "CASEMENT_GUEST", name) &&
              environment_set(&environment, "SIMXEN_DIR", simxen) &&
              environment_set(&environment, "SIMXEN_DOMID", number);
    free(simxen);
    if (ok)
        return environment;
    environment_free(environment);
    return NULL;
}

int wine_guest_make_template(const struct layout *layout)
{
    char *path = path_join(layout->home, "template"), *log = host_log(layout, "template");
    if (!path_exists(path))
        fputs("Making a Windows under Wine to clone guests from (once, about ten seconds)\n",
              stderr);
    int result = prefix_make_template(path, log);
    if (result != 0)
        fprintf(stderr, "casement: the template could not be made: %s; see %s\n", strerror(-result),
                log);
    free(path);
    free(log);
    return result;
}

static int prepare_prefix(const struct layout *layout, const char *prefix)
{
    char *template_path = path_join(layout->home, "template");
    char *guests = path_join(layout->home, "guests");
    mkdir(guests, 0700);
    int result = path_exists(prefix) ? 0 : prefix_clone(template_path, prefix);
    if (result != 0)
        fprintf(stderr, "casement: cannot clone %s: %s\n", template_path, strerror(-result));
    if (result == 0)
        result = prefix_install(layout, prefix);
    free(guests);
    free(template_path);
    return result;
}

/* What a service sees is the machine's environment. */
static int tell_domain(const struct layout *layout, const char *prefix, int domain)
{
    char number[16];
    snprintf(number, sizeof number, "%d", domain);
    char *simxen = path_join(layout->runtime, "simxen");
    int result = prefix_set_environment(prefix, "SIMXEN_DIR", simxen);
    if (result == 0)
        result = prefix_set_environment(prefix, "SIMXEN_DOMID", number);
    free(simxen);
    if (result != 0)
        fprintf(stderr, "casement: cannot set the guest's environment: %s\n", strerror(-result));
    return result;
}

static int run_in_guest(const struct guest_paths *paths, char **environment, char *const *argv)
{
    struct process_spec spec = {.argv = argv,
                                .environment = environment,
                                .log_path = paths->log,
                                .new_session = true,
                                .time_limit_ms = START_STEP_TIMEOUT_MS};
    return process_run(&spec);
}

/* The machine: holds the domain from here on. */
static int power_on(const struct layout *layout, const struct guest_paths *paths,
                    char **environment, int domain)
{
    char number[16];
    snprintf(number, sizeof number, "%d", domain);
    char *simxen = path_join(layout->simxen, "simxen");
    char *argv[] = {simxen, "exec", number, "--", paths->server, "-p", NULL};
    int code = run_in_guest(paths, environment, argv);
    free(simxen);
    if (code != 0)
        fprintf(stderr, "casement: %s did not start%s; see %s\n", paths->server,
                code == -ETIME ? " in time" : "", paths->log);
    return code == 0 ? 0 : -EIO;
}

/* Once registered, the first program of a boot makes Wine start them, perhaps in the middle of
 * this. Whether the agent works, its HELLO shows, and each service's log. */
static int start_services(const struct guest_paths *paths, char **environment, bool registered)
{
    char *start[] = {paths->wine, (char *)services_program, "start", NULL};
    int code = run_in_guest(paths, environment, start);
    if (code == 0 || (registered && code != -ETIME))
        return 0;
    if (code == -ETIME)
        fprintf(stderr, "casement: Wine hangs: the services did not start in time; see %s\n",
                paths->log);
    else
        fprintf(stderr, "casement: the services did not start (error %d); see %s\n", code,
                paths->log);
    return -EIO;
}

int wine_guest_start(const struct layout *layout, const char *name, bool screen)
{
    struct guest_paths paths;
    int result = find_paths(layout, name, &paths) ? 0 : -ENOENT;
    if (result == 0)
        result = prepare_prefix(layout, paths.prefix);
    bool registered = true;
    for (int i = 0; result == 0 && i < SERVICE_TABLE_ROWS; i++)
        registered = registered && prefix_has_service(paths.prefix, service_table[i].name);
    if (result == 0 && screen)
        result = prefix_draw_frames(paths.prefix);
    int domain = result == 0 ? host_create_domain(layout, name) : result;
    if (domain > 0) {
        char **environment = guest_environment(layout, name, &paths, domain);
        result = environment != NULL ? tell_domain(layout, paths.prefix, domain) : -ENOMEM;
        if (result == 0 && screen)
            result = guest_screen_start(&environment, paths.log);
        if (result == 0)
            result = power_on(layout, &paths, environment, domain);
        if (result == 0)
            result = start_services(&paths, environment, registered);
        environment_free(environment);
    } else {
        result = domain;
    }
    free_paths(&paths);
    return result;
}

bool wine_guest_runs(const struct layout *layout, const char *name)
{
    struct process_mark marks[] = {{"CASEMENT_INSTANCE", layout->runtime},
                                   {"CASEMENT_GUEST", name}};
    return process_signal_marked(marks, 2, 0) > 0;
}

/* Lets Wine write the registry and end its programs; not for ever. */
static void power_off(const struct layout *layout, const char *name)
{
    struct guest_paths paths;
    char **environment = NULL;
    if (find_paths(layout, name, &paths))
        environment = guest_environment(layout, name, &paths, 0);
    struct process_spec spec = {.argv = (char *[]){paths.server, "-k", NULL},
                                .environment = environment,
                                .log_path = paths.log,
                                .time_limit_ms = POWER_OFF_TIMEOUT_MS};
    if (environment != NULL)
        process_run(&spec);
    environment_free(environment);
    free_paths(&paths);
}

int wine_guest_stop(const struct layout *layout, const char *name)
{
    int result = 0;
    if (wine_guest_runs(layout, name)) {
        power_off(layout, name);
        struct process_mark marks[] = {{"CASEMENT_INSTANCE", layout->runtime},
                                       {"CASEMENT_GUEST", name}};
        /* A screen that is asked to end takes its socket along. */
        process_signal_marked(marks, 2, SIGTERM);
        process_await_marked(marks, 2, POWER_OFF_TIMEOUT_MS);
        result = process_end_marked(marks, 2, END_TIMEOUT_MS);
    }
    host_destroy_domain(layout, name);
    return result;
}

char **wine_guest_names(const struct layout *layout)
{
    char *path = path_join(layout->home, "guests");
    DIR *folder = opendir(path);
    free(path);
    size_t count = 0;
    char **names = calloc(1, sizeof *names);
    for (struct dirent *entry = folder != NULL ? readdir(folder) : NULL;
         entry != NULL && names != NULL; entry = readdir(folder)) {
        if (!policy_guest_name_valid(entry->d_name))
            continue;
        char **grown = realloc(names, (count + 2) * sizeof *names);
        if (grown == NULL)
            break;
        names = grown;
        names[count++] = strdup(entry->d_name);
        names[count] = NULL;
    }
    if (folder != NULL)
        closedir(folder);
    return names;
}
