/* SPDX-License-Identifier: BSD-2-Clause */
/* Rundown protection: uses of an object are counted until its owner waits for them to end. */
#include "model/machine.h"

RULE(rundown_release, "Rundown protection is released once for each time it was acquired",
     "Run-Down Protection");
RULE(rundown_after,
     "After the rundown the owner waits no second time and re-initialises before use",
     "Run-Down Protection");

/* Count: 2 for each use; bit 0: the rundown has begun (then Ptr has no meaning to drivers). */

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    MODEL_CHECK(ExInitializeRundownProtection, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "ExInitializeRundownProtection function (wdm.h)");
    RunRef->Count = 0;
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    MODEL_CHECK(ExReInitializeRundownProtection, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "ExReInitializeRundownProtection function (wdm.h)");
    if (RunRef->Count != 1)
        rule_broken(&rundown_after, "%p was not run down", RunRef);
    RunRef->Count = 0;
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    MODEL_CALL(ExAcquireRundownProtection, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExAcquireRundownProtection function (wdm.h)");
    if (RunRef->Count & 1)
        return FALSE;
    RunRef->Count += 2 * (ULONG_PTR)Count;
    return TRUE;
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    return ExAcquireRundownProtectionEx(RunRef, 1);
}

VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    MODEL_CALL(ExReleaseRundownProtection, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExReleaseRundownProtection function (wdm.h)");
    if (RunRef->Count / 2 < Count)
        rule_broken(&rundown_release, "%p: %u uses, %u released", RunRef,
                    (unsigned)(RunRef->Count / 2), Count);
    RunRef->Count -= 2 * (ULONG_PTR)Count;
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExReleaseRundownProtectionEx(RunRef, 1);
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    LARGE_INTEGER tick = {.QuadPart = -10000};

    MODEL_CALL(ExWaitForRundownProtectionRelease, PASSIVE_LEVEL, APC_LEVEL,
               "ExWaitForRundownProtectionRelease function (wdm.h)");
    if (RunRef->Count & 1)
        rule_broken(&rundown_after, "%p is waited for twice", RunRef);
    RunRef->Count |= 1;
    while (RunRef->Count != 1)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 1;
}
