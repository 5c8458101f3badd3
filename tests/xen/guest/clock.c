/* SPDX-License-Identifier: BSD-2-Clause */
#include "apic.h"
#include "clock.h"
#include "cpu.h"
#include "xen.h"

static uint64_t tsc_start;
static uint32_t tsc_khz; /* 0: the shared info page is ours */

void clock_by_tsc(void)
{
    tsc_khz = cpuid(xen_leaf_base() + XEN_LEAF_TIME, 0).ecx;
    tsc_start = rdtsc();
}

/* xen.h, struct vcpu_time_info: Xen changes it at any time and says so by an odd version. */
uint64_t clock_ns(void)
{
    const volatile struct xen_vcpu_time *time;
    uint32_t version;
    uint64_t ns;
    bool on;

    if (tsc_khz) {
        uint64_t ticks = rdtsc() - tsc_start;

        return ticks / tsc_khz * 1000000 + ticks % tsc_khz * 1000000 / tsc_khz;
    }
    on = interrupts_off();
    time = &xen_shared->vcpu[cpu_current()->index].time;
    do {
        uint64_t ticks;

        version = __atomic_load_n(&time->version, __ATOMIC_ACQUIRE);
        ticks = rdtsc() - time->tsc_timestamp;
        ticks = time->tsc_shift < 0 ? ticks >> -time->tsc_shift : ticks << time->tsc_shift;
        ns = time->system_time_ns +
             (uint64_t)((unsigned __int128)ticks * time->tsc_to_system_mul >> 32);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version & 1 || version != time->version);
    interrupts_restore(on);
    return ns;
}

bool clock_sleep_until(uint64_t deadline_ns)
{
    uint64_t now = clock_ns();

    if (now >= deadline_ns)
        return false;
    apic_timer(deadline_ns - now);
    cpu_sleep();
    return true;
}

bool wait_for(bool (*condition)(void *context), void *context, unsigned limit_ms)
{
    uint64_t deadline = clock_ns() + limit_ms * 1000000ull;
    bool on = interrupts_off(), good;

    while (!(good = condition(context)) && clock_sleep_until(deadline))
        ;
    interrupts_restore(on);
    return good;
}

void clock_pass(unsigned ms)
{
    uint64_t deadline = clock_ns() + ms * 1000000ull;
    bool on = interrupts_off();

    while (clock_sleep_until(deadline))
        ;
    interrupts_restore(on);
}
