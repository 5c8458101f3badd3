/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may open the device, and what an open handle may ask for.
 *
 * The INF gives the device its security descriptor, and FILE_DEVICE_SECURE_OPEN makes NT check it
 * for every name below it. The driver checks the opener by the same rule once more, so that a
 * device that was set up in another way is not open to everybody: D:P(A;;GA;;;SY)(A;;GA;;;BA).
 *
 * The control codes say FILE_ANY_ACCESS in their numbers, which cannot be changed; the access that
 * each needs is in the table of ioctl.c, and is checked against the handle's.
 */
#ifndef XENIFACE_ACCESS_H
#define XENIFACE_ACCESS_H

#include <ntddk.h>

enum { OPENER_RULE_ACL_BYTES = 128, OPENER_RULE_DESCRIPTOR_BYTES = 40 };

typedef struct _OPENER_RULE {
    ULONG64 Descriptor[OPENER_RULE_DESCRIPTOR_BYTES / sizeof(ULONG64)];
    ULONG64 Acl[OPENER_RULE_ACL_BYTES / sizeof(ULONG64)];
} OPENER_RULE, *POPENER_RULE;

/* IoValidateDeviceIoControlAccess. */
typedef NTSTATUS NTAPI VALIDATE_ACCESS(_In_ PIRP Irp, _In_ ULONG RequiredAccess);

/* Rule points into itself: it stays where it is. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS OpenerRuleBuild(_Out_ POPENER_RULE Rule);
/* STATUS_ACCESS_DENIED: neither the system nor an administrator. Irp: an IRP_MJ_CREATE. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS OpenerCheck(_In_ POPENER_RULE Rule, _In_ PIRP Irp);

/* NULL: this NT has none. */
_IRQL_requires_max_(PASSIVE_LEVEL) VALIDATE_ACCESS *ValidateAccessLookUp(VOID);
/* Irp: an IRP_MJ_DEVICE_CONTROL. RequiredAccess: FILE_READ_ACCESS, FILE_WRITE_ACCESS or both. */
NTSTATUS AccessCheckRequest(_In_opt_ VALIDATE_ACCESS *ValidateAccess, _In_ PIRP Irp,
                            _In_ ULONG RequiredAccess);

#endif
