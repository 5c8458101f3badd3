/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of PV devices from a hostile xenstored: never more than the table holds, sorted, once
 * each, all of them numbers of devices; not a byte is read beyond the answer.
 */
#include "core/xen/children.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t numbers[XEN_CHILDREN_MAX];
    char *answer = malloc(size ? size : 1);

    if (size)
        memcpy(answer, data, size);
    size_t count = xen_children_parse(answer, size, numbers);
    if (count > XEN_CHILDREN_MAX || count > size)
        abort();
    for (size_t i = 0; i < count; i++)
        if (numbers[i] > INT32_MAX || (i > 0 && numbers[i] <= numbers[i - 1]))
            abort();
    free(answer);
    return 0;
}
