/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement qdb: looks at and changes a guest's QubesDB. Values are written as they are given and
 * printed with what is not text as \xNN, like Qubes' qubesdb tools.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/qubesdb-client.h"
#include "policy.h"

static int failed(const char *what, const char *path)
{
    const char *reason = errno == ENOENT   ? "there is no such key"
                         : errno == EINVAL ? "that is no path or value for QubesDB"
                         : errno == EACCES ? "refused"
                                           : strerror(errno);

    fprintf(stderr, "casement: %s %s: %s\n", what, path, reason);
    return 1;
}

static void print_value(const char *value, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c == '\\' || c < ' ' || c >= 0x7f)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('\n');
}

static int do_read(qdb_handle_t handle, char **words)
{
    unsigned length;
    char *value = qdb_read(handle, words[0], &length);

    if (value == NULL)
        return failed("read", words[0]);
    print_value(value, length);
    free(value);
    return 0;
}

static int do_list(qdb_handle_t handle, char **words)
{
    unsigned *lengths, count;
    char *base = words[0] != NULL ? words[0] : "";
    char **pairs = qdb_multiread(handle, base, &lengths, &count);

    if (pairs == NULL)
        return failed("list", base);
    for (unsigned i = 0; i < count; i++) {
        printf("%s = ", pairs[2 * i]);
        print_value(pairs[2 * i + 1], lengths[i]);
        free(pairs[2 * i]);
        free(pairs[2 * i + 1]);
    }
    free(lengths);
    free(pairs);
    return 0;
}

static int do_write(qdb_handle_t handle, char **words)
{
    return qdb_write(handle, words[0], words[1], (unsigned)strlen(words[1]))
               ? 0
               : failed("write", words[0]);
}

static int do_remove(qdb_handle_t handle, char **words)
{
    return qdb_rm(handle, words[0]) ? 0 : failed("rm", words[0]);
}

/* One event, so that a script can wait for it. */
static int do_watch(qdb_handle_t handle, char **words)
{
    char *path = qdb_watch(handle, words[0]) ? qdb_read_watch(handle) : NULL;

    if (path == NULL)
        return failed("watch", words[0]);
    puts(path);
    free(path);
    return 0;
}

static const struct action {
    const char *name;
    int words_min, words_max;
    int (*run)(qdb_handle_t handle, char **words);
} actions[] = {
    {"read", 1, 1, do_read}, {"list", 0, 1, do_list},   {"write", 2, 2, do_write},
    {"rm", 1, 1, do_remove}, {"watch", 1, 1, do_watch},
};

static const struct action *find_action(const char *name, int words)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, name) == 0)
            return words >= actions[i].words_min && words <= actions[i].words_max ? &actions[i]
                                                                                  : NULL;
    }
    return NULL;
}

int command_qdb(const struct layout *layout, int argc, char **argv)
{
    const struct action *action = argc > 2 ? find_action(argv[2], argc - 3) : NULL;
    qdb_handle_t handle;
    char *path;
    int code;

    if (action == NULL || !policy_guest_name_valid(argv[1]))
        return USAGE_ERROR;
    path = path_join(layout->runtime, "qubesdb.%s.sock", argv[1]);
    if (path_exists(path))
        setenv("QUBESDB_SOCKET", path, 1);
    free(path);
    handle = qdb_open(argv[1]);
    if (handle == NULL) {
        fprintf(stderr, "casement: no QubesDB of \"%s\" (%s); see casement status\n", argv[1],
                strerror(errno));
        return 1;
    }
    code = action->run(handle, argv + 3);
    qdb_close(handle);
    return code;
}
