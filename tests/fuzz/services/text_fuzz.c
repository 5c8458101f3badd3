/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text into the decoders of core/services: what is let through is what the headers promise. */
#include "core/filecopy/winname.h"
#include "core/services/datetime.h"
#include "core/services/document.h"
#include "core/services/picture.h"
#include "core/services/port.h"
#include "core/services/keyboard.h"
#include "core/services/shutdown.h"
#include "core/services/timezone.h"
#include "core/services/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One component that Windows stores as it is, and that stays itself when it is sent on. */
static void check_document(const uint8_t *data, size_t size)
{
    char field[DOCUMENT_FIELD_BYTES] = {0}, again[DOCUMENT_FIELD_BYTES];
    struct document_name name, second;
    size_t length;

    memcpy(field, data, size < sizeof(field) ? size : sizeof(field));
    if (!document_name_parse(field, &name))
        return;
    length = strlen(name.text);
    if (length == 0 || strpbrk(name.text, "\\/:*?\"<>| %&^\r\n") != NULL ||
        name.text[length - 1] == '.' || fc_winname_is_forbidden(name.text, length))
        abort();
    if (length < DOCUMENT_FIELD_BYTES - 10 &&
        (!document_name_put(name.text, true, again) || !document_name_parse(again, &second) ||
         !second.view_only || strcmp(second.text, name.text) != 0))
        abort();
}

static void check_picture(const char *text, size_t size)
{
    static char out[PICTURE_LINE_BYTES];
    const enum picture_source source = picture_parse(text, size, out);

    if (source == PICTURE_FILE && (out[1] != ':' || strpbrk(out + 2, ":*?\"<>|") != NULL))
        abort();
    if (source == PICTURE_MENU && strpbrk(out, "\\/: ") != NULL)
        abort();
}

static void check_port(const char *text, size_t size)
{
    char copy[64], back[8];
    uint16_t port;

    snprintf(copy, sizeof(copy), "%.*s", (int)(size < 63 ? size : 63), text);
    if (!port_parse(copy, &port))
        return;
    snprintf(back, sizeof(back), "%u", port);
    if (strcmp(back, copy) != 0)
        abort();
}

/* Values of QubesDB and XenStore end with a NUL. */
static void look_words_up(const char *text, size_t size)
{
    char word[256];
    const char *zone;

    if (size >= sizeof(word))
        return;
    memcpy(word, text, size);
    word[size] = '\0';
    zone = timezone_windows_name(word);
    if ((zone != NULL && (strlen(zone) >= TIMEZONE_NAME_BYTES || strchr(word, ' ') != NULL)) ||
        (keyboard_windows_id(word) & 0xfff80000u) != 0 ||
        shutdown_action_of(word) > SHUTDOWN_HIBERNATE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    static char url[URL_BYTES_MAX + 1];
    struct datetime at;

    look_words_up(text, size);
    if (url_parse(text, size, url) &&
        (strpbrk(url, " \t\r\n\"'\\") != NULL || strstr(url, "://") == NULL || strlen(url) > size))
        abort();
    if (datetime_parse(text, size, &at) &&
        (at.year < 2000 || at.month < 1 || at.month > 12 || at.day < 1 || at.day > 31 ||
         at.hour > 23 || at.minute > 59 || at.second > 59 || at.nanosecond > 999999999))
        abort();
    check_document(data, size);
    check_picture(text, size);
    check_port(text, size);
    return 0;
}
