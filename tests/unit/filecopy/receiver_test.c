/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the receiving machine: the actions of a good stream in any slicing; a stream cut at every
 * byte is EREMOTEIO and never a success (the receiver of qwt-today.md 1.6 item 22 reported
 * success); every flipped header byte ends in an error or in another checksum; wrong types, times,
 * lengths and quotas get their numbers; and counts go past 4 GiB.
 */
#include "tests/unit/filecopy/unit.h"
#include "tests/unit/filecopy/stream.h"
#include "core/filecopy/receiver.h"

static const struct fc_receiver_options usual = {.crc32 = stream_crc32, .allow_symlinks = true};

/* Runs a stream in slices; log gets one letter and the name for each action but data. */
static void run(struct fc_receiver *receiver, const struct fc_receiver_options *options,
                const uint8_t *bytes, size_t size, size_t slice, char *log)
{
    static const char letters[] = "?o)c.flEF";
    size_t at = 0;

    fc_receiver_init(receiver, options);
    *log = '\0';
    for (;;) {
        size_t n = size - at < slice ? size - at : slice;
        size_t consumed;
        enum fc_receiver_action action = fc_receiver_next(receiver, bytes + at, n, &consumed);

        assert_true(consumed <= n);
        at += consumed;
        if (action == FC_RECEIVER_NEED_INPUT) {
            assert_int_equal(consumed, n);
            if (at < size)
                continue;
            fc_receiver_eof(receiver);
            continue;
        }
        if (action == FC_RECEIVER_WRITE_DATA) {
            assert_true(receiver->data >= bytes && receiver->data_size > 0);
            assert_true(receiver->data + receiver->data_size <= bytes + at);
            continue;
        }
        log += sprintf(log, "%c", letters[action]);
        if (action == FC_RECEIVER_END || action == FC_RECEIVER_FAILED)
            return;
        log += sprintf(log, "%s ", receiver->name);
    }
}

static enum fc_error error_of(const struct stream *stream)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    enum fc_error error;
    char log[4096];

    run(receiver, &usual, stream->bytes, stream->size, SIZE_MAX, log);
    error = receiver->error;
    assert_true((error == FC_OK) == (receiver->problem == NULL));
    free(receiver);
    return error;
}

static void a_good_stream_gives_its_actions_in_any_slicing(void **state)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream;
    char log[1024];

    stream_sample(&stream);
    for (size_t slice = 1; slice <= stream.size; slice++) {
        run(receiver, &usual, stream.bytes, stream.size, slice, log);
        assert_string_equal(log,
                            "cfirst ffirst odir cdir/empty fdir/empty odir/in "
                            "cdir/in/na\xC3\xAFve.txt fdir/in/na\xC3\xAFve.txt )dir/in )dir E");
        assert_int_equal(receiver->error, FC_OK);
        assert_int_equal(receiver->crc, stream_crc32(0, stream.bytes, stream.size));
        assert_int_equal(receiver->files, 5);
        assert_int_equal(receiver->bytes, 16);
    }
    free(receiver);
}

static void a_stream_cut_at_any_byte_is_never_a_success(void **state)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream;
    char log[1024];

    stream_sample(&stream);
    for (size_t size = 0; size < stream.size; size++) {
        run(receiver, &usual, stream.bytes, size, SIZE_MAX, log);
        assert_int_equal(receiver->error, FC_EREMOTEIO);
        assert_int_equal(log[strlen(log) - 1], 'F');
    }
    free(receiver);
}

static void a_flipped_header_byte_never_passes(void **state)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream;
    char log[4096];

    stream_sample(&stream);
    for (size_t h = 0; h < stream.header_count; h++) {
        for (size_t bit = 0; bit < FC_HEADER_SIZE * 8; bit++) {
            uint8_t *byte = &stream.bytes[stream.headers[h] + bit / 8];
            uint32_t good = stream_crc32(0, stream.bytes, stream.size);

            *byte ^= (uint8_t)(1 << bit % 8);
            run(receiver, &usual, stream.bytes, stream.size, SIZE_MAX, log);
            assert_true(receiver->error != FC_OK || receiver->crc != good);
            *byte ^= (uint8_t)(1 << bit % 8);
        }
    }
    free(receiver);
}

static void bad_entries_get_their_numbers(void **state)
{
    static const struct {
        struct fc_header header;
        enum fc_error error;
    } cases[] = {
        {{2, 0100644, UINT64_MAX, 0, 0, 0, 0}, FC_EDQUOT},
        {{2, 0100644, (uint64_t)INT64_MAX + 1, 0, 0, 0, 0}, FC_EDQUOT},
        {{2, 0100644, 0, 0, 1000000000, 0, 0}, FC_EINVAL},
        {{2, 0100644, 0, 0, 0, 0, 1000000000}, FC_EINVAL},
        {{2, 0200000 | 0100644, 0, 0, 0, 0, 0}, FC_EINVAL},
        {{2, 0020644, 0, 0, 0, 0, 0}, FC_EINVAL},
        {{2, 0140644, 0, 0, 0, 0, 0}, FC_EINVAL},
        {{2, 0644, 0, 0, 0, 0, 0}, FC_EINVAL},
        {{2, 0040755, 1, 0, 0, 0, 0}, FC_EINVAL},
        {{2, 0120777, FC_NAME_LIMIT, 0, 0, 0, 0}, FC_ENAMETOOLONG},
        {{FC_NAME_LIMIT, 0100644, 0, 0, 0, 0, 0}, FC_ENAMETOOLONG},
        {{UINT32_MAX, 0100644, 0, 0, 0, 0, 0}, FC_ENAMETOOLONG},
        {{0, 0100644, 0, 0, 0, 0, 0}, FC_EINVAL},
        {{1, 0100644, 0, 0, 0, 0, 0}, FC_EILSEQ}, /* "a", then its NUL begins the next header */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stream stream = {.size = 0};

        stream_header(&stream, &cases[i].header);
        stream_bytes(&stream, i == 13 ? "\0" : "a", 2);
        stream_end(&stream);
        assert_int_equal(error_of(&stream), cases[i].error);
    }
}

static void bad_names_are_eilseq_and_links_out_enolink(void **state)
{
    static const char *const names[] = {"../x", "/x", "a//b", "\xFF", "a\nb"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stream stream = {.size = 0};

        stream_file(&stream, names[i], "data");
        stream_end(&stream);
        assert_int_equal(error_of(&stream), FC_EILSEQ);
    }
    for (int out = 0; out < 2; out++) {
        struct stream stream = {.size = 0};

        stream_directory(&stream, "d");
        stream_link(&stream, "d/l", out ? "../../etc" : "target");
        stream_directory(&stream, "d");
        stream_end(&stream);
        assert_int_equal(error_of(&stream), out ? FC_ENOLINK : FC_OK);
    }
}

static void links_are_einval_where_they_cannot_be_made(void **state)
{
    struct fc_receiver_options options = {.crc32 = stream_crc32};
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream = {.size = 0};
    char log[256];

    stream_link(&stream, "d/l", "target");
    run(receiver, &options, stream.bytes, stream.size, SIZE_MAX, log);
    assert_int_equal(receiver->error, FC_EINVAL);
    assert_string_equal(receiver->name, "d/l");
    free(receiver);
}

static void quotas_are_edquot(void **state)
{
    struct fc_receiver_options options = usual;
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream;
    char log[1024];

    stream_sample(&stream);
    options.files_limit = 5;
    options.bytes_limit = 16;
    run(receiver, &options, stream.bytes, stream.size, SIZE_MAX, log);
    assert_int_equal(receiver->error, FC_OK);
    options.files_limit = 4;
    run(receiver, &options, stream.bytes, stream.size, SIZE_MAX, log);
    assert_int_equal(receiver->error, FC_EDQUOT);
    options.files_limit = 0;
    options.bytes_limit = 15;
    run(receiver, &options, stream.bytes, stream.size, SIZE_MAX, log);
    assert_int_equal(receiver->error, FC_EDQUOT);
    assert_string_equal(receiver->name, "dir/in/na\xC3\xAFve.txt");
    free(receiver);
}

static void the_result_carries_error_sum_and_last_name(void **state)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    uint8_t *bytes = malloc(FC_RESULT_LIMIT);
    struct fc_result result;
    struct stream stream = {.size = 0};
    char log[256];

    stream_file(&stream, "some file", "text");
    run(receiver, &usual, stream.bytes, stream.size, SIZE_MAX, log);
    fc_receiver_fail(receiver, FC_EIO, "comes too late");
    assert_int_equal(fc_receiver_result(receiver, bytes), 16 + 4 + 9);
    fc_result_decode(&result, bytes);
    assert_int_equal(result.error, FC_EREMOTEIO);
    assert_int_equal(result.padding, 0);
    assert_int_equal(result.crc32, stream_crc32(0, stream.bytes, stream.size));
    assert_int_equal(fc_load32(bytes + 16), 9);
    assert_memory_equal(bytes + 20, "some file", 9);
    free(bytes);
    free(receiver);
}

static void nothing_is_taken_after_the_end(void **state)
{
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct stream stream = {.size = 0};
    size_t consumed;

    stream_end(&stream);
    stream_file(&stream, "late", "data");
    fc_receiver_init(receiver, &usual);
    assert_int_equal(fc_receiver_next(receiver, stream.bytes, stream.size, &consumed),
                     FC_RECEIVER_END);
    assert_int_equal(consumed, FC_HEADER_SIZE);
    assert_int_equal(fc_receiver_next(receiver, stream.bytes + 32, stream.size - 32, &consumed),
                     FC_RECEIVER_END);
    assert_int_equal(consumed, 0);
    fc_receiver_eof(receiver);
    assert_int_equal(receiver->error, FC_OK);
    free(receiver);
}

static uint32_t count_bytes(uint32_t sum, const void *data, size_t size)
{
    return sum + (uint32_t)(size >> 10);
}

static void files_beyond_4_gib_are_counted_right(void **state)
{
    static uint8_t zeros[1 << 20];
    const uint64_t size = (5ull << 30) + 3;
    struct fc_receiver_options options = {.crc32 = count_bytes};
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct fc_header header = {.name_size = 2, .mode = 0100644, .file_size = size};
    uint64_t written = 0;
    uint8_t raw[34] = {0};
    size_t consumed;

    fc_header_encode(raw, &header);
    raw[32] = 'x';
    fc_receiver_init(receiver, &options);
    assert_int_equal(fc_receiver_next(receiver, raw, 34, &consumed), FC_RECEIVER_CREATE_FILE);
    for (;;) {
        enum fc_receiver_action action =
            fc_receiver_next(receiver, zeros, sizeof(zeros), &consumed);

        if (action == FC_RECEIVER_FINISH_FILE)
            break;
        assert_int_equal(action, FC_RECEIVER_WRITE_DATA);
        written += receiver->data_size;
    }
    assert_true(written == size && receiver->bytes == size);
    assert_int_equal(fc_receiver_next(receiver, zeros, 32, &consumed), FC_RECEIVER_END);
    free(receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_stream_gives_its_actions_in_any_slicing),
        cmocka_unit_test(a_stream_cut_at_any_byte_is_never_a_success),
        cmocka_unit_test(a_flipped_header_byte_never_passes),
        cmocka_unit_test(bad_entries_get_their_numbers),
        cmocka_unit_test(bad_names_are_eilseq_and_links_out_enolink),
        cmocka_unit_test(links_are_einval_where_they_cannot_be_made),
        cmocka_unit_test(quotas_are_edquot),
        cmocka_unit_test(the_result_carries_error_sum_and_last_name),
        cmocka_unit_test(nothing_is_taken_after_the_end),
        cmocka_unit_test(files_beyond_4_gib_are_counted_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
