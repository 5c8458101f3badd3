/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting for DbgPrint, ntstrsafe.h and the model's reports, with the meanings that Windows
 * gives: %s %S %ws %wZ %Z %c %d %i %u %x %X %o %p, sizes h, l, ll, I, I32, I64, z, width and
 * precision.
 */
#ifndef NT_MODEL_PRINT_H
#define NT_MODEL_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* As C99's vsnprintf: always terminates if size > 0, returns the length that was needed. */
size_t print_format(char *out, size_t size, const char *format, va_list arguments);
/* The same for 16-bit characters; sizes in characters. */
size_t print_format_wide(unsigned short *out, size_t size, const unsigned short *format,
                         va_list arguments);

#endif
