/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of behaviours: what an environment (env.h) runs. Link behaviours.c and every group's
 * file (meson: behaviours_src).
 */
#ifndef BEHAVIOURS_H
#define BEHAVIOURS_H

struct behaviour_group {
    const char *name;
    void (*run)(void);
};

/* In order; the last one has no name. */
extern const struct behaviour_group behaviour_groups[];

#endif
