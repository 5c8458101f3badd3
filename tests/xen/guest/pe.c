/* SPDX-License-Identifier: BSD-2-Clause */
/* Microsoft's "PE Format" has the offsets. Every offset of the file is checked before its use. */
#include <string.h>

#include "memory.h"
#include "pe.h"
#include "print.h"

enum {
    DOS_NEW_HEADER_AT = 0x3c,
    MACHINE_AMD64 = 0x8664,
    MAGIC_PE32_PLUS = 0x20b,
    COFF_BYTES = 24, /* with the signature */
    OPTIONAL_BYTES_MIN = 112,
    SECTION_BYTES = 40,
    DIRECTORY_IMPORT = 1,
    DIRECTORY_EXCEPTION = 3,
    DIRECTORY_RELOCATION = 5,
    RELOCATION_NONE = 0,
    RELOCATION_DIR64 = 10,
    IMAGE_MAX_BYTES = 16 << 20,
    SECTIONS_MAX = 32,
};
#define SECTION_EXECUTE 0x20000000u
#define SECTION_READ    0x40000000u
#define SECTION_WRITE   0x80000000u
#define IMPORT_ORDINAL  0x8000000000000000ull

struct loading {
    struct pe_image *image;
    const uint8_t *file;
    size_t file_size;
    uint32_t optional; /* offset of the optional header */
    uint32_t sections, section_count;
    uint64_t preferred_base;
    pe_export *find_export;
};

static char trouble[128];
static struct pe_image *images;

static bool in_file(const struct loading *pe, uint64_t at, uint64_t bytes)
{
    return at <= pe->file_size && bytes <= pe->file_size - at;
}

static bool in_image(const struct loading *pe, uint64_t at, uint64_t bytes)
{
    return at <= pe->image->size && bytes <= pe->image->size - at;
}

static uint16_t get16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Offset and size of a data directory; 0 and 0 when the file has none. */
static void directory(const struct loading *pe, unsigned index, uint32_t *at, uint32_t *size)
{
    const uint8_t *optional = pe->file + pe->optional;
    bool there =
        index < get32(optional + 108) && in_file(pe, pe->optional + 112 + 8 * (uint64_t)index, 8);

    *at = there ? get32(optional + 112 + 8 * index) : 0;
    *size = there ? get32(optional + 112 + 8 * index + 4) : 0;
}

static const char *read_headers(struct loading *pe)
{
    uint32_t header, optional_size, header_bytes;

    if (!in_file(pe, 0, 64) || get16(pe->file) != 0x5a4d)
        return "no MZ header";
    header = get32(pe->file + DOS_NEW_HEADER_AT);
    if (!in_file(pe, header, COFF_BYTES) || get32(pe->file + header) != 0x4550)
        return "no PE header";
    if (get16(pe->file + header + 4) != MACHINE_AMD64)
        return "not for x86-64";
    pe->section_count = get16(pe->file + header + 6);
    optional_size = get16(pe->file + header + 20);
    pe->optional = header + COFF_BYTES;
    if (optional_size < OPTIONAL_BYTES_MIN || !in_file(pe, pe->optional, optional_size) ||
        get16(pe->file + pe->optional) != MAGIC_PE32_PLUS)
        return "no PE32+ header";
    pe->sections = pe->optional + optional_size;
    if (pe->section_count > SECTIONS_MAX ||
        !in_file(pe, pe->sections, (uint64_t)pe->section_count * SECTION_BYTES))
        return "section headers beyond the file";
    pe->preferred_base = get64(pe->file + pe->optional + 24);
    pe->image->size = get32(pe->file + pe->optional + 56);
    header_bytes = get32(pe->file + pe->optional + 60);
    if (get32(pe->file + pe->optional + 32) != PAGE_BYTES || pe->image->size % PAGE_BYTES ||
        !pe->image->size || pe->image->size > IMAGE_MAX_BYTES)
        return "sections are not on pages of their own";
    if (header_bytes > PAGE_BYTES || !in_file(pe, 0, header_bytes))
        return "headers longer than a page";
    return NULL;
}

static const uint8_t *section_header(const struct loading *pe, uint32_t index)
{
    return pe->file + pe->sections + index * SECTION_BYTES;
}

static const char *copy_sections(struct loading *pe)
{
    for (uint32_t i = 0; i < pe->section_count; i++) {
        const uint8_t *section = section_header(pe, i);
        uint32_t bytes = get32(section + 8), at = get32(section + 12);
        uint32_t raw_bytes = get32(section + 16), raw_at = get32(section + 20);
        uint32_t copied = raw_bytes < bytes ? raw_bytes : bytes;

        if (at % PAGE_BYTES || !at || !in_image(pe, at, bytes) || !in_file(pe, raw_at, copied))
            return "a section beyond its image or file";
        memcpy(pe->image->base + at, pe->file + raw_at, copied);
    }
    memcpy(pe->image->base, pe->file, get32(pe->file + pe->optional + 60));
    return NULL;
}

static const char *relocate(struct loading *pe)
{
    uint64_t distance = (uintptr_t)pe->image->base - pe->preferred_base;
    uint32_t at, size;

    directory(pe, DIRECTORY_RELOCATION, &at, &size);
    if (!size)
        return "no relocations";
    if (!in_image(pe, at, size))
        return "relocations beyond the image";
    for (uint32_t end = at + size; at + 8 <= end;) {
        uint32_t page = get32(pe->image->base + at), bytes = get32(pe->image->base + at + 4);

        if (bytes < 8 || bytes > end - at)
            return "a block of relocations with a wrong size";
        for (uint32_t i = 8; i + 2 <= bytes; i += 2) {
            uint16_t entry = get16(pe->image->base + at + i);
            uint32_t where = page + (entry & 0xfff);
            uint64_t value;

            if (entry >> 12 == RELOCATION_NONE)
                continue;
            if (entry >> 12 != RELOCATION_DIR64 || !in_image(pe, where, 8))
                return "a relocation of an unknown kind or place";
            value = get64(pe->image->base + where) + distance;
            memcpy(pe->image->base + where, &value, sizeof value);
        }
        at += bytes;
    }
    return NULL;
}

static const char *text_at(const struct loading *pe, uint32_t at)
{
    uint32_t room = at < pe->image->size ? pe->image->size - at : 0;
    const char *text = (const char *)pe->image->base + at;

    return room && strnlen(text, room) < room ? text : NULL;
}

static const char *bind_module(struct loading *pe, uint32_t names, uint32_t addresses)
{
    for (;; names += 8, addresses += 8) {
        uint64_t entry;
        const char *name;
        void *found;

        if (!in_image(pe, names, 8) || !in_image(pe, addresses, 8))
            return "imports beyond the image";
        entry = get64(pe->image->base + names);
        if (!entry)
            return NULL;
        name = entry & IMPORT_ORDINAL ? NULL : text_at(pe, (uint32_t)entry + 2);
        if (!name)
            return "an import without a name";
        found = pe->find_export(name);
        if (!found) {
            snprintf(trouble, sizeof trouble, "nobody exports %s", name);
            return trouble;
        }
        memcpy(pe->image->base + addresses, &found, sizeof found);
    }
}

static const char *bind_imports(struct loading *pe)
{
    uint32_t at, size;

    directory(pe, DIRECTORY_IMPORT, &at, &size);
    for (; size >= 20; at += 20, size -= 20) {
        const char *wrong;

        if (!in_image(pe, at, 20))
            return "import descriptors beyond the image";
        if (!get32(pe->image->base + at + 12))
            return NULL;
        wrong = bind_module(pe, get32(pe->image->base + at), get32(pe->image->base + at + 16));
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* F3 90 is PAUSE, CD n is INT n: of one length. */
static void replace_pauses(const struct loading *pe)
{
    for (uint32_t i = 0; i < pe->section_count; i++) {
        const uint8_t *section = section_header(pe, i);
        uint8_t *code = pe->image->base + get32(section + 12);

        if (!(get32(section + 36) & SECTION_EXECUTE))
            continue;
        for (uint32_t at = 0; at + 2 <= get32(section + 8); at++)
            if (code[at] == 0xf3 && code[at + 1] == 0x90) {
                code[at] = 0xcd;
                code[at + 1] = PE_PAUSE_VECTOR;
            }
    }
}

static const char *set_rights(struct loading *pe)
{
    uint8_t *base = pe->image->base;

    memory_protect(base, pe->image->size, PAGE_READ);
    for (uint32_t i = 0; i < pe->section_count; i++) {
        const uint8_t *section = section_header(pe, i);
        uint32_t bytes = (get32(section + 8) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1u);
        uint32_t flags = get32(section + 36);

        if (flags & SECTION_EXECUTE && flags & SECTION_WRITE)
            return "a section that may be written and executed";
        memory_protect(base + get32(section + 12), bytes,
                       (flags & (SECTION_READ | SECTION_EXECUTE) ? PAGE_READ : PAGE_NONE) |
                           (flags & SECTION_WRITE ? PAGE_RW : 0) |
                           (flags & SECTION_EXECUTE ? PAGE_EXECUTE : 0));
    }
    return NULL;
}

const char *pe_load(struct pe_image *image, const char *name, const uint8_t *file, size_t size,
                    pe_export *find_export)
{
    struct loading pe = {
        .image = image, .file = file, .file_size = size, .find_export = find_export};
    const char *wrong = read_headers(&pe);
    uint32_t pages = image->size / PAGE_BYTES, entry;

    if (wrong)
        return wrong;
    image->name = name;
    image->base = window_new(pages);
    memory_map(image->base, (uintptr_t)page_new(pages), image->size, PAGE_RW);
    if ((wrong = copy_sections(&pe)) || (wrong = relocate(&pe)) || (wrong = bind_imports(&pe)))
        return wrong;
    replace_pauses(&pe);
    if ((wrong = set_rights(&pe)))
        return wrong;
    entry = get32(file + pe.optional + 16);
    directory(&pe, DIRECTORY_EXCEPTION, &image->unwind, &image->unwind_size);
    if (!in_image(&pe, image->unwind, image->unwind_size) || !in_image(&pe, entry, 1))
        return "an entry point or exception table beyond the image";
    image->entry = image->base + entry;
    image->next = images;
    images = image;
    return NULL;
}

const struct pe_image *pe_of(const void *address)
{
    const uint8_t *at = address;

    for (const struct pe_image *image = images; image; image = image->next)
        if (at >= image->base && at < image->base + image->size)
            return image;
    return NULL;
}
