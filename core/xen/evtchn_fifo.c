/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels, FIFO ABI: see evtchn_fifo.h. An event word holds PENDING, MASKED, LINKED, BUSY
 * and the next port of the queue. Xen links a word into a queue when it becomes pending and is
 * neither masked nor linked; the guest unlinks it from the head. A masked port that turns up in a
 * queue is only unlinked: its PENDING stays and is found when it is unmasked.
 */
#include "core/xen/evtchn_fifo.h"

#include <string.h>

/* Xen is busy with a word for a few instructions. */
enum { BUSY_LOOKS = 10000 };

static struct evtchn_fifo *of(const struct evtchn_abi *abi)
{
    return (struct evtchn_fifo *)(uintptr_t)abi;
}

static uint32_t *word_of(const struct evtchn_fifo *fifo, uint32_t port)
{
    uint32_t page = port / XEN_FIFO_WORDS_PER_PAGE;
    return page < fifo->page_count ? &fifo->pages[page][port % XEN_FIFO_WORDS_PER_PAGE] : NULL;
}

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* The port that followed in the queue; 0: it was the last. */
static uint32_t unlink_word(uint32_t *word)
{
    uint32_t old =
        __atomic_fetch_and(word, ~(XEN_FIFO_LINKED | XEN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
    return old & XEN_FIFO_LINK_MASK;
}

/* Takes the event if there is one and the port is not masked. */
static bool take(uint32_t *word)
{
    uint32_t old = load(word);
    do {
        if (!(old & XEN_FIFO_PENDING) || (old & XEN_FIFO_MASKED))
            return false;
    } while (!__atomic_compare_exchange_n(word, &old, (old & ~XEN_FIFO_PENDING) | XEN_FIFO_MASKED,
                                          false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

/* Removes the head of a queue that is marked ready. */
static uint32_t pop(struct evtchn_fifo *fifo, struct evtchn_fifo_cpu *cpu, uint32_t queue,
                    uint32_t **word)
{
    /* Ours is 0 when the queue ran empty; the ready bit says that Xen began it anew. */
    uint32_t port = cpu->head[queue];
    if (!port)
        port = __atomic_load_n(&cpu->control->head[queue], __ATOMIC_ACQUIRE) & XEN_FIFO_LINK_MASK;
    *word = word_of(fifo, port);
    cpu->head[queue] = *word ? unlink_word(*word) : 0;
    if (!cpu->head[queue])
        cpu->ready &= ~((uint32_t)1 << queue);
    return port;
}

static uint32_t next(struct evtchn_abi *abi, uint32_t index)
{
    struct evtchn_fifo *fifo = of(abi);
    struct evtchn_fifo_cpu *cpu = &fifo->cpus[index];
    /* Each step unlinks a word, so that no chain is longer than the number of ports. */
    for (uint32_t step = 0; step < XEN_FIFO_PORTS; step++) {
        if (load(&cpu->control->ready))
            cpu->ready |= __atomic_exchange_n(&cpu->control->ready, 0, __ATOMIC_SEQ_CST);
        cpu->ready &= (1u << XEN_FIFO_QUEUES) - 1;
        if (!cpu->ready)
            return EVTCHN_NO_PORT;
        uint32_t *word;
        uint32_t port = pop(fifo, cpu, (uint32_t)__builtin_ctz(cpu->ready), &word);
        if (port != EVTCHN_NO_PORT && word && take(word))
            return port;
    }
    return EVTCHN_NO_PORT;
}

static void mask(struct evtchn_abi *abi, uint32_t port)
{
    uint32_t *word = word_of(of(abi), port);
    if (word)
        __atomic_fetch_or(word, XEN_FIFO_MASKED, __ATOMIC_SEQ_CST);
}

/* The ABI asks a guest not to unmask a word while it is BUSY. */
static bool unmask(struct evtchn_abi *abi, uint32_t port)
{
    uint32_t *word = word_of(of(abi), port);
    if (!word)
        return false;
    uint32_t old = load(word), looks = 0;
    for (;;) {
        if (old & XEN_FIFO_PENDING) {
            old = __atomic_fetch_or(word, XEN_FIFO_MASKED, __ATOMIC_SEQ_CST);
            old = __atomic_fetch_and(word, ~XEN_FIFO_PENDING, __ATOMIC_SEQ_CST);
            return old & XEN_FIFO_PENDING;
        }
        if ((old & XEN_FIFO_BUSY) && looks++ < BUSY_LOOKS)
            old = load(word);
        else if (__atomic_compare_exchange_n(word, &old, old & ~XEN_FIFO_MASKED, false,
                                             __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return false;
    }
}

static bool pending(const struct evtchn_abi *abi, uint32_t port)
{
    const uint32_t *word = word_of(of(abi), port);
    return word && (load(word) & XEN_FIFO_PENDING);
}

static bool masked(const struct evtchn_abi *abi, uint32_t port)
{
    const uint32_t *word = word_of(of(abi), port);
    return !word || (load(word) & XEN_FIFO_MASKED);
}

/* Xen alone knows whose queue a port goes to. */
static void bind(struct evtchn_abi *abi, uint32_t port, uint32_t cpu)
{
}

static uint32_t port_limit(const struct evtchn_abi *abi)
{
    return of(abi)->page_count * XEN_FIFO_WORDS_PER_PAGE;
}

static const struct evtchn_abi_ops ops = {
    .name = "FIFO",
    .next = next,
    .mask = mask,
    .unmask = unmask,
    .pending = pending,
    .masked = masked,
    .bind = bind,
    .port_limit = port_limit,
};

void evtchn_fifo_init(struct evtchn_fifo *abi, struct evtchn_fifo_cpu *cpus, uint32_t cpu_count)
{
    memset(abi, 0, sizeof(*abi));
    abi->abi.ops = &ops;
    abi->cpus = cpus;
    abi->cpu_count = cpu_count;
}

bool evtchn_fifo_add_page(struct evtchn_fifo *abi, void *page)
{
    if (abi->page_count == XEN_FIFO_ARRAY_PAGES)
        return false;
    uint32_t *words = page;
    for (uint32_t i = 0; i < XEN_FIFO_WORDS_PER_PAGE; i++)
        words[i] = XEN_FIFO_MASKED;
    abi->pages[abi->page_count] = words;
    /* Another vCPU's loop may look a port up; the words are there before the count says so. */
    __atomic_store_n(&abi->page_count, abi->page_count + 1, __ATOMIC_RELEASE);
    return true;
}

void *evtchn_fifo_drop_page(struct evtchn_fifo *abi)
{
    if (!abi->page_count)
        return NULL;
    __atomic_store_n(&abi->page_count, abi->page_count - 1, __ATOMIC_RELEASE);
    void *page = abi->pages[abi->page_count];
    abi->pages[abi->page_count] = NULL;
    return page;
}
