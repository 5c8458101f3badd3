/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels against a hypervisor that does not keep its ABI, and owners that do anything in
 * any order. The first byte chooses the ABI, then each step is a byte that says what happens: 0
 * PORT: an event                 1 PORT CPU FLAGS: open      2 PORT: close 3 PORT: hold 4 PORT:
 * release             5 CPU: one turn 6 PORT CPU: move                 7 TIME passes 8 WHERE WORD:
 * memory changes 9 a resume Whatever happens: a channel that is handed out is open, not held, not
 * twice at a time; after its detach it never appears; no channel has more turns in a window than
 * its limit.
 */
#include "tests/unit/xen/fake_evtchn.h"
#include "tests/fuzz/xen/script.h"

#include <stdlib.h>

enum { PORTS = 40, TURNS = 3, WINDOW = 100 };

struct bench {
    struct fake_xen xen;
    struct evtchn_table table;
    struct evtchn_cpu cpus[FAKE_CPUS];
    struct evtchn_leaf leaf;
    struct evtchn_channel *channels[PORTS];
    uint64_t windows[PORTS][2]; /* start, turns in it */
    uint64_t now;
};

static void open_port(struct bench *bench, uint32_t port, uint32_t cpu, uint32_t flags)
{
    struct evtchn_channel *channel = calloc(1, sizeof(*channel));
    bench->xen.cpu_of[port] = cpu;
    if (evtchn_attach(&bench->table, channel, port, cpu, flags & 3) == EVTCHN_ATTACH_OK) {
        require(!bench->channels[port]);
        bench->channels[port] = channel;
        memset(bench->windows[port], 0, sizeof(bench->windows[port]));
    } else {
        free(channel);
    }
}

static void close_port(struct bench *bench, uint32_t port)
{
    if (!bench->channels[port])
        return;
    require(!evtchn_detach(&bench->table, bench->channels[port]));
    free(bench->channels[port]);
    bench->channels[port] = NULL;
}

static void turn(struct bench *bench, struct script *script, uint32_t cpu)
{
    uint32_t port, owner;
    struct evtchn_channel *channel = evtchn_next(&bench->table, cpu, bench->now);
    if (!channel) {
        if (evtchn_stray(&bench->table, cpu, &port, &owner))
            evtchn_deliver(&bench->table, port, owner, bench->now);
        return;
    }
    port = channel->port;
    require(port < PORTS && bench->channels[port] == channel && channel->cpu == cpu);
    require(!(channel->state & (EVTCHN_READY | EVTCHN_THROTTLED | EVTCHN_DEAD)));
    if (!(channel->flags & EVTCHN_AUTO_HOLD))
        require(!(channel->state & EVTCHN_HELD));
    bool detached = false;
    switch (take(script) % 4) { /* what the callback does */
    case 0:
        evtchn_hold(&bench->table, channel);
        break;
    case 1:
        evtchn_release(&bench->table, channel, bench->now);
        break;
    case 2:
        detached = true;
        require(evtchn_detach(&bench->table, channel));
        bench->channels[port] = NULL;
        break;
    default:
        fake_fire(&bench->xen, port);
        break;
    }
    require(evtchn_done(&bench->table, channel, bench->now) == detached);
    if (detached)
        free(channel);
}

static void damage(struct bench *bench, struct script *script)
{
    uint8_t where = take(script), cpu = where % FAKE_CPUS;
    uint32_t word = (uint32_t)take(script) << 24 | take(script);
    switch (where / FAKE_CPUS % 6) {
    case 0:
        bench->xen.words[take(script)] = word;
        break;
    case 1:
        bench->xen.control[cpu].ready = word;
        break;
    case 2:
        bench->xen.control[cpu].head[take(script) % XEN_FIFO_QUEUES] = word;
        break;
    case 3:
        bench->xen.shared.vcpu[cpu].pending_sel |= (uint64_t)word << 20 | word;
        break;
    case 4:
        bench->xen.shared.evtchn_pending[take(script) % XEN_2L_WORDS] = (uint64_t)word << 20 | word;
        break;
    default:
        bench->xen.shared.evtchn_mask[take(script) % XEN_2L_WORDS] = word;
        break;
    }
}

static void step(struct bench *bench, struct script *script, bool *damaged)
{
    uint8_t what = take(script) % 10;
    uint32_t port = what != 5 && what < 7 ? take(script) % PORTS : 0;
    struct evtchn_channel *channel = bench->channels[port];
    switch (what) {
    case 0:
        if (port)
            fake_fire(&bench->xen, port);
        break;
    case 1: {
        uint8_t cpu = take(script) % (FAKE_CPUS + 1);
        open_port(bench, port, cpu, take(script));
        bench->xen.cpu_of[port] = cpu % FAKE_CPUS;
        break;
    }
    case 2:
        close_port(bench, port);
        break;
    case 3:
        if (channel)
            evtchn_hold(&bench->table, channel);
        break;
    case 4:
        if (channel)
            evtchn_release(&bench->table, channel, bench->now);
        break;
    case 5:
        turn(bench, script, take(script) % FAKE_CPUS);
        break;
    case 6:
        bench->xen.cpu_of[port] = take(script) % FAKE_CPUS;
        if (channel)
            evtchn_move(&bench->table, channel, bench->xen.cpu_of[port], bench->now);
        break;
    case 7:
        bench->now += take(script);
        break;
    case 8:
        *damaged = true;
        damage(bench, script);
        break;
    default:
        evtchn_table_reset(&bench->table, fake_init(&bench->xen, bench->xen.fifo));
        for (uint32_t i = 0; i < PORTS; i++)
            close_port(bench, i);
        break;
    }
}

/* Nobody damaged the memory: each port that is pending and open has its turn in the end. */
static void nothing_is_lost(struct bench *bench, struct script *script)
{
    for (uint32_t i = 0; i < 8 * PORTS; i++) {
        bench->now += WINDOW;
        turn(bench, script, i % FAKE_CPUS);
    }
    for (uint32_t port = 1; port < PORTS; port++)
        if (bench->channels[port] && !(bench->channels[port]->state & EVTCHN_HELD) &&
            bench->xen.cpu_of[port] == bench->channels[port]->cpu)
            require(!(bench->channels[port]->state & (EVTCHN_READY | EVTCHN_OWED)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    struct script script = {data, size};
    bool damaged = false;
    memset(&bench, 0, sizeof(bench));
    evtchn_table_init(&bench.table, fake_init(&bench.xen, take(&script) & 1), bench.cpus, FAKE_CPUS,
                      TURNS, WINDOW);
    evtchn_table_give_leaf(&bench.table, 0, &bench.leaf);
    bench.now = 10 * WINDOW;
    while (script.left)
        step(&bench, &script, &damaged);
    if (!damaged)
        nothing_is_lost(&bench, &script);
    for (uint32_t i = 0; i < PORTS; i++)
        close_port(&bench, i);
    require(bench.table.open_ports == 0);
    for (uint32_t i = 0; i < FAKE_CPUS; i++)
        require(!bench.cpus[i].ready.first && !bench.cpus[i].throttled.first &&
                !bench.cpus[i].ready_count);
    return 0;
}
