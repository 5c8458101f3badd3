/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the casement command. Each gets its own argc and argv (argv[0] is the word) and
 * returns the exit code; USAGE_ERROR makes main() print how it is used.
 */
#ifndef CASEMENT_COMMANDS_H
#define CASEMENT_COMMANDS_H

#include "layout.h"

enum { USAGE_ERROR = 2, CALL_FAILED = 125 };

/* command_guests.c */
int command_up(const struct layout *layout, int argc, char **argv);
int command_down(const struct layout *layout, int argc, char **argv);
int command_status(const struct layout *layout, int argc, char **argv);
int command_attach(const struct layout *layout, int argc, char **argv);
int command_detach(const struct layout *layout, int argc, char **argv);

/* command_call.c */
int command_run(const struct layout *layout, int argc, char **argv);
int command_call(const struct layout *layout, int argc, char **argv);
int command_copy(const struct layout *layout, int argc, char **argv);
int command_host(const struct layout *layout, int argc, char **argv);
/* Becomes a program of dom0's side, with dom0's view of the hypervisor: argv[0] is set, the rest
 * is the caller's. folder NULL: found along PATH. Returns only when that failed, after a message.
 */
int become(const struct layout *layout, const char *folder, const char *name, char **argv);

/* command_view.c */
int command_view(const struct layout *layout, int argc, char **argv);

/* command_disk.c */
int command_disk(const struct layout *layout, int argc, char **argv);

/* command_app.c */
int command_app(const struct layout *layout, int argc, char **argv);

/* command_qdb.c */
int command_qdb(const struct layout *layout, int argc, char **argv);

#endif
