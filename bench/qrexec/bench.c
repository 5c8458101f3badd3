/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Windows agent against what it stands on, in turns of a few hundred milliseconds so that
 * whatever else the machine does hits both; a figure is the median of the ratios of neighbouring
 * turns. Everything runs in one guest under Wine, with rings of 64 KiB.
 *
 *   qrexec_stream_in, _out  bytes a second through agent and program's stdio, against a raw vchan
 *                           to a program of the same guest (higher is better). Printed too: the
 *                           program's pipe alone, without agent and vchan. Under Wine each byte in
 *                           a pipe goes through the wineserver, so that no agent can be faster
 *   qrexec_call             time of one `cmd /c exit` through the agent, against a program of the
 *                           guest that starts it itself with three pipes (lower is better)
 *   qrexec_memory_kib       KiB of the agent's memory for each of 300 open calls, that have each
 *                           moved data both ways, and the like of what the kernel (wineserver)
 *                           holds for it is not counted; the reference is 1 KiB
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/wine/qrexec/driver.h"

enum { STREAM_BYTES = 64 << 20, TURNS = 7, CALLS = 5, OPEN = 300 };

static struct guest guest;
static uint8_t *data;

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, TURNS, sizeof(*values), compare);
    return values[TURNS / 2];
}

/* "DEFAULT:" and the guest program with these arguments. */
static const char *guest_command(const char *arguments)
{
    static char text[1000];
    int used = snprintf(text, sizeof(text), "DEFAULT:Z:");
    for (const char *c = getenv("CASEMENT_TEST_BIN"); *c; c++)
        text[used++] = *c == '/' ? '\\' : *c;
    snprintf(text + used, sizeof(text) - used, "\\qrexec_bench_guest.exe %s", arguments);
    return text;
}

static double agent_in(void)
{
    struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, guest_command("stdin"));
    s->keep_input = true;
    PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == 1);
    const double begin = now_ns();
    s->input = data;
    s->input_size = STREAM_BYTES;
    s->keep_input = false;
    PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == 2);
    const double ns = now_ns() - begin;
    PUMP_UNTIL(&guest, s->terminated);
    session_close(s);
    guest.session_count = 0;
    return ns;
}

static double agent_out(void)
{
    char arguments[64];
    snprintf(arguments, sizeof(arguments), "stdout %d", STREAM_BYTES);
    struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, guest_command(arguments));
    s->discard = s->keep_input = true;
    PUMP_UNTIL(&guest, s->channel.version && s->channel.hello_sent);
    s->input = data;
    s->input_size = 1;
    PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] > 0);
    const size_t before = s->got_size[QREXEC_STDOUT];
    const double begin = now_ns();
    PUMP_UNTIL(&guest, s->got_size[QREXEC_STDOUT] == STREAM_BYTES);
    const double ns = (now_ns() - begin) * STREAM_BYTES / (double)(STREAM_BYTES - before);
    PUMP_UNTIL(&guest, s->terminated);
    session_close(s);
    guest.session_count = 0;
    return ns;
}

struct raw {
    pid_t process;
    libvchan_t *vchan;
};

static struct raw raw_start(const char *what, const char *port)
{
    const char *const arguments[] = {"qrexec_bench_guest.exe", what, port, NULL};
    struct raw raw = {guest_run(&guest, arguments, -1, -1), NULL};
    raw.vchan = libvchan_client_init(guest.domid, atoi(port));
    EXPECT(raw.vchan);
    libvchan_set_blocking(raw.vchan, true);
    return raw;
}

static void raw_stop(struct raw *raw)
{
    libvchan_close(raw->vchan);
    waitpid(raw->process, NULL, 0);
}

static double raw_run(struct raw *raw, bool in)
{
    const uint64_t size = STREAM_BYTES;
    static uint8_t sink[131072];
    const double begin = now_ns();

    EXPECT(libvchan_send(raw->vchan, &size, sizeof(size)) == sizeof(size));
    for (size_t done = 0; done < STREAM_BYTES;) {
        const int n = in ? libvchan_write(raw->vchan, data + done, STREAM_BYTES - done)
                         : libvchan_read(raw->vchan, sink, sizeof(sink));
        EXPECT(n > 0);
        done += (size_t)n;
    }
    if (in)
        EXPECT(libvchan_recv(raw->vchan, sink, 1) == 1);
    return now_ns() - begin;
}

static double pipe_alone(bool in)
{
    char size[16];
    const char *const arguments[] = {"qrexec_bench_guest.exe", "pipe", in ? "stdin" : "stdout",
                                     size, NULL};
    int out[2];
    double ns;

    snprintf(size, sizeof(size), "%d", STREAM_BYTES);
    EXPECT(pipe2(out, O_CLOEXEC) == 0);
    const pid_t process = guest_run(&guest, arguments, -1, out[1]);
    close(out[1]);
    FILE *const answer = fdopen(out[0], "r");
    EXPECT(fscanf(answer, "%lf", &ns) == 1);
    fclose(answer);
    waitpid(process, NULL, 0);
    return ns;
}

static void stream(const char *name, bool in, const char *port)
{
    struct raw raw = raw_start(in ? "raw-in" : "raw-out", port);
    double agent[TURNS], reference[TURNS], pipes[TURNS], ratios[TURNS];

    in ? agent_in() : agent_out();
    raw_run(&raw, in);
    for (int i = 0; i < TURNS; i++) {
        reference[i] = raw_run(&raw, in);
        agent[i] = in ? agent_in() : agent_out();
        pipes[i] = pipe_alone(in);
        ratios[i] = reference[i] / agent[i];
    }
    raw_stop(&raw);
    printf("%-20s %8.0f MB/s through the agent, %8.0f MB/s raw, %8.0f MB/s the pipe alone\n", name,
           STREAM_BYTES * 1e3 / median(agent), STREAM_BYTES * 1e3 / median(reference),
           STREAM_BYTES * 1e3 / median(pipes));
    printf("%s: ours/reference = %.2f\n", name, median(ratios));
    fflush(stdout);
}

static double agent_calls(void)
{
    const double begin = now_ns();
    for (int i = 0; i < CALLS; i++) {
        struct session *s = guest_call(&guest, "DEFAULT:cmd /c exit", NULL);
        EXPECT_EQUAL(s->exit_code, 0);
        session_close(s);
        guest.session_count = 0;
    }
    return now_ns() - begin;
}

static void call(void)
{
    const char *const arguments[] = {"qrexec_bench_guest.exe", "start", "cmd /c exit", NULL};
    double agent[TURNS], direct[TURNS], ratios[TURNS];
    int in[2], out[2];

    EXPECT(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    const pid_t starter = guest_run(&guest, arguments, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    FILE *const orders = fdopen(in[1], "w"), *const answers = fdopen(out[0], "r");
    agent_calls();
    for (int i = -1; i < TURNS; i++) {
        const int slot = i < 0 ? 0 : i;
        fprintf(orders, "%d\n", CALLS);
        fflush(orders);
        EXPECT(fscanf(answers, "%lf", &direct[slot]) == 1);
        agent[slot] = agent_calls();
        ratios[slot] = agent[slot] / direct[slot];
    }
    fclose(orders);
    fclose(answers);
    waitpid(starter, NULL, 0);
    printf("%-20s %8.2f ms through the agent, %8.2f ms directly\n", "qrexec_call",
           median(agent) / CALLS / 1e6, median(direct) / CALLS / 1e6);
    printf("qrexec_call: ours/reference = %.2f\n", median(ratios));
    fflush(stdout);
}

/* Everything that is the agent's own: private memory, and the shared rings that it maps. */
static double memory_kib(void)
{
    char path[64], line[200];
    unsigned long kib, sum = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)guest.agent);
    FILE *file = fopen(path, "r");
    EXPECT(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "RssAnon: %lu", &kib) == 1 || sscanf(line, "RssShmem: %lu", &kib) == 1)
            sum += kib;
    fclose(file);
    return (double)sum;
}

static void memory(void)
{
    enum { PART = 20000 };
    const double before = memory_kib();

    for (int i = 0; i < OPEN; i++) {
        struct session *s = guest_exec(&guest, QREXEC_EXEC_CMDLINE, guest_command("stdin"));
        s->keep_input = true;
        s->input = data;
        s->input_size = PART;
    }
    for (int i = 0; i < OPEN; i++)
        PUMP_UNTIL(&guest, guest.sessions[i].got_size[QREXEC_STDOUT] == 1 &&
                               guest.sessions[i].input_sent == PART);
    const double each = (memory_kib() - before) / OPEN;
    for (int i = 0; i < OPEN; i++)
        guest.sessions[i].keep_input = false;
    for (int i = 0; i < OPEN; i++)
        PUMP_UNTIL(&guest, guest.sessions[i].terminated);
    printf("qrexec_memory_kib: ours/reference = %.2f\n", each);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
    } parts[] = {{"in"}, {"out"}, {"call"}, {"memory"}};

    signal(SIGPIPE, SIG_IGN);
    data = calloc(1, STREAM_BYTES);
    EXPECT(data);
    memset(data, 'x', STREAM_BYTES);
    guest_start(&guest, NULL);
    guest_connect(&guest, 3);
    guest.spins = 200;
    for (int i = 0; i < 4; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name))
            continue;
        if (i == 0)
            stream("qrexec_stream_in", true, "900");
        else if (i == 1)
            stream("qrexec_stream_out", false, "901");
        else if (i == 2)
            call();
        else
            memory();
    }
    guest_stop(&guest);
    return 0;
}
