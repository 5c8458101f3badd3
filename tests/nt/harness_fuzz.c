/* SPDX-License-Identifier: BSD-2-Clause */
/* See harness_fuzz.h. The trace is a table of counted edges, shared with the runs' processes. */
#include "harness_fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { EDGES = 1 << 16, KEPT_MAX = 4096, NEW_BYTES_MAX = 64 };

static unsigned char *trace; /* of the run that goes on */
static unsigned char seen[EDGES];
static struct fuzz_input *kept[KEPT_MAX];
static unsigned kept_count, turn;
static uint64_t random_state;
static time_t end;

/* Called at each basic block of the objects that are built for it. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    static uintptr_t before;
    uintptr_t here = (uintptr_t)__builtin_return_address(0);

    if (trace) {
        unsigned char *edge = &trace[(here ^ (before >> 1)) % EDGES];

        *edge += *edge < 255;
    }
    before = here;
}

static uint32_t below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) % bound);
}

/* Counts that differ in their magnitude only are one. */
static unsigned char magnitude(unsigned char count)
{
    unsigned char bit = 0;

    while (count) {
        bit = (unsigned char)(bit ? bit << 1 : 1);
        count >>= 1;
    }
    return bit;
}

void fuzz_start(uint64_t seed, unsigned seconds)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    trace = mmap(NULL, EDGES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trace == MAP_FAILED) {
        perror("trace");
        exit(2);
    }
    end = time(NULL) + (time_t)seconds;
}

static void make_new(struct fuzz_input *input)
{
    input->count = 1 + below(NEW_BYTES_MAX);
    for (unsigned i = 0; i < input->count; i++)
        input->bytes[i] = (unsigned char)below(256);
}

static void insert(struct fuzz_input *input, const unsigned char *bytes, unsigned count)
{
    unsigned at = below(input->count + 1);

    if (input->count + count > RUN_INPUT_MAX)
        return;
    memmove(&input->bytes[at + count], &input->bytes[at], input->count - at);
    memmove(&input->bytes[at], bytes, count);
    input->count += count;
}

static void mutate_once(struct fuzz_input *input)
{
    static const unsigned char edges[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, 0x10, 0x20, 0x40};
    const struct fuzz_input *other = kept[below(kept_count)];
    unsigned char fresh[8];
    unsigned at = below(input->count ? input->count : 1), count;

    switch (below(7)) {
    case 0:
        input->bytes[at] ^= (unsigned char)(1u << below(8));
        break;
    case 1:
        input->bytes[at] = edges[below(sizeof(edges))];
        break;
    case 2:
        input->bytes[at] = (unsigned char)below(256);
        break;
    case 3:
        input->bytes[at] += (unsigned char)(below(2) ? 1 : -1);
        break;
    case 4: /* less */
        if (input->count < 2)
            break;
        count = 1 + below(input->count - at < 16 ? input->count - at : 16);
        memmove(&input->bytes[at], &input->bytes[at + count], input->count - at - count);
        input->count -= count;
        break;
    case 5: /* more */
        for (unsigned i = 0; i < sizeof(fresh); i++)
            fresh[i] = (unsigned char)below(256);
        insert(input, fresh, 1 + below(sizeof(fresh)));
        break;
    case 6: /* a part of another one */
        if (other->count) {
            unsigned from = below(other->count);

            insert(input, &other->bytes[from], 1 + below(other->count - from));
        }
        break;
    }
}

bool fuzz_next(struct fuzz_input *input)
{
    if (time(NULL) >= end)
        return false;
    memset(trace, 0, EDGES);
    if (kept_count == 0 || below(50) == 0) {
        make_new(input);
        return true;
    }
    /* The newest often, the others in turn. */
    *input = below(3) ? *kept[turn++ % kept_count] : *kept[kept_count - 1 - below(kept_count) / 4];
    for (unsigned i = 1 + below(6); i; i--)
        mutate_once(input);
    return true;
}

void fuzz_ran(const struct fuzz_input *input)
{
    bool new = false;

    for (unsigned i = 0; i < EDGES; i++) {
        unsigned char reached = magnitude(trace[i]);

        if (reached & ~seen[i]) {
            seen[i] |= reached;
            new = true;
        }
    }
    if (!new || kept_count == KEPT_MAX)
        return;
    kept[kept_count] = malloc(sizeof(*input));
    if (kept[kept_count])
        *kept[kept_count++] = *input;
}

unsigned fuzz_kept(void)
{
    return kept_count;
}

bool fuzz_load(const char *path, struct fuzz_input *input)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        return false;
    input->count = (unsigned)fread(input->bytes, 1, sizeof(input->bytes), file);
    fclose(file);
    return true;
}

bool fuzz_save(const char *path, const struct fuzz_input *input)
{
    FILE *file = fopen(path, "wb");
    bool saved = file && fwrite(input->bytes, 1, input->count, file) == input->count;

    if (file && fclose(file) != 0)
        saved = false;
    return saved;
}
