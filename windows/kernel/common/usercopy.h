/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every touch of a requester's memory. A driver never dereferences an address from user mode: it
 * copies in once and works on the copy, copies out at the end, or locks the pages. The requester's
 * other threads may unmap, protect or rewrite the range at any moment; what that gives is a status,
 * never a crash and never a second read of what was already checked.
 *
 * All run at <= APC_LEVEL, in the context of the process whose memory is meant. Mode is the
 * request's RequestorMode: for KernelMode the addresses are trusted and not probed.
 * Errors: STATUS_ACCESS_VIOLATION (not the requester's memory, or not allowed so),
 * STATUS_DATATYPE_MISALIGNMENT, STATUS_IN_PAGE_ERROR and what MmProbeAndLockPages raises.
 */
#ifndef CASEMENT_KERNEL_USERCOPY_H
#define CASEMENT_KERNEL_USERCOPY_H

#include <ntddk.h>

/* Copies Length bytes from the requester. To is undefined after an error. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS UserCopyIn(_Out_ PVOID To, _In_ const VOID *From,
                                                   _In_ SIZE_T Length, _In_ KPROCESSOR_MODE Mode);

/* Copies Length bytes to the requester. A part may have been written when it fails. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS UserCopyOut(_Out_ PVOID To, _In_ const VOID *From,
                                                    _In_ SIZE_T Length, _In_ KPROCESSOR_MODE Mode);

/* MmProbeAndLockPages without its exception. On success the caller owes MmUnlockPages. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    UserLockPages(_Inout_ PMDL Mdl, _In_ KPROCESSOR_MODE Mode, _In_ LOCK_OPERATION Operation);

/* Maps the MDL's locked pages into the current process (MmMapLockedPagesSpecifyCache raises for
 * UserMode). On success the caller owes MmUnmapLockedPages(*Address, Mdl) in this same process,
 * before the process is gone. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    UserMapPages(_In_ PMDL Mdl, _In_ MEMORY_CACHING_TYPE CacheType, _In_ ULONG Priority,
                 _Outptr_ PVOID *Address);

#endif
