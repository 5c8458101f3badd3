/* SPDX-License-Identifier: BSD-2-Clause */
/* casement: the command that people use. Each word is in commands.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

struct word {
    const char *name;
    int (*run)(const struct layout *layout, int argc, char **argv);
    const char *usage, *help;
};

static const struct word words[] = {
    {"up", command_up, "[--screen] [GUEST...]",
     "start guests (default: win), and the host under them; each with a screen of its own"},
    {"down", command_down, "[GUEST...]", "end guests; without a name everything"},
    {"status", command_status, "", "which guests there are and how their agents do"},
    {"run", command_run, "GUEST [-u USER] [--nogui] [--no-wait] [--] COMMAND...",
     "run a program in a guest: input, output, errors and exit code are yours"},
    {"call", command_call, "GUEST [-u USER] SERVICE[+ARGUMENT]", "call a service of a guest"},
    {"copy", command_copy, "FILE... GUEST:", "copy files and folders into a guest"},
    {"app", command_app, "GUEST list | GUEST start ID",
     "the programs of a guest's Start menu; start one by its id"},
    {"qdb", command_qdb, "GUEST read|write|rm|list|watch [PATH [VALUE]]",
     "look at and change a guest's QubesDB"},
    {"view", command_view, "[--strict] [GUEST[=COLOR]...] | --screenshot FILE",
     "show guests' windows on this X screen; or save a picture of the screen"},
    {"disk", command_disk,
     "attach GUEST FILE NAME [--read-only|--cdrom] | detach GUEST NAME [--force] | list GUEST",
     "put a file or block device into a guest as the disk xvda, xvdb ..., take it out again"},
    {"attach", command_attach, "GUEST...", "serve a guest that something else started"},
    {"detach", command_detach, "GUEST...", "stop serving a guest"},
    {"host", command_host, "[--] COMMAND...",
     "run a program of the host's side: simxen list, xenstore-ls, ..."},
};
enum { WORDS = sizeof words / sizeof *words };

static int help(void)
{
    puts("casement: run programs, call services and copy files in Windows guests on Xen\n");
    for (int i = 0; i < WORDS; i++)
        printf("  casement %-6s %s\n      %s\n", words[i].name, words[i].usage, words[i].help);
    puts("\nExit code of run and call: the program's (its low 8 bits); 127 no such service, 126 "
         "refused,\n125 something failed on the way. State: $CASEMENT_HOME, by default "
         "~/.local/state/casement.");
    return 0;
}

/* Whoever starts us may have closed some of 0, 1 and 2: nothing of ours, and nothing of the program
 * that we become, may get such a number and be taken for the caller's input or output. */
static bool fill_standard_descriptors(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2)
        fd = open("/dev/null", O_RDWR);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    if (!fill_standard_descriptors())
        return 125;
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help();
    const struct word *word = words;
    while (word < words + WORDS && strcmp(word->name, name) != 0)
        word++;
    if (word == words + WORDS) {
        fprintf(stderr, "casement: %s; casement --help lists what there is\n",
                argc > 1 ? "unknown command" : "a command is missing");
        return USAGE_ERROR;
    }
    struct layout layout;
    if (layout_find(&layout) != 0)
        return 125;
    int code = word->run(&layout, argc - 1, argv + 1);
    if (code == USAGE_ERROR)
        fprintf(stderr, "usage: casement %s %s\n", word->name, word->usage);
    layout_free(&layout);
    return code;
}
