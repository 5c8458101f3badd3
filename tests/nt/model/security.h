/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may do what: tokens of processes, security descriptors in absolute or self-relative form, the
 * access check, and SDDL as far as device drivers use it (D:P, ACEs of SY BA BU AU WD LS NS IU RC,
 * rights GA GR GW GX and numbers).
 */
#ifndef NT_MODEL_SECURITY_H
#define NT_MODEL_SECURITY_H

#include <ntddk.h>

struct security_token {
    const char *name;   /* for reports */
    const char *groups; /* two-letter SDDL names: "SY", "BA", "BU", "WD", ... separated by blanks */
    const char *privileges; /* "SeLoadDriverPrivilege ..." that are enabled */
};

extern const struct security_token security_system, security_administrator, security_user,
    security_anonymous;

/* What a device has that was created without a descriptor of its own. The caller frees. */
PSECURITY_DESCRIPTOR security_default_for_device(DEVICE_TYPE type);
NTSTATUS security_from_sddl(PCUNICODE_STRING sddl, PSECURITY_DESCRIPTOR *descriptor);
void security_free(PSECURITY_DESCRIPTOR descriptor);
/* Generic rights as specific ones. */
ACCESS_MASK security_map(ACCESS_MASK rights, const GENERIC_MAPPING *mapping);
/* STATUS_ACCESS_DENIED or success with what was granted. MAXIMUM_ALLOWED is understood. */
NTSTATUS security_check(PSECURITY_DESCRIPTOR descriptor, const struct security_token *token,
                        ACCESS_MASK desired, const GENERIC_MAPPING *mapping, ACCESS_MASK *granted);

#endif
