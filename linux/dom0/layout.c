/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding programs and state folders (layout.h). */
#include "layout.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *folder, const char *format, ...)
{
    char *rest, *path;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&rest, format, arguments);
    va_end(arguments);
    if (length < 0 || asprintf(&path, "%s/%s", folder, rest) < 0) {
        fputs("casement: out of memory\n", stderr);
        exit(125);
    }
    free(rest);
    return path;
}

bool path_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int find_programs(struct layout *layout)
{
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length < 0)
        return -errno;
    own[length] = '\0';
    char *slash = strrchr(own, '/');
    if (slash == NULL)
        return -ENOENT;
    *slash = '\0';

    const char *libdir = getenv("CASEMENT_LIBDIR");
    char *top = NULL;
    if (libdir != NULL) {
        top = path_join(libdir, ".");
    } else {
        top = path_join(own, "../../.."); /* build/linux/linux/dom0 */
        char *probe = path_join(top, "debian-xen");
        char *installed = path_join(own, "../lib/casement");
        if (path_exists(installed) || !path_exists(probe)) {
            free(top);
            top = path_join(own, path_exists(installed) ? "../lib/casement" : ".");
        }
        free(installed);
        free(probe);
    }
    char *real = realpath(top, NULL);
    free(top);
    if (real == NULL)
        return -errno;

    char *build = path_join(real, "linux/linux/dom0");
    bool in_build_tree = path_exists(build);
    free(build);
    layout->dom0 = path_join(real, in_build_tree ? "linux/linux/dom0" : ".");
    layout->simxen = path_join(real, in_build_tree ? "linux/linux/simxen" : ".");
    layout->vchan = path_join(real, in_build_tree ? "linux/linux/vchan" : "lib");
    layout->xen = path_join(real, "debian-xen");
    layout->windows = path_join(real, in_build_tree ? "windows/windows" : "windows");
    free(real);
    return 0;
}

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = mkdir(path, 0700);
        int error = errno;
        *slash = '/';
        if (result < 0 && error != EEXIST)
            return -error;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Nobody else may reach the socket, the guests' disks or simxen's memory. */
static int make_private(char *path)
{
    int result = make_folders(path);
    struct stat status;
    if (result == 0 && lstat(path, &status) < 0)
        result = -errno;
    if (result == 0 && (!S_ISDIR(status.st_mode) || status.st_uid != geteuid()))
        result = -EPERM;
    if (result == 0 && (status.st_mode & 077) != 0 && chmod(path, 0700) < 0)
        result = -errno;
    if (result != 0)
        fprintf(stderr, "casement: %s must be a folder that only you can open: %s\n", path,
                strerror(-result));
    return result;
}

static char *absolute(const char *path)
{
    if (path[0] == '/')
        return path_join(path, ".");
    char *current = getcwd(NULL, 0);
    char *result = path_join(current != NULL ? current : "/", "%s", path);
    free(current);
    return result;
}

/* Also replaces the path by its real one, so that it always reads the same. */
static int take_folder(char **member, const char *path)
{
    char *wanted = absolute(path);
    int result = make_private(wanted);
    if (result == 0) {
        *member = realpath(wanted, NULL);
        if (*member == NULL)
            result = -errno;
    }
    free(wanted);
    return result;
}

static int find_state(struct layout *layout)
{
    const char *home = getenv("CASEMENT_HOME"), *runtime = getenv("CASEMENT_RUNTIME");
    const char *state = getenv("XDG_STATE_HOME"), *user_home = getenv("HOME");
    const char *user_runtime = getenv("XDG_RUNTIME_DIR");

    char *home_path = home != NULL ? strdup(home)
                      : state != NULL
                          ? path_join(state, "casement")
                          : path_join(user_home != NULL ? user_home : "/", ".local/state/casement");
    char *runtime_path = runtime != NULL        ? strdup(runtime)
                         : home != NULL         ? path_join(home, "run")
                         : user_runtime != NULL ? path_join(user_runtime, "casement")
                                                : path_join("/tmp", "casement-%u", geteuid());
    int result = -ENOMEM;
    if (home_path != NULL && runtime_path != NULL)
        result = take_folder(&layout->home, home_path);
    if (result == 0)
        result = take_folder(&layout->runtime, runtime_path);
    free(home_path);
    free(runtime_path);

    /* Unix sockets below it (simxen/dom<N>/xenbus) must fit into sockaddr_un. */
    if (result == 0 && strlen(layout->runtime) > 80) {
        fprintf(stderr,
                "casement: %s is too long a path for sockets; set CASEMENT_RUNTIME to a shorter "
                "one\n",
                layout->runtime);
        result = -ENAMETOOLONG;
    }
    return result;
}

int layout_find(struct layout *layout)
{
    *layout = (struct layout){0};
    int result = find_programs(layout);
    if (result != 0)
        fprintf(stderr, "casement: cannot find the other programs: %s\n", strerror(-result));
    if (result == 0)
        result = find_state(layout);
    if (result != 0) {
        layout_free(layout);
        return result;
    }
    layout->real_dom0 = getenv("SIMXEN_DIR") == NULL && (path_exists("/run/xenstored/socket") ||
                                                         path_exists("/var/run/xenstored/socket"));
    return 0;
}

void layout_free(struct layout *layout)
{
    free(layout->dom0);
    free(layout->simxen);
    free(layout->vchan);
    free(layout->xen);
    free(layout->windows);
    free(layout->home);
    free(layout->runtime);
    *layout = (struct layout){0};
}
