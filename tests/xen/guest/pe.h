/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads a driver's file (.sys, PE32+ for x86-64) as Windows' loader does: sections at an address of
 * their own, base relocations, imports by name, and the rights that the section headers ask for. A
 * file whose headers do not hold together is refused with a sentence; so is one with code that may
 * be written, or an import that nobody has.
 *
 * One instruction is changed: PAUSE, with which a driver waits for another CPU, becomes a software
 * interrupt, so that on this machine, where CPUs take turns, the other one gets its turn.
 */
#ifndef GUEST_PE_H
#define GUEST_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PE_PAUSE_VECTOR = 0x2e };

struct pe_image {
    const char *name;
    uint8_t *base;
    uint32_t size;
    void *entry;
    uint32_t unwind, unwind_size; /* the exception directory: offset from base, bytes */
    struct pe_image *next;
};

/* The address of what a driver imports, or NULL. */
typedef void *pe_export(const char *name);

/* NULL: loaded. Else what is wrong with the file. name stays. */
const char *pe_load(struct pe_image *image, const char *name, const uint8_t *file, size_t size,
                    pe_export *find_export);

/* The loaded image that an address is in, or NULL. */
const struct pe_image *pe_of(const void *address);

#endif
