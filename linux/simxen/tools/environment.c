/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process needs in its environment to live in a simxen instance: SIMXEN_DIR and
 * SIMXEN_DOMID for the drop-ins and the Windows test DLL, XENSTORED_PATH for Debian's libxenstore,
 * LD_LIBRARY_PATH with the drop-ins before Debian's libraries. Debian's Xen is looked for beside
 * the build folder (build/debian-xen), or where SIMXEN_DEBIAN_XEN says.
 */
#include "tools.h"
#include "../client/internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *instance_dir(void)
{
    const char *dir = getenv("SIMXEN_DIR");
    if (!dir)
        fprintf(stderr, "simxen: SIMXEN_DIR does not name an instance\n");
    return dir;
}

void program_folder(char *out, size_t room)
{
    ssize_t length = readlink("/proc/self/exe", out, room - 1);
    out[length > 0 ? length : 0] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
}

void debian_folder(char *out, size_t room)
{
    char program[PATH_MAX];
    const char *given = getenv("SIMXEN_DEBIAN_XEN");
    program_folder(program, sizeof(program));
    if (given)
        snprintf(out, room, "%s", given);
    else
        snprintf(out, room, "%.*s/../../../debian-xen", (int)sizeof(program), program);
}

void environment_libraries(void)
{
    char program[PATH_MAX], debian[PATH_MAX], value[3 * PATH_MAX];
    const char *before = getenv("LD_LIBRARY_PATH");
    program_folder(program, sizeof(program));
    debian_folder(debian, sizeof(debian));
    snprintf(value, sizeof(value), "%s/lib:%s/lib", program, debian);
    if (before && strncmp(before, value, strlen(value)) == 0)
        return;
    if (before && *before) {
        strncat(value, ":", sizeof(value) - strlen(value) - 1);
        strncat(value, before, sizeof(value) - strlen(value) - 1);
    }
    setenv("LD_LIBRARY_PATH", value, 1);
}

void environment_for_domain(const char *dir, uint32_t domid)
{
    char value[PATH_MAX];
    setenv("SIMXEN_DIR", dir, 1);
    snprintf(value, sizeof(value), "%u", domid);
    setenv("SIMXEN_DOMID", value, 1);
    if (domid)
        snprintf(value, sizeof(value), "%s/dom%u", dir, domid);
    else
        snprintf(value, sizeof(value), "%s/xenstored", dir);
    setenv("XENSTORED_RUNDIR", value, 1);
    strncat(value, domid ? "/xenbus" : "/socket", sizeof(value) - strlen(value) - 1);
    setenv("XENSTORED_PATH", value, 1);
    environment_libraries();
}

void environment_program(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length > 0) {
        path[length] = 0;
        setenv("SIMXEN", path, 1);
    }
}
