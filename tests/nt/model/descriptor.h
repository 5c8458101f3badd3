/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows's own security descriptors, read entry by entry. */
#ifndef NT_MODEL_DESCRIPTOR_H
#define NT_MODEL_DESCRIPTOR_H

#include <ntifs.h>

#define DESCRIPTOR_NO_DACL MAXULONG

BOOLEAN descriptor_is_windows(PSECURITY_DESCRIPTOR descriptor);
/* Calls entry for each of the discretionary list, in order; DESCRIPTOR_NO_DACL: everything is
 * allowed. group: as in SDDL. */
typedef void descriptor_entry_fn(void *context, BOOLEAN deny, const char *group,
                                 ACCESS_MASK rights);
ULONG descriptor_entries(PSECURITY_DESCRIPTOR descriptor, descriptor_entry_fn *entry,
                         void *context);
/* The two letters that SDDL has for a SID; "??": none here. */
const char *descriptor_group(const SID *sid);
ULONG descriptor_sid_bytes(const SID *sid);

#endif
