/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a document as qubes.OpenInVM carries it: the first DOCUMENT_FIELD_BYTES bytes of
 * stdin, filled up with NULs; the document itself follows to the end. A name that begins with
 * "view-only-" asks that nothing is changed and nothing sent back.
 */
#ifndef CASEMENT_SERVICES_DOCUMENT_H
#define CASEMENT_SERVICES_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOCUMENT_FIELD_BYTES = 256, DOCUMENT_NAME_BYTES = DOCUMENT_FIELD_BYTES + 1 };

struct document_name {
    char text[DOCUMENT_NAME_BYTES]; /* one component of a path, NUL ended */
    bool view_only;
};

/* Takes the field. The name that comes out has only [A-Za-z0-9._-], and "_" for each character that
 * was another; it is no device's name, and neither "." nor "..". False: empty, without a NUL,
 * or not UTF-8. */
bool document_name_parse(const char field[DOCUMENT_FIELD_BYTES], struct document_name *out);

/* Makes the field of a file's name, of which a long one keeps its end: there is what tells its
 * kind. False: not UTF-8, or empty. */
bool document_name_put(const char *name, bool view_only, char field[DOCUMENT_FIELD_BYTES]);

/* Whether Windows runs a file of this name rather than shows it: programs, scripts, shortcuts,
 * settings. Such is not opened for another domain. */
bool document_is_program(const char *name);

#endif
