/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a policy file: parsed or refused with a line that exists, and what was parsed can
 * be asked. What it allows is always a guest's name or dom0, and never the caller.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linux/dom0/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const targets[] = {"", "work", "dom0", "@default", "@adminvm", "@dispvm"};
    struct policy_error error;
    struct policy *policy = policy_parse((const char *)data, size, &error);
    if (policy == NULL) {
        unsigned lines = 1;
        for (size_t i = 0; i < size; i++)
            lines += data[i] == '\n';
        if (error.text[0] == '\0' || error.line > lines)
            abort();
        return 0;
    }
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct policy_verdict verdict;
        policy_decide(policy, &(struct policy_call){"test.Echo+a", "win", targets[i]}, &verdict);
        if (verdict.allowed &&
            (strcmp(verdict.target, "win") == 0 ||
             (strcmp(verdict.target, "dom0") != 0 && !policy_guest_name_valid(verdict.target))))
            abort();
    }
    policy_free(policy);
    return 0;
}
