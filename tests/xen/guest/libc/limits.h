/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_LIMITS_H
#define GUEST_LIMITS_H

#define INT_MAX  2147483647
#define UINT_MAX 4294967295u

#endif
