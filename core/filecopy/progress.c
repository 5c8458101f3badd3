/* SPDX-License-Identifier: BSD-2-Clause */
/* The line that tells how far a copy is; see progress.h. */
#include "core/filecopy/progress.h"

#include <string.h>

void fc_progress_start(struct fc_progress *progress, uint64_t now_ms, uint32_t interval_ms)
{
    progress->started_ms = now_ms;
    progress->due_ms = now_ms + interval_ms;
    progress->interval_ms = interval_ms;
}

bool fc_progress_due(struct fc_progress *progress, uint64_t now_ms)
{
    if (now_ms < progress->due_ms)
        return false;
    progress->due_ms = now_ms + progress->interval_ms;
    return true;
}

static size_t add_text(char *out, size_t at, const char *text)
{
    size_t n = strlen(text);

    memcpy(out + at, text, n);
    return at + n;
}

static size_t add_number(char *out, size_t at, uint64_t value)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    memcpy(out + at, digits + n, sizeof(digits) - n);
    return at + sizeof(digits) - n;
}

static size_t add_size(char *out, size_t at, uint64_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    uint64_t tenths = 0;
    size_t unit = 0;

    while (bytes >= 1024) {
        tenths = bytes % 1024 * 10 / 1024;
        bytes /= 1024;
        unit++;
    }
    at = add_number(out, at, bytes);
    if (unit > 0) {
        out[at++] = '.';
        at = add_number(out, at, tenths);
    }
    return add_text(out, at, units[unit]);
}

static uint64_t per_second(uint64_t bytes, uint64_t elapsed_ms)
{
    if (elapsed_ms == 0)
        elapsed_ms = 1;
    return bytes > UINT64_MAX / 1000 ? bytes / elapsed_ms * 1000 : bytes * 1000 / elapsed_ms;
}

static size_t add_name(char *out, size_t at, const char *name)
{
    size_t room = FC_PROGRESS_TEXT_SIZE - 1 - at;
    size_t length = strlen(name);

    if (length > room) {
        name += length - (room - 3);
        while (((uint8_t)name[0] & 0xC0) == 0x80)
            name++;
        at = add_text(out, at, "...");
    }
    return add_text(out, at, name);
}

size_t fc_progress_text(const struct fc_progress *progress, uint64_t now_ms, uint64_t files,
                        uint64_t bytes, const char *name, char out[FC_PROGRESS_TEXT_SIZE])
{
    size_t at = add_number(out, 0, files);

    at = add_text(out, at, files == 1 ? " file, " : " files, ");
    at = add_size(out, at, bytes);
    at = add_text(out, at, ", ");
    at = add_size(out, at, per_second(bytes, now_ms - progress->started_ms));
    at = add_text(out, at, "/s");
    if (name != NULL) {
        at = add_text(out, at, ", ");
        at = add_name(out, at, name);
    }
    out[at] = '\0';
    return at;
}
