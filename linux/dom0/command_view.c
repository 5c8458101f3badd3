/* SPDX-License-Identifier: BSD-2-Clause */
/* casement view: becomes casement-view, the GUI daemon, for the guest "win" if none is named. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

int command_view(const struct layout *layout, int argc, char **argv)
{
    char **words = calloc((size_t)argc + 2, sizeof *words);
    bool named = false;

    if (words == NULL)
        return CALL_FAILED;
    for (int i = 1; i < argc; i++) {
        words[i] = argv[i];
        named |= argv[i][0] != '-' || strncmp(argv[i], "--screenshot", 12) == 0;
    }
    if (!named)
        words[argc] = "win";
    return become(layout, layout->dom0, "gui/casement-view", words);
}
