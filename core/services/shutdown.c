/* SPDX-License-Identifier: BSD-2-Clause */
/* See shutdown.h. */
#include "core/services/shutdown.h"

#include <string.h>

const char *const shutdown_feature_keys[] = {"control/feature-poweroff", "control/feature-reboot",
                                             "control/feature-s3", "control/feature-s4", NULL};

enum shutdown_action shutdown_action_of(const char *word)
{
    static const struct {
        const char *word;
        enum shutdown_action action;
    } words[] = {
        {"", SHUTDOWN_NONE},
        {"suspend", SHUTDOWN_KERNEL},
        {"poweroff", SHUTDOWN_POWER_OFF},
        {"halt", SHUTDOWN_POWER_OFF},
        {"reboot", SHUTDOWN_REBOOT},
        {"s3", SHUTDOWN_SLEEP},
        {"s4", SHUTDOWN_HIBERNATE},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcmp(word, words[i].word) == 0)
            return words[i].action;
    }
    return SHUTDOWN_UNKNOWN;
}
