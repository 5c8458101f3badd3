/* SPDX-License-Identifier: BSD-2-Clause */
/* Any first and last bytes of a disk, and any identity: empty means zeros alone, and only a disk
 * that says that it is xvdb is the private one. */
#include "core/privatedisk/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool all_zero(const uint8_t *bytes, size_t count)
{
    while (count > 0 && bytes[count - 1] == 0)
        count--;
    return count == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t half = size / 2;
    struct disk_identity identity = {.bytes = 1};
    enum disk_content content = disk_content_of(data, half, data + half, size - half);

    if ((content == DISK_EMPTY) != all_zero(data, size) || disk_content_name(content) == NULL)
        abort();
    memcpy(identity.vendor, "CASEMENT", 8);
    memcpy(identity.serial, data, size < DISK_TEXT_BYTES - 1 ? size : DISK_TEXT_BYTES - 1);
    if (private_disk_is(&identity, 0) && strstr(identity.serial, "51728") == NULL)
        abort();
    return 0;
}
