/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a local client writes to the agent's pipe: HELLO and TRIGGER_SERVICE3, then the data channel
 * as a caller. As the agent does, the first half is decoded as a daemon would and the rest checked
 * as a service would; a second reader that gets the same bytes at once must come to the same end.
 */
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/channel.h"
#include "core/qrexec/names.h"

struct reader {
    struct qrexec_decoder decoder;
    struct qrexec_channel check;
    uint8_t body[96 + QREXEC_SERVICE_NAME_MAX + 1];
    bool asked, failed;
    size_t data_bytes;
};

static void feed(struct reader *reader, const uint8_t *bytes, size_t size)
{
    struct qrexec_control message;
    struct qrexec_arrival arrival;
    enum qrexec_progress progress = QREXEC_MORE;

    while (!reader->asked && (progress = qrexec_decode_control(&reader->decoder, &bytes, &size,
                                                               &message)) == QREXEC_MESSAGE) {
        if (message.type == QREXEC_HELLO)
            continue;
        if (message.type != QREXEC_TRIGGER_SERVICE3) {
            reader->failed = true;
            return;
        }
        if (!qrexec_service_name_ok(message.service))
            abort();
        reader->asked = true;
    }
    reader->failed |= progress == QREXEC_FAILED;
    if (!reader->asked || reader->failed)
        return;
    while ((progress = qrexec_channel_receive(&reader->check, &bytes, &size, &arrival)) ==
           QREXEC_MESSAGE)
        reader->data_bytes += arrival.size;
    reader->failed |= progress == QREXEC_FAILED;
}

static void init(struct reader *reader)
{
    memset(reader, 0, sizeof(*reader));
    qrexec_decoder_init(&reader->decoder, QREXEC_AT_DAEMON, 3, reader->body, sizeof(reader->body));
    qrexec_channel_init(&reader->check, QREXEC_SERVICE, 3, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reader whole, cut;

    init(&whole);
    init(&cut);
    feed(&whole, data, size);
    for (size_t i = 0; i < size && !cut.failed; i++)
        feed(&cut, data + i, 1);
    if (whole.failed != cut.failed || whole.asked != cut.asked ||
        (!whole.failed && whole.data_bytes != cut.data_bytes))
        abort();
    return 0;
}
