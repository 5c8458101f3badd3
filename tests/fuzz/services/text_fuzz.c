/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text into the decoders of core/services: what is let through is what the headers promise. */
#include "core/services/datetime.h"
#include "core/services/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    static char url[URL_BYTES_MAX + 1];
    struct datetime at;

    if (url_parse(text, size, url) &&
        (strpbrk(url, " \t\r\n\"'\\") != NULL || strstr(url, "://") == NULL || strlen(url) > size))
        abort();
    if (datetime_parse(text, size, &at) &&
        (at.year < 2000 || at.month < 1 || at.month > 12 || at.day < 1 || at.day > 31 ||
         at.hour > 23 || at.minute > 59 || at.second > 59 || at.nanosecond > 999999999))
        abort();
    return 0;
}
