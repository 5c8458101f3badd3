/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy: which guest may call which service where. The format is a subset of Qubes R4.1's:
 *
 *     service  +argument|*|+  source  target  allow|deny  [target=NAME] [user=NAME]
 *
 * One rule a line, the first that matches decides, no match denies. Source: a name, @anyvm or *.
 * Target: a name, @anyvm (anything but dom0), @default, @adminvm (also written dom0) or *. What
 * Qubes knows and this subset does not (ask, @tag:, @type:, @dispvm, !include) is an error that
 * says so, never a rule that silently means less than its author thinks.
 *
 * Pure functions on memory; no thread shares a policy that is being freed.
 */
#ifndef CASEMENT_POLICY_H
#define CASEMENT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

enum {
    POLICY_NAME_BYTES_MAX = 64, /* a guest's or a user's name, with its NUL */
    POLICY_RULES_MAX = 4096,
    POLICY_FILE_BYTES_MAX = 1 << 20,
};

struct policy;

struct policy_error {
    unsigned line; /* counted from 1; 0: not about one line */
    char text[200];
};

struct policy_call {
    const char *service; /* with its argument: "name" or "name+argument" */
    const char *source;  /* the calling guest */
    const char *target;  /* as the caller wrote it: "", a name, dom0, @adminvm, @default */
};

struct policy_verdict {
    bool allowed;
    unsigned line;                      /* the deciding rule; 0: none matched */
    char target[POLICY_NAME_BYTES_MAX]; /* allowed: a guest's name, or "dom0" */
    char user[POLICY_NAME_BYTES_MAX];   /* allowed: "" leaves the choice to the target */
    char reason[120];                   /* denied: for the log */
};

/* text need not end with NUL. NULL with *error filled on a fault. Free with policy_free(). */
struct policy *policy_parse(const char *text, size_t size_bytes, struct policy_error *error);
void policy_free(struct policy *policy);
void policy_decide(const struct policy *policy, const struct policy_call *call,
                   struct policy_verdict *verdict);
/* A guest's name: a letter, then letters, digits, '_', '.', '-'; at most 31; not "dom0". */
bool policy_guest_name_valid(const char *name);

#endif
