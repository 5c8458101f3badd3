/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which names a receiver takes from its peer: relative paths of valid UTF-8 whose components are
 * neither empty nor "." nor "..". Unless everything is allowed (the service argument
 * "allow-all-names"), characters that deceive a reader are refused as well: controls, line
 * separators, blanks other than U+0020, direction marks and overrides, zero-width characters,
 * variation selectors, tags, private use and non-characters. Qubes' own receiver goes further: it
 * takes only what a table of one Unicode version knows as assigned and as safe to draw. That is not
 * followed here on purpose. Combining marks and younger scripts are how many people write their
 * names, such a table refuses more with every year that it is not renewed, and what it adds
 * protects a program that draws text, not the file system; who draws these names here is Windows.
 *
 * Links are judged by their text: a target may climb at most to the copied folder itself.
 * Pure functions; names need no terminating NUL.
 */
#ifndef CASEMENT_FILECOPY_NAME_H
#define CASEMENT_FILECOPY_NAME_H

#include "core/filecopy/wire.h"

#include <stdbool.h>

/* Bytes of the character at text, 1 to 4, its code point in *code; 0 when it is not UTF-8
 * (overlong, a surrogate, above U+10FFFF or cut off). */
size_t fc_utf8_next(const char *text, size_t size, uint32_t *code);

/* FC_OK or FC_EILSEQ. */
enum fc_error fc_check_path(const char *path, size_t length, bool allow_all_names);

/* FC_OK, FC_ENOLINK (the target leads out, or the link is the top entry of the copy) or FC_EILSEQ.
 * path has passed fc_check_path. */
enum fc_error fc_check_symlink(const char *path, size_t path_length, const char *target,
                               size_t target_length, bool allow_all_names);

/* Whether a domain's name can name a folder: letters, digits, "_", "-", ".", a letter first, at
 * most 31 bytes, so never "." or "..". */
bool fc_check_domain(const char *name);

/* Replaces what is not UTF-8 or deceives a reader by "?", in place: for messages. */
void fc_make_printable(char *text);

/* UTF-8 to UTF-16 in host order, no NUL added. Returns the units written, or SIZE_MAX when the text
 * is not UTF-8 or does not fit. */
size_t fc_utf8_to_utf16(const char *text, size_t size, uint16_t *out, size_t out_units);

/* UTF-16 to UTF-8, no NUL added. Returns the bytes written, or SIZE_MAX when a surrogate stands
 * alone or the text does not fit. */
size_t fc_utf16_to_utf8(const uint16_t *text, size_t units, char *out, size_t out_size);

#endif
