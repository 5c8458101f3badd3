/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the calling process: copying, locking and mapping, with every exception turned into a
 * status. Each runs in the context of the process whose memory is meant. The source is the same in
 * the .sys files and in the bench; only SehCall() differs (seh.h).
 *
 * User memory changes under the driver's hands: copy in once, check the copy, use the copy.
 */
#ifndef CASEMENT_KERNEL_USERCOPY_H
#define CASEMENT_KERNEL_USERCOPY_H

#include <ntddk.h>

/* STATUS_ACCESS_VIOLATION and the like: the range is not the process's, or not readable. No
 * alignment is asked for. Length 0 succeeds. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS UserCopyIn(_Out_writes_bytes_(Length) PVOID Destination,
                                                   _In_ const VOID *UserSource, _In_ SIZE_T Length);

/* The same for writing. On failure a part may have been written. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    UserCopyOut(_Out_ PVOID UserDestination, _In_reads_bytes_(Length) const VOID *Source,
                _In_ SIZE_T Length);

/* MmProbeAndLockPages: on success MmUnlockPages() is owed. Mode KernelMode: Mdl describes system
 * addresses. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    UserLockPages(_Inout_ PMDL Mdl, _In_ KPROCESSOR_MODE Mode, _In_ LOCK_OPERATION Operation);

/* Maps the locked pages of Mdl into the calling process, cached, never executable; ReadOnly where
 * the system can. On success MmUnmapLockedPages() is owed, in that process.
 * STATUS_INSUFFICIENT_RESOURCES, or what the memory manager raised. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS
    UserMapPages(_Inout_ PMDL Mdl, _In_ BOOLEAN ReadOnly, _Outptr_ PVOID *UserAddress);

#endif
