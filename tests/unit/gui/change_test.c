/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that after a copy the image is the capture, byte for byte within the area and untouched
 * outside of it, that the rectangles cover every pixel that differed and lie inside of the area,
 * and that a still picture gives none; over random sizes, areas, changes and list lengths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/change.h"
#include "core/gui/rects.h"

enum { WIDTH_MAX = 700, HEIGHT_MAX = 90, ROUNDS = 3000 };

static uint32_t image[WIDTH_MAX * HEIGHT_MAX], before[WIDTH_MAX * HEIGHT_MAX];
static uint32_t capture[(WIDTH_MAX + 5) * HEIGHT_MAX];
static struct gui_rect rects[12];

static bool covers(const struct gui_rect *rect, uint32_t x, uint32_t y)
{
    return (int32_t)x >= rect->x && (int32_t)y >= rect->y && x < (uint32_t)rect->x + rect->width &&
           y < (uint32_t)rect->y + rect->height;
}

static bool any_covers(uint32_t count, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < count; i++) {
        if (covers(&rects[i], x, y))
            return true;
    }
    return false;
}

static void one_round(unsigned int *seed)
{
    const uint32_t width = (uint32_t)rand_r(seed) % WIDTH_MAX + 1;
    const uint32_t height = (uint32_t)rand_r(seed) % HEIGHT_MAX + 1;
    const uint32_t stride = width + (uint32_t)rand_r(seed) % 5;
    struct gui_rect area = {rand_r(seed) % 80 - 40, rand_r(seed) % 40 - 20,
                            (uint32_t)rand_r(seed) % 800, (uint32_t)rand_r(seed) % 120};
    const uint32_t max = (uint32_t)rand_r(seed) % 12 + 1;

    for (uint32_t i = 0; i < width * height; i++) {
        image[i] = before[i] = i;
        capture[i / width * stride + i % width] = i;
    }
    for (int changes = rand_r(seed) % 6; changes; changes--) {
        const uint32_t x = (uint32_t)rand_r(seed) % width, y = (uint32_t)rand_r(seed) % height;
        capture[y * stride + x] ^= 1u << rand_r(seed) % 32;
    }
    const uint32_t count = gui_change_copy((uint8_t *)image, width, height, (uint8_t *)capture,
                                           (ptrdiff_t)stride * GUI_PIXEL_BYTES, &area, rects, max);
    assert_true(count <= max);
    const bool some = gui_rect_clip(&area, width, height);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t now = image[y * width + x], then = before[y * width + x];
            const bool inside = some && covers(&area, x, y);
            assert_int_equal(now, inside ? capture[y * stride + x] : then);
            assert_true(now == then || any_covers(count, x, y));
            assert_true(inside || !any_covers(count, x, y));
        }
    }
}

static void copies_and_covers(void **state)
{
    unsigned int seed = 1;

    for (int i = 0; i < ROUNDS; i++)
        one_round(&seed);
}

static void a_still_picture_gives_nothing_and_a_pixel_one_tile(void **state)
{
    const struct gui_rect all = {0, 0, 600, 80};

    memset(image, 7, sizeof(image));
    memset(capture, 7, sizeof(capture));
    assert_int_equal(
        gui_change_copy((uint8_t *)image, 600, 80, (uint8_t *)capture, 2400, &all, rects, 12), 0);
    capture[40 * 600 + 300] = 1;
    assert_int_equal(
        gui_change_copy((uint8_t *)image, 600, 80, (uint8_t *)capture, 2400, &all, rects, 12), 1);
    assert_in_range(rects[0].width * rects[0].height, 1, 128 * 16);
}

static void an_upside_down_capture_is_read_from_its_end(void **state)
{
    const struct gui_rect all = {0, 0, 4, 3};

    for (uint32_t i = 0; i < 12; i++)
        capture[i] = i;
    memset(image, 0xff, sizeof(image));
    gui_change_copy((uint8_t *)image, 4, 3, (uint8_t *)&capture[8], -16, &all, rects, 12);
    assert_int_equal(image[0], 8);
    assert_int_equal(image[11], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_and_covers),
        cmocka_unit_test(a_still_picture_gives_nothing_and_a_pixel_one_tile),
        cmocka_unit_test(an_upside_down_capture_is_read_from_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
