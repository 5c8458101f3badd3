/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PV devices that xenstore lists for this machine: the names below device/vbd or device/vif, as
 * numbers. The list comes from outside; what is not a plain decimal number of a device is left out.
 */
#ifndef CORE_XEN_CHILDREN_H
#define CORE_XEN_CHILDREN_H

#include <stddef.h>
#include <stdint.h>

enum { XEN_CHILDREN_MAX = 256 }; /* of one class; more are left out */

/* bytes: the answer to a DIRECTORY request, names that each end with NUL (the last one too; without
 * it, it is left out). Writes each number below 2^31 once, in rising order, and returns how many.
 */
size_t xen_children_parse(const char *bytes, size_t length, uint32_t numbers[XEN_CHILDREN_MAX]);

#endif
