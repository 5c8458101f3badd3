/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves which command lines, names and rpc-config files are taken and which are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/qrexec/command.h"
#include "core/qrexec/names.h"

#define PIECE_IS(piece, expected)                                                                  \
    do {                                                                                           \
        assert_int_equal((piece).length, strlen(expected));                                        \
        assert_memory_equal((piece).text, expected, strlen(expected));                             \
    } while (0)

static void a_plain_command(void **state)
{
    struct qrexec_command c;
    assert_int_equal(qrexec_parse_command("user:cmd /c echo a:b", &c), QREXEC_OK);
    PIECE_IS(c.user, "user");
    assert_false(c.nogui);
    assert_false(c.is_service);
    assert_string_equal(c.command, "cmd /c echo a:b");
    assert_int_equal(qrexec_parse_command("DEFAULT:nogui:x", &c), QREXEC_OK);
    assert_true(c.nogui);
    assert_string_equal(c.command, "x");
}

static void a_service_call(void **state)
{
    struct qrexec_command c;
    assert_int_equal(qrexec_parse_command("u:nogui:QUBESRPC qubes.A+x+y dom0 name win", &c),
                     QREXEC_OK);
    assert_true(c.nogui && c.is_service && c.has_argument);
    PIECE_IS(c.full_name, "qubes.A+x+y");
    PIECE_IS(c.service, "qubes.A");
    PIECE_IS(c.argument, "x+y");
    PIECE_IS(c.source, "dom0");
    PIECE_IS(c.target_type, "name");
    PIECE_IS(c.target, "win");
    assert_int_equal(qrexec_parse_command("u:QUBESRPC s+ vm keyword @adminvm", &c), QREXEC_OK);
    assert_true(c.has_argument);
    assert_int_equal(c.argument.length, 0);
    assert_int_equal(qrexec_parse_command("u:QUBESRPC s vm", &c), QREXEC_OK);
    assert_false(c.has_argument);
    assert_int_equal(c.target_type.length, 0);
}

static void bad_commands_are_refused(void **state)
{
    struct qrexec_command c;
    static const struct {
        const char *text;
        enum qrexec_error error;
    } bad[] = {{"", QREXEC_BAD_COMMAND},
               {"no colon", QREXEC_BAD_COMMAND},
               {":cmd", QREXEC_BAD_COMMAND},
               {"u:", QREXEC_BAD_COMMAND},
               {"u:nogui:", QREXEC_BAD_COMMAND},
               {"u:QUBESRPC s", QREXEC_BAD_COMMAND},
               {"u:QUBESRPC  vm", QREXEC_BAD_NAME},
               {"u:QUBESRPC +a vm", QREXEC_BAD_NAME},
               {"u:QUBESRPC a/b vm", QREXEC_BAD_NAME},
               {"u:QUBESRPC a v:m", QREXEC_BAD_NAME},
               {"u:QUBESRPC a vm other x", QREXEC_BAD_COMMAND},
               {"u:QUBESRPC a vm name", QREXEC_BAD_NAME},
               {"u:QUBESRPC a vm name x y", QREXEC_BAD_COMMAND}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(qrexec_parse_command(bad[i].text, &c), bad[i].error);
}

static void names(void **state)
{
    char text[] = "a b/c+d$";
    char target[] = "$dispvm:a b";
    struct qrexec_ident ident = {"a b-.9_Z"};
    assert_true(qrexec_ident_ok(&ident));
    ident.text[31] = 'x';
    assert_false(qrexec_ident_ok(&ident));
    memset(ident.text, 'a', sizeof(ident.text));
    assert_false(qrexec_ident_ok(&ident));
    qrexec_sanitise_service(text);
    assert_string_equal(text, "a_b_c+d_");
    qrexec_sanitise_target(target);
    assert_string_equal(target, "@dispvm:a_b");
    assert_false(qrexec_service_name_ok(""));
    assert_false(qrexec_service_name_ok("+a"));
    assert_true(qrexec_target_name_ok("@default"));
    assert_false(qrexec_domain_name_ok("@default"));
}

static void file_names_that_windows_reads_differently(void **state)
{
    static const char *const bad[] = {"",     ".",      "..", "a.",  "con", "NUL.txt",
                                      "com1", "Lpt0.x", "+a", "a:b", "a\\b"};
    static const char *const good[] = {"qubes.Filecopy", "console", "com", "com12", "a+b", "nul+x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(qrexec_windows_file_name_ok(bad[i], strlen(bad[i])));
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(qrexec_windows_file_name_ok(good[i], strlen(good[i])));
}

static size_t config_of(const char *text, struct qrexec_rpc_config *config)
{
    return qrexec_parse_rpc_config(text, strlen(text), config);
}

static void rpc_config(void **state)
{
    struct qrexec_rpc_config c;
    assert_int_equal(config_of("", &c), 0);
    assert_int_equal(config_of("# note\r\nwait-for-session = true # why\r\nforce-user='SYSTEM'\n"
                               "skip-service-descriptor=1\nunknown=zzz\nexit-on-client-eof=0",
                               &c),
                     0);
    assert_true(c.wait_for_session && c.skip_service_descriptor && !c.exit_on_client_eof);
    PIECE_IS(c.force_user, "SYSTEM");
    assert_int_equal(config_of("\nwait-for-session\n", &c), 2);
    assert_int_equal(config_of("wait-for-session=yes\n", &c), 1);
    assert_int_equal(config_of("wait-for-session=10\n", &c), 1);
    assert_int_equal(config_of("force-user=me\n", &c), 1);
    assert_int_equal(config_of("force-user='me\n", &c), 1);
    assert_int_equal(config_of("force-user='me' x\n", &c), 1);
    assert_int_equal(config_of("wait-for-session=1\nwait-for-session=1\n", &c), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_command),
        cmocka_unit_test(a_service_call),
        cmocka_unit_test(bad_commands_are_refused),
        cmocka_unit_test(names),
        cmocka_unit_test(file_names_that_windows_reads_differently),
        cmocka_unit_test(rpc_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
