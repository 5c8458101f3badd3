/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of the model that drivers see (IRPs, device objects, extensions), after its end: it stays
 * for a while, forbidden, so that a late touch is reported as what it is.
 */
#ifndef NT_MODEL_GRAVE_H
#define NT_MODEL_GRAVE_H

#include <stdbool.h>
#include <stddef.h>

struct rule;

/* Frees memory of host_alloc, later. rule: what a touch breaks; what: "IRP", "device object". */
void grave_bury(void *memory, size_t bytes, const struct rule *rule, const char *what);
/* For a fault's report; NULL: no grave. */
const struct rule *grave_explain(const void *address, bool is_write, char *text, size_t size);

#endif
