/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which names may be: of services, domains, targets and requests. What dom0 enforces is checked
 * here on both sides, so that a bad name is refused where it enters.
 */
#ifndef CASEMENT_QREXEC_NAMES_H
#define CASEMENT_QREXEC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "core/qrexec/wire.h"

/* "service" or "service+argument": not empty, does not begin with '+', only [A-Za-z0-9_.+-], at
 * most QREXEC_SERVICE_NAME_MAX bytes. */
bool qrexec_service_name_ok(const char *name);
/* A domain: [A-Za-z0-9_.-], 1 to 63 bytes. */
bool qrexec_domain_name_ok(const char *name);
/* A domain, or a keyword such as @dispvm:name; '@' and ':' are allowed too. */
bool qrexec_target_name_ok(const char *name);
/* Text of [0-9A-Za-z_.\- ], at least one, NUL ended and NUL padded. */
bool qrexec_ident_ok(const struct qrexec_ident *ident);

/* Replaces every byte that a service name may not have by '_', in place. */
void qrexec_sanitise_service(char *name);
/* The same for a target; '$' becomes '@', as older programs wrote keywords with it. */
void qrexec_sanitise_target(char *name);

/* May a file of this name hold a service on Windows? Refuses what NTFS reads as another file:
 * a trailing dot, "." and "..", device names (CON, nul.txt, COM1 ...), and what is no service name
 * at all. `length` bytes of `name` count. */
bool qrexec_windows_file_name_ok(const char *name, size_t length);

#endif
