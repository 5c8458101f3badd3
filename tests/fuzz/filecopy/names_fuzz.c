/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a name, as a stored name and as a receiver's answer: the escape for Windows comes
 * back and is never forbidden, undoing is total, UTF-16 round trips, messages become printable, and
 * the sender's reading of a result does not depend on how it was cut.
 */
#include "core/filecopy/name.h"
#include "core/filecopy/sender.h"
#include "core/filecopy/winname.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_escape(const char *name, size_t size, size_t leading)
{
    char escaped[FC_WINNAME_BYTES], back[FC_WINNAME_BYTES];
    size_t n;

    if (memchr(name, '/', size) != NULL || fc_check_path(name, size, true) != FC_OK)
        return;
    n = fc_winname_escape(name, size, leading, escaped, sizeof(escaped));
    if (n == 0)
        return;
    REQUIRE(!fc_winname_is_forbidden(escaped, n));
    REQUIRE(fc_winname_unescape(escaped, n, back) == size && memcmp(back, name, size) == 0);
}

static void check_unescape(const char *name, size_t size)
{
    char *original = malloc(size);

    REQUIRE(fc_winname_unescape(name, size, original) <= size);
    free(original);
}

static void check_utf16(const char *name, size_t size)
{
    uint16_t *wide = malloc(size * sizeof(*wide));
    char *back = malloc(size);
    size_t units = fc_utf8_to_utf16(name, size, wide, size);

    if (units != SIZE_MAX)
        REQUIRE(fc_utf16_to_utf8(wide, units, back, size) == size && memcmp(back, name, size) == 0);
    /* And as UTF-16 that nobody has checked. */
    memcpy(wide, name, size & ~(size_t)1);
    fc_utf16_to_utf8(wide, size / 2, back, size);
    free(wide);
    free(back);
}

static void check_printable(const char *name, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, name, size);
    text[size] = '\0';
    fc_make_printable(text);
    for (const char *c = text; *c != '\0'; c++)
        REQUIRE((uint8_t)*c >= 0x20 && *c != 0x7F);
    free(text);
}

static void check_result(const uint8_t *data, size_t size, size_t slice)
{
    static struct fc_result_reader whole, sliced;
    struct fc_sender sender = {.crc = 0};

    fc_result_init(&whole);
    fc_result_init(&sliced);
    fc_result_feed(&whole, data, size);
    for (size_t at = 0; at < size; at += slice)
        fc_result_feed(&sliced, data + at, size - at < slice ? size - at : slice);
    REQUIRE(fc_sender_verdict(&sender, &whole, true) == fc_sender_verdict(&sender, &sliced, true));
    REQUIRE(strcmp(fc_result_name(&whole), fc_result_name(&sliced)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *name = (const char *)data + 1;

    if (size < 2)
        return 0;
    check_escape(name, size - 1, data[0] % 8);
    check_unescape(name, size - 1);
    check_utf16(name, size - 1);
    check_printable(name, size - 1);
    check_result(data + 1, size - 1, 1 + data[0] % 32);
    return 0;
}
