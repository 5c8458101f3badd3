/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inputs for fuzzed cases: mutations of those that reached something new. What a run reached is
 * told by gcc's -fsanitize-coverage=trace-pc in the objects that were built with it (the driver's).
 */
#ifndef NT_HARNESS_FUZZ_H
#define NT_HARNESS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "harness_run.h"

struct fuzz_input {
    unsigned count;
    unsigned char bytes[RUN_INPUT_MAX];
};

void fuzz_start(uint64_t seed, unsigned seconds);
/* The next input to run, and the trace is empty; false: time is over. */
bool fuzz_next(struct fuzz_input *input);
/* The input ran without failure; kept when it reached something new. */
void fuzz_ran(const struct fuzz_input *input);
unsigned fuzz_kept(void);
bool fuzz_load(const char *path, struct fuzz_input *input);
bool fuzz_save(const char *path, const struct fuzz_input *input);

#endif
