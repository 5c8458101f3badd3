/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured exceptions as one function, because gcc has no __try: whatever may raise (a touch of
 * user memory, a probe, locking or mapping user pages) is the body, and the exception's code comes
 * back as its status. One implementation for each platform, chosen by the link: seh_clang.c in the
 * shipped .sys (the one file that clang builds), tests/nt/model/seh.c in the bench.
 *
 * The body holds no lock, allocates nothing and opens nothing that only its own later lines would
 * release: an exception leaves it where it stands.
 */
#ifndef CASEMENT_KERNEL_SEH_H
#define CASEMENT_KERNEL_SEH_H

#include <ntddk.h>

typedef NTSTATUS SEH_BODY(PVOID Context);

/* Runs Body at <= APC_LEVEL. Returns its status, or the code of the exception that ended it. */
NTSTATUS SehCall(_In_ SEH_BODY *Body, _Inout_opt_ PVOID Context);

#endif
