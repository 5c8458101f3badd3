/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that the daemon survives its clients: random requests of every length, requests before
 * the greeting, half messages on the xenbus socket, headers that name impossible lengths, clients
 * that do not read. After each storm another client is served as before.
 */
#include "fixture.h"
#include "core/xen/xs_wire.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct simxen *dom0;
static uint32_t guest_id;
static uint64_t seed = 20240601;

static uint32_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

static int connect_at(const char *name, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", getenv("SIMXEN_DIR"), name);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void still_serves(void)
{
    struct simxen_evtchn *events = open_events(dom0);
    int port = simxen_evtchn_bind_unbound(events, guest_id);
    CHECK(port > 0);
    simxen_evtchn_close(events);
}

/* Small numbers hit real handles, counts and domains; large ones hit the limits. */
static uint32_t likely_word(void)
{
    switch (random_word() % 4) {
    case 0:
        return random_word();
    case 1:
        return random_word() % 5000;
    default:
        return random_word() % 20;
    }
}

/* The storm comes from a guest, which may not destroy what the test stands on. */
static void random_requests(bool greeted)
{
    struct sx_request hello = {.op = SX_HELLO, .domid = guest_id};
    uint32_t message[64];
    int fd = -1;
    for (int i = 0; i < 5000; i++) {
        size_t length = random_word() % 4 ? 32 + random_word() % 8 * 4 : random_word() % 256;
        for (int word = 0; word < 64; word++)
            message[word] = likely_word();
        message[0] = random_word() % 20;
        if (random_word() % 2)
            message[5] = length >= 32 ? (uint32_t)(length - 32) / 4 : 0;
        if (fd < 0) {
            fd = connect_at("socket", SOCK_SEQPACKET);
            char answer[64];
            if (greeted)
                CHECK(send(fd, &hello, sizeof(hello), 0) > 0 && recv(fd, answer, 64, 0) > 0);
        }
        char answer[1024];
        if (send(fd, message, length, MSG_NOSIGNAL) < 0 ||
            (length >= 32 && recv(fd, answer, sizeof(answer), 0) <= 0) || length < 32 ||
            random_word() % 50 == 0) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    still_serves();
}

static void a_client_that_never_reads(void)
{
    struct sx_request request = {.op = SX_HELLO, .domid = guest_id};
    int fd = connect_at("socket", SOCK_SEQPACKET), sent = 0;
    while (sent < 100000 && send(fd, &request, sizeof(request), MSG_NOSIGNAL) > 0)
        sent++;
    CHECK(sent < 100000); /* it is closed, not served for ever */
    close(fd);
    still_serves();
}

static void xenbus_gets_garbage(void)
{
    char name[32], answer[64];
    snprintf(name, sizeof(name), "dom%u/xenbus", guest_id);
    uint8_t message[XS_MESSAGE_MAX_BYTES];
    struct xs_header too_long = {.type = XS_TYPE_READ, .length_bytes = XS_PAYLOAD_MAX_BYTES + 1};
    xs_header_write(message, &too_long);
    int fd = connect_at(name, SOCK_STREAM);
    CHECK(send(fd, message, 16, 0) == 16);
    CHECK(recv(fd, answer, sizeof(answer), 0) <= 0); /* closed */
    close(fd);
    for (int i = 0; i < 300; i++) {
        struct xs_header header = {random_word() % 30, random_word(), likely_word() * (i % 2),
                                   random_word() % 64};
        size_t length = xs_message_write(message, &header, message + 100);
        for (size_t at = XS_HEADER_BYTES; at < length; at++)
            message[at] = (uint8_t)("/a\0F1"[random_word() % 5]);
        size_t cut = random_word() % 3 ? length : random_word() % length;
        fd = connect_at(name, SOCK_STREAM);
        CHECK(send(fd, message, cut, MSG_NOSIGNAL) == (ssize_t)cut);
        if (cut == length)
            CHECK(recv(fd, answer, 16, MSG_WAITALL) == 16); /* every whole request has an answer */
        close(fd);
    }
    still_serves();
}

static void the_list_is_never_wrong_about_it(void)
{
    struct sx_request request = {.op = SX_LIST};
    struct sx_reply reply;
    int fd;
    CHECK_EQUAL(simxen_call(dom0, &request, NULL, 0, &reply, NULL, 0, &fd), 0);
    CHECK_EQUAL(reply.value, 1); /* the guest, and nothing that the storms left */
    close(fd);
}

int main(void)
{
    char command[4096], line[16] = "";
    dom0 = as_domain(0);
    /* With XenStore, so that its ring answers. */
    snprintf(command, sizeof(command), "%s create --keep garbage", getenv("SIMXEN"));
    FILE *out = popen(command, "r");
    CHECK(out && fgets(line, sizeof(line), out) && pclose(out) == 0);
    guest_id = (uint32_t)atoi(line);
    random_requests(false);
    random_requests(true);
    a_client_that_never_reads();
    xenbus_gets_garbage();
    the_list_is_never_wrong_about_it();
    CHECK_EQUAL(end_domain(dom0, guest_id), 0);
    simxen_close(dom0);
    return 0;
}
