/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured exceptions: SehCall() of windows/kernel/common/seh.h, ExRaiseStatus and its kin.
 * Faults of the CPU on user addresses become exceptions as well (user_memory.c).
 */
#include "model/machine.h"
#include "model/seh.h"
#include "model/user_memory.h"
#include "windows/kernel/common/seh.h"

RULE(exception_unhandled, "Every exception is handled by the code that provokes it",
     "Handling Exceptions");
RULE(exception_unwinds, "What an exception ends holds no lock and has not changed the IRQL",
     "Handling Exceptions");
struct seh_frame {
    void *jump[5]; /* __builtin_setjmp's */
    struct seh_frame *outer;
    NTSTATUS status;
    KIRQL irql;
};

bool seh_guarded(void)
{
    return machine.running && this_thread()->seh != NULL;
}

void seh_raise(NTSTATUS status)
{
    PKTHREAD self = this_thread();
    struct seh_frame *frame = self->seh;

    if (!frame)
        rule_broken(&exception_unhandled, "status 0x%x", (unsigned)status);
    if (this_cpu()->held_count || irql_now() != frame->irql)
        rule_broken(&exception_unwinds, "status 0x%x, IRQL %u was %u", (unsigned)status, irql_now(),
                    frame->irql);
    frame->status = status;
    self->seh = frame->outer;
    __builtin_longjmp(frame->jump, 1);
}

NTSTATUS SehCall(SEH_BODY *Body, PVOID Context)
{
    struct seh_frame frame = {.outer = this_thread()->seh};
    NTSTATUS status;

    MODEL_CALL(SehCall, PASSIVE_LEVEL, APC_LEVEL, "Handling Exceptions");
    frame.irql = irql_now();
    if (__builtin_setjmp(frame.jump)) {
        user_memory_hide();
        return frame.status;
    }
    this_thread()->seh = &frame;
    status = Body(Context);
    this_thread()->seh = frame.outer;
    user_memory_hide();
    return status;
}

VOID NTAPI ExRaiseStatus(NTSTATUS Status)
{
    seh_raise(Status);
}

VOID NTAPI ExRaiseAccessViolation(VOID)
{
    seh_raise(STATUS_ACCESS_VIOLATION);
}

VOID NTAPI ExRaiseDatatypeMisalignment(VOID)
{
    seh_raise(STATUS_DATATYPE_MISALIGNMENT);
}
