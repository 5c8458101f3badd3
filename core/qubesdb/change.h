/* SPDX-License-Identifier: BSD-2-Clause */
/* A change of the keys and who is told of it, between the parts of core/qubesdb. */
#ifndef CASEMENT_QUBESDB_CHANGE_H
#define CASEMENT_QUBESDB_CHANGE_H

#include "core/qubesdb/database.h"

/* To the clients that watch path. */
void qdb_fire_watches(struct qdb_database *database, const char *path);

/* The keys and the watches, not the link. */
bool qdb_apply_write(struct qdb_database *database, const char *path, const void *data,
                     uint32_t length);
uint32_t qdb_apply_remove(struct qdb_database *database, const char *path);

#endif
