/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host under the guests where there is no real dom0: one simxen instance with Debian's
 * xenstored in it, and casementd. They are ordinary processes of the user, found again by their
 * mark (process.h); whatever of them was killed, host_stop() ends the rest.
 */
#ifndef CASEMENT_HOST_H
#define CASEMENT_HOST_H

#include <stdbool.h>

#include "layout.h"

/* For programs of dom0: which hypervisor, xenstored and libraries, and our mark. On a real dom0
 * only the mark is added. Free with environment_free(); NULL: no memory. */
char **host_environment(const struct layout *layout);

/* All three are there and answer. */
bool host_runs(const struct layout *layout);
/* Starts what is missing; when simxen or xenstored are gone under living others, ends those first.
 * Returns once all serve. 0 or -errno after a message. */
int host_start(const struct layout *layout);
/* Ends everything, guests included. Returns 0, -ENOTEMPTY when the hypervisor still had something
 * of a guest at the end (it is printed), or -errno when a process could not be ended. */
int host_stop(const struct layout *layout);

/* A new domain; its id or -errno after a message. */
int host_create_domain(const struct layout *layout, const char *name);
void host_destroy_domain(const struct layout *layout, const char *name);

/* <home>/log/<name>; the caller frees it. */
char *host_log(const struct layout *layout, const char *name);

#endif
