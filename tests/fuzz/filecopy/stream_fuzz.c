/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes into the receiving machine: it never crosses a buffer, its actions keep their order
 * (data only in a file, a file finished with exactly its bytes), names it lets through are safe,
 * mapping them for Windows gives storable names, the result does not depend on how the input was
 * cut, and success needs the end header as the last bytes taken. The first byte chooses cuts and
 * options.
 */
#include "core/filecopy/name.h"
#include "core/filecopy/receiver.h"
#include "core/filecopy/winmap.h"
#include "core/filecopy/winname.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t sum_bytes(uint32_t sum, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    while (size-- > 0)
        sum = sum * 31 + *bytes++;
    return sum;
}

static uint16_t upcase(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 32) : unit;
}

struct run {
    struct fc_receiver receiver;
    struct fc_winmap map;
    uint64_t actions; /* hash of their order */
    uint64_t file_left;
    bool in_file;
};

static void check_stored(const uint16_t *stored, size_t units)
{
    char component[FC_WINNAME_BYTES];
    size_t from = 0;

    for (size_t i = 0; i <= units; i++) {
        size_t bytes;

        if (i < units && stored[i] != '\\')
            continue;
        bytes = fc_utf16_to_utf8(stored + from, i - from, component, sizeof(component));
        REQUIRE(bytes != SIZE_MAX);
        REQUIRE(!fc_winname_is_forbidden(component, bytes));
        from = i + 1;
    }
}

static void check_name(struct run *run)
{
    const struct fc_receiver *receiver = &run->receiver;
    const uint16_t *stored;
    size_t units;

    REQUIRE(strlen(receiver->name) == receiver->name_length);
    REQUIRE(receiver->name[0] != '/' && strstr(receiver->name, "//") == NULL);
    REQUIRE(strncmp(receiver->name, "../", 3) != 0 && strstr(receiver->name, "/../") == NULL);
    if (fc_winmap_path(&run->map, receiver->name, receiver->name_length, &stored, &units) == FC_OK)
        check_stored(stored, units);
}

static void check_action(struct run *run, enum fc_receiver_action action)
{
    const struct fc_receiver *receiver = &run->receiver;

    switch (action) {
    case FC_RECEIVER_WRITE_DATA:
        REQUIRE(run->in_file && receiver->data_size > 0 && receiver->data_size <= run->file_left);
        run->file_left -= receiver->data_size;
        return;
    case FC_RECEIVER_CREATE_FILE:
        REQUIRE(!run->in_file);
        run->in_file = true;
        run->file_left = receiver->header.file_size;
        break;
    case FC_RECEIVER_FINISH_FILE:
        REQUIRE(run->in_file && run->file_left == 0);
        run->in_file = false;
        break;
    case FC_RECEIVER_MAKE_SYMLINK:
        REQUIRE(receiver->options.allow_symlinks && receiver->target[0] != '/');
        break;
    default:
        break;
    }
    REQUIRE(run->in_file == (action == FC_RECEIVER_CREATE_FILE));
    check_name(run);
    run->actions = run->actions * 1000003 + (uint64_t)action;
}

static void run_stream(struct run *run, const struct fc_receiver_options *options,
                       const uint8_t *data, size_t size, size_t slice)
{
    static const struct fc_memory heap = {malloc, free};
    static const struct fc_hash_key key = {3, 4};
    size_t at = 0;

    run->actions = run->file_left = 0;
    run->in_file = false;
    fc_receiver_init(&run->receiver, options);
    fc_winmap_init(&run->map, &heap, &key, upcase);
    for (;;) {
        size_t n = size - at < slice ? size - at : slice;
        size_t consumed;
        enum fc_receiver_action action = fc_receiver_next(&run->receiver, data + at, n, &consumed);

        REQUIRE(consumed <= n);
        at += consumed;
        if (action == FC_RECEIVER_FAILED || action == FC_RECEIVER_END)
            break;
        if (action != FC_RECEIVER_NEED_INPUT)
            check_action(run, action);
        else if (at == size)
            fc_receiver_eof(&run->receiver);
    }
    if (run->receiver.error == FC_OK)
        REQUIRE(at >= FC_HEADER_SIZE && run->receiver.crc == sum_bytes(0, data, at));
    fc_winmap_free(&run->map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run whole, sliced;
    static uint8_t result[2][FC_RESULT_LIMIT];
    struct fc_receiver_options options = {.crc32 = sum_bytes};
    size_t bytes;

    if (size == 0)
        return 0;
    options.allow_all_names = data[0] & 1;
    options.allow_symlinks = data[0] & 2;
    options.bytes_limit = data[0] & 4 ? 100 : 0;
    options.files_limit = data[0] & 8 ? 3 : 0;
    run_stream(&whole, &options, data + 1, size - 1, SIZE_MAX);
    run_stream(&sliced, &options, data + 1, size - 1, 1 + (data[0] >> 4));
    REQUIRE(whole.actions == sliced.actions);
    bytes = fc_receiver_result(&whole.receiver, result[0]);
    REQUIRE(fc_receiver_result(&sliced.receiver, result[1]) == bytes);
    REQUIRE(memcmp(result[0], result[1], bytes) == 0);
    return 0;
}
