/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a guest's pages to its window. Damage is collected and painted when the display's buffer is
 * free, so a guest that changes faster than the screen costs no more than the screen. What a
 * window without an image of its own shows is cut out of the guest's whole screen, if there is
 * one: older agents know nothing else.
 */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void window_drop_image(struct view *view, struct window *window)
{
    if (window->pixels != NULL)
        xengnttab_unmap(view->gnttab, window->pixels, window->pixel_pages);
    window->pixels = NULL;
    window->damage_count = 0;
}

bool window_image(struct view *view, struct window *window, const uint8_t *refs, uint32_t count)
{
    uint32_t *copy = malloc(count * sizeof *copy + 1);

    window_drop_image(view, window);
    if (copy == NULL)
        return false;
    memcpy(copy, refs, count * sizeof *copy);
    if (count > 0)
        window->pixels = xengnttab_map_domain_grant_refs(
            view->gnttab, count, (uint32_t)window->guest->domain, copy, PROT_READ);
    window->pixel_pages = count;
    free(copy);
    return window->pixels != NULL || count == 0;
}

void window_damage(struct window *window, const struct gui_rect *rect)
{
    struct gui_rect part = *rect;

    if (gui_rect_clip(&part, window->rules->width, window->rules->height))
        gui_rects_add(window->damage, &window->damage_count, DAMAGE_MAX, &part);
}

/* Where a window's pixels are: its own image, or the screen's at the window's place. */
struct source {
    const uint8_t *pixels;
    uint32_t width, height;
    int32_t x, y; /* of the window's corner in it */
};

static struct source source_of(const struct window *window)
{
    const struct rules_window *rules = window->rules, *screen;

    if (window->pixels != NULL)
        return (struct source){window->pixels, rules->image_width, rules->image_height, 0, 0};
    screen = rules_find(&window->guest->rules, GUI_SCREEN_ID);
    if (screen == NULL || ((struct window *)screen->user)->pixels == NULL)
        return (struct source){0};
    return (struct source){((struct window *)screen->user)->pixels, screen->image_width,
                           screen->image_height, rules->x, rules->y};
}

/* Paints what it can of *rect, which becomes the rest; false: there is a rest. */
static bool paint_rect(struct view *view, struct window *window, struct gui_rect *rect)
{
    const struct source source = source_of(window);
    struct gui_rect part = {rect->x + source.x, rect->y + source.y, rect->width, rect->height};
    const size_t stride = (size_t)source.width * GUI_PIXEL_BYTES;

    if (source.pixels == NULL || !gui_rect_clip(&part, source.width, source.height))
        return true;
    while (part.height > 0) {
        const uint32_t rows = display_paint(
            &view->display, window->content, part.x - source.x, part.y - source.y, part.width,
            part.height, source.pixels + (size_t)part.y * stride + (size_t)part.x * GUI_PIXEL_BYTES,
            stride);
        if (rows == 0)
            break;
        part.y += (int32_t)rows;
        part.height -= rows;
    }
    *rect = (struct gui_rect){part.x - source.x, part.y - source.y, part.width, part.height};
    return part.height == 0;
}

/* For scripts: which windows are there to be seen. */
static void tell_shown(struct window *window)
{
    if (window->told || !window->painted || !window->rules->mapped)
        return;
    window->told = true;
    printf("shown [%s] %s\n", window->guest->name, window->rules->title.text);
}

static bool paint_window(struct view *view, struct window *window)
{
    while (window->damage_count > 0) {
        if (!paint_rect(view, window, &window->damage[window->damage_count - 1]))
            return false;
        window->damage_count--;
        window->painted = window->pixels != NULL;
    }
    return true;
}

void paint(struct view *view)
{
    struct window *window = view->windows;

    if (display_ready(&view->display)) {
        while (window != NULL && paint_window(view, window))
            window = window->next;
    }
    display_flush(&view->display);
    for (window = view->windows; window != NULL; window = window->next)
        tell_shown(window); /* the X server has it before whoever hears of it looks */
}
