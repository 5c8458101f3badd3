/* SPDX-License-Identifier: BSD-2-Clause */
/* Any packet on the local socket: what local_parse() accepts is put back to the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linux/dom0/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char again[LOCAL_PACKET_BYTES_MAX];
    struct local_message message;
    if (size > sizeof again || !local_parse(data, size, &message))
        return 0;
    if (local_put(&message, again, sizeof again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
