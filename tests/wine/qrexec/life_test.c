/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what the agent does around its calls: commands wait for their user's session, a local
 * client that breaks the pipe's protocol ends only itself, a start that takes long keeps nobody
 * else waiting, and an agent that is killed in the middle of calls leaves nothing and can be
 * started again. life_test NAME runs one of them.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/vchan/libvchan_private.h"
#include "tests/wine/qrexec/driver.h"

static struct guest guest;

static const char *command_of(const char *user, const char *program, const char *arguments)
{
    static char text[2000];
    int used = snprintf(text, sizeof(text), "%s:Z:", user);
    for (const char *c = getenv("CASEMENT_TEST_BIN"); *c; c++)
        text[used++] = *c == '/' ? '\\' : *c;
    snprintf(text + used, sizeof(text) - used, "\\%s %s", program, arguments);
    return text;
}

/* "agent.log" beside the agent, for --log. */
static const char *log_path(void)
{
    static char path[600];
    snprintf(path, sizeof(path), "Z:%s/agent.log", getenv("CASEMENT_TEST_BIN"));
    return path;
}

/* Lines are appended whole. */
static bool log_says(const char *what)
{
    static char text[65536];
    FILE *file = fopen(log_path() + strlen("Z:"), "r");
    const size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = 0;
    return strstr(text, what) != NULL;
}

/* Defect 11 of QWT: a command for a user who is not logged on failed (#9841). */
static void commands_wait_for_the_session(void)
{
    const char *const options[] = {"--logon-event", "Local\\casement-test-logon", NULL};
    guest_start(&guest, options);
    guest_connect(&guest, 3);
    struct session *waits =
        guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("DEFAULT", "probe.exe", "both"));
    struct session *named =
        guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("someone", "probe.exe", "cat"));
    struct session *gives_up =
        guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("DEFAULT", "probe.exe", "both"));
    named->input = (const uint8_t *)"kept until then";
    named->input_size = 15;
    /* The agent itself needs no session: its command runs, and runs after the others came. */
    struct session *s = guest_call(&guest, command_of("SYSTEM", "probe.exe", "exit 4"), NULL);
    EXPECT_EQUAL(s->exit_code, 4);
    EXPECT(!waits->exited && !named->exited && waits->channel.version);
    session_close(s);
    session_close(gives_up);
    PUMP_UNTIL(&guest, gives_up->terminated);
    /* ... until somebody logs on. */
    s = guest_call(&guest, command_of("SYSTEM", "probe.exe", "event Local\\casement-test-logon"),
                   NULL);
    session_close(s);
    PUMP_UNTIL(&guest, waits->terminated && named->terminated);
    EXPECT(strcmp(waits->got[QREXEC_STDOUT], "out") == 0);
    EXPECT(strcmp(named->got[QREXEC_STDOUT], "kept until then") == 0);
    session_close(waits);
    session_close(named);
    guest_stop(&guest);
}

/* A program on a file server that is gone keeps its own call waiting, and nobody else. */
static void a_dead_server_stalls_only_its_own_call(void)
{
    static const char *const dead = "DEFAULT:Z:\\dead-server\\program.exe";
    char fifo[600];
    snprintf(fifo, sizeof(fifo), "%s/server", getenv("CASEMENT_TEST_BIN"));
    EXPECT(mkfifo(fifo, 0600) == 0);
    setenv("CASEMENT_TEST_SERVER", fifo, 1);
    setenv("LD_PRELOAD", getenv("CASEMENT_TEST_DEAD_SERVER"), 1);
    guest_start(&guest, NULL);
    unsetenv("LD_PRELOAD");
    guest_connect(&guest, 3);
    struct session *waits = guest_exec(&guest, QREXEC_EXEC_CMDLINE, dead);
    struct session *leaves = guest_exec(&guest, QREXEC_EXEC_CMDLINE, dead);
    PUMP_UNTIL(&guest, waits->channel.version && leaves->channel.version);
    struct session *s = guest_call(&guest, command_of("DEFAULT", "probe.exe", "exit 4"), NULL);
    EXPECT_EQUAL(s->exit_code, 4);
    session_close(s);
    session_close(leaves);
    PUMP_UNTIL(&guest, leaves->terminated);
    EXPECT(!waits->exited);
    const int answers = open(fifo, O_WRONLY | O_CLOEXEC); /* waits for who waits for it */
    EXPECT(answers >= 0);
    PUMP_UNTIL(&guest, waits->exited && waits->terminated);
    EXPECT_EQUAL(waits->exit_code, 127);
    session_close(waits);
    close(answers);
    guest_stop(&guest);
}

static pid_t raw_client_heard(const char *what, int *in, int out)
{
    const char *const arguments[] = {"pipe_probe.exe", what, NULL};
    int to[2];
    EXPECT(pipe2(to, O_CLOEXEC) == 0);
    const pid_t pid = guest_run(&guest, arguments, to[0], out);
    close(to[0]);
    *in = to[1];
    return pid;
}

static pid_t raw_client(const char *what, int *in)
{
    return raw_client_heard(what, in, -1);
}

static int exit_of(pid_t pid)
{
    int status;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* pipe_probe exits 0 when the agent closed the pipe on it. */
static void a_client_that_breaks_a_rule_ends_alone(void)
{
    static const char *const faults[] = {"garbage",      "no-hello", "old-trigger", "bad-name",
                                         "two-requests", "endless",  "silent"};
    int in;
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    struct session *good =
        guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("DEFAULT", "probe.exe", "cat"));
    good->input = (const uint8_t *)"alive";
    good->input_size = 5;
    good->keep_input = true;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        const pid_t pid = raw_client(faults[i], &in);
        EXPECT_EQUAL(exit_of(pid), 0);
        close(in);
    }
    EXPECT_EQUAL(guest.triggers, 0);
    good->keep_input = false;
    PUMP_UNTIL(&guest, good->terminated);
    EXPECT(strcmp(good->got[QREXEC_STDOUT], "alive") == 0);
    session_close(good);
    guest_stop(&guest);
}

/* However many pipes a program opens: what they cost the agent has a limit. */
static void silent_clients_are_few(void)
{
    int in;
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    const pid_t pid = raw_client("many", &in);
    EXPECT_EQUAL(exit_of(pid), 0);
    close(in);
    guest_stop(&guest);
}

/* A client that asked and went away: the late answer is given back. */
static void a_client_that_leaves_gives_its_port_back(void)
{
    uint8_t message[64];
    int in;
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    const pid_t pid = raw_client("ask", &in);
    PUMP_UNTIL(&guest, guest.triggers == 1);
    kill(pid, SIGKILL);
    exit_of(pid);
    close(in);
    struct session *s = guest_session(&guest);
    guest_queue(&guest, message,
                qrexec_put_connect(message, sizeof(message), 0, s->port, &guest.trigger.ident));
    PUMP_UNTIL(&guest, s->terminated);
    guest_stop(&guest);
}

/* Somebody made a pipe of the agent's name first: dom0 is served all the same, and the agent takes
 * the name when it is free. */
static void a_taken_pipe_name_keeps_only_local_clients_out(void)
{
    int in, from[2];
    char ready;
    guest_start(&guest, NULL);
    guest_kill_agent(&guest);
    EXPECT(pipe2(from, O_CLOEXEC) == 0);
    const pid_t squatter = raw_client_heard("squat", &in, from[1]);
    EXPECT(read(from[0], &ready, 1) == 1);
    guest_start_agent(&guest, NULL);
    guest_connect(&guest, 3);
    struct session *s = guest_call(&guest, command_of("DEFAULT", "probe.exe", "exit 3"), NULL);
    EXPECT_EQUAL(s->exit_code, 3);
    session_close(s);
    close(in); /* it leaves */
    EXPECT_EQUAL(exit_of(squatter), 0);
    close(from[0]);
    close(from[1]);
    const pid_t pid = raw_client("await", &in);
    EXPECT_EQUAL(exit_of(pid), 0);
    close(in);
    guest_stop(&guest);
}

/* A caller whose ring holds nonsense is not one that left: its program ends, and the log names it.
 */
static void an_index_that_cannot_be_is_named(void)
{
    const char *const options[] = {"--log", log_path(), NULL};
    guest_start(&guest, options);
    guest_connect(&guest, 3);
    struct session *s =
        guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("DEFAULT", "probe.exe", "cat"));
    s->keep_input = true;
    PUMP_UNTIL(&guest, s->channel.version);
    /* We are its server: what we write is the right ring. */
    __atomic_fetch_add(&s->vchan->channel.page->right.prod, 1 << 24, __ATOMIC_SEQ_CST);
    vchan_port_notify(s->vchan->port);
    PUMP_UNTIL(&guest, s->terminated);
    EXPECT(log_says("says more was written than the ring holds: call ended"));
    EXPECT(!log_says("the caller left"));
    session_close(s);
    s = guest_call(&guest, command_of("DEFAULT", "probe.exe", "exit 6"), NULL);
    EXPECT_EQUAL(s->exit_code, 6);
    session_close(s);
    guest_stop(&guest);
}

/* --- another guest, played by this program in a domain of its own */

/* life_test serve DOMAIN PORT: a vchan server that says "c" when a client came, and stays. */
static int serve(int domain, int port)
{
    libvchan_t *vchan = libvchan_server_init(domain, port, 4096, 4096);
    while (vchan && libvchan_is_open(vchan) == VCHAN_WAITING)
        libvchan_wait(vchan);
    return vchan && write(1, "c", 1) == 1 ? pause() : 1;
}

static int make_peer(void)
{
    char command[600];
    int domid = -1;
    snprintf(command, sizeof(command), "%s create --keep other", getenv("CASEMENT_TEST_SIMXEN"));
    FILE *created = popen(command, "r");
    EXPECT(created && fscanf(created, "%d", &domid) == 1);
    EXPECT(pclose(created) == 0);
    return domid;
}

static pid_t start_peer(int domid, unsigned int port, int out)
{
    char own[16], guests[16], number[16];
    snprintf(own, sizeof(own), "%d", domid);
    snprintf(guests, sizeof(guests), "%d", guest.domid);
    snprintf(number, sizeof(number), "%u", port);
    char self[600] = {0};
    const char *const argv[] = {
        getenv("CASEMENT_TEST_SIMXEN"), "exec", own, "--", self, "serve", guests, number, NULL};
    EXPECT(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        dup2(out, 1);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return pid;
}

/* Nobody tells of a destroyed domain; the agent asks every few seconds. */
static void a_callers_domain_is_destroyed(void)
{
    uint8_t message[600];
    char command[600], byte;
    int from[2];
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    struct session *s = guest_session(&guest);
    const int peer = make_peer();
    EXPECT(pipe2(from, O_CLOEXEC) == 0);
    const pid_t pid = start_peer(peer, s->port, from[1]);
    close(from[1]);
    guest_queue(&guest, message,
                qrexec_put_exec(message, sizeof(message), QREXEC_EXEC_CMDLINE, (unsigned int)peer,
                                s->port, command_of("DEFAULT", "probe.exe", "cat")));
    while (guest.queue_size)
        guest_turn(&guest, 1000);
    EXPECT(read(from[0], &byte, 1) == 1);
    snprintf(command, sizeof(command), "%s destroy %d", getenv("CASEMENT_TEST_SIMXEN"), peer);
    EXPECT(system(command) == 0);
    PUMP_UNTIL(&guest, s->terminated);
    kill(pid, SIGKILL);
    exit_of(pid);
    close(from[0]);
    guest_stop(&guest);
}

/* At ever later moments of a call. What is left behind, simxen host finds at the end. */
static void a_killed_agent_leaves_nothing(void)
{
    guest_start(&guest, NULL);
    for (int moment = 0; moment < 4; moment++) {
        guest_connect(&guest, 3);
        struct session *s =
            guest_exec(&guest, QREXEC_EXEC_CMDLINE, command_of("DEFAULT", "probe.exe", "cat"));
        s->input = (const uint8_t *)"x";
        s->input_size = 1;
        s->keep_input = true;
        if (moment == 1)
            PUMP_UNTIL(&guest, libvchan_is_open(s->vchan) == VCHAN_CONNECTED);
        if (moment == 2)
            PUMP_UNTIL(&guest, s->channel.version);
        if (moment == 3)
            PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == 1);
        guest_kill_agent(&guest);
        PUMP_UNTIL(&guest, libvchan_is_open(guest.control) == VCHAN_DISCONNECTED);
        if (moment)
            PUMP_UNTIL(&guest, s->closed);
        session_close(s);
        guest.session_count = 0;
        guest_disconnect(&guest);
        guest_start_agent(&guest, NULL);
    }
    guest_connect(&guest, 3);
    struct session *s = guest_call(&guest, command_of("DEFAULT", "probe.exe", "exit 6"), NULL);
    EXPECT_EQUAL(s->exit_code, 6);
    session_close(s);
    guest_stop(&guest);
}

static const struct driver_test tests[] = {
    TEST(commands_wait_for_the_session),
    TEST(a_dead_server_stalls_only_its_own_call),
    TEST(a_client_that_breaks_a_rule_ends_alone),
    TEST(silent_clients_are_few),
    TEST(a_client_that_leaves_gives_its_port_back),
    TEST(a_taken_pipe_name_keeps_only_local_clients_out),
    TEST(an_index_that_cannot_be_is_named),
    TEST(a_callers_domain_is_destroyed),
    TEST(a_killed_agent_leaves_nothing),
};

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "serve"))
        return serve(atoi(argv[2]), atoi(argv[3]));
    signal(SIGPIPE, SIG_IGN);
    return driver_run(argc, argv, tests, sizeof(tests) / sizeof(*tests), NULL, NULL);
}
