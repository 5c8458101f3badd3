/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines on Xen's console: every byte written to port 0xE9 of an HVM guest, up to a line end,
 * appears there with the guest's number. The CONSOLEIO hypercall would need one exit for a line,
 * but a release build of Xen refuses it to guests.
 */
#include "hypercall.h"
#include "../common/log.h"
#include <core/xen/abi.h>

const CHAR LogDriverName[] = "xenbus";

/* Lines of several CPUs do not mix. Only a wish: at any IRQL there can be an owner below us on this
 * very CPU, so whoever has waited this long writes anyway. */
enum { CONSOLE_TRIES = 10000 };
static volatile LONG ConsoleBusy;

VOID LogConsole(_In_ PCSTR Line)
{
    KIRQL Irql = KeGetCurrentIrql();
    BOOLEAN Raised = Irql < DISPATCH_LEVEL;
    BOOLEAN Owner = FALSE;

    if (!XenCpuidBase()) /* not on Xen: the port may be anything */
        return;
    if (Raised)
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    for (ULONG i = 0; i < CONSOLE_TRIES && !Owner; i++) {
        Owner = InterlockedCompareExchange(&ConsoleBusy, 1, 0) == 0;
        if (!Owner)
            YieldProcessor();
    }
    for (; *Line; Line++)
        XenPortOut8(XEN_DEBUG_CONSOLE_PORT, (UCHAR)*Line);
    XenPortOut8(XEN_DEBUG_CONSOLE_PORT, '\n');
    if (Owner)
        InterlockedExchange(&ConsoleBusy, 0);
    if (Raised)
        KeLowerIrql(Irql);
}
