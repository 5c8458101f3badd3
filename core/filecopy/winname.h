/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One component of a path as Windows can store it, and back.
 *
 * Windows forbids what Linux allows: < > : " | ? * \ and the characters below U+0020, a dot or
 * blank at the end, and the names of devices (CON, NUL, COM1, COM¹, CONIN$ ...) with any extension.
 * A ":" is worse than forbidden: it would silently write an alternate data stream. And names that
 * differ only in case are one name.
 *
 * The escape is "%" and two upper-case hexadecimal digits for a byte of UTF-8:
 *   a:b        a%3Ab          a forbidden character
 *   end.       end%2E         a dot or blank at the end
 *   nul.txt    %6Eul.txt      a device: its first character
 *   readme     %72eadme       when README is there already (the copy's second name, see winmap.h):
 *                             its first character, or its first two when that is taken, and so on
 *   50%3A      50%253A        a "%" which would read as an escape
 * All else stays as it is, "100%" and "a%20b" too: an escape is read as one only where this file
 * would write one. That is: anything in an unbroken run of escapes at the start; further on only
 * the forbidden characters and "%"; at the very end also dot and blank.
 *
 * fc_winname_unescape undoes it when such a file is sent. It is total: what no escape has made is
 * left alone. A file that a Windows user has named, for himself, with an escape of the kind above
 * is undone as well; that is the price of having no other mark.
 */
#ifndef CASEMENT_FILECOPY_WINNAME_H
#define CASEMENT_FILECOPY_WINNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* NTFS: a component has at most 255 UTF-16 units, so at most 765 bytes of UTF-8. */
    FC_WINNAME_UNITS = 255,
    FC_WINNAME_BYTES = 3 * FC_WINNAME_UNITS,
};

/* Whether Windows would refuse this component, or take it for something else. UTF-8, no NUL. */
bool fc_winname_is_forbidden(const char *name, size_t length);

/* The escaped form of a component that passed fc_check_path, the first leading_escapes characters
 * escaped whatever they are. Returns its bytes, or 0 when it does not fit or has not so many
 * characters. No NUL is added. */
size_t fc_winname_escape(const char *name, size_t length, size_t leading_escapes, char *out,
                         size_t out_size);

/* The original of a stored component: never longer than it. out has room for length bytes. */
size_t fc_winname_unescape(const char *name, size_t length, char *out);

#endif
