/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's side of a guest's QubesDB (core/qubesdb): the keys, the vchan server on port 111 for the
 * guest's daemon, and a socket for local programs, <runtime>/qubesdb.<guest>.sock, which speaks the
 * same messages (casement qdb, qubesdb-client.h). Runs in casementd's loop. A Qubes dom0 has a
 * QubesDB of its own: there casementd runs with --no-qubesdb.
 */
#ifndef CASEMENT_QUBESDB_H
#define CASEMENT_QUBESDB_H

#include "daemon.h"

/* Keys as a Qubes dom0 gives a standalone qube; changed with casement qdb. NULL: the log says why;
 * the guest does without. */
struct qubesdb *qubesdb_open(struct daemon *daemon, const char *guest);
void qubesdb_close(struct daemon *daemon, struct qubesdb *qubesdb);

/* The guest's domain is another one, or NO_DOMAIN. Its keys stay. */
void qubesdb_set_domain(struct daemon *daemon, struct qubesdb *qubesdb, int domain);

#endif
