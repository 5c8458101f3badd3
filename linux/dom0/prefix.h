/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's disk: a Wine prefix. One template is made (about ten seconds); a guest's prefix is a
 * clone of it (large files of C:\windows are hard links, the rest are copies) that lives until it
 * is removed. All functions work on a prefix at rest: no wineserver runs in it.
 */
#ifndef CASEMENT_PREFIX_H
#define CASEMENT_PREFIX_H

#include <stdbool.h>

#include "layout.h"

/* Environment for programs of a prefix: WINEPREFIX, quiet, no display, no Mono or Gecko dialog.
 * Free with environment_free(); NULL: no memory. */
char **prefix_environment(const char *prefix);
/* The path of Wine's loader ("wine64") or server; NULL with a message when there is none. */
char *prefix_wine(void);
char *prefix_wineserver(void);

/* Makes the template at path unless it is there. 0 or -errno; log gets Wine's output. */
int prefix_make_template(const char *path, const char *log);
int prefix_clone(const char *template_path, const char *prefix);
/* Copies Casement's Windows programs into C:\Program Files\Casement, as guest.manifest says; files
 * that are already the same stay. 0 or -errno with a message on stderr. */
int prefix_install(const struct layout *layout, const char *prefix);
/* Sets a variable of the machine's environment, which is what services see. 0 or -errno. */
int prefix_set_environment(const char *prefix, const char *name, const char *value);
/* Windows have Windows' own frames, not a window manager's. 0 or -errno. */
int prefix_draw_frames(const char *prefix);
/* Was a service of that name registered by the service control manager? */
bool prefix_has_service(const char *prefix, const char *name);

#endif
