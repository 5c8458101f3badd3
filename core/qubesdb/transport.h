/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What qubesdb_client.c needs of a platform: a connection to the daemon. One file for each
 * (transport_linux.c, transport_windows.c), chosen by the build. Errors are told as
 * qubesdb-client.h says, by qdb_transport_fail().
 */
#ifndef CASEMENT_QUBESDB_TRANSPORT_H
#define CASEMENT_QUBESDB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "include/qubesdb-client.h"

enum qdb_failure {
    QDB_FAILURE_NO_KEY,
    QDB_FAILURE_DENIED,
    QDB_FAILURE_INVALID,
    QDB_FAILURE_GONE,
    QDB_FAILURE_MEMORY,
};

struct qdb_transport;

/* NULL after qdb_transport_fail(). */
struct qdb_transport *qdb_transport_open(const char *vmname);
void qdb_transport_close(struct qdb_transport *transport);
/* All of it, or false: the daemon is gone. */
bool qdb_transport_write(struct qdb_transport *transport, const void *bytes, size_t length);
/* Waits for at least one byte. 0: the daemon is gone. */
size_t qdb_transport_read(struct qdb_transport *transport, void *bytes, size_t room);
qdb_event_t qdb_transport_event(struct qdb_transport *transport);
/* A call has ended. events: some lie in the handle, so the event is to be set whatever else comes.
 */
void qdb_transport_rest(struct qdb_transport *transport, bool events);
void qdb_transport_fail(enum qdb_failure failure);

#endif
