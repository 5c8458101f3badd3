/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data ports: 256 for each pair of domains whoever serves, none handed out twice while taken, and
 * the one given back is the last to come again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linux/dom0/ports.h"

static void all_ports_of_a_pair_are_different(void **state)
{
    struct ports *ports = ports_new();
    bool seen[PORT_LAST + 1] = {false};
    for (int i = 0; i < 256; i++) {
        uint32_t port = ports_take(ports, 0, 5);
        assert_in_range(port, PORT_FIRST, PORT_LAST);
        assert_false(seen[port]);
        seen[port] = true;
    }
    assert_int_equal(ports_take(ports, 0, 5), 0);
    assert_int_equal(ports_take(ports, 5, 0), 0);
    assert_int_not_equal(ports_take(ports, 0, 6), 0);
    assert_true(ports_give(ports, 5, 0, 600));
    assert_int_equal(ports_take(ports, 0, 5), 600);
    ports_free(ports);
}

/* An agent names a call by the other domain and the port: {0, 513} must be one call, whether dom0
 * or the guest serves its vchan. */
static void the_order_of_the_pair_does_not_matter(void **state)
{
    struct ports *ports = ports_new();
    uint32_t first = ports_take(ports, 0, 5), second = ports_take(ports, 5, 0);
    assert_int_not_equal(first, second);
    assert_true(ports_taken(ports, 5, 0, first));
    ports_free(ports);
}

static void a_port_given_back_comes_last(void **state)
{
    struct ports *ports = ports_new();
    uint32_t first = ports_take(ports, 1, 2);
    assert_true(ports_give(ports, 1, 2, first));
    for (int i = 0; i < 255; i++)
        assert_int_not_equal(ports_take(ports, 1, 2), first);
    assert_int_equal(ports_take(ports, 1, 2), first);
    ports_free(ports);
}

static void only_a_taken_port_can_be_given(void **state)
{
    struct ports *ports = ports_new();
    uint32_t port = ports_take(ports, 1, 2);
    assert_false(ports_give(ports, 1, 3, port));
    assert_false(ports_give(ports, 1, 2, port + 1));
    assert_false(ports_give(ports, 1, 2, 0));
    assert_false(ports_give(ports, 1, 2, PORT_LAST + 1));
    assert_false(ports_give(ports, 1, 2, UINT32_MAX));
    assert_true(ports_give(ports, 1, 2, port));
    assert_false(ports_give(ports, 1, 2, port));
    ports_free(ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ports_of_a_pair_are_different),
        cmocka_unit_test(the_order_of_the_pair_does_not_matter),
        cmocka_unit_test(a_port_given_back_comes_last),
        cmocka_unit_test(only_a_taken_port_can_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
