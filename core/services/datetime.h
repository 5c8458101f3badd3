/* SPDX-License-Identifier: BSD-2-Clause */
/* The time as qubes.GetDate tells it and qubes.SetDateTime takes it. */
#ifndef CASEMENT_SERVICES_DATETIME_H
#define CASEMENT_SERVICES_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datetime { /* UTC */
    uint16_t year, month, day, hour, minute, second;
    uint32_t nanosecond;
};

/* text: what `date -u -Iseconds` prints (2026-11-23T10:40:00+00:00) or, with "nanoseconds",
 * 2026-11-23T10:40:00,123456789+00:00, perhaps with a line end and nothing else. The day exists and
 * is from 2000 to 2199. */
bool datetime_parse(const char *text, size_t length, struct datetime *out);

#endif
