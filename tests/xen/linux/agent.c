/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least agent that serves calls of dom0 in the rig's Linux guest: port 512, one call after the
 * other, each handed to casement-rpc beside this program, which connects to the caller's vchan and
 * runs the service. The command "quit" ends it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* false: the command was "quit". */
static bool serve(const struct qrexec_control *message, const char *rpc)
{
    struct qrexec_command command;
    char port[16], service[256];

    if (qrexec_parse_command(message->command, &command) != QREXEC_OK || !command.is_service)
        return strcmp(command.command, "quit") != 0;
    snprintf(port, sizeof port, "%u", message->port);
    snprintf(service, sizeof service, "%.*s", (int)command.full_name.length,
             command.full_name.text);
    pid_t pid = fork();
    if (pid == 0) {
        execl(rpc, rpc, "0", port, "dom0", service, "", (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return true;
}

int main(int argc, char **argv)
{
    static uint8_t body[QREXEC_CONTROL_BODY_MAX + 1], bytes[65536];
    struct qrexec_decoder decoder;
    bool going = argc == 2;
    libvchan_t *vchan =
        libvchan_server_init(0, QREXEC_CONTROL_PORT, QREXEC_RING_BYTES, QREXEC_RING_BYTES);

    qrexec_decoder_init(&decoder, QREXEC_AT_AGENT, 3, body, sizeof body);
    while (vchan != NULL && libvchan_is_open(vchan) == VCHAN_WAITING)
        libvchan_wait(vchan);
    if (vchan == NULL || !send_bytes(vchan, bytes, qrexec_put_hello(bytes, sizeof bytes, 3)))
        return 1;
    while (going) {
        int got = libvchan_read(vchan, bytes, sizeof bytes);
        const uint8_t *at = bytes;
        size_t left = got > 0 ? (size_t)got : 0;
        struct qrexec_control message;
        if (got <= 0)
            return 1;
        while (going && qrexec_decode_control(&decoder, &at, &left, &message) == QREXEC_MESSAGE) {
            uint8_t answer[32];
            if (message.type != QREXEC_EXEC_CMDLINE)
                continue;
            going = serve(&message, argv[1]);
            send_bytes(vchan, answer,
                       qrexec_put_terminated(answer, sizeof answer, message.domain, message.port));
        }
    }
    libvchan_close(vchan);
    return 0;
}
