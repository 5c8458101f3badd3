/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line that tells a person how far a copy is: "1204 files, 3.4 MiB, 12.1 MiB/s, name". Time
 * comes in as an argument; the edge writes the text where the person looks.
 */
#ifndef CASEMENT_FILECOPY_PROGRESS_H
#define CASEMENT_FILECOPY_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FC_PROGRESS_TEXT_SIZE = 160 };

struct fc_progress {
    uint64_t started_ms, due_ms;
    uint32_t interval_ms;
};

void fc_progress_start(struct fc_progress *progress, uint64_t now_ms, uint32_t interval_ms);

/* Whether it is time for a line; then the next one is due an interval later. */
bool fc_progress_due(struct fc_progress *progress, uint64_t now_ms);

/* Writes the line with a NUL, without end of line. name may be NULL; a long one is cut in front,
 * at the border of a character. Returns its length. */
size_t fc_progress_text(const struct fc_progress *progress, uint64_t now_ms, uint64_t files,
                        uint64_t bytes, const char *name, char out[FC_PROGRESS_TEXT_SIZE]);

#endif
