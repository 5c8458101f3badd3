/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions of the NT model for drivers that were loaded from their files: in place of
 * tests/nt/model/seh.c, whose SehCall() is linked into the driver on the bench. Here the file has
 * its own, with Windows' tables.
 */
#include "model/machine.h"
#include "model/seh.h"
#include "model/user_memory.h"
#include "tests/xen/guest/nt_unwind.h"
#include "windows/kernel/common/seh.h"

RULE(exception_unhandled, "Every exception is handled by the code that provokes it",
     "Handling Exceptions");
RULE(exception_unwinds, "What an exception ends holds no lock", "Handling Exceptions");

/* The model's own guarded calls: SehCall() of the bench, innermost first in KTHREAD.seh. */
struct seh_frame {
    void *jump[5]; /* __builtin_setjmp's */
    struct seh_frame *outer;
    NTSTATUS status;
};

NTSTATUS SehCall(SEH_BODY *Body, PVOID Context)
{
    struct seh_frame frame = {.outer = this_thread()->seh};
    NTSTATUS status;

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

/* The driver's handler, unless a guarded call of the model is further in (lower on the stack). */
static bool driver_handles(NTSTATUS status, struct nt_registers *registers)
{
    struct seh_frame *own = this_thread()->seh;

    return nt_where(registers) && (!own || registers->general[4] < (ULONG_PTR)own) &&
           nt_find_handler(registers, (uint32_t)status);
}

bool seh_guarded(void)
{
    struct nt_registers registers;

    return machine.running && (driver_handles(0, &registers) || this_thread()->seh != NULL);
}

void seh_raise(NTSTATUS status)
{
    struct nt_registers registers;
    struct seh_frame *own = this_thread()->seh;
    bool in_driver = driver_handles(status, &registers);

    if (!in_driver && !own)
        rule_broken(&exception_unhandled, "status 0x%x", (unsigned)status);
    if (this_cpu()->held_count)
        rule_broken(&exception_unwinds, "status 0x%x, IRQL %u", (unsigned)status, irql_now());
    if (in_driver) {
        user_memory_hide();
        nt_resume(&registers);
    }
    own->status = status;
    this_thread()->seh = own->outer;
    nt_forget_fault();
    __builtin_longjmp(own->jump, 1);
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

/* Named in drivers' exception tables; never called: the tables are read here. */
EXCEPTION_DISPOSITION __C_specific_handler(struct _EXCEPTION_RECORD *ExceptionRecord,
                                           PVOID EstablisherFrame, struct _CONTEXT *ContextRecord,
                                           struct _DISPATCHER_CONTEXT *DispatcherContext)
{
    rule_broken(&exception_unhandled, "the handler was called");
}
