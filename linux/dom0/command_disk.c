/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement disk: puts a file or block device of dom0 into a guest as a PV disk, takes it out again,
 * says what is there. On simxen this becomes casement-disk, whose backend serves the disk and which
 * tells whether the guest's driver has taken it; on a real dom0 it becomes xl, whose backend is
 * Linux's.
 */
#include "commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

enum { DISK_FAILED = 125 };

/* xl reads everything behind "target=" as the path, whatever is in it. */
static int attach_by_xl(const struct layout *layout, char **argv, bool read_only)
{
    char *disk;
    char *path = realpath(argv[1], NULL);
    if (path == NULL) {
        perror(argv[1]);
        return DISK_FAILED;
    }
    if (asprintf(&disk, "format=raw,vdev=%s,access=%s,target=%s", argv[2], read_only ? "ro" : "rw",
                 path) < 0)
        return DISK_FAILED;
    return become(layout, NULL, "xl", (char *[]){NULL, "block-attach", argv[0], disk, NULL});
}

static int by_xl(const struct layout *layout, const char *what, int count, char **argv, bool option)
{
    if (strcmp(what, "attach") == 0)
        return attach_by_xl(layout, argv, option);
    if (strcmp(what, "list") == 0)
        return become(layout, NULL, "xl", (char *[]){NULL, "block-list", argv[0], NULL});
    return become(
        layout, NULL, "xl",
        (char *[]){NULL, "block-detach", argv[0], argv[1], option ? "--force" : NULL, NULL});
}

int command_disk(const struct layout *layout, int argc, char **argv)
{
    static const struct {
        const char *name, *option;
        int words;
    } actions[] = {{"attach", "--read-only", 3}, {"detach", "--force", 2}, {"list", NULL, 1}};
    size_t at = 0;
    while (at < 3 && (argc < 2 || strcmp(argv[1], actions[at].name) != 0))
        at++;
    if (at == 3)
        return USAGE_ERROR;
    bool option = actions[at].option && argc > 2 && strcmp(argv[argc - 1], actions[at].option) == 0;
    int words = argc - 2 - option;
    if (words != actions[at].words || !policy_guest_name_valid(argv[2]) ||
        (words == 3 && strchr(argv[4], ',') != NULL))
        return USAGE_ERROR;
    if (layout->real_dom0)
        return by_xl(layout, argv[1], words, argv + 2, option);
    return become(layout, layout->dom0, "disk/casement-disk", argv);
}
