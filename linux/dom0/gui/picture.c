/* SPDX-License-Identifier: BSD-2-Clause */
/* See picture.h. */
#include "picture.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_png(FILE *file, xcb_get_image_reply_t *image, uint32_t width, uint32_t height)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    uint8_t *pixels = xcb_get_image_data(image);

    if (info == NULL || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_set_bgr(png);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    for (uint32_t y = 0; y < height; y++)
        png_write_row(png, pixels + (size_t)y * width * GUI_PIXEL_BYTES);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

bool picture_save(struct display *display, const char *path)
{
    const uint16_t width = display->screen->width_in_pixels;
    const uint16_t height = display->screen->height_in_pixels;
    xcb_get_image_reply_t *image =
        xcb_get_image_reply(display->connection,
                            xcb_get_image(display->connection, XCB_IMAGE_FORMAT_Z_PIXMAP,
                                          display->screen->root, 0, 0, width, height, UINT32_MAX),
                            NULL);
    FILE *file = image != NULL ? fopen(path, "wb") : NULL;
    bool saved = file != NULL && write_png(file, image, width, height);

    if (file != NULL && fclose(file) != 0)
        saved = false;
    free(image);
    if (!saved)
        fprintf(stderr, "casement view: cannot save %s: %s\n", path,
                image == NULL ? "the X server gives no picture" : strerror(errno));
    return saved;
}
