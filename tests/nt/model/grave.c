/* SPDX-License-Identifier: BSD-2-Clause */
/* See grave.h: a ring of the last buried. */
#include "model/grave.h"
#include "model/machine.h"

enum { GRAVES = 512 };

static struct {
    char *memory;
    size_t bytes;
    const struct rule *rule;
    const char *what;
} Graves[GRAVES];
static unsigned Next;

void grave_bury(void *memory, size_t bytes, const struct rule *rule, const char *what)
{
    if (Graves[Next].memory != NULL) {
        host_memory_unpoison(Graves[Next].memory, Graves[Next].bytes);
        host_free(Graves[Next].memory);
    }
    Graves[Next].memory = memory;
    Graves[Next].bytes = bytes;
    Graves[Next].rule = rule;
    Graves[Next].what = what;
    host_memory_poison(memory, bytes);
    Next = (Next + 1) % GRAVES;
}

const struct rule *grave_explain(const void *address, bool is_write, char *text, size_t size)
{
    const char *at = address;

    for (unsigned i = 0; i < GRAVES; i++) {
        if (Graves[i].memory == NULL || at < Graves[i].memory ||
            at >= Graves[i].memory + Graves[i].bytes)
            continue;
        model_text(text, size, "%s at offset %lu of %s %p, which is gone",
                   is_write ? "write" : "read", (unsigned long)(at - Graves[i].memory),
                   Graves[i].what, Graves[i].memory);
        return Graves[i].rule;
    }
    return NULL;
}
