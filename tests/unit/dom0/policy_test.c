/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy decides as Qubes R4.1 would for the subset it knows, and says what is wrong, and in
 * which line, for everything else: a rule never means less than it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linux/dom0/policy.h"

static struct policy *parse(const char *text)
{
    struct policy_error error;
    struct policy *policy = policy_parse(text, strlen(text), &error);
    if (policy == NULL)
        fail_msg("line %u: %s", error.line, error.text);
    return policy;
}

/* "" when denied, else the target, with "/user" when one is set. */
static const char *ask(const char *text, const char *service, const char *source,
                       const char *target)
{
    static char answer[160];
    struct policy *policy = parse(text);
    struct policy_verdict verdict;
    policy_decide(policy, &(struct policy_call){service, source, target}, &verdict);
    policy_free(policy);
    snprintf(answer, sizeof answer, "%s%s%s", verdict.target, verdict.user[0] ? "/" : "",
             verdict.user);
    assert_int_equal(verdict.allowed, verdict.target[0] != '\0');
    assert_int_equal(verdict.allowed, verdict.reason[0] == '\0');
    return verdict.allowed ? answer : "";
}

static void an_empty_policy_denies(void **state)
{
    assert_string_equal(ask("", "test.Echo", "win", "dom0"), "");
    assert_string_equal(ask("# only words\n\n  \t\r\n", "test.Echo", "win", "dom0"), "");
}

static void the_first_match_decides(void **state)
{
    const char *text = "test.Echo * win work deny\n"
                       "test.Echo * @anyvm @anyvm allow\n"
                       "test.Echo * @anyvm @anyvm deny\n";
    assert_string_equal(ask(text, "test.Echo", "win", "work"), "");
    assert_string_equal(ask(text, "test.Echo", "work", "win"), "win");
    assert_string_equal(ask(text, "test.Other", "work", "win"), "");
}

static void arguments_match_exactly(void **state)
{
    const char *text = "a.B +x   * * allow user=one\n"
                       "a.B +    * * allow user=two\n"
                       "a.B *    * * allow user=three\n";
    assert_string_equal(ask(text, "a.B+x", "win", "work"), "work/one");
    assert_string_equal(ask(text, "a.B", "win", "work"), "work/two");
    assert_string_equal(ask(text, "a.B+", "win", "work"), "work/two");
    assert_string_equal(ask(text, "a.B+xx", "win", "work"), "work/three");
    assert_string_equal(ask("a.B +x * * allow\n", "a.B", "win", "work"), "");
    assert_string_equal(ask("a.B * * * allow\n", "a.BB", "win", "work"), "");
    assert_string_equal(ask("a.B * * * allow\n", "a", "win", "work"), "");
}

static void anyvm_is_not_dom0(void **state)
{
    assert_string_equal(ask("a * @anyvm @anyvm allow\n", "a", "win", "dom0"), "");
    assert_string_equal(ask("a * @anyvm @anyvm allow\n", "a", "win", "@adminvm"), "");
    assert_string_equal(ask("a * @anyvm @adminvm allow\n", "a", "win", "dom0"), "dom0");
    assert_string_equal(ask("a * @anyvm dom0 allow\n", "a", "win", "@adminvm"), "dom0");
    assert_string_equal(ask("a * * * allow\n", "a", "win", "dom0"), "dom0");
}

static void a_call_without_a_target_needs_one_from_the_rule(void **state)
{
    const char *redirect = "a * @anyvm @default allow target=work user=bob\n";
    assert_string_equal(ask(redirect, "a", "win", ""), "work/bob");
    assert_string_equal(ask(redirect, "a", "win", "@default"), "work/bob");
    assert_string_equal(ask(redirect, "a", "win", "work"), "");
    assert_string_equal(ask("a * @anyvm @anyvm allow\n", "a", "win", ""), "");
    assert_string_equal(ask("a * @anyvm @default allow target=@adminvm\n", "a", "win", ""), "dom0");
}

static void a_user_may_be_of_a_domain(void **state)
{
    assert_string_equal(ask("a * * * allow user=CORP\\ada\n", "a", "win", "work"),
                        "work/CORP\\ada");
    assert_string_equal(ask("a * * * allow user=.\\ada\n", "a", "win", "work"), "work/.\\ada");
}

static void a_guest_cannot_call_itself(void **state)
{
    assert_string_equal(ask("a * * * allow\n", "a", "win", "win"), "");
    assert_string_equal(ask("a * * * allow target=win\n", "a", "win", "work"), "");
}

static void an_unknown_keyword_as_target_is_denied(void **state)
{
    assert_string_equal(ask("a * * * allow\n", "a", "win", "@dispvm"), "");
    assert_string_equal(ask("a * * * allow\n", "a", "win", "@dispvm:work"), "");
}

static void faults_name_their_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } faults[] = {
        {"a * * * ask\n", 1, "not supported"},
        {"\n# x\na * * *\n", 3, "action is missing"},
        {"a * *\n", 1, "target is missing"},
        {"a *\n", 1, "source is missing"},
        {"a\n", 1, "argument is missing"},
        {"a x * * allow\n", 1, "does not start with +"},
        {"* +x * * allow\n", 1, "with service *"},
        {"a/b * * * allow\n", 1, "'/'"},
        {"a +x/y * * allow\n", 1, "'/'"},
        {"a * @tag:x * allow\n", 1, "@tag:x"},
        {"a * @default * allow\n", 1, "@default"},
        {"a * * @dispvm allow\n", 1, "@dispvm"},
        {"a * 1win * allow\n", 1, "no guest's name"},
        {"a * dom0 * allow\n", 1, "no guest's name"},
        {"a * * * perhaps\n", 1, "neither allow nor deny"},
        {"a * * * deny target=x\n", 1, "deny has no parameters"},
        {"a * * * allow x\n", 1, "no parameter"},
        {"a * * * allow autostart=no\n", 1, "autostart"},
        {"a * * * allow target=x target=y\n", 1, "twice"},
        {"a * * * allow user=x user=y\n", 1, "twice"},
        {"a * * * allow target=@default\n", 1, "target="},
        {"a * * * allow user=a/b\n", 1, "no user's name"},
        {"a * * * allow user=\\ada\n", 1, "no user's name"},
        {"a * * * allow user=CORP\\\n", 1, "no user's name"},
        {"a * * * allow user=CORP\\x\\ada\n", 1, "no user's name"},
        {"a * * @default allow\n", 1, "must say which"},
        {"!include x\n", 1, "!include"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct policy_error error;
        const char *text = faults[i].text;
        assert_null(policy_parse(text, strlen(text), &error));
        assert_int_equal(error.line, faults[i].line);
        if (strstr(error.text, faults[i].says) == NULL)
            fail_msg("\"%s\" gives \"%s\", without \"%s\"", text, error.text, faults[i].says);
    }
}

static void a_nul_byte_is_a_fault_in_its_line(void **state)
{
    struct policy_error error;
    assert_null(policy_parse("a * * * deny\n\0", 14, &error));
    assert_int_equal(error.line, 2);
}

static void too_many_rules_are_a_fault(void **state)
{
    static const char line[] = "a * * * deny\n";
    size_t size = (POLICY_RULES_MAX + 1) * (sizeof line - 1);
    char *text = malloc(size);
    for (size_t i = 0; i <= POLICY_RULES_MAX; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line - 1);
    struct policy_error error;
    assert_null(policy_parse(text, size, &error));
    assert_int_equal(error.line, POLICY_RULES_MAX + 1);
    struct policy *policy = policy_parse(text, size - sizeof line + 1, &error);
    assert_non_null(policy);
    policy_free(policy);
    free(text);
}

static void the_default_policy_is_sound(void **state)
{
    char text[8192];
    FILE *file = fopen(getenv("CASEMENT_DEFAULT_POLICY"), "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    assert_string_equal(ask(text, "qubes.Filecopy", "win", "work"), "work");
    assert_string_equal(ask(text, "qubes.Filecopy", "win", ""), "dom0");
    assert_string_equal(ask(text, "qubes.VMShell", "win", "work"), "");
    assert_string_equal(ask(text, "qubes.VMShell", "win", "dom0"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_policy_denies),
        cmocka_unit_test(the_first_match_decides),
        cmocka_unit_test(arguments_match_exactly),
        cmocka_unit_test(anyvm_is_not_dom0),
        cmocka_unit_test(a_call_without_a_target_needs_one_from_the_rule),
        cmocka_unit_test(a_user_may_be_of_a_domain),
        cmocka_unit_test(a_guest_cannot_call_itself),
        cmocka_unit_test(an_unknown_keyword_as_target_is_denied),
        cmocka_unit_test(faults_name_their_line),
        cmocka_unit_test(a_nul_byte_is_a_fault_in_its_line),
        cmocka_unit_test(too_many_rules_are_a_fault),
        cmocka_unit_test(the_default_policy_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
