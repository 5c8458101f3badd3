/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows's own security descriptors, as drivers build them with Rtl*, and SeAccessCheck.
 */
#include "model/descriptor.h"
#include "model/machine.h"
#include "model/process.h"
#include "model/security.h"
#include "model/windows.h"

RULE(sid_malformed, "A SID has revision 1 and at most 15 parts", "SID structure (ntifs.h)");
RULE(acl_malformed, "An ACL is initialized, and its entries are inside of it",
     "RtlAddAccessAllowedAce function (ntifs.h)");
RULE(access_check_null, "SeAccessCheck has a security descriptor",
     "SeAccessCheck function (wdm.h)");

static const struct {
    const char group[3];
    UCHAR authority; /* the last byte; the others are 0 */
    UCHAR parts;
    ULONG part[2];
} Known[] = {
    {"SY", 5, 1, {18}}, {"BA", 5, 2, {32, 544}}, {"BU", 5, 2, {32, 545}}, {"WD", 1, 1, {0}},
    {"AU", 5, 1, {11}}, {"IU", 5, 1, {4}},       {"AN", 5, 1, {7}},       {"LS", 5, 1, {19}},
    {"NS", 5, 1, {20}}, {"RC", 5, 1, {12}},
};

const char *descriptor_group(const SID *sid)
{
    if (sid->Revision != SID_REVISION || sid->SubAuthorityCount > SID_MAX_SUB_AUTHORITIES)
        rule_broken(&sid_malformed, "revision %u, %u parts", sid->Revision, sid->SubAuthorityCount);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Known); i++) {
        BOOLEAN same = sid->IdentifierAuthority.Value[5] == Known[i].authority &&
                       sid->SubAuthorityCount == Known[i].parts;

        for (ULONG part = 0; same && part < Known[i].parts; part++)
            same = sid->SubAuthority[part] == Known[i].part[part];
        if (same)
            return Known[i].group;
    }
    return "??"; /* nobody that a test knows */
}

ULONG descriptor_sid_bytes(const SID *sid)
{
    return 8 + 4 * (ULONG)sid->SubAuthorityCount;
}

/* --- Building. */

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;

    MODEL_CHECK(RtlCreateSecurityDescriptor, PASSIVE_LEVEL, APC_LEVEL,
                "RtlCreateSecurityDescriptor function (wdm.h)");
    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    RtlZeroMemory(descriptor, sizeof(*descriptor));
    descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            BOOLEAN DaclPresent, PACL Dacl, BOOLEAN DaclDefaulted)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;

    MODEL_CHECK(RtlSetDaclSecurityDescriptor, PASSIVE_LEVEL, APC_LEVEL,
                "RtlSetDaclSecurityDescriptor function (wdm.h)");
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    descriptor->Control &= ~SE_DACL_PRESENT;
    if (DaclPresent)
        descriptor->Control |= SE_DACL_PRESENT;
    descriptor->Dacl = DaclPresent ? Dacl : NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Owner,
                                             BOOLEAN OwnerDefaulted)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;

    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    descriptor->Owner = Owner;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Group,
                                             BOOLEAN GroupDefaulted)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;

    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    descriptor->Group = Group;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision)
{
    MODEL_CHECK(RtlCreateAcl, PASSIVE_LEVEL, APC_LEVEL, "RtlCreateAcl function (ntifs.h)");
    if (AclLength < sizeof(ACL) || AclLength > MAXUSHORT)
        return STATUS_BUFFER_TOO_SMALL;
    *Acl = (ACL){.AclRevision = (UCHAR)AclRevision, .AclSize = (USHORT)(AclLength & ~3u)};
    return STATUS_SUCCESS;
}

/* The ACE number `index`; the end of the last one for AceCount. */
static PUCHAR ace_at(const ACL *acl, ULONG index)
{
    PUCHAR at = (PUCHAR)(acl + 1), end = (PUCHAR)acl + acl->AclSize;

    for (ULONG i = 0; i < index; i++) {
        if (at + sizeof(ACE_HEADER) > end || ((PACE_HEADER)at)->AceSize < sizeof(ACE_HEADER))
            rule_broken(&acl_malformed, "entry %u of %u", i, acl->AceCount);
        at += ((PACE_HEADER)at)->AceSize;
    }
    if (at > end)
        rule_broken(&acl_malformed, "%u entries in %u bytes", acl->AceCount, acl->AclSize);
    return at;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    ULONG bytes = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + descriptor_sid_bytes(Sid);
    PACCESS_ALLOWED_ACE ace;

    MODEL_CHECK(RtlAddAccessAllowedAce, PASSIVE_LEVEL, APC_LEVEL,
                "RtlAddAccessAllowedAce function (ntifs.h)");
    descriptor_group(Sid); /* well formed? */
    ace = (PACCESS_ALLOWED_ACE)ace_at(Acl, Acl->AceCount);
    if ((PUCHAR)ace + bytes > (PUCHAR)Acl + Acl->AclSize)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    ace->Header = (ACE_HEADER){ACCESS_ALLOWED_ACE_TYPE, 0, (USHORT)bytes};
    ace->Mask = AccessMask;
    RtlCopyMemory(&ace->SidStart, Sid, descriptor_sid_bytes(Sid));
    Acl->AceCount++;
    return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSid(PSID Sid)
{
    return descriptor_sid_bytes(Sid);
}

BOOLEAN NTAPI RtlValidSid(PSID Sid)
{
    return ((SID *)Sid)->Revision == SID_REVISION &&
           ((SID *)Sid)->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

/* --- Reading. */

static PACL dacl_of(const SECURITY_DESCRIPTOR *descriptor)
{
    const SECURITY_DESCRIPTOR_RELATIVE *relative = (const void *)descriptor;

    if (!(descriptor->Control & SE_DACL_PRESENT))
        return NULL;
    if (descriptor->Control & SE_SELF_RELATIVE)
        return relative->Dacl == 0 ? NULL : (PACL)((PUCHAR)relative + relative->Dacl);
    return descriptor->Dacl;
}

BOOLEAN descriptor_is_windows(PSECURITY_DESCRIPTOR descriptor)
{
    return ((PISECURITY_DESCRIPTOR)descriptor)->Revision == SECURITY_DESCRIPTOR_REVISION;
}

ULONG descriptor_entries(PSECURITY_DESCRIPTOR descriptor, descriptor_entry_fn *entry, void *context)
{
    PACL dacl = dacl_of(descriptor);

    if (dacl == NULL)
        return DESCRIPTOR_NO_DACL;
    for (ULONG i = 0; i < dacl->AceCount; i++) {
        PACCESS_ALLOWED_ACE ace = (PACCESS_ALLOWED_ACE)ace_at(dacl, i);

        ace_at(dacl, i + 1); /* this one ends inside */
        if (ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE ||
            ace->Header.AceType == ACCESS_DENIED_ACE_TYPE)
            entry(context, ace->Header.AceType == ACCESS_DENIED_ACE_TYPE,
                  descriptor_group((const SID *)&ace->SidStart), ace->Mask);
    }
    return dacl->AceCount;
}

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                            BOOLEAN SubjectContextLocked, ACCESS_MASK DesiredAccess,
                            ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                            PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode,
                            PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    ACCESS_MASK granted = 0;

    MODEL_CALL(SeAccessCheck, PASSIVE_LEVEL, PASSIVE_LEVEL, "SeAccessCheck function (wdm.h)");
    if (Privileges != NULL)
        *Privileges = NULL;
    if (AccessMode == KernelMode) {
        *GrantedAccess = PreviouslyGrantedAccess | security_map(DesiredAccess, GenericMapping);
        *AccessStatus = STATUS_SUCCESS;
        return TRUE;
    }
    if (SecurityDescriptor == NULL)
        rule_broken(&access_check_null, "desired access %x", DesiredAccess);
    *AccessStatus =
        security_check(SecurityDescriptor, SubjectSecurityContext->PrimaryToken,
                       DesiredAccess & ~PreviouslyGrantedAccess, GenericMapping, &granted);
    *GrantedAccess = NT_SUCCESS(*AccessStatus) ? granted | PreviouslyGrantedAccess : 0;
    return NT_SUCCESS(*AccessStatus);
}

VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    MODEL_CALL(SeCaptureSubjectContext, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "SeCaptureSubjectContext function (wdm.h)");
    *SubjectContext =
        (SECURITY_SUBJECT_CONTEXT){.PrimaryToken = (PACCESS_TOKEN)process_current()->token};
}

VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    MODEL_CALL(SeReleaseSubjectContext, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "SeReleaseSubjectContext function (wdm.h)");
    SubjectContext->PrimaryToken = NULL;
}

VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
}

VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
}
