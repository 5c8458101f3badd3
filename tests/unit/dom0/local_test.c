/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local protocol: what is put is what is parsed, and a packet that was cut, grown or changed in
 * its header is refused or still a well-formed message, never something in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "linux/dom0/local.h"

static const struct local_message samples[] = {
    {.type = LOCAL_ATTACH, .name = {"win"}},
    {.type = LOCAL_DETACH, .name = {"win"}},
    {.type = LOCAL_WAIT, .name = {"a-name-of-31-characters-and-no-m"}},
    {.type = LOCAL_STATUS},
    {.type = LOCAL_CALL, .call = {"win", 1}, .text = "DEFAULT:cmd /c ver"},
    {.type = LOCAL_START},
    {.type = LOCAL_DONE},
    {.type = LOCAL_ERROR, .text = "no"},
    {.type = LOCAL_ERROR, .text = ""},
    {.type = LOCAL_CALL_PORT, .port = {7, 513}},
    {.type = LOCAL_GUEST, .guest = {"win", 3, LOCAL_GUEST_READY, 3, 4, 5}},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static void a_message_survives_the_way(void **state)
{
    for (int i = 0; i < SAMPLES; i++) {
        struct local_message sample = samples[i], back;
        if (sample.type == LOCAL_WAIT)
            sample.name.name[LOCAL_NAME_BYTES - 1] = '\0';
        char packet[256];
        size_t size = local_put(&sample, packet, sizeof packet);
        assert_int_not_equal(size, 0);
        assert_true(local_parse(packet, size, &back));
        assert_int_equal(back.type, sample.type);
        assert_memory_equal(&back.guest, &sample.guest, sizeof back.guest);
        if (sample.text != NULL)
            assert_string_equal(back.text, sample.text);
        assert_int_equal(local_put(&sample, packet, size - 1), 0);
    }
}

static void a_cut_or_longer_packet_is_refused(void **state)
{
    for (int i = 0; i < SAMPLES; i++) {
        char packet[256] = {0};
        struct local_message back;
        size_t size = local_put(&samples[i], packet, sizeof packet);
        for (size_t cut = 0; cut < size; cut++) {
            /* An exact allocation: a read behind the end is seen. */
            char *copy = malloc(cut > 0 ? cut : 1);
            memcpy(copy, packet, cut);
            assert_false(local_parse(copy, cut, &back));
            free(copy);
        }
        assert_false(local_parse(packet, size + 1, &back));
    }
}

static void wrong_content_is_refused(void **state)
{
    struct local_message back, call = {.type = LOCAL_CALL, .call = {"win", 2}, .text = "a:b"};
    char packet[256];
    assert_false(local_parse(packet, local_put(&call, packet, sizeof packet), &back));
    call.call.just_exec = 0;
    call.text = "";
    assert_false(local_parse(packet, local_put(&call, packet, sizeof packet), &back));
    struct local_message name = {.type = LOCAL_ATTACH};
    assert_false(local_parse(packet, local_put(&name, packet, sizeof packet), &back));
    memset(name.name.name, 'x', sizeof name.name.name);
    assert_false(local_parse(packet, local_put(&name, packet, sizeof packet), &back));
    struct local_message guest = {.type = LOCAL_GUEST, .guest = {.name = "a", .state = 99}};
    assert_false(local_parse(packet, local_put(&guest, packet, sizeof packet), &back));
    uint32_t type = 0;
    assert_false(local_parse(&type, sizeof type, &back));
}

static void a_nul_inside_the_text_is_refused(void **state)
{
    struct local_message back, call = {.type = LOCAL_CALL, .call = {"win", 0}, .text = "abcd"};
    char packet[256];
    size_t size = local_put(&call, packet, sizeof packet);
    packet[size - 3] = '\0';
    assert_false(local_parse(packet, size, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_survives_the_way),
        cmocka_unit_test(a_cut_or_longer_packet_is_refused),
        cmocka_unit_test(wrong_content_is_refused),
        cmocka_unit_test(a_nul_inside_the_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
