/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "xen.h"

static struct lock console_lock;
static struct xen_console_page *page; /* NULL: not connected */
static xen_port port;
static bool panicking;

void console_connect(void)
{
    uint64_t frame = 0, event = 0;

    page = NULL;
    if (hvm_param_get(XEN_HVM_PARAM_CONSOLE_PFN, &frame) ||
        hvm_param_get(XEN_HVM_PARAM_CONSOLE_EVTCHN, &event) || !frame || !event)
        return;
    memory_map((void *)(frame << PAGE_SHIFT), frame << PAGE_SHIFT, PAGE_BYTES, PAGE_RW);
    port = (xen_port)event;
    page = (struct xen_console_page *)(frame << PAGE_SHIFT);
}

static void notify(void)
{
    struct xen_evtchn_send send = {.port = port};

    hypercall2(XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, (uintptr_t)&send);
}

static uint32_t waiting(void)
{
    return page->out_prod - __atomic_load_n(&page->out_cons, __ATOMIC_ACQUIRE);
}

static void ring_put(char c)
{
    while (waiting() >= sizeof page->out) {
        notify();
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
    }
    page->out[page->out_prod % sizeof page->out] = (uint8_t)c;
    __atomic_store_n(&page->out_prod, page->out_prod + 1, __ATOMIC_RELEASE);
}

bool console_begin(void)
{
    return panicking ? false : lock_acquire(&console_lock);
}

void console_end(bool interrupts_were_on)
{
    if (page)
        notify();
    if (!panicking)
        lock_release(&console_lock, interrupts_were_on);
}

void console_put(char c)
{
    if (!page || panicking)
        out8(XEN_DEBUG_CONSOLE_PORT, (uint8_t)c);
    if (!page)
        return;
    if (c == '\n')
        ring_put('\r');
    ring_put(c);
}

void console_say_to_xen(const char *line)
{
    while (*line)
        out8(XEN_DEBUG_CONSOLE_PORT, (uint8_t)*line++);
    out8(XEN_DEBUG_CONSOLE_PORT, '\n');
}

void console_panic_mode(void)
{
    panicking = true;
}

void console_flush(void)
{
    while (page && waiting())
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_YIELD, 0);
}
