/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement app: the programs of a guest's Start menu, as dom0's menus have them, and starting one
 * by its id. Both are calls of the guest's services.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "menu.h"

static int call(const struct layout *layout, char *guest, char *service)
{
    return command_call(layout, 3, (char *[]){"call", guest, service, NULL});
}

/* The call in a process of its own: its output is the pipe, its input empty. */
static pid_t start_call(const struct layout *layout, char *guest, int pipe_in)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (dup2(pipe_in, STDOUT_FILENO) < 0 || freopen("/dev/null", "r", stdin) == NULL)
        _exit(CALL_FAILED);
    close(pipe_in);
    _exit(call(layout, guest, "qubes.GetAppmenus"));
}

static void print_menu(FILE *from)
{
    char line[MENU_LINE_BYTES + 1];
    struct menu_entry entry;

    for (int lines = 0; lines < MENU_LINES_MAX && fgets(line, sizeof line, from) != NULL; lines++) {
        size_t length = strcspn(line, "\n");

        line[length] = '\0';
        if (menu_parse(line, length, &entry))
            printf("%s  %s\n", entry.id, entry.name);
    }
}

static int list(const struct layout *layout, char *guest)
{
    int ends[2], status;
    FILE *from;
    pid_t pid;

    if (pipe(ends) != 0 || (from = fdopen(ends[0], "r")) == NULL)
        return CALL_FAILED;
    pid = start_call(layout, guest, ends[1]);
    close(ends[1]);
    if (pid > 0)
        print_menu(from);
    fclose(from);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return CALL_FAILED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : CALL_FAILED;
}

static int start(const struct layout *layout, char *guest, const char *id)
{
    char *service;

    if (asprintf(&service, "qubes.StartApp+%s", id) < 0)
        return CALL_FAILED;
    return call(layout, guest, service);
}

int command_app(const struct layout *layout, int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[2], "list") == 0)
        return list(layout, argv[1]);
    if (argc == 4 && strcmp(argv[2], "start") == 0)
        return start(layout, argv[1], argv[3]);
    return USAGE_ERROR;
}
