/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gui_change_detection: what changed in a picture of 1920 x 1080 is found while it is copied into
 * the granted image (core/gui/change.h), against memcpy of the same picture. Three pictures: still,
 * a blinking caret, everything new. Rounds alternate; each side's median counts, and the worst
 * picture is the ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/gui/change.h"

enum { WIDTH = 1920, HEIGHT = 1080, ROUNDS = 101, RECTS = 16 };
enum { BYTES = WIDTH * HEIGHT * GUI_PIXEL_BYTES };

static uint8_t *image, *captures[2];

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

/* memcpy's time through ours: the share of its speed. */
static double run(const char *name)
{
    static double copy_ms[ROUNDS], ours_ms[ROUNDS];
    const struct gui_rect all = {0, 0, WIDTH, HEIGHT};
    struct gui_rect rects[RECTS];
    uint32_t count = 0;

    for (int round = 0; round < ROUNDS; round++) {
        const uint8_t *capture = captures[round & 1];
        double began = now_ms();

        memcpy(image, capture, BYTES);
        __asm__ volatile("" ::: "memory");
        copy_ms[round] = now_ms() - began;
        memcpy(image, captures[~round & 1], BYTES); /* what was there before */
        began = now_ms();
        count = gui_change_copy(image, WIDTH, HEIGHT, capture, WIDTH * GUI_PIXEL_BYTES, &all, rects,
                                RECTS);
        ours_ms[round] = now_ms() - began;
        if (memcmp(image, capture, BYTES) != 0)
            abort();
    }
    const double copied = median(copy_ms), found = median(ours_ms);
    printf("  %-18s memcpy %6.3f ms   change and copy %6.3f ms   %2u rectangles   %.2f\n", name,
           copied, found, count, copied / found);
    return copied / found;
}

int main(void)
{
    double worst, ratio;

    image = malloc(BYTES);
    captures[0] = malloc(BYTES);
    captures[1] = malloc(BYTES);
    if (!image || !captures[0] || !captures[1])
        return 1;
    for (size_t i = 0; i < BYTES; i++)
        captures[0][i] = captures[1][i] = (uint8_t)(i * 2654435761u >> 24);
    worst = run("still");
    for (size_t row = 500; row < 516; row++)
        captures[1][row * WIDTH * GUI_PIXEL_BYTES + 4000] ^= 255;
    ratio = run("a caret");
    worst = ratio < worst ? ratio : worst;
    for (size_t i = 0; i < BYTES; i++)
        captures[1][i] ^= 255;
    ratio = run("everything new");
    worst = ratio < worst ? ratio : worst;
    printf("gui_change_detection: ours/reference = %.2f\n", worst);
    return 0;
}
