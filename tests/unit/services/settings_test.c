/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the tables of time zones and keyboard layouts (qwt-today.md 1.5: neither was taken over
 * from dom0): known pairs, every name of the tz database of this machine, and hostile text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/services/keyboard.h"
#include "core/services/timezone.h"

static void known_time_zones(void **state)
{
    assert_string_equal(timezone_windows_name("Europe/Warsaw"), "Central European Standard Time");
    assert_string_equal(timezone_windows_name("Europe/Berlin"), "W. Europe Standard Time");
    assert_string_equal(timezone_windows_name("America/New_York"), "Eastern Standard Time");
    assert_string_equal(timezone_windows_name("US/Pacific"), "Pacific Standard Time");
    assert_string_equal(timezone_windows_name("Asia/Calcutta"), "India Standard Time");
    assert_string_equal(timezone_windows_name("Asia/Kolkata"), "India Standard Time");
    assert_string_equal(timezone_windows_name("Etc/UTC"), "UTC");
    assert_string_equal(timezone_windows_name("UTC"), "UTC");
    assert_string_equal(timezone_windows_name("Pacific/Chatham"), "Chatham Islands Standard Time");
}

/* zone1970.tab has a line for each zone that is no link to another. */
static void every_zone_of_the_database(void **state)
{
    FILE *file = fopen("/usr/share/zoneinfo/zone1970.tab", "r");
    char line[512], name[128];

    if (file == NULL)
        skip();
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#' || sscanf(line, "%*s %*s %127s", name) != 1 ||
            strcmp(name, "Antarctica/Troll") == 0) /* Windows has none like it */
            continue;
        if (timezone_windows_name(name) == NULL)
            fail_msg("%s", name);
    }
    fclose(file);
}

static void no_time_zones(void **state)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "Europe/Warsaw ",
                                      "europe/warsaw",
                                      "Europe",
                                      "Europe/Warsaw Europe/Berlin",
                                      "../../x",
                                      "Warsaw"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_null(timezone_windows_name(bad[i]));
}

static void keyboards(void **state)
{
    static const struct {
        const char *text;
        uint32_t id;
    } pairs[] = {
        {"us++", 0x00000409},
        {"fr++", 0x0000040c},
        {"us+dvorak+", 0x00010409},
        {"us+dvorak-l+caps:escape", 0x00030409},
        {"de+nodeadkeys+compose:ralt", 0x00000407}, /* the plain layout */
        {"us,ru+,phonetic+grp:alt_shift_toggle", 0x00000409},
        {"ru,us+phonetic,+", 0x00020419},
        {"gb", 0x00000809},
        {"", 0},
        {"+", 0},
        {"xx++", 0},
        {"USA", 0},
        {"us us", 0},
        {"us\\..\\..", 0},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        assert_int_equal(keyboard_windows_id(pairs[i].text), pairs[i].id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_time_zones),
        cmocka_unit_test(every_zone_of_the_database),
        cmocka_unit_test(no_time_zones),
        cmocka_unit_test(keyboards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
