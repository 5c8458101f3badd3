/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may open the device: see access.h. A file of its own, because Wine opens devices without a
 * security context; the test driver for Wine has another (tests/wine/drivers).
 */
#include <ntifs.h>

#include "access.h"

/* S-1-5-18 and S-1-5-32-544; SeExports has them too, as data that not every NT exports. */
typedef struct _TWO_PART_SID {
    UCHAR Revision, SubAuthorityCount;
    SID_IDENTIFIER_AUTHORITY Authority;
    ULONG SubAuthority[2];
} TWO_PART_SID;

static const TWO_PART_SID LocalSystem = {
    SID_REVISION, 1, {SECURITY_NT_AUTHORITY}, {SECURITY_LOCAL_SYSTEM_RID, 0}};
static const TWO_PART_SID Administrators = {SID_REVISION,
                                            2,
                                            {SECURITY_NT_AUTHORITY},
                                            {SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS}};

C_ASSERT(OPENER_RULE_DESCRIPTOR_BYTES == sizeof(SECURITY_DESCRIPTOR));

NTSTATUS OpenerRuleBuild(POPENER_RULE Rule)
{
    PSECURITY_DESCRIPTOR Descriptor = Rule->Descriptor;
    PACL Acl = (PACL)Rule->Acl;
    NTSTATUS Status = RtlCreateSecurityDescriptor(Descriptor, SECURITY_DESCRIPTOR_REVISION);

    if (NT_SUCCESS(Status))
        Status = RtlCreateAcl(Acl, sizeof(Rule->Acl), ACL_REVISION);
    if (NT_SUCCESS(Status))
        Status = RtlAddAccessAllowedAce(Acl, ACL_REVISION, FILE_ALL_ACCESS, (PSID)&LocalSystem);
    if (NT_SUCCESS(Status))
        Status = RtlAddAccessAllowedAce(Acl, ACL_REVISION, FILE_ALL_ACCESS, (PSID)&Administrators);
    if (NT_SUCCESS(Status))
        Status = RtlSetDaclSecurityDescriptor(Descriptor, TRUE, Acl, FALSE);
    if (NT_SUCCESS(Status))
        Status = RtlSetOwnerSecurityDescriptor(Descriptor, (PSID)&Administrators, FALSE);
    if (NT_SUCCESS(Status))
        Status = RtlSetGroupSecurityDescriptor(Descriptor, (PSID)&Administrators, FALSE);
    return Status;
}

NTSTATUS OpenerCheck(POPENER_RULE Rule, PIRP Irp)
{
    PIO_SECURITY_CONTEXT Security =
        IoGetCurrentIrpStackLocation(Irp)->Parameters.Create.SecurityContext;
    ACCESS_MASK Granted = 0;
    NTSTATUS Status = STATUS_ACCESS_DENIED;

    if (Irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    if (Security == NULL || Security->AccessState == NULL)
        return STATUS_ACCESS_DENIED;
    if (!SeAccessCheck(Rule->Descriptor, &Security->AccessState->SubjectSecurityContext, FALSE,
                       Security->DesiredAccess, 0, NULL, IoGetFileObjectGenericMapping(),
                       Irp->RequestorMode, &Granted, &Status))
        return NT_SUCCESS(Status) ? STATUS_ACCESS_DENIED : Status;
    return STATUS_SUCCESS;
}
