/* SPDX-License-Identifier: BSD-2-Clause */
/* See datetime.h. */
#include "core/services/datetime.h"

/* A digit stands for itself in a pattern as '0'; all else must be equal. */
static bool looks_like(const char *text, size_t length, const char *pattern)
{
    size_t i;

    for (i = 0; i < length && pattern[i] != '\0'; i++) {
        if (pattern[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
            return false;
    }
    return i == length && pattern[i] == '\0';
}

static uint32_t number(const char *digits, int count)
{
    uint32_t value = 0;

    while (count-- > 0)
        value = value * 10 + (uint32_t)(*digits++ - '0');
    return value;
}

static uint32_t days_of(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool datetime_parse(const char *text, size_t length, struct datetime *out)
{
    bool seconds, nanoseconds;

    if (length > 0 && text[length - 1] == '\n')
        length--;
    /* The zone is the text "+00:00", whose digits the pattern lets through: looked at below. */
    seconds = looks_like(text, length, "0000-00-00T00:00:00+00:00");
    nanoseconds = looks_like(text, length, "0000-00-00T00:00:00,000000000+00:00");
    if (!seconds && !nanoseconds)
        return false;
    if (number(text + length - 5, 2) != 0 || number(text + length - 2, 2) != 0)
        return false;
    out->year = (uint16_t)number(text, 4);
    out->month = (uint16_t)number(text + 5, 2);
    out->day = (uint16_t)number(text + 8, 2);
    out->hour = (uint16_t)number(text + 11, 2);
    out->minute = (uint16_t)number(text + 14, 2);
    out->second = (uint16_t)number(text + 17, 2);
    out->nanosecond = nanoseconds ? number(text + 20, 9) : 0;
    return out->year >= 2000 && out->year < 2200 && out->month >= 1 && out->month <= 12 &&
           out->day >= 1 && out->day <= days_of(out->year, out->month) && out->hour < 24 &&
           out->minute < 60 && out->second < 60;
}
