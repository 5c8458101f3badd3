/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Windows makes the profiles of users who log on for the first time: on the private disk in a
 * qube whose system disk is thrown away at shutdown (a template-based one), elsewhere where Windows
 * has them. Pure. Profiles that exist are nobody's business here: Windows knows the place of each.
 */
#ifndef CASEMENT_PRIVATEDISK_PROFILES_H
#define CASEMENT_PRIVATEDISK_PROFILES_H

#include <stdbool.h>

/* persistence: the value of /qubes-vm-persistence in QubesDB ("full", "rw-only" or "none"); ""
 * where it is not known. */
bool system_is_thrown_away(const char *persistence);

struct profiles_state {
    bool mounted; /* the private disk, at its place */
    bool on_disk; /* new profiles are made there */
};

enum profiles_step {
    PROFILES_LEAVE,
    PROFILES_TO_DISK, /* the place that Windows has is remembered */
    PROFILES_BACK,    /* to that place */
};

/* Without the disk they go back whatever is known: its folder would be one of the system disk. */
enum profiles_step profiles_next(const char *persistence, const struct profiles_state *state);

#endif
