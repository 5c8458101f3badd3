/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SehCall for the shipped drivers, built by clang, whose __try covers calls (not single loads and
 * stores): the body is always a call, so that is enough. The unwinder passes through the frames of
 * the gcc-built bodies by their own unwind tables.
 */
#include "seh.h"

__attribute__((noinline)) NTSTATUS SehCall(_In_ SEH_BODY *Body, _Inout_opt_ PVOID Context)
{
    NTSTATUS status;

    __try {
        status = Body(Context);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = (NTSTATUS)__exception_code();
    }
    return status;
}
