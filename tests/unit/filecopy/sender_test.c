/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the sending machine: its stream is what the receiving machine takes, with the same
 * checksum; a file is never sent with more or fewer bytes than announced; a result is read in any
 * slicing, from old receivers (without a name) and new ones; a receiver that vanishes, a wrong sum
 * or an early "all is well" is no success. And the progress line.
 */
#include "tests/unit/filecopy/unit.h"
#include "tests/unit/filecopy/stream.h"
#include "core/filecopy/progress.h"
#include "core/filecopy/receiver.h"
#include "core/filecopy/sender.h"

static void its_stream_is_received_with_the_same_sum(void **state)
{
    struct fc_receiver_options options = {.crc32 = stream_crc32};
    struct fc_receiver *receiver = malloc(sizeof(*receiver));
    struct fc_header header = {.mode = 0100600, .file_size = 3, .mtime_s = 7};
    struct fc_sender sender;
    enum fc_receiver_action action;
    uint8_t stream[128];
    size_t size, consumed, at = 0;

    fc_sender_init(&sender, stream_crc32);
    size = fc_sender_entry(&sender, &header, "name", 4, stream, sizeof(stream));
    memcpy(stream + size, "abc", 3);
    assert_true(fc_sender_data(&sender, "abc", 3));
    size += 3;
    assert_true(fc_sender_end(&sender, stream + size));
    size += FC_HEADER_SIZE;

    fc_receiver_init(receiver, &options);
    do {
        action = fc_receiver_next(receiver, stream + at, size - at, &consumed);
        at += consumed;
    } while (action != FC_RECEIVER_END && action != FC_RECEIVER_FAILED);
    assert_int_equal(receiver->error, FC_OK);
    assert_int_equal(receiver->crc, sender.crc);
    assert_int_equal(at, size);
    free(receiver);
}

static void a_file_is_sent_with_exactly_its_announced_bytes(void **state)
{
    struct fc_header header = {.mode = 0100600, .file_size = 3};
    struct fc_sender sender;
    uint8_t out[64];

    fc_sender_init(&sender, stream_crc32);
    assert_int_equal(fc_sender_entry(&sender, &header, "name", 4, out, 36), 0);
    assert_int_equal(fc_sender_entry(&sender, &header, "name", 4, out, 37), 37);
    assert_false(fc_sender_data(&sender, "abcd", 4));
    assert_true(fc_sender_data(&sender, "ab", 2));
    assert_int_equal(fc_sender_entry(&sender, &header, "next", 4, out, sizeof(out)), 0);
    assert_false(fc_sender_end(&sender, out));
    assert_true(fc_sender_data(&sender, "c", 1));
    assert_true(fc_sender_end(&sender, out));
}

static size_t make_result(uint8_t *out, uint32_t error, uint32_t crc, const char *name)
{
    struct fc_result result = {.error = error, .crc32 = crc};

    fc_result_encode(out, &result);
    if (name == NULL)
        return FC_RESULT_SIZE;
    fc_store32(out + FC_RESULT_SIZE, (uint32_t)strlen(name));
    memcpy(out + 20, name, strlen(name));
    return 20 + strlen(name);
}

static void results_are_read_in_any_slicing(void **state)
{
    struct fc_result_reader *reader = malloc(sizeof(*reader));
    struct fc_sender sender = {.crc = 77};
    uint8_t bytes[64];
    size_t size = make_result(bytes, FC_EEXIST, 77, "dir/na\nme");

    for (size_t slice = 1; slice <= size; slice++) {
        enum fc_result_state last = FC_RESULT_WAITING;

        fc_result_init(reader);
        for (size_t at = 0; at < size; at += slice) {
            last = fc_result_feed(reader, bytes + at, size - at < slice ? size - at : slice);
            if (at + slice < size)
                assert_int_equal(last, at + slice < 16 ? FC_RESULT_WAITING : FC_RESULT_NUMBERS);
        }
        assert_int_equal(last, FC_RESULT_COMPLETE);
        assert_string_equal(fc_result_name(reader), "dir/na?me");
        assert_int_equal(fc_sender_verdict(&sender, reader, true), FC_EEXIST);
    }
    free(reader);
}

static void only_a_matching_sum_after_the_end_is_success(void **state)
{
    struct fc_result_reader *reader = malloc(sizeof(*reader));
    struct fc_sender sender = {.crc = 77};
    uint8_t bytes[64];

    fc_result_init(reader);
    assert_int_equal(fc_sender_verdict(&sender, reader, true), FC_EREMOTEIO);
    make_result(bytes, 0, 77, NULL);
    fc_result_feed(reader, bytes, 15);
    assert_int_equal(fc_sender_verdict(&sender, reader, true), FC_EREMOTEIO);
    fc_result_feed(reader, bytes + 15, 1);
    assert_string_equal(fc_result_name(reader), "");
    assert_int_equal(fc_sender_verdict(&sender, reader, true), FC_OK);
    assert_int_equal(fc_sender_verdict(&sender, reader, false), FC_EBADMSG);
    sender.crc = 78;
    assert_int_equal(fc_sender_verdict(&sender, reader, true), FC_EBADMSG);
    free(reader);
}

static void an_endless_name_is_cut(void **state)
{
    struct fc_result_reader *reader = malloc(sizeof(*reader));
    enum fc_result_state last = FC_RESULT_WAITING;
    uint8_t bytes[64];

    fc_result_init(reader);
    make_result(bytes, FC_EIO, 0, "");
    fc_store32(bytes + 16, UINT32_MAX);
    fc_result_feed(reader, bytes, 20);
    memset(bytes, 'x', sizeof(bytes));
    for (int i = 0; i < 1000; i++)
        last = fc_result_feed(reader, bytes, sizeof(bytes));
    assert_int_equal(last, FC_RESULT_COMPLETE);
    assert_int_equal(strlen(fc_result_name(reader)), FC_NAME_LIMIT);
    free(reader);
}

static void progress_says_files_bytes_and_rate(void **state)
{
    struct fc_progress progress;
    char text[FC_PROGRESS_TEXT_SIZE], name[400];

    fc_progress_start(&progress, 1000, 500);
    assert_false(fc_progress_due(&progress, 1499));
    assert_true(fc_progress_due(&progress, 1500));
    assert_false(fc_progress_due(&progress, 1999));
    fc_progress_text(&progress, 3000, 1204, 3565158, NULL, text);
    assert_string_equal(text, "1204 files, 3.3 MiB, 1.6 MiB/s");
    fc_progress_text(&progress, 1000, 1, 0, "a", text);
    assert_string_equal(text, "1 file, 0 B, 0 B/s, a");
    memset(name, 'x', sizeof(name));
    for (size_t i = 0; i + 1 < sizeof(name); i += 2)
        memcpy(name + i, "\xC3\xA9", 2);
    name[398] = '\0';
    assert_true(fc_progress_text(&progress, 2000, UINT64_MAX, UINT64_MAX, name, text) <
                FC_PROGRESS_TEXT_SIZE);
    assert_non_null(strstr(text, "...\xC3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_stream_is_received_with_the_same_sum),
        cmocka_unit_test(a_file_is_sent_with_exactly_its_announced_bytes),
        cmocka_unit_test(results_are_read_in_any_slicing),
        cmocka_unit_test(only_a_matching_sum_after_the_end_is_success),
        cmocka_unit_test(an_endless_name_is_cut),
        cmocka_unit_test(progress_says_files_bytes_and_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
