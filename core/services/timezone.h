/* SPDX-License-Identifier: BSD-2-Clause */
/* Time zones by the names of the tz database (/qubes-timezone), and Windows' names for them. */
#ifndef CASEMENT_SERVICES_TIMEZONE_H
#define CASEMENT_SERVICES_TIMEZONE_H

#include <stddef.h>

enum { TIMEZONE_NAME_BYTES = 64 };

struct timezone_row {
    const char *windows, *names;
};
extern const struct timezone_row timezone_rows[];
extern const size_t timezone_row_count;

/* The registry key below Windows' "Time Zones", or NULL: no such zone. */
const char *timezone_windows_name(const char *name);

#endif
