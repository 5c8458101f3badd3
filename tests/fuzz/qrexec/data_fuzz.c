/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A data channel, read by service or caller (first byte: which), cut where the second byte says.
 * No data may come out that did not go in, none after the end of its stream, nothing after an
 * error or the exit code.
 */
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qrexec_channel channel;
    struct qrexec_arrival arrival;
    bool ended[QREXEC_STREAMS] = {false}, exited = false;
    enum qrexec_progress progress = QREXEC_MORE;

    if (size < 2)
        return 0;
    const size_t step = data[1] ? data[1] : 1;
    qrexec_channel_init(&channel, data[0] & 1 ? QREXEC_CALLER : QREXEC_SERVICE, 3, 65536);
    data += 2, size -= 2;
    while (size && progress != QREXEC_FAILED) {
        size_t left = size < step ? size : step;
        const uint8_t *next = data, *const begin = data;
        data += left, size -= left;
        while ((progress = qrexec_channel_receive(&channel, &next, &left, &arrival)) ==
               QREXEC_MESSAGE) {
            if (exited || channel.error)
                abort();
            if (arrival.kind == QREXEC_GOT_DATA &&
                (ended[arrival.stream] || arrival.data < begin || !arrival.size ||
                 arrival.data + arrival.size > next))
                abort();
            if (arrival.kind == QREXEC_GOT_END) {
                if (ended[arrival.stream])
                    abort();
                ended[arrival.stream] = true;
            }
            exited = arrival.kind == QREXEC_GOT_EXIT;
        }
        if (progress == QREXEC_MORE && left)
            abort();
    }
    if ((progress == QREXEC_FAILED) != (channel.error != QREXEC_OK))
        abort();
    return 0;
}
