/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words that a toolstack writes to the XenStore key control/shutdown, as xl and libvirt have
 * them, and what user mode does about each.
 */
#ifndef CASEMENT_SERVICES_SHUTDOWN_H
#define CASEMENT_SERVICES_SHUTDOWN_H

#include <stddef.h>

enum { SHUTDOWN_WORD_BYTES = 32 };

enum shutdown_action {
    SHUTDOWN_NONE,    /* an empty key: no request, or one that was taken */
    SHUTDOWN_KERNEL,  /* "suspend": the driver's, which clears the key itself */
    SHUTDOWN_UNKNOWN, /* not ours: left as it is, somebody else may act on it */
    SHUTDOWN_POWER_OFF,
    SHUTDOWN_REBOOT,
    SHUTDOWN_SLEEP,     /* to memory */
    SHUTDOWN_HIBERNATE, /* to disk */
};

/* word: ends with a NUL. */
enum shutdown_action shutdown_action_of(const char *word);

/* The keys that tell the toolstack which words are acted on, each with the value "1"; NULL at the
 * end. control/feature-suspend is not among them: it is the driver's to write. */
extern const char *const shutdown_feature_keys[];

#endif
