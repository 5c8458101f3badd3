/* SPDX-License-Identifier: BSD-2-Clause */
/* See profiles.h. */
#include "core/privatedisk/profiles.h"

#include <string.h>

bool system_is_thrown_away(const char *persistence)
{
    return strcmp(persistence, "rw-only") == 0;
}

enum profiles_step profiles_next(const char *persistence, const struct profiles_state *state)
{
    if (!state->mounted)
        return state->on_disk ? PROFILES_BACK : PROFILES_LEAVE;
    if (*persistence == '\0')
        return PROFILES_LEAVE;
    if (system_is_thrown_away(persistence) == state->on_disk)
        return PROFILES_LEAVE;
    return state->on_disk ? PROFILES_BACK : PROFILES_TO_DISK;
}
