/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement run, call and copy: say in qrexec's words what the guest is to do, and become
 * casement-call, which does it. casement host runs a program with dom0's view of the hypervisor.
 */
#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/qrexec/arguments.h"
#include "core/qrexec/names.h"
#include "host.h"
#include "local.h"
#include "policy.h"
#include "process.h"

struct options {
    const char *user;
    bool nogui, no_wait;
};

/* Options may stand before and behind the guest's name, up to the first other word or "--".
 * false: wrong usage. On return optind is the first word of the rest. */
static bool take_options(int argc, char **argv, struct options *options, const char **guest)
{
    static const struct option names[] = {
        {"user", required_argument, NULL, 'u'},
        {"nogui", no_argument, NULL, 'g'},
        {"no-wait", no_argument, NULL, 'n'},
        {0},
    };
    *options = (struct options){.user = "DEFAULT"};
    *guest = NULL;
    optind = 1;
    for (;;) {
        int option = getopt_long(argc, argv, "+u:", names, NULL);
        bool after_dashes = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
        if (option == 'u')
            options->user = optarg;
        else if (option == 'g')
            options->nogui = true;
        else if (option == 'n')
            options->no_wait = true;
        else if (option != -1)
            return false;
        else if (*guest != NULL || optind == argc || after_dashes)
            break;
        else
            *guest = argv[optind++];
    }
    return *guest != NULL && strchr(options->user, ':') == NULL && options->user[0] != '\0';
}

int become(const struct layout *layout, const char *folder, const char *name, char **argv)
{
    char **environment = host_environment(layout);
    argv[0] = folder != NULL ? path_join(folder, "%s", name) : (char *)name;
    if (environment != NULL)
        execvpe(argv[0], argv, environment);
    fprintf(stderr, "casement: %s: %s\n", argv[0], strerror(errno));
    return CALL_FAILED;
}

/* argv has room at its front for what comes before the guest's name. */
static int become_call(const struct layout *layout, const struct options *options,
                       const char *guest, char *command)
{
    char *argv[5] = {NULL};
    int at = 1;
    if (options->no_wait)
        argv[at++] = "--just-exec";
    argv[at++] = (char *)guest;
    argv[at++] = command;
    return become(layout, layout->dom0, "casement-call", argv);
}

/* One word is a whole command line, as it would be typed in the guest; more words are a program
 * and its arguments, each of which arrives as it is. */
static bool join_command(char **words, int count, char *out, size_t room)
{
    if (count == 1)
        return (size_t)snprintf(out, room, "%s", words[0]) < room;
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (!qrexec_append_argument(out, room, words[i], i == 0))
            return false;
    }
    return true;
}

int command_run(const struct layout *layout, int argc, char **argv)
{
    struct options options;
    const char *guest;
    if (!take_options(argc, argv, &options, &guest) || optind == argc)
        return USAGE_ERROR;
    static char joined[LOCAL_COMMAND_BYTES_MAX - 256];
    if (!join_command(argv + optind, argc - optind, joined, sizeof joined)) {
        fputs("casement: the command is too long, or its program has a quote in its name\n",
              stderr);
        return CALL_FAILED;
    }
    char *command;
    if (asprintf(&command, "%s:%s%s", options.user, options.nogui ? "nogui:" : "", joined) < 0)
        return CALL_FAILED;
    return become_call(layout, &options, guest, command);
}

static char *service_command(const struct options *options, const char *service)
{
    char *command;
    if (asprintf(&command, "%s:%sQUBESRPC %s dom0", options->user, options->nogui ? "nogui:" : "",
                 service) < 0)
        return NULL;
    return command;
}

int command_call(const struct layout *layout, int argc, char **argv)
{
    struct options options;
    const char *guest;
    if (!take_options(argc, argv, &options, &guest) || argc - optind != 1)
        return USAGE_ERROR;
    const char *service = argv[optind];
    if (!qrexec_service_name_ok(service)) {
        fprintf(stderr, "casement: \"%s\" is no service's name (letters, digits, . _ - and +)\n",
                service);
        return CALL_FAILED;
    }
    char *command = service_command(&options, service);
    return command != NULL ? become_call(layout, &options, guest, command) : CALL_FAILED;
}

int command_copy(const struct layout *layout, int argc, char **argv)
{
    struct options options = {.user = "DEFAULT"};
    static const struct option names[] = {{"user", required_argument, NULL, 'u'}, {0}};
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "u:", names, NULL)) != -1;) {
        if (option != 'u')
            return USAGE_ERROR;
        options.user = optarg;
    }
    char *guest = argv[argc - 1];
    size_t length = strlen(guest);
    if (argc - optind < 2 || length < 2 || guest[length - 1] != ':')
        return USAGE_ERROR;
    guest[length - 1] = '\0';

    int files = argc - 1 - optind, at = 1;
    char **call = calloc((size_t)files + 8, sizeof *call);
    char *command = service_command(&options, "qubes.Filecopy");
    if (call == NULL || command == NULL)
        return CALL_FAILED;
    call[at++] = "--source";
    call[at++] = path_join(layout->dom0, "filecopy/casement-filecopy-send");
    for (int i = 0; i < files; i++) {
        char *file = argv[optind + i];
        /* The sender's options begin with a dash; a file of that name is reached by its path. */
        call[at++] = file[0] == '-' ? path_join(".", "%s", file) : file;
    }
    call[at++] = "--";
    call[at++] = guest;
    call[at++] = command;
    return become(layout, layout->dom0, "casement-call", call);
}

int command_host(const struct layout *layout, int argc, char **argv)
{
    int at = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    char **environment = host_environment(layout);
    if (at == argc || environment == NULL)
        return at == argc ? USAGE_ERROR : CALL_FAILED;
    /* A person's program: `casement down` must not take it for one of ours. */
    environment_set(&environment, "CASEMENT_INSTANCE", NULL);
    char *tools = path_join(layout->xen, "bin:%s:%s", layout->simxen,
                            getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin");
    environment_set(&environment, "PATH", tools);
    setenv("PATH", tools, 1);
    execvpe(argv[at], argv + at, environment);
    fprintf(stderr, "casement: %s: %s\n", argv[at], strerror(errno));
    return 127;
}
