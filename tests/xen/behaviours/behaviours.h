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

#include <stdbool.h>
#include <stddef.h>

/* XenStore as the list uses it (store.c), for env_suspend(). False: no such node, or refused. */
bool node_read(const char *path, char *value, size_t room);
bool node_write(const char *path, const char *value);

/* In order; the last one has no name. */
extern const struct behaviour_group behaviour_groups[];

#endif
