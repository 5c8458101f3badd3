/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text output: the part of printf that tests need (%s %c %d %i %u %x %X %p %% with flags - 0 #,
 * width, .precision for %s, lengths hh h l ll z, and * for width and precision).
 */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

#include <stdarg.h>
#include <stddef.h>

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list arguments);

/* As C's: returns the length that the whole text would have. */
int snprintf(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *out, size_t size, const char *format, va_list arguments);

#endif
