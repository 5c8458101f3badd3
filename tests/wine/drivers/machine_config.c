/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine_config.h. */
#include "machine_config.h"

#include <stdio.h>
#include <string.h>

bool machine_config_read(struct machine_config *config)
{
    FILE *file = fopen("C:\\simxen-guest", "r");
    bool read;

    if (file == NULL)
        return false;
    read = fgets(config->dir, sizeof(config->dir), file) != NULL &&
           fscanf(file, "%u", &config->domid) == 1;
    fclose(file);
    config->dir[strcspn(config->dir, "\r\n")] = '\0';
    return read;
}
