/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured exceptions: SehCall() of windows/kernel/common/seh.h, ExRaiseStatus and its kin, and
 * faults of the CPU on user addresses, which become exceptions as on Windows. A fault on a kernel
 * address stops the machine, guarded or not.
 */
#include "model/machine.h"
#include "model/seh.h"
#include "model/user_memory.h"
#include "windows/kernel/common/seh.h"

RULE(exception_unhandled, "Every exception is handled by the code that provokes it",
     "Handling Exceptions");
RULE(exception_unwinds, "What an exception ends holds no lock and has not changed the IRQL",
     "Handling Exceptions");
RULE(exception_irql, "User memory is touched below DISPATCH_LEVEL", "Accessing User-Space Memory");

struct seh_frame {
    void *jump[5]; /* __builtin_setjmp's */
    struct seh_frame *outer;
    NTSTATUS status;
    KIRQL irql;
};

static seh_user_test_fn *is_user_address;

void seh_set_user_test(seh_user_test_fn *test)
{
    is_user_address = test;
}

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

bool seh_on_trap(const void *address, bool is_write)
{
    (void)is_write;
    if (!machine.running || !is_user_address || !is_user_address(address))
        return false;
    if (irql_now() > APC_LEVEL)
        rule_broken(&exception_irql, "%p at IRQL %u", address, irql_now());
    if (!seh_guarded())
        rule_broken(&exception_unhandled, "an access violation at user address %p", address);
    seh_raise(STATUS_ACCESS_VIOLATION);
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
