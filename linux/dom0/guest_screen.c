/* SPDX-License-Identifier: BSD-2-Clause */
/* See guest_screen.h. */
#include "guest_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

/* Debian's places. */
static char server_program[] = "/usr/bin/Xvfb", compositor_program[] = "/usr/bin/xcompmgr";

/* Its first line: the number of the display, once clients can connect. */
static int read_number(int fd, char *out, size_t room)
{
    size_t length = 0;

    while (length + 1 < room && read(fd, out + length, 1) == 1 && out[length] != '\n')
        length++;
    out[length] = '\0';
    return length > 0 ? 0 : -ECHILD;
}

static int start_server(char **environment, const char *log, char *number, size_t room)
{
    char *argv[] = {server_program, "-displayfd", "1",   "-screen",  "0",
                    "1280x800x24",  "-nolisten",  "tcp", "-noreset", NULL};
    int ready[2], result;

    if (pipe2(ready, O_CLOEXEC) < 0)
        return -errno;
    const struct process_spec spec = {.argv = argv,
                                      .environment = environment,
                                      .log_path = log,
                                      .stdout_fd = ready[1],
                                      .new_session = true};
    result = process_start(&spec, NULL);
    close(ready[1]);
    result = result < 0 ? result : read_number(ready[0], number, room);
    close(ready[0]);
    return result;
}

int guest_screen_start(char ***environment, const char *log)
{
    char number[16], display[20];
    int result = start_server(*environment, log, number, sizeof number);

    snprintf(display, sizeof display, ":%s", number);
    if (result == 0 && !environment_set(environment, "DISPLAY", display))
        result = -ENOMEM;
    if (result == 0) {
        const struct process_spec spec = {.argv = (char *[]){compositor_program, "-a", NULL},
                                          .environment = *environment,
                                          .log_path = log,
                                          .new_session = true};
        result = process_start(&spec, NULL);
    }
    if (result < 0)
        fprintf(stderr, "casement: the guest's screen did not start (%s); it needs %s and %s\n",
                strerror(-result), server_program, compositor_program);
    return result < 0 ? result : 0;
}
