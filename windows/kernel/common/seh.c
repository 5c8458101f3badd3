/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SehCall() of the .sys files; built by clang with -fms-extensions. clang 14 catches what a *call*
 * raises, not what an instruction of the __try block itself raises: so the block holds a call
 * through a pointer and nothing else, which cannot be inlined.
 */
#include "seh.h"

NTSTATUS SehCall(SEH_BODY *Body, PVOID Context)
{
    NTSTATUS Status = STATUS_SUCCESS;

    __try {
        Body(Context);
    } __except (1 /* EXCEPTION_EXECUTE_HANDLER */) {
        Status = (NTSTATUS)__exception_code();
    }
    return Status;
}
