/* SPDX-License-Identifier: BSD-2-Clause */
#include "modules.h"
#include <string.h>

enum { ROW_BYTES = 110, SIZE_AT = 54, NAME_SIZE_AT = 94 };

static const uint8_t *archive;
static size_t archive_size;

void modules_found(const void *bytes, size_t size)
{
    archive = bytes;
    archive_size = size;
}

struct memory_range modules_range(void)
{
    return (struct memory_range){(uintptr_t)archive, (uintptr_t)archive + archive_size};
}

static size_t hex(const uint8_t *digits)
{
    size_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 4 | (digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
    return value;
}

static size_t round_up(size_t at)
{
    return (at + 3) & ~(size_t)3;
}

bool modules_file(const char *name, const uint8_t **bytes, size_t *size)
{
    size_t at = 0;

    while (at + ROW_BYTES < archive_size && !memcmp(archive + at, "070701", 6)) {
        size_t name_size = hex(archive + at + NAME_SIZE_AT);
        size_t data_at = round_up(at + ROW_BYTES + name_size);

        *size = hex(archive + at + SIZE_AT);
        *bytes = archive + data_at;
        if (data_at > archive_size || *size > archive_size - data_at || !name_size)
            return false;
        if (!strncmp((const char *)archive + at + ROW_BYTES, name, name_size))
            return true;
        at = round_up(data_at + *size);
    }
    return false;
}
