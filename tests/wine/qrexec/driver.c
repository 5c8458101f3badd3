/* SPDX-License-Identifier: BSD-2-Clause */
/* See driver.h. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/wine/qrexec/driver.h"

static struct guest *running; /* whom driver_failed() stops */

uint64_t driver_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void stop_wine(void)
{
    if (system("wineserver -k; wineserver -w") == -1)
        perror("wineserver");
}

_Noreturn void driver_failed(void)
{
    if (running)
        stop_wine();
    exit(1);
}

static const char *need(const char *name)
{
    const char *value = getenv(name);
    if (!value) {
        fprintf(stderr, "%s is not set: see tests/wine/qrexec/run.sh\n", name);
        exit(1);
    }
    return value;
}

pid_t guest_run(struct guest *guest, const char *const *arguments, int stdin_fd, int stdout_fd)
{
    char domid[16], program[512];
    const char *argv[32] = {need("CASEMENT_TEST_SIMXEN"), "exec", domid, "--",
                            need("CASEMENT_TEST_WINE"),   program};
    int count = 6;

    snprintf(domid, sizeof(domid), "%d", guest->domid);
    snprintf(program, sizeof(program), "%s/%s", need("CASEMENT_TEST_BIN"), arguments[0]);
    for (int i = 1; arguments[i] && count < 31; i++)
        argv[count++] = arguments[i];
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        dup2(stdin_fd >= 0 ? stdin_fd : open("/dev/null", O_RDONLY), 0);
        if (stdout_fd >= 0)
            dup2(stdout_fd, 1);
        else
            dup2(2, 1);
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

void guest_start_agent(struct guest *guest, const char *const *extra)
{
    const char *arguments[24] = {"qrexec-agent.exe", "--console"};
    int count = 2;

    for (; extra && *extra && count < 23; extra++)
        arguments[count++] = *extra;
    guest->agent = guest_run(guest, arguments, -1, -1);
}

void guest_start(struct guest *guest, const char *const *extra)
{
    char command[600];

    memset(guest, 0, sizeof(*guest));
    guest->next_port = QREXEC_DATA_PORT_FIRST;
    snprintf(command, sizeof(command), "%s create --keep win", need("CASEMENT_TEST_SIMXEN"));
    FILE *created = popen(command, "r");
    EXPECT(created && fscanf(created, "%d", &guest->domid) == 1);
    EXPECT(pclose(created) == 0);
    running = guest;
    guest_start_agent(guest, extra);
}

void guest_kill_agent(struct guest *guest)
{
    kill(guest->agent, SIGKILL);
    waitpid(guest->agent, NULL, 0);
    guest->agent = 0;
}

void guest_stop(struct guest *guest)
{
    char command[600];

    for (unsigned int i = 0; i < guest->session_count; i++)
        session_close(&guest->sessions[i]);
    guest_disconnect(guest);
    stop_wine();
    if (guest->agent)
        waitpid(guest->agent, NULL, 0);
    running = NULL;
    snprintf(command, sizeof(command), "%s destroy %d", need("CASEMENT_TEST_SIMXEN"), guest->domid);
    EXPECT(system(command) == 0);
}

void guest_disconnect(struct guest *guest)
{
    if (guest->control)
        libvchan_close(guest->control);
    guest->control = NULL;
    guest->queue_size = 0;
}

void guest_queue(struct guest *guest, const void *bytes, size_t size)
{
    EXPECT(guest->queue_size + size <= sizeof(guest->queue));
    memcpy(guest->queue + guest->queue_size, bytes, size);
    guest->queue_size += size;
}

static void agent_message(struct guest *guest, const struct qrexec_control *message)
{
    if (message->type == QREXEC_CONNECTION_TERMINATED) {
        for (unsigned int i = 0; i < guest->session_count; i++)
            if (guest->sessions[i].port == message->port) {
                guest->sessions[i].terminated = true;
                return;
            }
        guest->stray_terminations++;
    } else if (message->type != QREXEC_HELLO) {
        guest->trigger = *message;
        snprintf(guest->trigger_service, sizeof(guest->trigger_service), "%s", message->service);
        guest->triggers++;
    }
}

static bool turn_control(struct guest *guest)
{
    uint8_t bytes[4096];
    struct qrexec_control message;
    bool did = false;

    if (!guest->control)
        return false;
    if (guest->queue_size && libvchan_buffer_space(guest->control) > 0) {
        const int sent = libvchan_write(guest->control, guest->queue, guest->queue_size);
        if (sent > 0) {
            guest->queue_size -= (size_t)sent;
            memmove(guest->queue, guest->queue + sent, guest->queue_size);
            did = true;
        }
    }
    if (libvchan_data_ready(guest->control) <= 0)
        return did;
    const int got = libvchan_read(guest->control, bytes, sizeof(bytes));
    const uint8_t *next = bytes;
    size_t left = got > 0 ? (size_t)got : 0;
    enum qrexec_progress progress;
    while ((progress = qrexec_decode_control(&guest->decoder, &next, &left, &message)) ==
           QREXEC_MESSAGE)
        agent_message(guest, &message);
    if (progress == QREXEC_FAILED)
        fprintf(stderr, "agent sent %s\n", qrexec_error_text(guest->decoder.error));
    EXPECT(progress != QREXEC_FAILED);
    return did || got > 0;
}

/* guest_turn() looks again soon: the agent need not wake us. */
static bool looking = true;

static int data_of(libvchan_t *vchan)
{
    return looking ? libvchan_data_now(vchan) : libvchan_data_ready(vchan);
}

static int space_of(libvchan_t *vchan)
{
    return looking ? libvchan_space_now(vchan) : libvchan_buffer_space(vchan);
}

static void keep(struct session *session, const struct qrexec_arrival *arrival)
{
    const enum qrexec_stream s = arrival->stream;
    if (!session->discard) {
        session->got[s] = realloc(session->got[s], session->got_size[s] + arrival->size + 1);
        memcpy(session->got[s] + session->got_size[s], arrival->data, arrival->size);
        session->got[s][session->got_size[s] + arrival->size] = 0;
    }
    session->got_size[s] += arrival->size;
}

static bool receive(struct session *session)
{
    static uint8_t bytes[131072];
    struct qrexec_arrival arrival;
    enum qrexec_progress progress;

    const int ready = session->stop_reading ? 0 : data_of(session->vchan);
    if (ready <= 0)
        return false;
    const int got = libvchan_read(session->vchan, bytes, (size_t)ready);
    const uint8_t *next = bytes;
    size_t left = got > 0 ? (size_t)got : 0;
    while ((progress = qrexec_channel_receive(&session->channel, &next, &left, &arrival)) ==
           QREXEC_MESSAGE) {
        if (arrival.kind == QREXEC_GOT_DATA)
            keep(session, &arrival);
        else if (arrival.kind == QREXEC_GOT_END)
            session->ended[arrival.stream] = true;
        else if (arrival.kind == QREXEC_GOT_EXIT)
            session->exited = true, session->exit_code = arrival.exit_code;
    }
    if (progress == QREXEC_FAILED)
        fprintf(stderr, "port %u: got %s\n", session->port,
                qrexec_error_text(session->channel.error));
    EXPECT(progress != QREXEC_FAILED);
    if (session->stop_after && session->got_size[QREXEC_STDOUT] >= session->stop_after)
        session->stop_reading = true;
    return got > 0;
}

/* Writes part of [bytes, bytes + *left); true when some went. */
static bool push(struct session *session, const uint8_t *bytes, size_t *left)
{
    const int room = *left ? space_of(session->vchan) : 0;
    if (room <= 0)
        return false;
    const int sent =
        libvchan_write(session->vchan, bytes, *left < (size_t)room ? *left : (size_t)room);
    if (sent <= 0)
        return false;
    *left -= (size_t)sent;
    return true;
}

static bool send_some(struct session *session)
{
    if (session->out_sent < session->out_size) {
        size_t left = session->out_size - session->out_sent;
        const bool did = push(session, session->out + session->out_sent, &left);
        session->out_sent = session->out_size - left;
        return did;
    }
    if (session->chunk_header_left) {
        const size_t done = sizeof(session->chunk) - session->chunk_header_left;
        return push(session, (const uint8_t *)&session->chunk + done, &session->chunk_header_left);
    }
    if (session->chunk_left) {
        const size_t before = session->chunk_left;
        const bool did = push(session, session->input + session->input_sent, &session->chunk_left);
        session->input_sent += before - session->chunk_left;
        return did;
    }
    session->out_sent = 0;
    session->out_size =
        qrexec_channel_put_hello(&session->channel, session->out, sizeof(session->out));
    if (session->out_size)
        return true;
    session->chunk_left =
        qrexec_channel_put_chunk(&session->channel, QREXEC_STDIN,
                                 session->input_size - session->input_sent, &session->chunk);
    if (session->chunk_left) {
        session->chunk_header_left = sizeof(session->chunk);
        return true;
    }
    if (!session->keep_input && session->input_sent == session->input_size)
        session->out_size = qrexec_channel_put_end(&session->channel, QREXEC_STDIN, session->out,
                                                   sizeof(session->out));
    return session->out_size > 0;
}

static bool turn_session(struct session *session)
{
    if (!session->vchan || session->closed || session->raw)
        return false;
    const int open = libvchan_is_open(session->vchan);
    if (open == VCHAN_WAITING)
        return false;
    bool did = false;
    while (open == VCHAN_CONNECTED && send_some(session))
        did = true;
    if (receive(session))
        return true;
    if (open == VCHAN_DISCONNECTED && !session->stop_reading)
        session->closed = true, did = true;
    return did;
}

static bool turn_all(struct guest *guest)
{
    bool did = turn_control(guest);
    for (unsigned int i = 0; i < guest->session_count; i++)
        did |= turn_session(&guest->sessions[i]);
    return did;
}

void guest_turn(struct guest *guest, int timeout_ms)
{
    struct pollfd fds[DRIVER_SESSIONS + 1];
    libvchan_t *vchans[DRIVER_SESSIONS + 1];
    nfds_t count = 0;

    looking = true;
    if (turn_all(guest))
        return;
    for (int spin = 0; spin < guest->spins; spin++)
        if (turn_all(guest))
            return;
    looking = false; /* from here on the agent is asked to wake us */
    if (turn_all(guest))
        return;
    if (guest->control)
        vchans[count++] = guest->control;
    for (unsigned int i = 0; i < guest->session_count; i++)
        if (guest->sessions[i].vchan && !guest->sessions[i].closed)
            vchans[count++] = guest->sessions[i].vchan;
    for (nfds_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){libvchan_fd_for_select(vchans[i]), POLLIN, 0};
    if (poll(fds, count, timeout_ms) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents)
            libvchan_ack(vchans[i]);
}

void guest_connect(struct guest *guest, uint32_t version)
{
    uint8_t hello[16];

    guest->control = libvchan_client_init(guest->domid, QREXEC_CONTROL_PORT);
    EXPECT(guest->control);
    libvchan_set_blocking(guest->control, false);
    qrexec_decoder_init(&guest->decoder, QREXEC_AT_DAEMON, version, guest->body,
                        sizeof(guest->body));
    PUMP_UNTIL(guest, guest->decoder.version);
    guest_queue(guest, hello, qrexec_put_hello(hello, sizeof(hello), version));
}

struct session *guest_session(struct guest *guest)
{
    EXPECT(guest->session_count < DRIVER_SESSIONS);
    struct session *session = &guest->sessions[guest->session_count++];
    memset(session, 0, sizeof(*session));
    session->domain = 0;
    session->port = guest->next_port++;
    return session;
}

struct session *guest_exec(struct guest *guest, uint32_t type, const char *command)
{
    static uint8_t message[QREXEC_CONTROL_BODY_MAX + 8];
    struct session *session = guest_session(guest);

    session->vchan = libvchan_server_init(guest->domid, (int)session->port, 65536, 65536);
    EXPECT(session->vchan);
    libvchan_set_blocking(session->vchan, false);
    qrexec_channel_init(&session->channel, QREXEC_CALLER, QREXEC_VERSION, 65536);
    const size_t size = qrexec_put_exec(message, sizeof(message), type, 0, session->port, command);
    EXPECT(size);
    guest_queue(guest, message, size);
    return session;
}

struct session *guest_accept(struct guest *guest)
{
    uint8_t message[64];
    struct session *session = guest_session(guest);

    guest_queue(
        guest, message,
        qrexec_put_connect(message, sizeof(message), 0, session->port, &guest->trigger.ident));
    while (guest->queue_size)
        guest_turn(guest, 1000);
    session->vchan = libvchan_client_init(guest->domid, (int)session->port);
    EXPECT(session->vchan);
    libvchan_set_blocking(session->vchan, false);
    qrexec_channel_init(&session->channel, QREXEC_SERVICE, QREXEC_VERSION, 65536);
    return session;
}

void session_close(struct session *session)
{
    if (session->vchan)
        libvchan_close(session->vchan);
    session->vchan = NULL;
    for (int s = 0; s < QREXEC_STREAMS; s++) {
        free(session->got[s]);
        session->got[s] = NULL;
    }
}

struct session *guest_call(struct guest *guest, const char *command, const char *input)
{
    struct session *session = guest_exec(guest, QREXEC_EXEC_CMDLINE, command);
    session->input = (const uint8_t *)input;
    session->input_size = input ? strlen(input) : 0;
    PUMP_UNTIL(guest, session->exited && session->terminated);
    for (int s = 0; s < QREXEC_STREAMS; s++)
        if (!session->got[s])
            session->got[s] = calloc(1, 1);
    return session;
}

int driver_run(int argc, char **argv, const struct driver_test *tests, size_t count,
               bool (*skip)(const struct driver_test *test), void (*after)(void))
{
    unsigned int ran = 0;

    for (size_t i = 0; i < count; i++) {
        if (argc > 1 ? strcmp(argv[1], tests[i].name) != 0 : skip && skip(&tests[i]))
            continue;
        for (int times = argc > 2 ? atoi(argv[2]) : 1; times > 0; times--)
            tests[i].run();
        if (after)
            after();
        printf("ok: %s\n", tests[i].name);
        fflush(stdout);
        ran++;
    }
    return ran ? 0 : 2;
}
