/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test's partner in dom0: the program guest_partner (partner.c has the commands). Asking and the
 * answer can be apart, so that both sides are at work meanwhile.
 */
#ifndef GUEST_PARTNER_H
#define GUEST_PARTNER_H

#include <stddef.h>

void partner_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The answer to it; the test fails when it does not come. */
const char *partner_end(void);

/* Both in one; the test fails when the answer is an error. */
const char *partner_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One number as the answer; negative: the errno in dom0. */
long partner_number(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
