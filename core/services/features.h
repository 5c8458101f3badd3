/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest tells dom0 of itself, as keys and values of QubesDB: below /features-request/ for
 * the service qubes.FeaturesRequest, and below /qubes-tools/ for the older qubes.NotifyTools.
 * What dom0 would refuse (a value of other characters, a path too long for QubesDB) is left out
 * and counted.
 */
#ifndef CASEMENT_SERVICES_FEATURES_H
#define CASEMENT_SERVICES_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FEATURE_PATH_BYTES = 64, FEATURE_VALUE_BYTES = 64, FEATURES_MAX = 128 };

struct feature {
    char path[FEATURE_PATH_BYTES];
    char value[FEATURE_VALUE_BYTES];
};

struct feature_list {
    size_t count, left_out;
    struct feature entries[FEATURES_MAX];
};

struct guest_facts {
    const char *os_version; /* "10.0.19045" */
    bool gui;               /* an agent for windows is installed */
};

/* The list becomes what every guest of ours announces. */
void features_begin(struct feature_list *list, const struct guest_facts *facts);
/* A service that this guest answers: supported-rpc.<name>, and vmexec for qubes.VMExec. */
void features_add_service(struct feature_list *list, const char *name);

#endif
