/* SPDX-License-Identifier: BSD-2-Clause */
/* The PV devices that xenstore lists: see children.h. */
#include "children.h"

#include <stdbool.h>

enum { DIGITS_MAX = 10 };

static bool parse_number(const char *name, size_t length, uint32_t *out)
{
    uint64_t number = 0;

    if (length < 1 || length > DIGITS_MAX || (length > 1 && name[0] == '0'))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(name[i] - '0');
    }
    if (number > INT32_MAX)
        return false;
    *out = (uint32_t)number;
    return true;
}

/* Keeps numbers[] sorted; a number that is there already, or a full table, changes nothing. */
static size_t insert(uint32_t *numbers, size_t count, uint32_t number)
{
    size_t at = count;

    while (at > 0 && numbers[at - 1] > number)
        at--;
    if ((at > 0 && numbers[at - 1] == number) || count == XEN_CHILDREN_MAX)
        return count;
    for (size_t i = count; i > at; i--)
        numbers[i] = numbers[i - 1];
    numbers[at] = number;
    return count + 1;
}

size_t xen_children_parse(const char *bytes, size_t length, uint32_t numbers[XEN_CHILDREN_MAX])
{
    size_t count = 0, start = 0;

    for (size_t end = 0; end < length; end++) {
        uint32_t number;
        if (bytes[end] != 0)
            continue;
        if (parse_number(bytes + start, end - start, &number))
            count = insert(numbers, count, number);
        start = end + 1;
    }
    return count;
}
