/* SPDX-License-Identifier: BSD-2-Clause */
/* What qubes.OpenURL opens: one line with a web address and nothing that a program could take for
 * more than that. */
#ifndef CASEMENT_SERVICES_URL_H
#define CASEMENT_SERVICES_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { URL_BYTES_MAX = 8192 };

/* text: length bytes, perhaps with a line end. True: out (URL_BYTES_MAX + 1 bytes) becomes the
 * address with a NUL. It begins with http://, https:// or ftp:// and has printable ASCII only,
 * without blanks, quotes and backslashes: a browser writes others as %XX. */
bool url_parse(const char *text, size_t length, char *out);

#endif
