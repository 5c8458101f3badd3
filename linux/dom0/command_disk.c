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
static int attach_by_xl(const struct layout *layout, char **argv, const char *option)
{
    char *disk;
    char *path = realpath(argv[1], NULL);
    if (path == NULL) {
        perror(argv[1]);
        return DISK_FAILED;
    }
    const char *kind = option == NULL                   ? "access=rw"
                       : strcmp(option, "--cdrom") == 0 ? "access=ro,devtype=cdrom"
                                                        : "access=ro";
    if (asprintf(&disk, "format=raw,vdev=%s,%s,target=%s", argv[2], kind, path) < 0)
        return DISK_FAILED;
    return become(layout, NULL, "xl", (char *[]){NULL, "block-attach", argv[0], disk, NULL});
}

static int by_xl(const struct layout *layout, const char *what, char **argv, const char *option)
{
    if (strcmp(what, "attach") == 0)
        return attach_by_xl(layout, argv, option);
    if (strcmp(what, "list") == 0)
        return become(layout, NULL, "xl", (char *[]){NULL, "block-list", argv[0], NULL});
    if (option) /* xl takes options before words only */
        return become(layout, NULL, "xl",
                      (char *[]){NULL, "block-detach", "--force", argv[0], argv[1], NULL});
    return become(layout, NULL, "xl", (char *[]){NULL, "block-detach", argv[0], argv[1], NULL});
}

int command_disk(const struct layout *layout, int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        const char *options[2];
    } actions[] = {
        {"attach", 3, {"--read-only", "--cdrom"}}, {"detach", 2, {"--force"}}, {"list", 1, {NULL}}};
    size_t at = 0;
    while (at < 3 && (argc < 2 || strcmp(argv[1], actions[at].name) != 0))
        at++;
    if (at == 3)
        return USAGE_ERROR;
    const char *option = NULL;
    for (size_t i = 0; i < 2 && argc > 2; i++)
        if (actions[at].options[i] && strcmp(argv[argc - 1], actions[at].options[i]) == 0)
            option = actions[at].options[i];
    int words = argc - 2 - (option != NULL);
    if (words != actions[at].words || !policy_guest_name_valid(argv[2]) ||
        (words == 3 && strchr(argv[4], ',') != NULL))
        return USAGE_ERROR;
    if (layout->real_dom0)
        return by_xl(layout, argv[1], argv + 2, option);
    return become(layout, layout->dom0, "disk/casement-disk", argv);
}
