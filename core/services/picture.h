/* SPDX-License-Identifier: BSD-2-Clause */
/* Which picture qubes.GetImageRGBA is asked for: the first line of its stdin. */
#ifndef CASEMENT_SERVICES_PICTURE_H
#define CASEMENT_SERVICES_PICTURE_H

#include <stddef.h>

enum { PICTURE_LINE_BYTES = 4096 }; /* with its line end */

enum picture_source {
    PICTURE_NONE,  /* nonsense */
    PICTURE_STDIN, /* "-": the picture follows */
    PICTURE_MENU,  /* "xdgicon:<id>": the icon of a program of the menu */
    PICTURE_FILE,  /* a path of this machine, UTF-8 */
};

/* line: length bytes without "\n", perhaps with "\r". out (PICTURE_LINE_BYTES) becomes the id
 * ([A-Za-z0-9._-], at least one) or the path, with a NUL.
 *
 * A path begins with a drive ("C:\"): one that names a server would make Windows log on there for
 * the caller, one that names a device or another stream of a file ("C:\x:y") is no picture. */
enum picture_source picture_parse(const char *line, size_t length, char *out);

#endif
