/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of C's string.h and stdlib.h that core/ and the tests use. */
#ifndef GUEST_STRING_H
#define GUEST_STRING_H

#include <stddef.h>

void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *in, int byte, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t most);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t most);
/* As C's: pads with zeroes, and may leave the copy without an end. */
char *strncpy(char *to, const char *from, size_t size);
char *strchr(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *part);
/* Decimal only. */
unsigned long strtoul(const char *text, char **end, int base);

#endif
