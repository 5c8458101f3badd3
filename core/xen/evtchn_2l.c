/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, two-level ABI: see evtchn_2l.h. Xen sets a pending bit, and, if the port is not
 * masked, the word's bit in the selector and then upcall_pending. The selector is taken as a whole;
 * what is set in it afterwards comes with an upcall of its own.
 */
#include "core/xen/evtchn_2l.h"

#include <string.h>

enum { WORD_BITS = 64 };

static struct evtchn_2l *of(const struct evtchn_abi *abi)
{
    return (struct evtchn_2l *)(uintptr_t)abi;
}

static uint64_t bit_of(uint32_t port)
{
    return (uint64_t)1 << port % WORD_BITS;
}

static void bit_set(uint64_t *words, uint32_t port)
{
    __atomic_fetch_or(&words[port / WORD_BITS], bit_of(port), __ATOMIC_SEQ_CST);
}

static void bit_clear(uint64_t *words, uint32_t port)
{
    __atomic_fetch_and(&words[port / WORD_BITS], ~bit_of(port), __ATOMIC_SEQ_CST);
}

static bool bit_test(const uint64_t *words, uint32_t port)
{
    return __atomic_load_n(&words[port / WORD_BITS], __ATOMIC_SEQ_CST) & bit_of(port);
}

static void next_word(struct evtchn_2l_cpu *cpu)
{
    cpu->word = (cpu->word + 1) % XEN_2L_WORDS;
    cpu->bit = 0;
}

/* The next event of the current word, or false. After a word's last event the next word has its
 * turn, whatever has become pending behind. */
static bool look_at_word(struct evtchn_2l *two, struct evtchn_2l_cpu *cpu, uint32_t *port)
{
    uint32_t word = cpu->word;
    uint64_t events = __atomic_load_n(&two->shared->evtchn_pending[word], __ATOMIC_ACQUIRE) &
                      ~__atomic_load_n(&two->shared->evtchn_mask[word], __ATOMIC_ACQUIRE) &
                      __atomic_load_n(&cpu->bound[word], __ATOMIC_RELAXED);
    uint64_t ahead = events & (~(uint64_t)0 << cpu->bit);
    if (!events)
        cpu->selector &= ~((uint64_t)1 << word);
    if (!ahead) {
        next_word(cpu);
        return false;
    }
    *port = word * WORD_BITS + (uint32_t)__builtin_ctzll(ahead);
    cpu->bit = *port % WORD_BITS + 1;
    if (cpu->bit == WORD_BITS)
        next_word(cpu);
    return true;
}

static uint32_t next(struct evtchn_abi *abi, uint32_t index)
{
    struct evtchn_2l *two = of(abi);
    struct evtchn_2l_cpu *cpu = &two->cpus[index];
    uint32_t port;
    /* The selector may be taken once a call: what comes later brings an upcall. */
    for (bool taken = false;;) {
        if (!cpu->selector) {
            if (taken)
                return EVTCHN_NO_PORT;
            cpu->selector = __atomic_exchange_n(&cpu->info->pending_sel, 0, __ATOMIC_SEQ_CST);
            taken = true;
            if (!cpu->selector)
                return EVTCHN_NO_PORT;
        }
        uint64_t ahead = cpu->selector & (~(uint64_t)0 << cpu->word);
        uint32_t word = (uint32_t)__builtin_ctzll(ahead ? ahead : cpu->selector);
        if (word != cpu->word) {
            cpu->word = word;
            cpu->bit = 0;
        }
        if (!look_at_word(two, cpu, &port))
            continue;
        bit_set(two->shared->evtchn_mask, port);
        bit_clear(two->shared->evtchn_pending, port);
        if (port != EVTCHN_NO_PORT)
            return port;
    }
}

static void mask(struct evtchn_abi *abi, uint32_t port)
{
    bit_set(of(abi)->shared->evtchn_mask, port);
}

/* An event that came while the port was masked did not touch the selector: nobody but us would
 * ever look at it. */
static bool unmask(struct evtchn_abi *abi, uint32_t port)
{
    struct xen_shared_info *shared = of(abi)->shared;
    bit_clear(shared->evtchn_mask, port);
    if (!bit_test(shared->evtchn_pending, port))
        return false;
    bit_set(shared->evtchn_mask, port);
    bit_clear(shared->evtchn_pending, port);
    return true;
}

static bool pending(const struct evtchn_abi *abi, uint32_t port)
{
    return bit_test(of(abi)->shared->evtchn_pending, port);
}

static bool masked(const struct evtchn_abi *abi, uint32_t port)
{
    return bit_test(of(abi)->shared->evtchn_mask, port);
}

static void bind(struct evtchn_abi *abi, uint32_t port, uint32_t cpu)
{
    struct evtchn_2l *two = of(abi);
    for (uint32_t i = 0; i < two->cpu_count; i++)
        if (i != cpu)
            bit_clear(two->cpus[i].bound, port);
    bit_set(two->cpus[cpu].bound, port);
}

static uint32_t port_limit(const struct evtchn_abi *abi)
{
    return XEN_2L_PORTS;
}

static const struct evtchn_abi_ops ops = {
    .name = "2-level",
    .next = next,
    .mask = mask,
    .unmask = unmask,
    .pending = pending,
    .masked = masked,
    .bind = bind,
    .port_limit = port_limit,
};

void evtchn_2l_init(struct evtchn_2l *abi, struct xen_shared_info *shared,
                    struct evtchn_2l_cpu *cpus, uint32_t cpu_count)
{
    abi->abi.ops = &ops;
    abi->shared = shared;
    abi->cpus = cpus;
    abi->cpu_count = cpu_count;
    for (uint32_t i = 0; i < XEN_2L_WORDS; i++)
        __atomic_store_n(&shared->evtchn_mask[i], ~(uint64_t)0, __ATOMIC_SEQ_CST);
}
