/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what a guest announces (qwt-today.md 1.6 item 25: vmexec, os-version and supported-* never
 * were), that no name or value gets there that dom0 would refuse, and which words of
 * control/shutdown are acted on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/services/features.h"
#include "core/services/shutdown.h"

static const char *value_of(const struct feature_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].path, path) == 0)
            return list->entries[i].value;
    }
    return NULL;
}

static void a_guest_announces_itself(void **state)
{
    static struct feature_list list;

    features_begin(&list, &(struct guest_facts){.os_version = "10.0.19045", .gui = true});
    features_add_service(&list, "qubes.Filecopy");
    assert_null(value_of(&list, "/features-request/vmexec"));
    features_add_service(&list, "qubes.VMExec");
    assert_string_equal(value_of(&list, "/features-request/os"), "Windows");
    assert_string_equal(value_of(&list, "/features-request/os-version"), "10.0.19045");
    assert_string_equal(value_of(&list, "/features-request/gui"), "1");
    assert_string_equal(value_of(&list, "/features-request/gui-emulated"), "0");
    assert_string_equal(value_of(&list, "/features-request/vmexec"), "1");
    assert_string_equal(value_of(&list, "/features-request/supported-rpc.qubes.Filecopy"), "1");
    assert_string_equal(value_of(&list, "/qubes-tools/os"), "Windows");
    assert_int_equal(list.left_out, 0);
}

static void what_dom0_would_refuse_is_left_out(void **state)
{
    static const char *const bad[] = {
        "",
        "a b",
        "a/b",
        "x;reboot",
        "sch\303\266n",
        "a+b",
        "a.name.that.is.too.long.for.a.path.of.qubesdb",
    };
    static struct feature_list list;

    features_begin(&list, &(struct guest_facts){.os_version = "10.0\n"});
    assert_null(value_of(&list, "/features-request/os-version"));
    assert_int_equal(list.left_out, 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        features_add_service(&list, bad[i]);
    assert_int_equal(list.left_out, 1 + sizeof(bad) / sizeof(*bad));
    for (int i = 0; i < 2 * FEATURES_MAX; i++)
        features_add_service(&list, "qubes.VMExec");
    assert_int_equal(list.count, FEATURES_MAX);
}

static void words_of_the_toolstack(void **state)
{
    assert_int_equal(shutdown_action_of(""), SHUTDOWN_NONE);
    assert_int_equal(shutdown_action_of("poweroff"), SHUTDOWN_POWER_OFF);
    assert_int_equal(shutdown_action_of("halt"), SHUTDOWN_POWER_OFF);
    assert_int_equal(shutdown_action_of("reboot"), SHUTDOWN_REBOOT);
    assert_int_equal(shutdown_action_of("s3"), SHUTDOWN_SLEEP);
    assert_int_equal(shutdown_action_of("s4"), SHUTDOWN_HIBERNATE);
    assert_int_equal(shutdown_action_of("suspend"), SHUTDOWN_KERNEL);
    assert_int_equal(shutdown_action_of("poweroff "), SHUTDOWN_UNKNOWN);
    assert_int_equal(shutdown_action_of("Reboot"), SHUTDOWN_UNKNOWN);
    assert_int_equal(shutdown_action_of("crash"), SHUTDOWN_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_announces_itself),
        cmocka_unit_test(what_dom0_would_refuse_is_left_out),
        cmocka_unit_test(words_of_the_toolstack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
