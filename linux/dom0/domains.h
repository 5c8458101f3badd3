/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests have names, Xen knows numbers: xenstore says which domain has a name. */
#ifndef CASEMENT_DOM0_DOMAINS_H
#define CASEMENT_DOM0_DOMAINS_H

#include <xenstore.h>

enum { NO_DOMAIN = -1 };

/* NO_DOMAIN: there is none. Where a domain has no name yet the store is watched for it (token
 * "name"); new and gone domains are the caller's to watch. */
int domain_find(struct xs_handle *store, const char *name);

#endif
