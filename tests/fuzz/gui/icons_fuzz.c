/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a guest's icons: what comes out has sizes within the limits and all of its pixels,
 * however the bytes are cut. The first byte says how.
 */
#include "linux/dom0/gui/icon_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct icon_stream stream = {0};
    const size_t step = size ? (size_t)data[0] + 1 : 1;
    enum icon_progress progress = ICON_MORE;

    for (size_t at = 1; at < size && progress != ICON_FAILED; at += step) {
        const uint8_t *bytes = data + at;
        size_t left = size - at < step ? size - at : step;

        while ((progress = icon_stream_feed(&stream, &bytes, &left)) == ICON_COMPLETE) {
            uint32_t sum = 0;

            if (stream.width < 1 || stream.width > ICON_SIDE_MAX || stream.height < 1 ||
                stream.height > ICON_SIDE_MAX)
                abort();
            for (size_t i = 0; i < (size_t)stream.width * stream.height * 4; i++)
                sum += stream.pixels[i];
            if (sum == UINT32_MAX)
                abort();
        }
    }
    icon_stream_end(&stream);
    return 0;
}
