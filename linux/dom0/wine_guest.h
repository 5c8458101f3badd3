/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Windows guest under Wine: a prefix as its disk, a wineserver as its machine, the qrexec agent
 * as a service started by Wine's service control manager. The wineserver holds the guest's domain
 * in simxen: when it ends, however that happens, the domain ends.
 */
#ifndef CASEMENT_WINE_GUEST_H
#define CASEMENT_WINE_GUEST_H

#include <stdbool.h>

#include "layout.h"

/* Prepares the guest's prefix (from the template, which must exist), starts it as a new domain and
 * starts the agent's service; does not wait for the agent to connect. screen: it has one that its
 * windows are drawn on (guest_screen.h). 0 or -errno after a message. */
int wine_guest_start(const struct layout *layout, const char *name, bool screen);
/* Has it a process? */
bool wine_guest_runs(const struct layout *layout, const char *name);
/* Ends all its processes and its domain; 0 (also when nothing runs) or -errno. */
int wine_guest_stop(const struct layout *layout, const char *name);
/* Makes the template if it is missing, with a word to the user. 0 or -errno after a message. */
int wine_guest_make_template(const struct layout *layout);
/* The names of all guests that have a prefix; NULL-terminated; free each and the array. */
char **wine_guest_names(const struct layout *layout);

#endif
