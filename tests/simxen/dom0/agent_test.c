/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casementd seen by an agent, friendly and hostile: this program is a guest on simxen, serves port
 * 512 as an agent does, and looks at the answers. Whatever it sends, cut, flipped, or not read,
 * only its own connection ends, and the next one is served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/qrexec/channel.h"
#include "core/qrexec/message.h"
#include "include/libvchan.h"

struct agent {
    libvchan_t *vchan;
    struct qrexec_decoder decoder;
    uint8_t body[QREXEC_CONTROL_BODY_MAX + 1];
    uint8_t bytes[65536];
    const uint8_t *at;
    size_t left;
};

static const struct qrexec_ident ident = {"SOCKET7"};

static libvchan_t *serve(int port)
{
    libvchan_t *vchan = libvchan_server_init(0, port, QREXEC_RING_BYTES, QREXEC_RING_BYTES);
    assert_non_null(vchan);
    while (libvchan_is_open(vchan) == VCHAN_WAITING)
        assert_int_equal(libvchan_wait(vchan), 0);
    assert_int_equal(libvchan_is_open(vchan), VCHAN_CONNECTED);
    return vchan;
}

/* false: the other side ended the connection. */
static bool send_bytes(libvchan_t *vchan, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        int sent = libvchan_write(vchan, at, size);
        if (sent < 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void agent_listen(struct agent *agent)
{
    agent->vchan = serve(QREXEC_CONTROL_PORT);
    agent->at = agent->bytes;
    agent->left = 0;
    qrexec_decoder_init(&agent->decoder, QREXEC_AT_AGENT, 4, agent->body, sizeof agent->body);
}

static void agent_close(struct agent *agent)
{
    libvchan_close(agent->vchan);
    agent->vchan = NULL;
}

/* false: the connection ended. */
static bool agent_receive(struct agent *agent, struct qrexec_control *message)
{
    for (;;) {
        switch (qrexec_decode_control(&agent->decoder, &agent->at, &agent->left, message)) {
        case QREXEC_MESSAGE:
            return true;
        case QREXEC_FAILED:
            fail_msg("casementd sent %s", qrexec_error_text(agent->decoder.error));
            return false;
        case QREXEC_MORE:
            break;
        }
        int got = libvchan_read(agent->vchan, agent->bytes, sizeof agent->bytes);
        if (got <= 0)
            return false;
        agent->at = agent->bytes;
        agent->left = (size_t)got;
    }
}

static void agent_greet(struct agent *agent, uint32_t version)
{
    uint8_t hello[16];
    struct qrexec_control message;
    agent_listen(agent);
    assert_true(send_bytes(agent->vchan, hello, qrexec_put_hello(hello, sizeof hello, version)));
    assert_true(agent_receive(agent, &message));
    assert_int_equal(message.type, QREXEC_HELLO);
    assert_int_equal(message.version, version);
}

static void agent_trigger(struct agent *agent, uint32_t version, const char *target,
                          const char *service)
{
    static uint8_t bytes[70000];
    size_t size = qrexec_put_trigger(bytes, sizeof bytes, version, target, service, &ident);
    assert_int_not_equal(size, 0);
    assert_true(send_bytes(agent->vchan, bytes, size));
}

static uint32_t agent_accepted(struct agent *agent)
{
    struct qrexec_control message;
    assert_true(agent_receive(agent, &message));
    assert_int_equal(message.type, QREXEC_SERVICE_CONNECT);
    assert_int_equal(message.domain, 0);
    assert_in_range(message.port, QREXEC_DATA_PORT_FIRST, QREXEC_DATA_PORT_LAST);
    assert_memory_equal(&message.ident, &ident, sizeof ident);
    return message.port;
}

static void agent_terminate(struct agent *agent, uint32_t port)
{
    uint8_t bytes[32];
    assert_true(
        send_bytes(agent->vchan, bytes, qrexec_put_terminated(bytes, sizeof bytes, 0, port)));
}

static void agent_refused(struct agent *agent, const struct qrexec_ident *expected)
{
    struct qrexec_control message;
    assert_true(agent_receive(agent, &message));
    assert_int_equal(message.type, QREXEC_SERVICE_REFUSED);
    assert_memory_equal(&message.ident, expected, sizeof *expected);
}

/* The caller's end of a call of test.Echo: "hello" there and back, exit code 0. */
static void echo_session(uint32_t port)
{
    libvchan_t *vchan = serve((int)port);
    struct qrexec_channel channel;
    struct qrexec_header header;
    uint8_t bytes[4096];
    char text[64] = "";
    bool exited = false;
    qrexec_channel_init(&channel, QREXEC_CALLER, 3, QREXEC_RING_BYTES);
    assert_true(send_bytes(vchan, bytes, qrexec_channel_put_hello(&channel, bytes, sizeof bytes)));
    for (int got; (got = libvchan_read(vchan, bytes, sizeof bytes)) > 0;) {
        const uint8_t *at = bytes;
        size_t left = (size_t)got;
        struct qrexec_arrival arrival;
        while (qrexec_channel_receive(&channel, &at, &left, &arrival) == QREXEC_MESSAGE) {
            if (arrival.kind == QREXEC_GOT_HELLO) {
                uint8_t out[64];
                assert_int_equal(qrexec_channel_put_chunk(&channel, QREXEC_STDIN, 5, &header), 5);
                assert_true(send_bytes(vchan, &header, sizeof header));
                assert_true(send_bytes(vchan, "hello", 5));
                size_t size = qrexec_channel_put_end(&channel, QREXEC_STDIN, out, sizeof out);
                assert_true(send_bytes(vchan, out, size));
            } else if (arrival.kind == QREXEC_GOT_DATA) {
                assert_int_equal(arrival.stream, QREXEC_STDOUT);
                strncat(text, (const char *)arrival.data, arrival.size);
            } else if (arrival.kind == QREXEC_GOT_EXIT) {
                exited = true;
                assert_int_equal(arrival.exit_code, 0);
            }
        }
        assert_int_equal(channel.error, QREXEC_OK);
    }
    assert_true(exited);
    assert_string_equal(text, "hello");
    libvchan_close(vchan);
}

static struct agent agent;

/* A test that failed must not keep port 512 from the next one. */
static int close_agent(void **state)
{
    if (agent.vchan != NULL)
        agent_close(&agent);
    return 0;
}

static void good_session(void)
{
    agent_greet(&agent, 3);
    agent_trigger(&agent, 3, "dom0", "test.Echo");
    uint32_t port = agent_accepted(&agent);
    echo_session(port);
    agent_terminate(&agent, port);
    agent_close(&agent);
}

/* qwt-today 1.6 (1) and facts 3b: the daemon gives back the agent's own number, whatever it is. */
static void hello_is_echoed(void **state)
{
    for (uint32_t version = 2; version <= 5; version++) {
        agent_greet(&agent, version);
        agent_close(&agent);
    }
}

static void a_call_of_dom0_works(void **state)
{
    good_session();
}

static void an_agent_of_version_2_is_served(void **state)
{
    agent_greet(&agent, 2);
    agent_trigger(&agent, 2, "dom0", "test.Echo");
    uint32_t port = agent_accepted(&agent);
    echo_session(port);
    agent_terminate(&agent, port);
    agent_close(&agent);
}

static void the_longest_service_name_is_asked_for(void **state)
{
    static char name[QREXEC_SERVICE_NAME_MAX + 1];
    memset(name, 'a', sizeof name - 1);
    agent_greet(&agent, 3);
    agent_trigger(&agent, 3, "dom0", name);
    agent_refused(&agent, &ident);
    agent_close(&agent);
}

/* Wrong names are the request's fault: cleaned or refused, and the connection goes on. */
static void wrong_names_end_only_their_request(void **state)
{
    uint8_t bytes[256];
    agent_greet(&agent, 3);
    size_t size = qrexec_put_trigger(bytes, sizeof bytes, 3, "dom0", "test.Echo", &ident);
    struct qrexec_trigger3 *request = (void *)(bytes + sizeof(struct qrexec_header));

    bytes[size - 3] = '/'; /* test.Ec/o becomes test.Ec_o, which no rule allows */
    assert_true(send_bytes(agent.vchan, bytes, size));
    agent_refused(&agent, &ident);

    size = qrexec_put_trigger(bytes, sizeof bytes, 3, "dom0", "test.Echo", &ident);
    request->ident.text[2] = '\n';
    struct qrexec_ident wrong = request->ident;
    assert_true(send_bytes(agent.vchan, bytes, size));
    uint8_t answer[sizeof(struct qrexec_header) + sizeof wrong];
    for (size_t got = 0; got < sizeof answer;) {
        int n = libvchan_read(agent.vchan, answer + got, sizeof answer - got);
        assert_true(n > 0);
        got += (size_t)n;
    }
    uint32_t type = QREXEC_SERVICE_REFUSED;
    assert_memory_equal(answer, &type, sizeof type);
    assert_memory_equal(answer + sizeof(struct qrexec_header), &wrong, sizeof wrong);

    size = qrexec_put_trigger(bytes, sizeof bytes, 3, "x", "+argument", &ident);
    assert_int_equal(size, 0); /* our own encoder refuses: by hand */
    size = qrexec_put_trigger(bytes, sizeof bytes, 3, "x", "a+rgument", &ident);
    bytes[sizeof(struct qrexec_header) + sizeof *request] = '+';
    assert_true(send_bytes(agent.vchan, bytes, size));
    agent_refused(&agent, &ident);

    size = qrexec_put_trigger(bytes, sizeof bytes, 3, "dom0", "test.Echo", &ident);
    memcpy(request->target, "do\x01\x02", 4);
    assert_true(send_bytes(agent.vchan, bytes, size));
    agent_refused(&agent, &ident);

    agent_trigger(&agent, 3, "dom0", "test.Echo");
    agent_terminate(&agent, agent_accepted(&agent));
    agent_close(&agent);
}

static size_t whole_session(uint8_t *bytes, size_t room)
{
    size_t size = qrexec_put_hello(bytes, room, 3);
    size += qrexec_put_trigger(bytes + size, room - size, 3, "", "no.Such", &ident);
    size += qrexec_put_terminated(bytes + size, room - size, 0, QREXEC_DATA_PORT_FIRST);
    return size;
}

static void a_session_cut_at_every_byte_ends_only_itself(void **state)
{
    uint8_t bytes[512];
    size_t size = whole_session(bytes, sizeof bytes);
    for (size_t cut = 0; cut <= size; cut++) {
        agent_listen(&agent);
        assert_true(send_bytes(agent.vchan, bytes, cut));
        agent_close(&agent);
    }
    good_session();
}

static void every_byte_flipped_ends_only_itself(void **state)
{
    uint8_t bytes[512];
    size_t size = whole_session(bytes, sizeof bytes);
    for (size_t at = 0; at < size; at++) {
        for (int flip = 1; flip < 0x100; flip = flip == 1 ? 0x80 : flip == 0x80 ? 0xff : 0x100) {
            agent_listen(&agent);
            bytes[at] ^= (uint8_t)flip;
            send_bytes(agent.vchan, bytes, size);
            bytes[at] ^= (uint8_t)flip;
            agent_close(&agent);
        }
    }
    good_session();
}

/* More calls than there are ports, each given up in another state: ports come back. */
static void ports_of_abandoned_calls_come_back(void **state)
{
    uint8_t hello[16];
    agent_greet(&agent, 3);
    for (int i = 0; i < 300; i++) {
        agent_trigger(&agent, 3, "dom0", "test.Echo");
        uint32_t port = agent_accepted(&agent);
        libvchan_t *vchan = serve((int)port);
        if (i % 3 > 0)
            send_bytes(vchan, hello, qrexec_put_hello(hello, sizeof hello, 3));
        if (i % 3 > 1)
            send_bytes(vchan, "\x90\x01\x00\x00\xff", 5); /* a part of a header */
        libvchan_close(vchan);
        agent_terminate(&agent, port);
    }
    agent_close(&agent);
}

/* An agent that asks and asks and does not read: casementd stops listening to it, keeps every
 * answer it owes, and goes on when there is room. */
static void an_agent_that_does_not_read_gets_all_answers_later(void **state)
{
    uint8_t bytes[256];
    enum { REQUESTS = 40000 };
    agent_greet(&agent, 3);
    size_t size = qrexec_put_trigger(bytes, sizeof bytes, 3, "", "no.Such", &ident);
    libvchan_set_blocking(agent.vchan, false);
    size_t at = 0, answers = 0;
    int requests = 0;
    /* First as much as goes in while nothing is read. */
    while (requests < REQUESTS) {
        int sent = libvchan_write(agent.vchan, bytes + at, size - at);
        assert_true(sent >= 0);
        at += (size_t)sent;
        if (at == size) {
            at = 0;
            requests++;
        } else if (libvchan_buffer_space(agent.vchan) == 0 &&
                   libvchan_data_ready(agent.vchan) > QREXEC_RING_BYTES - 64) {
            break; /* both rings are full: it has stopped */
        } else if (libvchan_buffer_space(agent.vchan) == 0) {
            libvchan_wait(agent.vchan);
        }
    }
    libvchan_set_blocking(agent.vchan, true);
    if (at > 0) {
        /* The rest of the request that was cut goes out once there is room again. */
        struct qrexec_control message;
        while (libvchan_buffer_space(agent.vchan) < (int)(size - at)) {
            assert_true(agent_receive(&agent, &message));
            answers++;
        }
        assert_true(send_bytes(agent.vchan, bytes + at, size - at));
        requests++;
    }
    for (; answers < (size_t)requests; answers++)
        agent_refused(&agent, &ident);
    agent_close(&agent);
    good_session();
}

struct question {
    bool answered;
    atomic_bool over;
};

/* Asks casementd for its status, as `casement status` does. */
static void *ask_status(void *argument)
{
    struct question *question = argument;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const uint32_t status = 0xca5e0004;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/run/casementd",
             getenv("CASEMENT_HOME"));
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    question->answered = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                         send(fd, &status, sizeof status, 0) == sizeof status &&
                         poll(&answer, 1, 10000) == 1;
    close(fd);
    atomic_store(&question->over, true);
    return NULL;
}

/* An agent that never stops writing gets its turns and no more. */
static void a_flood_does_not_keep_casementd_from_others(void **state)
{
    static uint8_t bytes[32768];
    size_t size = 0;
    struct question question = {0};
    pthread_t thread;
    if (access(getenv("CASEMENT_HOME"), F_OK) != 0)
        skip(); /* the agent runs in a machine of its own, and casementd's socket is not there */
    while (size + 16 <= sizeof bytes)
        size += qrexec_put_terminated(bytes + size, sizeof bytes - size, 0, QREXEC_DATA_PORT_FIRST);
    agent_greet(&agent, 3);
    for (int i = 0; i < 8; i++)
        assert_true(send_bytes(agent.vchan, bytes, size));
    assert_int_equal(pthread_create(&thread, NULL, ask_status, &question), 0);
    while (!atomic_load(&question.over))
        assert_true(send_bytes(agent.vchan, bytes, size));
    pthread_join(thread, NULL);
    assert_true(question.answered);
    agent_close(&agent);
    good_session();
}

/* Each call of dom0 holds a descriptor of casementd's; run.sh gives it 64 to begin with. */
static void more_calls_than_descriptors_at_first(void **state)
{
    enum { CALLS = 100 };
    uint32_t ports[CALLS];
    agent_greet(&agent, 3);
    for (int i = 0; i < CALLS; i++) {
        agent_trigger(&agent, 3, "dom0", "test.Echo");
        ports[i] = agent_accepted(&agent);
    }
    for (int i = 0; i < CALLS; i++)
        agent_terminate(&agent, ports[i]);
    agent_close(&agent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(hello_is_echoed, close_agent),
        cmocka_unit_test_teardown(a_call_of_dom0_works, close_agent),
        cmocka_unit_test_teardown(an_agent_of_version_2_is_served, close_agent),
        cmocka_unit_test_teardown(the_longest_service_name_is_asked_for, close_agent),
        cmocka_unit_test_teardown(wrong_names_end_only_their_request, close_agent),
        cmocka_unit_test_teardown(a_session_cut_at_every_byte_ends_only_itself, close_agent),
        cmocka_unit_test_teardown(every_byte_flipped_ends_only_itself, close_agent),
        cmocka_unit_test_teardown(ports_of_abandoned_calls_come_back, close_agent),
        cmocka_unit_test_teardown(an_agent_that_does_not_read_gets_all_answers_later, close_agent),
        cmocka_unit_test_teardown(a_flood_does_not_keep_casementd_from_others, close_agent),
        cmocka_unit_test_teardown(more_calls_than_descriptors_at_first, close_agent),
    };
    /* AGENT_TEST_SKIP names those that take too long where this runs. */
    struct CMUnitTest chosen[sizeof tests / sizeof tests[0]];
    const char *skipped = getenv("AGENT_TEST_SKIP");
    size_t count = 0;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (skipped == NULL || strstr(skipped, tests[i].name) == NULL)
            chosen[count++] = tests[i];
    }
    return _cmocka_run_group_tests("agent", chosen, count, NULL, NULL);
}
