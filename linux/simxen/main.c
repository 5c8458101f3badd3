/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simxen program: runs an instance, and lets people look at it and make domains in it.
 */
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: simxen serve [--ready] DIR       run an instance in DIR; an empty line says that it\n"
    "                                        serves\n"
    "       simxen host [--bare] -- COMMAND...\n"
    "                                        a private instance with xenstored (bare: without)\n"
    "                                        around COMMAND; fails when COMMAND does or leaves\n"
    "                                        something behind\n"
    "       simxen create [--keep] [--guest] NAME\n"
    "                                        a new domain; prints its id. It ends with its last\n"
    "                                        process unless kept. guest: its kernel is a program\n"
    "                                        (linux/simxen/guest.h)\n"
    "       simxen restore DOMID             the suspended guest goes on in a new domain; prints\n"
    "                                        its id\n"
    "       simxen destroy DOMID\n"
    "       simxen exec DOMID -- COMMAND...  run COMMAND as a process of that domain\n"
    "       simxen list [--expect-empty]     what is there; exit 3 when it should be empty\n"
    "All but serve and host find their instance by SIMXEN_DIR.\n";

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"serve", tool_serve},     {"host", tool_host}, {"create", tool_create},
                    {"destroy", tool_destroy}, {"exec", tool_exec}, {"list", tool_list},
                    {"restore", tool_restore}};
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(argv[1], commands[i].name)) {
            int result = commands[i].run(argc - 2, argv + 2);
            if (result != TOOL_USAGE)
                return result;
        }
    fputs(usage, stderr);
    return 2;
}
