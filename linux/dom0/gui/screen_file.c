/* SPDX-License-Identifier: BSD-2-Clause */
/* See screen_file.h. */
#include "screen_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512, LINE_BYTES = 512 };

/* false: no runtime folder was given to this program. */
static bool file_path(char path[PATH_BYTES])
{
    const char *folder = getenv("CASEMENT_RUNTIME");

    return folder != NULL && snprintf(path, PATH_BYTES, "%s/view", folder) < PATH_BYTES;
}

static const char *value_of(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "";
}

void screen_file_write(void)
{
    char path[PATH_BYTES];
    FILE *file = file_path(path) ? fopen(path, "we") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%s\n%s\n", value_of("DISPLAY"), value_of("XAUTHORITY"));
    fclose(file);
}

void screen_file_remove(void)
{
    char path[PATH_BYTES];

    if (file_path(path))
        unlink(path);
}

static void use_line(FILE *file, const char *name)
{
    char line[LINE_BYTES];

    if (fgets(line, sizeof line, file) == NULL)
        return;
    line[strcspn(line, "\n")] = '\0';
    if (line[0] != '\0')
        setenv(name, line, 1);
}

void screen_file_use(void)
{
    char path[PATH_BYTES];
    FILE *file = file_path(path) ? fopen(path, "re") : NULL;

    if (file == NULL)
        return;
    use_line(file, "DISPLAY");
    use_line(file, "XAUTHORITY");
    fclose(file);
}
