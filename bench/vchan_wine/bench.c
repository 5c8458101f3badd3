/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan between domain 0 (this program, Linux) and a guest: the same guest program as a Windows
 * program under Wine and as a Linux program, over the same libvchan, rings and simxen. Their
 * runs take turns, some tens of milliseconds each, so that whatever else the machine does hits
 * both; a case's figure is the median of the ratios of neighbouring runs.
 *
 *   in, out     messages one after the other to the guest, from the guest
 *   round trip  a message there, one of the same size back
 *
 * The ratio vchan_wine is for messages of 64 KiB: the geometric mean over the rings, of `in` or of
 * `out`, whichever is lower. (A single ring's figure depends on how the scheduler places the two
 * processes, for minutes, when the machine does other things as well.)
 *
 *   bench LINUX-GUEST RUN-WINE WINDOWS-GUEST        (inside `simxen host`)
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libvchan.h"
#include "bench/vchan_wine/move.h"

enum {
    CHANNELS = 3,
    FIRST_PORT = 600,
    RUN_NS = 40 * 1000 * 1000,
    REPETITIONS = 7,
    COUNTED_REPETITIONS = 25,
    FIRST_COUNT = 16
};

static const unsigned rings[CHANNELS] = {4096, 65536, 1 << 20};
static char data[1 << 20];

enum kind { IN, OUT, ROUND_TRIP, KINDS };
static const char *const kind_names[KINDS] = {"in", "out", "round trip"};

struct order {
    enum kind kind;
    unsigned channel, size;
};

struct contender {
    const char *name;
    unsigned domid, count;
    pid_t pid;
    FILE *orders;
    libvchan_t *channels[CHANNELS];
};

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "vchan_wine: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Runs the simxen tool; returns the number it prints. */
static unsigned tool(const char *arguments)
{
    char command[512];
    unsigned number = 0;
    snprintf(command, sizeof(command), "\"$SIMXEN_TOOL\" %s", arguments);
    FILE *output = popen(command, "r");
    check(output && (fscanf(output, "%u", &number) == 1 || feof(output)), command);
    check(pclose(output) == 0, command);
    return number;
}

static void start(struct contender *contender, char **program)
{
    char sizes[CHANNELS][12], domid[12], ready[16];
    char *argv[12] = {getenv("SIMXEN_TOOL"), "exec", domid, "--"};
    int in[2], out[2], words = 4;

    contender->domid = tool("create --keep bench");
    snprintf(domid, sizeof(domid), "%u", contender->domid);
    while (*program)
        argv[words++] = *program++;
    for (int i = 0; i < CHANNELS; i++) {
        snprintf(sizes[i], sizeof(sizes[i]), "%u", rings[i]);
        argv[words++] = sizes[i];
    }
    check(pipe2(in, 02000000) == 0 && pipe2(out, 02000000) == 0, "pipe");
    contender->pid = fork();
    if (contender->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    contender->orders = fdopen(in[1], "w");
    check(read(out[0], ready, sizeof(ready)) > 0, contender->name);
    close(out[0]);
    for (int i = 0; i < CHANNELS; i++) {
        contender->channels[i] = libvchan_client_init((int)contender->domid, FIRST_PORT + i);
        check(contender->channels[i], "libvchan_client_init");
        libvchan_set_blocking(contender->channels[i], true);
    }
}

static void stop(struct contender *contender)
{
    char command[32];
    int status;

    fclose(contender->orders);
    check(waitpid(contender->pid, &status, 0) == contender->pid && status == 0, contender->name);
    for (int i = 0; i < CHANNELS; i++)
        libvchan_close(contender->channels[i]);
    snprintf(command, sizeof(command), "destroy %u", contender->domid);
    tool(command);
}

static uint64_t run(struct contender *contender, struct order order)
{
    static const char *const verbs[KINDS] = {"get", "put", "echo"};
    libvchan_t *channel = contender->channels[order.channel];
    uint64_t begin = now_ns();
    bool good = true;

    fprintf(contender->orders, "%s %u %u %u\n", verbs[order.kind], order.channel, order.size,
            contender->count);
    fflush(contender->orders);
    for (unsigned i = 0; i < contender->count; i++) {
        if (order.kind != OUT)
            good &= put(channel, data, order.size);
        if (order.kind != IN)
            good &= get(channel, data, order.size);
    }
    if (order.kind == IN)
        good &= get(channel, data, 1);
    check(good, contender->name);
    return now_ns() - begin;
}

/* So many messages that a run takes RUN_NS. */
static void calibrate(struct contender *contender, struct order order)
{
    uint64_t ns;

    contender->count = FIRST_COUNT;
    while ((ns = run(contender, order)) < RUN_NS / 4)
        contender->count *= 2;
    contender->count = (unsigned)((double)contender->count * RUN_NS / (double)ns) + 1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

/* Does it count for the ratio? */
static bool counts(struct order order)
{
    return order.size == 65536 && order.kind != ROUND_TRIP;
}

static double one_case(struct contender *windows, struct contender *reference, struct order order)
{
    double windows_ns[COUNTED_REPETITIONS], linux_ns[COUNTED_REPETITIONS];
    double ratios[COUNTED_REPETITIONS], ratio;
    int repetitions = counts(order) ? COUNTED_REPETITIONS : REPETITIONS;

    calibrate(windows, order);
    calibrate(reference, order);
    for (int i = 0; i < repetitions; i++) {
        windows_ns[i] = (double)run(windows, order) / windows->count;
        linux_ns[i] = (double)run(reference, order) / reference->count;
        ratios[i] = linux_ns[i] / windows_ns[i];
    }
    ratio = median(ratios, repetitions);
    printf("%-10s %8u %8u %12.2f %12.2f %8.2f\n", kind_names[order.kind], rings[order.channel],
           order.size, median(windows_ns, repetitions) / 1000, median(linux_ns, repetitions) / 1000,
           ratio);
    fflush(stdout);
    return ratio;
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {64, 4096, 65536};
    struct contender windows = {.name = "the Windows guest"};
    struct contender reference = {.name = "the Linux guest"};
    double lower = 1e9;

    check(argc == 4, "usage: bench LINUX-GUEST RUN-WINE WINDOWS-GUEST");
    start(&reference, (char *[]){argv[1], NULL});
    start(&windows, (char *[]){argv[2], argv[3], NULL});
    printf("%-10s %8s %8s %12s %12s %8s\n", "", "ring", "message", "Wine us/msg", "Linux us",
           "ratio");
    for (int kind = 0; kind < KINDS; kind++) {
        double logarithms = 0;
        for (unsigned channel = 0; channel < CHANNELS; channel++) {
            for (unsigned size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
                struct order order = {(enum kind)kind, channel, sizes[size]};
                double ratio = one_case(&windows, &reference, order);
                if (counts(order))
                    logarithms += log(ratio);
            }
        }
        if (kind != ROUND_TRIP && exp(logarithms / CHANNELS) < lower)
            lower = exp(logarithms / CHANNELS);
    }
    stop(&windows);
    stop(&reference);
    printf("Ratios: the Linux guest's time for a message by the Windows guest's.\n");
    printf("vchan_wine: ours/reference = %.2f\n", lower);
    return 0;
}
