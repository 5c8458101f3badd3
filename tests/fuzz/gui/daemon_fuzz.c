/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes from an agent into a daemon's decoder and rules: windows are counted right and keep
 * sizes that can be shown, an image has the pages that its size needs, and pages stay under their
 * limit. The first byte says how the input is cut.
 */
#include "linux/dom0/gui/rules.h"

#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct rules *rules)
{
    uint32_t windows = 0, pages = 0;

    for (size_t i = 0; i < RULES_BUCKETS; i++) {
        for (const struct rules_window *window = rules->buckets[i]; window; window = window->next) {
            REQUIRE(window->width >= 1 && window->width <= GUI_WIDTH_MAX);
            REQUIRE(window->height >= 1 && window->height <= GUI_HEIGHT_MAX);
            REQUIRE(!window->has_image ||
                    window->image_pages >=
                        gui_image_pages(window->image_width, window->image_height));
            REQUIRE(window->has_image || window->image_pages == 0);
            windows++;
            pages += window->image_pages;
        }
    }
    REQUIRE(windows == rules->window_count && windows <= RULES_WINDOWS_MAX);
    REQUIRE(pages == rules->image_pages && pages <= RULES_PAGES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t body[GUI_DAEMON_BODY_MAX];
    struct gui_decoder decoder;
    struct gui_message message;
    struct rules rules = {0};
    struct rules_window *window;
    const size_t step = size ? (size_t)data[0] + 1 : 1;

    gui_decoder_init(&decoder, GUI_AT_DAEMON, GUI_VERSION, body, sizeof(body));
    for (size_t at = 1; at < size; at += step) {
        const uint8_t *bytes = data + at;
        size_t left = size - at < step ? size - at : step;

        while (gui_decode(&decoder, &bytes, &left, &message) == GUI_MESSAGE) {
            if (message.type == 0 || message.type == GUI_CLIPBOARD_DATA)
                continue;
            const struct rules_step taken = rules_take(&rules, &message);
            if (taken.verdict == RULES_DO && message.type == GUI_DESTROY)
                rules_drop(&rules, taken.window);
            check(&rules);
        }
    }
    while ((window = rules_any(&rules)))
        rules_drop(&rules, window);
    return 0;
}
