/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the simxen program: each takes what stands behind its name, returns an exit
 * code, or TOOL_USAGE when it was called wrongly. */
#ifndef SIMXEN_TOOLS_H
#define SIMXEN_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOOL_USAGE = -1, TOOL_NOT_EMPTY = 3 };

int tool_serve(int argc, char **argv);
int tool_host(int argc, char **argv);
int tool_create(int argc, char **argv);
int tool_restore(int argc, char **argv);
int tool_destroy(int argc, char **argv);
int tool_exec(int argc, char **argv);
int tool_list(int argc, char **argv);

/* SIMXEN_DIR, or NULL after saying that it is missing. */
const char *instance_dir(void);
/* The folder of the simxen program, and that of Debian's Xen. */
void program_folder(char *out, size_t room);
void debian_folder(char *out, size_t room);
/* For a process of a domain: who it is and where its XenStore and libraries are. */
void environment_for_domain(const char *dir, uint32_t domid);
void environment_libraries(void);
/* SIMXEN: this program, for those who make domains. */
void environment_program(void);

/* Domain 0's own nodes, which a toolstack writes once. Needs a running xenstored. */
bool store_make_dom0(void);

#endif
