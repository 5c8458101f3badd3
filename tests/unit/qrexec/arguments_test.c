/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that arguments reach a Windows program as they were given: VMExec decoding keeps every
 * byte and refuses what is not in the code (defect 20 of QWT: non-ASCII became '?', arguments were
 * joined unquoted), and quoting is undone exactly by the rules of CommandLineToArgvW.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/qrexec/arguments.h"

static void vmexec_decodes(void **state)
{
    char out[64];
    assert_int_equal(qrexec_decode_vmexec("echo+a-20b+--x+", out, sizeof(out)), 4);
    assert_memory_equal(out, "echo\0a b\0-x\0", 13);
    assert_int_equal(qrexec_decode_vmexec("-C5-BC", out, sizeof(out)), 1);
    assert_string_equal(out, "\xc5\xbc");
    assert_int_equal(qrexec_decode_vmexec("", out, sizeof(out)), 1);
    assert_string_equal(out, "");
}

static void vmexec_refuses(void **state)
{
    static const char *const bad[] = {"-", "-4", "-4g", "-c5", "a b", "a/b", "-00", "a-", "\xc5"};
    char out[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(qrexec_decode_vmexec(bad[i], out, sizeof(out)), 0);
    assert_int_equal(qrexec_decode_vmexec("abc", out, 3), 0);
    assert_int_equal(qrexec_decode_vmexec("abc", out, 4), 1);
}

static void vmexec_every_byte_comes_back(void **state)
{
    char text[256], code[1024], back[1024];
    for (int c = 1; c < 256; c++)
        text[c - 1] = (char)c;
    text[255] = 0;
    assert_true(qrexec_encode_vmexec(text, 1, code, sizeof(code)) > 0);
    assert_int_equal(qrexec_decode_vmexec(code, back, sizeof(back)), 1);
    assert_string_equal(back, text);
}

/* What CommandLineToArgvW documents, for every argument but the first. Returns the rest. */
static const char *split(const char *line, char *out)
{
    int quoted = 0;
    while (*line == ' ' || *line == '\t')
        line++;
    for (; *line && (quoted || (*line != ' ' && *line != '\t')); line++) {
        size_t slashes = strspn(line, "\\");
        if (line[slashes] == '"') {
            memset(out, '\\', slashes / 2);
            out += slashes / 2;
            line += slashes;
            if (slashes % 2)
                *out++ = '"';
            else
                quoted = !quoted;
        } else {
            *out++ = *line;
        }
    }
    *out = 0;
    return line;
}

static void quoting_is_undone_exactly(void **state)
{
    static const char alphabet[] = "a \\\"\t";
    srand(1);
    for (int round = 0; round < 20000; round++) {
        char first[16] = "", second[16] = "", line[128] = "prog", out[32];
        char *const texts[] = {first, second};
        for (int t = 0; t < 2; t++) {
            const int length = rand() % 8;
            for (int i = 0; i < length; i++)
                texts[t][i] = alphabet[rand() % 5];
            texts[t][length] = 0;
            assert_true(qrexec_append_argument(line, sizeof(line), texts[t], false));
        }
        const char *rest = split(line + 4, out);
        assert_string_equal(out, first);
        rest = split(rest, out);
        assert_string_equal(out, second);
        assert_string_equal(rest, "");
    }
}

static void a_line_that_is_full_stays_as_it_was(void **state)
{
    char line[10] = "";
    assert_true(qrexec_append_argument(line, sizeof(line), "C:\\a b", true));
    assert_string_equal(line, "\"C:\\a b\"");
    assert_false(qrexec_append_argument(line, sizeof(line), "x", false));
    assert_string_equal(line, "\"C:\\a b\"");
    line[0] = 0;
    assert_false(qrexec_append_argument(line, sizeof(line), "a\"b", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vmexec_decodes),
        cmocka_unit_test(vmexec_refuses),
        cmocka_unit_test(vmexec_every_byte_comes_back),
        cmocka_unit_test(quoting_is_undone_exactly),
        cmocka_unit_test(a_line_that_is_full_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
