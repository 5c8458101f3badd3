/* SPDX-License-Identifier: BSD-2-Clause */
/* What qubes.SetMonitorLayout may say: any bytes. What is taken is within the protocol's limits. */
#include <stdlib.h>
#include <string.h>

#include "core/gui/layout.h"
#include "core/gui/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gui_layout layout;
    char *const text = malloc(size != 0 ? size : 1); /* a step beyond is seen */

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    if (gui_layout_parse(&layout, text, size)) {
        if (layout.count == 0 || layout.count > GUI_MONITORS_MAX)
            abort();
        for (uint32_t i = 0; i < layout.count; i++) {
            const struct gui_monitor *const monitor = &layout.monitors[i];
            if (monitor->width == 0 || monitor->width > GUI_WIDTH_MAX || monitor->height == 0 ||
                monitor->height > GUI_HEIGHT_MAX || abs(monitor->x) > GUI_WIDTH_MAX ||
                abs(monitor->y) > GUI_WIDTH_MAX)
                abort();
        }
    }
    free(text);
    return 0;
}
