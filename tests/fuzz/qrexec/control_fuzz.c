/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control channel, read by agent or daemon (first byte: which, and the version it speaks),
 * cut where the second byte says. Whatever is accepted must also be encodable and mean the same.
 */
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/command.h"
#include "core/qrexec/message.h"
#include "core/qrexec/names.h"

static void look(const struct qrexec_control *m)
{
    struct qrexec_command command;

    if (m->command && qrexec_parse_command(m->command, &command) == QREXEC_OK) {
        if (command.user.length == 0 || command.command < m->command)
            abort();
        if (command.is_service && command.service.length > command.full_name.length)
            abort();
    }
    if (m->service && !qrexec_service_name_ok(m->service))
        abort();
    if (m->target[0] && !qrexec_target_name_ok(m->target))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t body[QREXEC_CONTROL_BODY_MAX + 1];
    struct qrexec_decoder decoder;
    struct qrexec_control message;

    if (size < 2)
        return 0;
    const size_t step = data[1] ? data[1] : 1;
    qrexec_decoder_init(&decoder, data[0] & 1 ? QREXEC_AT_DAEMON : QREXEC_AT_AGENT,
                        2 + (data[0] >> 1) % 3, body, sizeof(body));
    data += 2, size -= 2;
    while (size && !decoder.error) {
        size_t left = size < step ? size : step;
        const uint8_t *next = data;
        data += left, size -= left;
        while (qrexec_decode_control(&decoder, &next, &left, &message) == QREXEC_MESSAGE)
            look(&message);
    }
    if (!qrexec_error_text(decoder.error))
        abort();
    return 0;
}
