/* SPDX-License-Identifier: BSD-2-Clause */
#include "suspend.h"

#include "console.h"
#include "cpu.h"
#include "events.h"
#include "grants.h"
#include "print.h"
#include "smp.h"
#include "store.h"
#include "trap.h"
#include "xen.h"

bool suspend_await(unsigned limit_ms)
{
    /* libxl gives up when nobody empties the key. */
    return store_await("control/shutdown", "suspend", limit_ms) &&
           store_write(NULL, "control/shutdown", "") == XS_OK;
}

/* From what others stand on to what stands on them. */
static void wake_up(void)
{
    xen_map_shared_info(); /* the clock's, too */
    smp_unpark();
    console_connect();
    events_resume();
    grants_resume();
    interrupts_restore(true);
    store_resume();
}

bool suspend_now(void)
{
    long result;

    console_flush();
    smp_park();
    interrupts_off();
    result = xen_suspend();
    if (result < 0)
        panic("Xen refuses to suspend: %ld", result);
    if (result == 0) {
        wake_up();
        return true;
    }
    smp_unpark();
    interrupts_restore(true);
    return false;
}
