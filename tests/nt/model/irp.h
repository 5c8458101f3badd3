/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model's record of an IRP: who made it, where it is, and what each stack location has seen,
 * kept beside the IRP so that a driver's mistakes do not erase the evidence.
 *
 * A record lives until its IRP is freed and every dispatch call that carried it has returned.
 */
#ifndef NT_MODEL_IRP_H
#define NT_MODEL_IRP_H

#include <ntddk.h>

enum irp_kind {
    IRP_OF_DRIVER,  /* IoAllocateIrp and friends: the driver frees it */
    IRP_OF_THREAD,  /* IoBuildSynchronousFsdRequest and friends: the I/O manager frees it */
    IRP_OF_MANAGER, /* the model's own: PnP, power, a user's request */
};

/* The I/O manager's part of a completion, after all completion routines; the IRP is freed after it
 * unless it returns FALSE. */
typedef BOOLEAN irp_done_fn(PIRP irp, PVOID context);

/* NULL only for IRP_OF_DRIVER and IRP_OF_THREAD, by fault injection. */
PIRP irp_allocate(enum irp_kind kind, CCHAR stack_size, irp_done_fn *done, PVOID context);
void irp_free(PIRP irp);
/* Between these the IRP's memory stays, whatever happens to the request. */
void irp_hold(PIRP irp);
void irp_unhold(PIRP irp);
BOOLEAN irp_completed(PIRP irp);
PVOID irp_context(PIRP irp);

/* Sends a request of the model to the top of a device's stack and waits for its end
 * (PASSIVE_LEVEL). location: major, minor, parameters. initial: what IoStatus.Status holds on the
 * way down. */
NTSTATUS irp_send_and_wait(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location,
                           NTSTATUS initial, ULONG_PTR *information);

/* The same for a request of that mode's requester. */
NTSTATUS irp_send_from(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location,
                       KPROCESSOR_MODE mode);

/* Breaks rules for IRPs that were never completed or never freed. */
void irp_check_leaks(void);

#endif
