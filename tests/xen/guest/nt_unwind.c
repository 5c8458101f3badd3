/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include "nt_unwind.h"
#include "pe.h"

enum {
    RAX = 0,
    RSP = 4,
    FUNCTION_BYTES = 12,
    FLAG_HANDLER = 1,
    FLAG_CHAINED = 4,
    CODE_PUSH = 0,
    CODE_ALLOC_LARGE = 1,
    CODE_ALLOC_SMALL = 2,
    CODE_SET_FRAME = 3,
    CODE_SAVE = 4,
    CODE_SAVE_FAR = 5,
    CODE_SAVE_XMM = 8,
    CODE_SAVE_XMM_FAR = 9,
    FILTER_TAKES_ALL = 1, /* EXCEPTION_EXECUTE_HANDLER */
    FRAMES_MAX = 64,
};

struct function { /* RUNTIME_FUNCTION: offsets in the image */
    uint32_t begin, end, unwind;
};

struct scope { /* a row of the C scope table */
    uint32_t begin, end, handler, target;
};

static const struct function *find_function(const struct pe_image *image, uint32_t at)
{
    const struct function *functions = (const struct function *)(image->base + image->unwind);

    for (uint32_t i = 0; i < image->unwind_size / FUNCTION_BYTES; i++)
        if (at >= functions[i].begin && at < functions[i].end)
            return &functions[i];
    return NULL;
}

static const uint8_t *info_of(const struct pe_image *image, const struct function *function)
{
    return image->base + function->unwind;
}

/* Behind the codes, which are padded to an even number. */
static const uint8_t *after_codes(const uint8_t *info)
{
    return info + 4 + 2 * ((info[2] + 1u) & ~1u);
}

static uint64_t stack_word(uint64_t at)
{
    return *(const uint64_t *)at;
}

static uint16_t slot(const uint8_t *codes, unsigned index)
{
    return (uint16_t)(codes[2 * index] | codes[2 * index + 1] << 8);
}

/* Undoes one operation of a prologue; returns how many slots it has. */
static unsigned undo(const uint8_t *info, const uint8_t *codes, unsigned i, struct nt_registers *r)
{
    unsigned operation = codes[2 * i + 1] & 15, what = codes[2 * i + 1] >> 4;
    uint64_t *rsp = &r->general[RSP];

    switch (operation) {
    case CODE_PUSH:
        r->general[what] = stack_word(*rsp);
        *rsp += 8;
        return 1;
    case CODE_ALLOC_SMALL:
        *rsp += what * 8 + 8;
        return 1;
    case CODE_ALLOC_LARGE:
        *rsp += what ? slot(codes, i + 1) | (uint32_t)slot(codes, i + 2) << 16
                     : slot(codes, i + 1) * 8u;
        return what ? 3 : 2;
    case CODE_SET_FRAME:
        *rsp = r->general[info[3] & 15] - (info[3] >> 4) * 16u;
        return 1;
    case CODE_SAVE:
        r->general[what] = stack_word(*rsp + slot(codes, i + 1) * 8u);
        return 2;
    case CODE_SAVE_FAR:
        r->general[what] =
            stack_word(*rsp + (slot(codes, i + 1) | (uint32_t)slot(codes, i + 2) << 16));
        return 3;
    case CODE_SAVE_XMM: /* neither the model nor what it calls changes them */
        return 2;
    default:
        return 3;
    }
}

static void undo_prologue(const struct pe_image *image, const struct function *function,
                          struct nt_registers *r)
{
    for (;;) {
        const uint8_t *info = info_of(image, function), *codes = info + 4;

        for (unsigned i = 0; i < info[2];)
            i += undo(info, codes, i, r);
        if (!(info[0] >> 3 & FLAG_CHAINED))
            return;
        function = (const struct function *)after_codes(info);
    }
}

static void leave_function(struct nt_registers *r)
{
    r->rip = stack_word(r->general[RSP]);
    r->general[RSP] += 8;
}

static const struct scope *find_scope(const struct pe_image *image, const struct function *function,
                                      uint32_t at)
{
    const uint8_t *info = info_of(image, function), *data = after_codes(info);
    const struct scope *scopes = (const struct scope *)(data + 8);
    uint32_t count;

    if (!(info[0] >> 3 & FLAG_HANDLER))
        return NULL;
    memcpy(&count, data + 4, sizeof count);
    for (uint32_t i = 0; i < count; i++)
        if (at >= scopes[i].begin && at < scopes[i].end && scopes[i].target &&
            scopes[i].handler == FILTER_TAKES_ALL)
            return &scopes[i];
    return NULL;
}

bool nt_find_handler(struct nt_registers *r, uint32_t exception_code)
{
    for (unsigned frame = 0; frame < FRAMES_MAX; frame++) {
        const struct pe_image *image = pe_of((void *)r->rip);
        const struct function *function;
        const struct scope *scope;
        uint32_t at;

        if (!image)
            return false;
        at = (uint32_t)(r->rip - (uintptr_t)image->base) - 1; /* inside of the call */
        function = find_function(image, at);
        if (function) {
            scope = find_scope(image, function, at);
            if (scope) {
                r->general[RAX] = exception_code;
                r->rip = (uintptr_t)image->base + scope->target;
                return true;
            }
            undo_prologue(image, function, r);
        }
        leave_function(r);
    }
    return false;
}
