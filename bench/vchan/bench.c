/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan speed: our libxenvchan against Debian's, both unmodified shared libraries on the same
 * simxen, used by the same program. Two processes in two domains for each library; the runs of the
 * two libraries take turns, a few milliseconds each and now one first, now the other, so that
 * whatever else the machine does hits both. A case's figure is the median of the ratios of
 * neighbouring runs.
 *
 * The least of 36 medians is less than any of them deserves: it is the one that had bad luck. So
 * the cases that came out lowest are measured anew, longer, and the worst is the least of these
 * new figures; what they said the first time does not count.
 *
 * Once the channels are open, each process is bound to a CPU of its own, as two domains with a
 * virtual CPU each would run; left alone, the scheduler puts the two of a library on one CPU or on
 * two by chance, which is a difference of 1 to 30 for either library. Where it is allowed (root, or
 * CAP_SYS_NICE) they run with real-time priority, so that a busy machine does not take a CPU away
 * in the middle of a copy.
 *
 *   throughput  the client writes messages one after the other, the server reads them
 *   round trip  the client sends a message, the server sends one of the same size back
 *
 * Ratios are so that more is better for ours: our rate by their rate, their time by our time.
 *
 *   bench OUR-LIBRARY DEBIAN-LIBRARY                (inside `simxen host`)
 *   bench --once [--debian-first] OURS DEBIANS
 *
 * --once measures nothing anew, for a machine whose clock counts instructions; --debian-first
 * starts Debian's processes first.
 */
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/simxen/vchan/role.h"
#include "tests/simxen/vchan/vchan_library.h"

enum {
    SOCKET = 3,
    MOST_REPETITIONS = 31,
    AGAIN = 6,
    SMALL_BYTES = 1024,
    LARGEST = 65536,
    FIRST_COUNT = 64,
};

static const size_t rings[] = {4096, 65536, 1 << 20};
static const size_t sizes[] = {64, 256, 1024, 4096, 16384, 65536};
enum { RINGS = 3, SIZES = 6, KINDS = 2, CASES = RINGS * SIZES * KINDS };

/* How long a run takes, and how often each is done. Where the clock counts instructions, runs of
 * 5 ms fall in step with the kernels' ticks. */
struct effort {
    uint64_t run_ns;
    int repetitions;
};
static const struct effort each_case = {5000000, 11}, lowest_again = {5000000, MOST_REPETITIONS},
                           counted = {25000000, 3};

enum kind { THROUGHPUT, ROUND_TRIP };

/* What the parent tells the client, and the client the server. ring < 0: the end. */
struct order {
    int32_t ring, kind;
    uint32_t size, count;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void give(int fd, const void *data, size_t size)
{
    CHECK(write(fd, data, size) == (ssize_t)size);
}

static void take(int fd, void *data, size_t size)
{
    CHECK(recv(fd, data, size, MSG_WAITALL) == (ssize_t)size);
}

/* --- The two processes of one library */

/* The last CPU but so many of those allowed, for this process alone if that is allowed. */
static void take_cpu(int from_last)
{
    const struct sched_param lowest = {.sched_priority = 1};
    cpu_set_t allowed, one;

    CHECK(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
    if (CPU_COUNT(&allowed) < 2)
        return;
    CPU_ZERO(&one);
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && from_last >= 0; cpu--) {
        if (CPU_ISSET(cpu, &allowed) && from_last-- == 0)
            CPU_SET(cpu, &one);
    }
    CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
    sched_setscheduler(0, SCHED_FIFO, &lowest);
}

struct side {
    struct vchan_library library;
    struct libxenvchan *vchan[RINGS];
    uint8_t data[LARGEST];
};

static void put(struct side *side, const struct order *order)
{
    struct libxenvchan *vchan = side->vchan[order->ring];

    if (order->size <= rings[order->ring])
        CHECK(side->library.send(vchan, side->data, order->size) == (int)order->size);
    else
        CHECK(side->library.write(vchan, side->data, order->size) == (int)order->size);
}

static void get(struct side *side, const struct order *order)
{
    struct libxenvchan *vchan = side->vchan[order->ring];
    uint32_t done = 0;

    if (order->size <= rings[order->ring]) {
        CHECK(side->library.recv(vchan, side->data, order->size) == (int)order->size);
        return;
    }
    while (done < order->size) {
        int count = side->library.read(vchan, side->data + done, order->size - done);
        CHECK(count > 0);
        done += (uint32_t)count;
    }
}

static void serve(struct side *side, const struct order *order)
{
    const struct order answer = {.ring = order->ring, .size = 1};

    for (uint32_t i = 0; i < order->count; i++) {
        get(side, order);
        if (order->kind == ROUND_TRIP)
            put(side, order);
    }
    if (order->kind == THROUGHPUT)
        put(side, &answer);
}

static void ask(struct side *side, const struct order *order)
{
    const struct order answer = {.ring = order->ring, .size = 1};

    for (uint32_t i = 0; i < order->count; i++) {
        put(side, order);
        if (order->kind == ROUND_TRIP)
            get(side, order);
    }
    if (order->kind == THROUGHPUT)
        get(side, &answer);
}

/* The server's orders come through its socket, in the client's name. */
static int play_server(struct side *side, int peer)
{
    struct order order;
    char path[80];

    for (int i = 0; i < RINGS; i++) {
        snprintf(path, sizeof(path), "data/vchan/%d/bench-%s-%d", peer, getenv("BENCH_NAME"), i);
        side->vchan[i] = side->library.server_init(NULL, peer, path, rings[i], rings[i]);
        CHECK(side->vchan[i]);
        side->vchan[i]->blocking = 1;
    }
    take_cpu(0);
    role_tell(SOCKET, 'r');
    for (;;) {
        take(SOCKET, &order, sizeof(order));
        if (order.ring < 0)
            break;
        serve(side, &order);
    }
    for (int i = 0; i < RINGS; i++)
        side->library.close(side->vchan[i]);
    return 0;
}

static int play_client(struct side *side, int peer)
{
    struct order order;
    char path[80];
    uint64_t ns;

    for (int i = 0; i < RINGS; i++) {
        snprintf(path, sizeof(path), "/local/domain/%d/data/vchan/0/bench-%s-%d", peer,
                 getenv("BENCH_NAME"), i);
        side->vchan[i] = side->library.client_init(NULL, peer, path);
        CHECK(side->vchan[i]);
        side->vchan[i]->blocking = 1;
    }
    take_cpu(1);
    role_tell(SOCKET, 'r');
    for (;;) {
        take(SOCKET, &order, sizeof(order));
        if (order.ring < 0)
            break;
        ns = now_ns();
        ask(side, &order);
        ns = now_ns() - ns;
        give(SOCKET, &ns, sizeof(ns));
    }
    for (int i = 0; i < RINGS; i++)
        side->library.close(side->vchan[i]);
    return 0;
}

/* --- The parent */

struct contender {
    const char *name;
    int client, server; /* sockets */
    pid_t pids[2];
    uint32_t count; /* messages of a run */
};

static void start(struct contender *contender, char *self, char *library, int domid)
{
    char number[12];
    char *server_argv[] = {self, "server", library, "0", NULL};
    char *client_argv[] = {self, "client", library, number, NULL};
    int sockets[2];

    snprintf(number, sizeof(number), "%d", domid);
    setenv("BENCH_NAME", contender->name, 1);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    contender->pids[0] = role_start(domid, server_argv, sockets[1]);
    contender->server = sockets[0];
    close(sockets[1]);
    CHECK(role_hear(contender->server) == 'r');
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    contender->pids[1] = role_start(0, client_argv, sockets[1]);
    contender->client = sockets[0];
    close(sockets[1]);
    CHECK(role_hear(contender->client) == 'r');
}

static uint64_t run(struct contender *contender, struct order order)
{
    uint64_t ns;

    order.count = contender->count;
    give(contender->server, &order, sizeof(order));
    give(contender->client, &order, sizeof(order));
    take(contender->client, &ns, sizeof(ns));
    return ns;
}

static double ns_per_message(struct contender *contender, struct order order)
{
    return (double)run(contender, order) / contender->count;
}

/* So many messages that a run takes run_ns. */
static void calibrate(struct contender *contender, struct order order, uint64_t run_ns)
{
    uint64_t ns;

    contender->count = FIRST_COUNT;
    while ((ns = run(contender, order)) < run_ns / 4)
        contender->count *= 2;
    contender->count = (uint32_t)((double)contender->count * (double)run_ns / (double)ns) + 1;
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

/* One comparison is four runs, ours, theirs, theirs, ours: what falls to the first of two
 * neighbours, and what changes slowly, falls to both. */
static double one_case(struct contender *ours, struct contender *debian, struct order order,
                       struct effort effort)
{
    double our_ns[MOST_REPETITIONS], their_ns[MOST_REPETITIONS], ratios[MOST_REPETITIONS], ratio;

    calibrate(ours, order, effort.run_ns);
    calibrate(debian, order, effort.run_ns);
    for (int i = 0; i < effort.repetitions; i++) {
        our_ns[i] = ns_per_message(ours, order) / 2;
        their_ns[i] = ns_per_message(debian, order) / 2;
        their_ns[i] += ns_per_message(debian, order) / 2;
        our_ns[i] += ns_per_message(ours, order) / 2;
        ratios[i] = their_ns[i] / our_ns[i];
    }
    ratio = median(ratios, effort.repetitions);
    printf("%-10s %8zu %8u %12.2f %12.2f %8.2f\n",
           order.kind == THROUGHPUT ? "throughput" : "round trip", rings[order.ring], order.size,
           median(our_ns, effort.repetitions) / 1000, median(their_ns, effort.repetitions) / 1000,
           ratio);
    fflush(stdout);
    return ratio;
}

struct figure {
    struct order order;
    double ratio;
};

static int compare_figures(const void *a, const void *b)
{
    return compare(&((const struct figure *)a)->ratio, &((const struct figure *)b)->ratio);
}

/* The least of the new figures of the cases that were lowest among count. */
static double worst_of(struct contender *ours, struct contender *debian, struct figure *figures,
                       int count)
{
    double worst = 1e9;

    qsort(figures, (size_t)count, sizeof(*figures), compare_figures);
    for (int i = 0; i < AGAIN && i < count; i++) {
        double ratio = one_case(ours, debian, figures[i].order, lowest_again);
        worst = ratio < worst ? ratio : worst;
    }
    return worst;
}

static void stop(struct contender *contender)
{
    const struct order end = {.ring = -1};

    give(contender->client, &end, sizeof(end));
    give(contender->server, &end, sizeof(end));
    role_join(contender->pids[1]);
    role_join(contender->pids[0]);
}

/* Every case once; what came out lowest is measured anew, unless once. */
static void compare_all(struct contender *ours, struct contender *debian, bool once)
{
    struct figure all[CASES], small[CASES];
    int count = 0, small_count = 0;
    double worst, worst_small;

    printf("%-10s %8s %8s %12s %12s %8s\n", "", "ring", "message", "ours us/msg", "Debian us",
           "ratio");
    for (int kind = 0; kind < KINDS; kind++) {
        for (int ring = 0; ring < RINGS; ring++) {
            for (int size = 0; size < SIZES; size++) {
                struct order order = {.ring = ring, .kind = kind, .size = (uint32_t)sizes[size]};
                struct figure figure = {order,
                                        one_case(ours, debian, order, once ? counted : each_case)};
                all[count++] = figure;
                if (order.size <= SMALL_BYTES)
                    small[small_count++] = figure;
            }
        }
    }
    if (once)
        return;
    printf("The lowest anew:\n");
    worst = worst_of(ours, debian, all, count);
    printf("The lowest up to %d bytes anew:\n", SMALL_BYTES);
    worst_small = worst_of(ours, debian, small, small_count);
    printf("Ratios: Debian's time for a message by ours, throughput and round trip alike.\n");
    printf("vchan_linux_worst: ours/reference = %.2f\n", worst);
    printf("vchan_linux_small: ours/reference = %.2f\n", worst_small);
}

static int play(char **argv)
{
    struct side *side = calloc(1, sizeof(*side));

    CHECK(side);
    vchan_library_load(&side->library, argv[2]);
    return strcmp(argv[1], "server") == 0 ? play_server(side, atoi(argv[3]))
                                          : play_client(side, atoi(argv[3]));
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"once", no_argument, NULL, 'o'}, {"debian-first", no_argument, NULL, 'd'}, {0}};
    struct contender ours = {.name = "ours"}, debian = {.name = "debian"};
    bool once = false, debian_first = false;
    int domid, option;

    if (argc == 4 && (strcmp(argv[1], "server") == 0 || strcmp(argv[1], "client") == 0))
        return play(argv);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        CHECK(option != '?');
        once = once || option == 'o';
        debian_first = debian_first || option == 'd';
    }
    CHECK(argc - optind == 2);
    domid = role_create_domain("bench");
    if (debian_first)
        start(&debian, argv[0], argv[optind + 1], domid);
    start(&ours, argv[0], argv[optind], domid);
    if (!debian_first)
        start(&debian, argv[0], argv[optind + 1], domid);
    compare_all(&ours, &debian, once);
    stop(&ours);
    stop(&debian);
    role_destroy_domain(domid);
    return 0;
}
