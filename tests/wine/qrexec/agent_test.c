/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves qrexec-agent.exe end to end, under Wine, against dom0's side of the protocol as the core
 * has it: what programs get and give through a call, exit codes, both protocol versions, many calls
 * at once, slow readers, a daemon that goes and comes, and what bad input gets. Each test runs
 * alone: agent_test NAME, or all of them in one guest, or all but the long one: agent_test quick. A
 * second argument says how often.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/wine/qrexec/driver.h"

static struct guest guest;

/* "DEFAULT:" and a command line of a program of the test's folder. */
static const char *probe(const char *format, ...)
{
    static char text[65000];
    va_list arguments;
    int used = snprintf(text, sizeof(text), "DEFAULT:Z:");
    for (const char *c = getenv("CASEMENT_TEST_BIN"); *c; c++)
        text[used++] = *c == '/' ? '\\' : *c;
    used += snprintf(text + used, sizeof(text) - used, "\\probe.exe ");
    va_start(arguments, format);
    vsnprintf(text + used, sizeof(text) - used, format, arguments);
    va_end(arguments);
    return text;
}

#define EXPECT_TEXT(got, wanted)                                                                   \
    do {                                                                                           \
        const char *got_ = (got), *wanted_ = (wanted);                                             \
        if (strcmp(got_, wanted_)) {                                                               \
            fprintf(stderr, "%s:%d: got \"%s\", not \"%s\"\n", __FILE__, __LINE__, got_, wanted_); \
            driver_failed();                                                                       \
        }                                                                                          \
    } while (0)

static void expect_pattern(const struct session *session, size_t size)
{
    EXPECT_EQUAL(session->got_size[QREXEC_STDOUT], size);
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)session->got[QREXEC_STDOUT][i] != i % 251)
            EXPECT(!"the bytes in order");
}

/* --- what a call is */

static void streams_are_kept_apart_and_the_exit_code_comes_last(void)
{
    struct session *s = guest_call(&guest, probe("both"), NULL);
    EXPECT_TEXT(s->got[QREXEC_STDOUT], "out");
    EXPECT_TEXT(s->got[QREXEC_STDERR], "err");
    EXPECT(s->ended[QREXEC_STDOUT] && s->ended[QREXEC_STDERR]);
    EXPECT_EQUAL(s->exit_code, 0);
    session_close(s);
    s = guest_call(&guest, probe("exit 42"), NULL);
    EXPECT_EQUAL(s->exit_code, 42);
    session_close(s);
}

static void stdin_reaches_the_program_and_ends(void)
{
    struct session *s = guest_call(&guest, probe("cat"), "line one\nline two\n");
    EXPECT_TEXT(s->got[QREXEC_STDOUT], "line one\nline two\n");
    session_close(s);
}

static uint8_t *pattern(size_t size)
{
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i % 251);
    return bytes;
}

/* Defect 1 of QWT: 4 KiB chunks. The core's checks in the driver refuse chunks that are too big. */
static void big_streams_pass_both_ways_in_both_versions(void)
{
    const size_t size = 3000000;
    uint8_t *bytes = pattern(size);
    for (uint32_t version = 2; version <= 3; version++) {
        struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
        s->channel.own_version = version;
        s->input = bytes;
        s->input_size = size;
        PUMP_UNTIL(&guest, s->exited && s->terminated);
        expect_pattern(s, size);
        session_close(s);
    }
    free(bytes);
}

/* Defect 9 of QWT: Win32 codes. */
static void what_cannot_start_has_the_protocols_exit_codes(void)
{
    static const struct {
        const char *command;
        int exit_code;
    } cases[] = {{"DEFAULT:no-such-program.exe", 127},
                 {"DEFAULT:QUBESRPC no.such.service dom0", 127},
                 {"DEFAULT:QUBESRPC con dom0", 127},
                 {"DEFAULT:QUBESRPC bad.table dom0", 125},
                 {"DEFAULT:QUBESRPC bad.config dom0", 125},
                 {"DEFAULT:QUBESRPC closed.config dom0", 125},
                 {"no colon", 125},
                 {"DEFAULT:QUBESRPC two words too many here", 125}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct session *s = guest_call(&guest, cases[i].command, NULL);
        EXPECT_EQUAL(s->exit_code, cases[i].exit_code);
        EXPECT(s->ended[QREXEC_STDOUT] && s->ended[QREXEC_STDERR]);
        session_close(s);
    }
}

static void just_exec_answers_at_once(void)
{
    struct session *s = guest_exec(&guest, QREXEC_JUST_EXEC, probe("exit 7"));
    PUMP_UNTIL(&guest, s->exited && s->terminated);
    EXPECT_EQUAL(s->exit_code, 0);
    session_close(s);
    s = guest_exec(&guest, QREXEC_JUST_EXEC, "DEFAULT:no-such-program.exe");
    PUMP_UNTIL(&guest, s->exited && s->terminated);
    EXPECT_EQUAL(s->exit_code, 127);
    session_close(s);
}

static void users_and_nogui(void)
{
    static const char *const users[] = {"DEFAULT:", "SYSTEM:", "root:", "DEFAULT:nogui:"};
    for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
        char command[600];
        snprintf(command, sizeof(command), "%s%s", users[i], probe("exit 3") + strlen("DEFAULT:"));
        struct session *s = guest_call(&guest, command, NULL);
        EXPECT_EQUAL(s->exit_code, 3);
        session_close(s);
    }
}

/* A program may end its stdin; what still comes is taken and dropped. */
static void a_program_that_closed_stdin_is_no_error(void)
{
    const size_t size = 2000000;
    uint8_t *bytes = pattern(size);
    struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("close"));
    s->input = bytes;
    s->input_size = size;
    PUMP_UNTIL(&guest, s->exited && s->terminated);
    EXPECT_TEXT(s->got[QREXEC_STDOUT], "closed");
    EXPECT_EQUAL(s->exit_code, 0);
    session_close(s);
    free(bytes);
}

/* --- services */

static void put_file(const char *relative, const char *text)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/../%s", getenv("CASEMENT_TEST_BIN"), relative);
    FILE *file = fopen(path, "w");
    EXPECT(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_services(void)
{
    char folder[600];
    put_file("qubes-rpc/test.Env",
             "# which variables a call gets\nprobe.exe env QREXEC_REMOTE_DOMAIN "
             "QREXEC_SERVICE_FULL_NAME QREXEC_SERVICE_ARGUMENT QREXEC_REQUESTED_TARGET_TYPE "
             "QREXEC_REQUESTED_TARGET QREXEC_REQUESTED_TARGET_KEYWORD\n");
    put_file("qubes-rpc/test.Args", "probe.exe args first \"second one\"\n");
    put_file("qubes-rpc/test.Args+special", "\xef\xbb\xbfprobe args special\r\n");
    put_file("qubes-rpc/test.Exit", "probe.exe exit 5");
    put_file("qubes-rpc/test.Cat", "probe.exe cat");
    put_file("qubes-rpc/bad.table", "# nothing\n");
    put_file("qubes-rpc/bad.config", "probe.exe exit 0\n");
    put_file("rpc-config/bad.config", "wait-for-session\n");
    /* Settings that are there and cannot be read; a folder cannot, whoever runs the test. */
    put_file("qubes-rpc/closed.config", "probe.exe exit 0\n");
    snprintf(folder, sizeof(folder), "%s/../rpc-config/closed.config", getenv("CASEMENT_TEST_BIN"));
    EXPECT(mkdir(folder, 0755) == 0);
}

static const char *output_of(const char *command, const char *input)
{
    static char text[65536];
    struct session *s = guest_call(&guest, command, input);
    snprintf(text, sizeof(text), "%s", s->got[QREXEC_STDOUT]);
    session_close(s);
    return text;
}

/* Defect 8 of QWT: variables of one call stayed for the next, most were never set. */
static void each_call_has_its_own_variables(void)
{
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Env+a+b work", NULL),
                "QREXEC_REMOTE_DOMAIN=work\nQREXEC_SERVICE_FULL_NAME=test.Env+a+b\n"
                "QREXEC_SERVICE_ARGUMENT=a+b\nQREXEC_REQUESTED_TARGET_TYPE=\n"
                "QREXEC_REQUESTED_TARGET\nQREXEC_REQUESTED_TARGET_KEYWORD\na+b\n");
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Env dom0 name win", NULL),
                "QREXEC_REMOTE_DOMAIN=dom0\nQREXEC_SERVICE_FULL_NAME=test.Env\n"
                "QREXEC_SERVICE_ARGUMENT\nQREXEC_REQUESTED_TARGET_TYPE=name\n"
                "QREXEC_REQUESTED_TARGET=win\nQREXEC_REQUESTED_TARGET_KEYWORD\n");
    EXPECT_TEXT(output_of(probe("env QREXEC_REMOTE_DOMAIN QREXEC_SERVICE_FULL_NAME"), NULL),
                "QREXEC_REMOTE_DOMAIN\nQREXEC_SERVICE_FULL_NAME\n");
}

static void a_service_with_argument_wins(void)
{
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Args dom0", NULL), "first\nsecond one\n");
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Args+x dom0", NULL), "first\nsecond one\nx\n");
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Args+ dom0", NULL), "first\nsecond one\n\n");
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC test.Args+special dom0", NULL), "special\nspecial\n");
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC TEST.ARGS dom0", NULL), "first\nsecond one\n");
}

static void vmshell_runs_the_first_line(void)
{
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC qubes.VMShell dom0", "echo hello& exit\n"),
                "hello\r\n");
    struct session *s =
        guest_call(&guest, "DEFAULT:QUBESRPC qubes.VMShell dom0", "exit 9 & exit\nrest");
    EXPECT_EQUAL(s->exit_code, 9);
    session_close(s);
    char line[1000];
    snprintf(line, sizeof(line), "\"%s\" & exit\nfor the program\n", probe("cat") + 8);
    char *cut = strstr(line, " cat\"");
    memmove(cut, "\" cat", 5); /* quotes around the program alone */
    EXPECT_TEXT(output_of("DEFAULT:QUBESRPC qubes.VMShell dom0", line), "for the program\n");
}

/* Defect 20 of QWT: non-ASCII became '?', arguments were joined unquoted. */
static void vmexec_keeps_every_argument(void)
{
    char command[1000] = "DEFAULT:QUBESRPC qubes.VMExec+", text[300];
    static const char *const arguments[] = {"args",   "a b", "\"q\" \\", "-x",
                                            "żółć ☃", "",    "a&b|%c%"};
    int used = (int)strlen(command);
    snprintf(text, sizeof(text), "%s", probe(" "));
    text[strlen(text) - 2] = 0;
    for (size_t i = 0; i <= sizeof(arguments) / sizeof(*arguments); i++) {
        const char *c = i ? arguments[i - 1] : text + strlen("DEFAULT:");
        used += snprintf(command + used, sizeof(command) - used, i ? "+" : "");
        for (; *c; c++)
            used += *c == '-' ? snprintf(command + used, sizeof(command) - used, "--")
                              : snprintf(command + used, sizeof(command) - used, "-%02X",
                                         (unsigned char)*c);
    }
    snprintf(command + used, sizeof(command) - used, " dom0");
    EXPECT_TEXT(output_of(command, NULL), "a b\n\"q\" \\\n-x\nżółć ☃\n\na&b|%c%\n");
    struct session *s = guest_call(&guest, "DEFAULT:QUBESRPC qubes.VMExec+a-2 dom0", NULL);
    EXPECT_EQUAL(s->exit_code, 125);
    session_close(s);
}

/* --- calls to others */

static pid_t client(const char *const *arguments, int *in, int *out)
{
    int to[2], from[2];
    EXPECT(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
    const pid_t pid = guest_run(&guest, arguments, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    *in = to[1];
    *out = from[0];
    return pid;
}

static int exit_of(pid_t pid)
{
    int status;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The service side of a call that the guest makes: echoes stdin, says "err" on stderr, exits. */
static void serve_echo(struct session *s, int exit_code)
{
    uint8_t out[64];
    PUMP_UNTIL(&guest, s->ended[QREXEC_STDIN]);
    struct qrexec_header header = {QREXEC_DATA_STDOUT, (uint32_t)s->got_size[QREXEC_STDIN]};
    libvchan_set_blocking(s->vchan, true);
    EXPECT(libvchan_send(s->vchan, &header, sizeof(header)) == sizeof(header));
    for (size_t sent = 0; sent < header.length;) {
        const int n = libvchan_write(s->vchan, s->got[QREXEC_STDIN] + sent, header.length - sent);
        EXPECT(n > 0);
        sent += (size_t)n;
    }
    const size_t size = qrexec_channel_put_exit(&s->channel, exit_code, out, sizeof(out));
    EXPECT(libvchan_send(s->vchan, out, size) == (int)size);
    libvchan_set_blocking(s->vchan, false);
    PUMP_UNTIL(&guest, s->terminated);
    session_close(s);
}

static size_t read_all(int fd, char *to, size_t room)
{
    size_t used = 0;
    for (ssize_t n; used < room && (n = read(fd, to + used, room - used)) > 0;)
        used += (size_t)n;
    to[used] = 0;
    close(fd);
    return used;
}

/* Defect 2 of QWT: a caller's data went out as STDOUT; the driver's service side refuses that. */
static void a_guest_calls_a_service(void)
{
    const char *const arguments[] = {"qrexec-client-vm.exe", "$dispvm", "test.Service+x/y", NULL};
    const unsigned int before = guest.triggers;
    char text[100];
    int in, out;
    const pid_t pid = client(arguments, &in, &out);
    EXPECT(write(in, "to the service", 14) == 14 && close(in) == 0);
    PUMP_UNTIL(&guest, guest.triggers > before);
    EXPECT_TEXT(guest.trigger.target, "@dispvm");
    EXPECT_TEXT(guest.trigger_service, "test.Service+x_y");
    EXPECT_EQUAL(guest.trigger.type,
                 guest.decoder.version == 2 ? QREXEC_TRIGGER_SERVICE : QREXEC_TRIGGER_SERVICE3);
    serve_echo(guest_accept(&guest), 11);
    read_all(out, text, sizeof(text) - 1);
    EXPECT_TEXT(text, "to the service");
    EXPECT_EQUAL(exit_of(pid), 11);
}

static void a_guest_calls_with_a_local_program(void)
{
    char path[600];
    snprintf(path, sizeof(path), "%s", probe("") + strlen("DEFAULT:"));
    path[strlen(path) - 1] = 0;
    const char *const arguments[] = {"qrexec-client-vm.exe",
                                     "--buffer-size=16384",
                                     "other",
                                     "test.Local",
                                     path,
                                     "source",
                                     "300000",
                                     NULL};
    const unsigned int before = guest.triggers;
    char text[100];
    int in, out;
    const pid_t pid = client(arguments, &in, &out);
    PUMP_UNTIL(&guest, guest.triggers > before);
    struct session *s = guest_accept(&guest);
    PUMP_UNTIL(&guest, s->ended[QREXEC_STDIN]);
    EXPECT_EQUAL(s->got_size[QREXEC_STDIN], 300000);
    s->got_size[QREXEC_STDIN] = 10;
    serve_echo(s, 0);
    close(in);
    EXPECT_EQUAL(read_all(out, text, sizeof(text) - 1), 0);
    EXPECT_EQUAL(exit_of(pid), 0);
}

/* As Linux' getopt_long() takes them. */
static void a_clients_options_are_linux_ones(void)
{
    static const char *const sets[][6] = {
        {"--prefix-data", "pre ", "--buffer-size", "4096"},
        {"-t", "-p", "pre ", "--buffer-size=0x1000", "-T"},
        {"-ppre ", "-tT", "-a", "\\\\.\\pipe\\casement-qrexec", "--"},
    };
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        const char *arguments[10] = {"qrexec-client-vm.exe"};
        const unsigned int before = guest.triggers;
        char text[100];
        int in, out, count = 1;
        for (const char *const *option = sets[i]; count < 7 && *option; option++)
            arguments[count++] = *option;
        arguments[count++] = "other";
        arguments[count++] = "test.Options";
        const pid_t pid = client(arguments, &in, &out);
        EXPECT(write(in, "data", 4) == 4 && close(in) == 0);
        PUMP_UNTIL(&guest, guest.triggers > before);
        serve_echo(guest_accept(&guest), 0);
        read_all(out, text, sizeof(text) - 1);
        EXPECT_TEXT(text, "pre data");
        EXPECT_EQUAL(exit_of(pid), 0);
    }
}

static void wrong_options_call_nobody(void)
{
    static const char *const wrong[] = {"--use-stdin-socket", "-x", "--buffer-size=4k", "-tx",
                                        "--prefix-data"};
    const unsigned int before = guest.triggers;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        const char *const arguments[] = {"qrexec-client-vm.exe", wrong[i], "other", "test.No",
                                         NULL};
        int in, out;
        /* The last takes "other" for its value, and lacks a service. */
        const pid_t pid = client(arguments, &in, &out);
        EXPECT_EQUAL(exit_of(pid), 2);
        close(in);
        close(out);
    }
    EXPECT_EQUAL(guest.triggers, before);
}

static void a_refused_call_exits_126(void)
{
    const char *const arguments[] = {"qrexec-client-vm.exe", "other", "test.No", NULL};
    const unsigned int before = guest.triggers;
    uint8_t message[64];
    int in, out;
    const pid_t pid = client(arguments, &in, &out);
    PUMP_UNTIL(&guest, guest.triggers > before);
    guest_queue(&guest, message,
                qrexec_put_refused(message, sizeof(message), &guest.trigger.ident));
    while (guest.queue_size)
        guest_turn(&guest, 1000);
    EXPECT_EQUAL(exit_of(pid), 126);
    close(in);
    close(out);
}

/* --- many, slow, broken */

static unsigned int entries_of(pid_t pid, const char *what)
{
    char path[64];
    unsigned int count = 0;
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
    DIR *folder = opendir(path);
    EXPECT(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static unsigned long memory_kib(pid_t pid)
{
    char path[64], line[200];
    unsigned long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    EXPECT(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "RssAnon: %lu", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

/* Defect 5 of QWT: WaitForMultipleObjects with more than 64 handles. */
static void three_hundred_calls_at_once(void)
{
    const unsigned int count = 300, first = guest.session_count;
    const unsigned int threads = entries_of(guest.agent, "task");
    const unsigned long memory = memory_kib(guest.agent);
    for (unsigned int i = 0; i < count; i++) {
        struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
        s->input = (const uint8_t *)"x";
        s->input_size = 1;
        s->keep_input = true;
        PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == 1);
    }
    const unsigned int more = entries_of(guest.agent, "task") - threads;
    fprintf(stderr, "300 calls: %u more threads, %lu KiB more (%lu KiB each)\n", more,
            memory_kib(guest.agent) - memory, (memory_kib(guest.agent) - memory) / count);
    EXPECT(more <= 12); /* one for each 63 processes that are watched */
    for (unsigned int i = 0; i < count; i++)
        guest.sessions[first + i].keep_input = false;
    for (unsigned int i = 0; i < count; i++) {
        struct session *s = &guest.sessions[first + i];
        PUMP_UNTIL(&guest, s->exited && s->terminated);
        EXPECT_EQUAL(s->exit_code, 0);
        session_close(s);
    }
    guest.session_count = first;
}

/* Defect 12 of QWT: a blocking write to a child's stdin stopped every call (#5036). */
static void a_slow_reader_stalls_only_its_own_call(void)
{
    const size_t size = 4000000;
    uint8_t *bytes = pattern(size);
    /* Callers that do not read: the second one's program then does not read its stdin either. */
    struct session *slow = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("source 4000000"));
    struct session *full = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
    slow->stop_after = full->stop_after = 1;
    full->input = bytes, full->input_size = size;
    PUMP_UNTIL(&guest, slow->stop_reading && full->stop_reading);
    for (int i = 0; i < 3; i++) {
        struct session *s = guest_call(&guest, probe("cat"), "quick");
        EXPECT_TEXT(s->got[QREXEC_STDOUT], "quick");
        session_close(s);
    }
    EXPECT(!slow->exited && !full->exited);
    slow->stop_after = full->stop_after = 0;
    slow->stop_reading = full->stop_reading = false;
    PUMP_UNTIL(&guest, slow->terminated && full->terminated);
    expect_pattern(slow, size);
    expect_pattern(full, size);
    session_close(slow);
    session_close(full);
    free(bytes);
}

/* Its program waits for room in stdout, and we for it to read its stdin. */
static void a_caller_that_leaves_a_full_call_ends_it(void)
{
    const size_t size = 4000000;
    uint8_t *bytes = pattern(size);
    struct session *full = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
    full->stop_after = 1;
    full->input = bytes, full->input_size = size;
    PUMP_UNTIL(&guest, full->stop_reading);
    for (size_t sent = 0; sent != full->input_sent;) { /* until a whole call changes nothing */
        sent = full->input_sent;
        session_close(guest_call(&guest, probe("cat"), "quick"));
    }
    session_close(full);
    PUMP_UNTIL(&guest, full->terminated);
    free(bytes);
}

/* The service test.Override in a folder of drive C: "" is the folder, which has Casement\qubes-rpc
 * and rpc-config. */
static void make_override(const char *folder, const char *line)
{
    static const char *const parts[] = {"", "/Casement", "/Casement/qubes-rpc",
                                        "/Casement/rpc-config"};
    char path[4000];

    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/drive_c/%s%s", getenv("WINEPREFIX"), folder, parts[i]);
        EXPECT((mkdir(path, 0755) == 0 || errno == EEXIST) && chmod(path, 0755) == 0);
    }
    snprintf(path, sizeof(path), "%s/drive_c/%s/Casement/qubes-rpc/test.Override",
             getenv("WINEPREFIX"), folder);
    FILE *file = fopen(path, "w");
    EXPECT(file && fputs(line, file) >= 0 && fclose(file) == 0 && chmod(path, 0644) == 0);
}

static int call_override(void)
{
    struct session *s = guest_call(&guest, "DEFAULT:QUBESRPC test.Override dom0", NULL);
    const int code = s->exit_code;

    session_close(s);
    return code;
}

/* What test.Override answers while others may write to a part of drive C. */
static int call_while_writable(const char *part)
{
    char path[4000];
    struct stat before;

    snprintf(path, sizeof(path), "%s/drive_c/%s", getenv("WINEPREFIX"), part);
    EXPECT(stat(path, &before) == 0 && chmod(path, before.st_mode | 0002) == 0);
    const int code = call_override();
    EXPECT(chmod(path, before.st_mode) == 0);
    return code;
}

/* The private disk's count before those of %ProgramData%. Anybody may make files in these places:
 * what others could have put there, or in the place of it, is not run. */
static void overrides_that_others_can_write_are_not_used(void)
{
    EXPECT_EQUAL(call_override(), 127);
    make_override("ProgramData", "probe.exe exit 5\n");
    EXPECT_EQUAL(call_override(), 5);
    make_override("Private", "probe.exe exit 6\n");
    EXPECT_EQUAL(call_override(), 6);
    EXPECT_EQUAL(call_while_writable("Private"), 5);
    EXPECT_EQUAL(call_while_writable("Private/Casement"), 5);
    EXPECT_EQUAL(call_while_writable("Private/Casement/qubes-rpc"), 5);
    EXPECT_EQUAL(call_while_writable("Private/Casement/rpc-config"), 5);
    EXPECT_EQUAL(call_while_writable("Private/Casement/qubes-rpc/test.Override"), 125);
    EXPECT_EQUAL(call_override(), 6);
    EXPECT_EQUAL(call_while_writable(""), 127); /* of all */

    make_override("Private", "");
    char path[4000];
    snprintf(path, sizeof(path), "%s/drive_c/Private/Casement/qubes-rpc/test.Override",
             getenv("WINEPREFIX"));
    EXPECT(unlink(path) == 0);
    EXPECT_EQUAL(call_while_writable("ProgramData/Casement"), 127);
    EXPECT_EQUAL(call_while_writable("ProgramData/Casement/qubes-rpc"), 127);
    EXPECT_EQUAL(call_while_writable("ProgramData/Casement/rpc-config"), 127);
    EXPECT_EQUAL(call_override(), 5);
}

/* A user's name that is too long is not nobody's, which would be whoever is logged on. */
static void a_user_without_end_is_refused(void)
{
    char command[400];

    memset(command, 'u', 300);
    strcpy(command + 300, ":QUBESRPC test.Env dom0");
    struct session *s = guest_call(&guest, command, NULL);
    EXPECT_EQUAL(s->exit_code, 125);
    session_close(s);
}

/* Defect 7 of QWT: the service ended when the daemon went away. */
static void the_agent_listens_again_when_the_daemon_goes(void)
{
    struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
    s->input = (const uint8_t *)"before";
    s->input_size = 6;
    s->keep_input = true;
    PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == 6);
    guest_disconnect(&guest);
    guest_connect(&guest, 3);
    /* The open call goes on; the new daemon is not told of a port that it never gave out. */
    s->keep_input = false;
    PUMP_UNTIL(&guest, s->exited);
    EXPECT_TEXT(s->got[QREXEC_STDOUT], "before");
    session_close(s);
    streams_are_kept_apart_and_the_exit_code_comes_last();
    EXPECT(!s->terminated);
}

static void an_old_daemon_is_served_with_version_2(void)
{
    guest_disconnect(&guest);
    guest_connect(&guest, 2);
    streams_are_kept_apart_and_the_exit_code_comes_last();
    a_guest_calls_a_service();
    guest_disconnect(&guest);
    guest_connect(&guest, 3);
}

static void garbage_on_a_data_channel_ends_that_call_only(void)
{
    static const uint8_t garbage[][20] = {
        {0x00, 0x03, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0},             /* a version before 2 */
        {0x00, 0x03, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 0},          /* HELLO of the wrong length */
        {0x90, 0x01, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 'd'},     /* data before HELLO */
        {0x91, 0x01, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 'd'},     /* the wrong direction */
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2}, /* nothing at all */
    };
    struct session *good = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
    good->input = (const uint8_t *)"still here";
    good->input_size = 10;
    good->keep_input = true;
    for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
        struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
        s->raw = true;
        PUMP_UNTIL(&guest, libvchan_is_open(s->vchan) == VCHAN_CONNECTED);
        EXPECT(libvchan_write(s->vchan, garbage[i], sizeof(garbage[i])) > 0);
        PUMP_UNTIL(&guest, s->terminated);
        session_close(s);
    }
    good->keep_input = false;
    PUMP_UNTIL(&guest, good->exited && good->terminated);
    EXPECT_TEXT(good->got[QREXEC_STDOUT], "still here");
    session_close(good);
}

/* A good session cut at every byte; the agent gives each port back and serves on. */
static void a_session_cut_at_any_byte_ends_cleanly(void)
{
    struct {
        struct qrexec_header hello;
        uint32_t version;
        struct qrexec_header data;
        char text[4];
        struct qrexec_header end;
    } __attribute__((packed))
    const good = {{QREXEC_HELLO, 4}, 3, {QREXEC_DATA_STDIN, 4}, "abcd", {QREXEC_DATA_STDIN, 0}};
    for (size_t cut = 0; cut < sizeof(good); cut += 3) {
        struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, probe("cat"));
        s->raw = true;
        PUMP_UNTIL(&guest, libvchan_is_open(s->vchan) == VCHAN_CONNECTED);
        if (cut)
            EXPECT(libvchan_write(s->vchan, &good, cut) == (int)cut);
        session_close(s);
        PUMP_UNTIL(&guest, s->terminated);
    }
    streams_are_kept_apart_and_the_exit_code_comes_last();
}

static void garbage_on_the_control_channel_ends_it_and_nothing_else(void)
{
    static const uint8_t garbage[][16] = {
        {0x03, 0x02, 0, 0, 33, 0, 0, 0},                  /* SERVICE_REFUSED, too long (defect 4) */
        {0x00, 0x02, 0, 0, 0xff, 0xff, 0xff, 0xff},       /* an endless command */
        {0x11, 0x02, 0, 0, 8, 0, 0, 0},                   /* the agent's own message */
        {0x00, 0x03, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0}, /* HELLO again */
        {0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef},
    };
    for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
        guest_queue(&guest, garbage[i], sizeof(garbage[i]));
        PUMP_UNTIL(&guest, libvchan_is_open(guest.control) == VCHAN_DISCONNECTED);
        guest_disconnect(&guest);
        guest_connect(&guest, 3);
    }
    streams_are_kept_apart_and_the_exit_code_comes_last();
}

static const struct driver_test tests[] = {
    TEST(streams_are_kept_apart_and_the_exit_code_comes_last),
    TEST(stdin_reaches_the_program_and_ends),
    TEST(big_streams_pass_both_ways_in_both_versions),
    TEST(what_cannot_start_has_the_protocols_exit_codes),
    TEST(just_exec_answers_at_once),
    TEST(users_and_nogui),
    TEST(a_program_that_closed_stdin_is_no_error),
    TEST(each_call_has_its_own_variables),
    TEST(a_service_with_argument_wins),
    TEST(vmshell_runs_the_first_line),
    TEST(vmexec_keeps_every_argument),
    TEST(a_guest_calls_a_service),
    TEST(a_guest_calls_with_a_local_program),
    TEST(a_clients_options_are_linux_ones),
    TEST(wrong_options_call_nobody),
    TEST(a_refused_call_exits_126),
    TEST(a_slow_reader_stalls_only_its_own_call),
    TEST(a_caller_that_leaves_a_full_call_ends_it),
    TEST(overrides_that_others_can_write_are_not_used),
    TEST(a_user_without_end_is_refused),
    TEST(the_agent_listens_again_when_the_daemon_goes),
    TEST(an_old_daemon_is_served_with_version_2),
    TEST(garbage_on_a_data_channel_ends_that_call_only),
    TEST(a_session_cut_at_any_byte_ends_cleanly),
    TEST(garbage_on_the_control_channel_ends_it_and_nothing_else),
    TEST(three_hundred_calls_at_once),
};

static bool quick;

static bool skip(const struct driver_test *test)
{
    return quick && test->run == three_hundred_calls_at_once;
}

static void after(void)
{
    EXPECT_EQUAL(guest.stray_terminations, 0);
    guest.session_count = 0;
    if (guest.next_port > 60000)
        guest.next_port = QREXEC_DATA_PORT_FIRST;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    quick = argc > 1 && !strcmp(argv[1], "quick");
    make_services();
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    const int code =
        driver_run(quick ? 1 : argc, argv, tests, sizeof(tests) / sizeof(*tests), skip, after);
    guest_stop(&guest);
    return code;
}
