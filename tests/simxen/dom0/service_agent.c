/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An agent that breaks the data channel on demand, for service_test.sh. A command "cut N" sends the
 * first N bytes of a good session and closes; "flip N" sends all with every bit of byte N turned
 * over; "good" sends it whole; "hang" sends "hello" and waits for the caller to go; "quit" ends.
 * The good session: "hello" on stdout, exit code 7. It has no services: a call of one gets exit
 * code 127.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/qrexec/channel.h"
#include "core/qrexec/command.h"
#include "core/qrexec/message.h"
#include "include/libvchan.h"

static bool send_bytes(libvchan_t *vchan, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        int sent = libvchan_write(vchan, bytes, size);
        if (sent < 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* HELLO, the text, both ends, the exit code; written by hand, as a broken agent may. */
static size_t session(uint8_t *out, size_t room, const char *text, uint8_t code)
{
    struct qrexec_channel channel;
    struct qrexec_header header = {QREXEC_DATA_STDOUT, (uint32_t)strlen(text)};
    qrexec_channel_init(&channel, QREXEC_SERVICE, 3, QREXEC_RING_BYTES);
    size_t size = qrexec_channel_put_hello(&channel, out, room);
    if (header.length > 0) {
        memcpy(out + size, &header, sizeof header);
        memcpy(out + size + sizeof header, text, header.length);
        size += sizeof header + header.length;
    }
    header.length = 0;
    memcpy(out + size, &header, sizeof header);
    size += sizeof header;
    header.type = QREXEC_DATA_STDERR;
    memcpy(out + size, &header, sizeof header);
    size += sizeof header;
    header = (struct qrexec_header){QREXEC_DATA_EXIT_CODE, 4};
    memcpy(out + size, &header, sizeof header);
    memcpy(out + size + sizeof header, (uint8_t[4]){code}, 4);
    return size + sizeof header + 4;
}

/* Drops what the caller sends until it goes. */
static void wait_for_the_end(libvchan_t *vchan)
{
    uint8_t bytes[256];
    while (libvchan_read(vchan, bytes, sizeof bytes) > 0)
        ;
}

/* false: quit. */
static bool serve(const struct qrexec_control *message)
{
    struct qrexec_command command;
    uint8_t bytes[256];
    size_t size = session(bytes, sizeof bytes, "hello", 7), at = 0;
    if (qrexec_parse_command(message->command, &command) != QREXEC_OK)
        return false;
    libvchan_t *vchan = libvchan_client_init((int)message->domain, (int)message->port);
    if (vchan == NULL)
        return true;
    bool hangs = strcmp(command.command, "hang") == 0;
    if (command.is_service)
        size = session(bytes, sizeof bytes, "", QREXEC_EXIT_NOT_FOUND);
    else if (hangs)
        size = 2 * sizeof(struct qrexec_header) + sizeof(uint32_t) + 5; /* HELLO and "hello" */
    else if (sscanf(command.command, "cut %zu", &at) == 1)
        size = at;
    else if (sscanf(command.command, "flip %zu", &at) == 1)
        bytes[at] ^= 0xff;
    send_bytes(vchan, bytes, size);
    if (hangs)
        wait_for_the_end(vchan);
    libvchan_close(vchan);
    return strcmp(command.command, "quit") != 0;
}

int main(void)
{
    static uint8_t body[QREXEC_CONTROL_BODY_MAX + 1], bytes[65536];
    struct qrexec_decoder decoder;
    bool going = true;
    libvchan_t *vchan =
        libvchan_server_init(0, QREXEC_CONTROL_PORT, QREXEC_RING_BYTES, QREXEC_RING_BYTES);
    qrexec_decoder_init(&decoder, QREXEC_AT_AGENT, 3, body, sizeof body);
    while (vchan != NULL && libvchan_is_open(vchan) == VCHAN_WAITING)
        libvchan_wait(vchan);
    if (vchan == NULL || !send_bytes(vchan, bytes, qrexec_put_hello(bytes, sizeof bytes, 3)))
        return 1;
    while (going) {
        int got = libvchan_read(vchan, bytes, sizeof bytes);
        if (got <= 0)
            return 1;
        const uint8_t *at = bytes;
        size_t left = (size_t)got;
        struct qrexec_control message;
        while (going && qrexec_decode_control(&decoder, &at, &left, &message) == QREXEC_MESSAGE) {
            uint8_t answer[32];
            if (message.type != QREXEC_EXEC_CMDLINE)
                continue;
            going = serve(&message);
            send_bytes(vchan, answer,
                       qrexec_put_terminated(answer, sizeof answer, message.domain, message.port));
        }
    }
    libvchan_close(vchan);
    return 0;
}
