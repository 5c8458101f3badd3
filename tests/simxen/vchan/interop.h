/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interoperability matrix, in two halves: interop.c plays one side of all of it, the same on
 * every platform; interop_linux.c and interop_windows.c have what differs. The sides keep in step
 * with single bytes.
 */
#ifndef INTEROP_H
#define INTEROP_H

#include "tests/simxen/vchan/role.h"
#include "tests/simxen/vchan/vchan_library.h"

/* role: "server" or "client". library: its path (Linux). peer: the other side's domain. */
int interop_play(const char *role, const char *library, int peer);

void interop_load(struct vchan_library *library, const char *path);
/* Waits for and takes one event, as a program with a poll loop does. */
void interop_poll(const struct vchan_library *library, struct libxenvchan *vchan);
void interop_tell(char what);
char interop_hear(void);

#endif
