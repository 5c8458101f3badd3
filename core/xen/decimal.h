/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as XenStore has them: decimal text. */
#ifndef CORE_XEN_DECIMAL_H
#define CORE_XEN_DECIMAL_H

#include <stdint.h>

enum { DECIMAL_MAX_BYTES = 11 }; /* "4294967295" and its NUL */

/* Writes the number and a NUL; returns the digits' count. */
static inline uint32_t decimal_write(char *out, uint32_t number)
{
    char reversed[10];
    uint32_t digits = 0, length = 0;
    do
        reversed[digits++] = (char)('0' + number % 10);
    while (number /= 10);
    while (digits)
        out[length++] = reversed[--digits];
    out[length] = 0;
    return length;
}

#endif
