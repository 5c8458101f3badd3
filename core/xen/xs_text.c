/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of XenStore's protocol: error words, permissions, paths. See xs_client.h. */
#include "core/xen/decimal.h"
#include "core/xen/xs_client.h"

#include <string.h>

enum { PATH_ABSOLUTE_MAX = 3072, PATH_RELATIVE_MAX = 2048 }; /* with NUL: xs_wire.h */

enum xs_error xs_error_of_word(const char *word, uint32_t length)
{
    static const struct {
        char word[10];
        enum xs_error error;
    } words[] = {
        {"EINVAL", XS_ERROR_INVALID},      {"EACCES", XS_ERROR_ACCESS},
        {"EPERM", XS_ERROR_ACCESS},        {"EEXIST", XS_ERROR_EXISTS},
        {"EISDIR", XS_ERROR_NOT_FOUND},    {"ENOENT", XS_ERROR_NOT_FOUND},
        {"ENOMEM", XS_ERROR_NO_MEMORY},    {"ENOSPC", XS_ERROR_NO_SPACE},
        {"ENOTEMPTY", XS_ERROR_NOT_EMPTY}, {"ENOSYS", XS_ERROR_NOT_SUPPORTED},
        {"EROFS", XS_ERROR_READ_ONLY},     {"EBUSY", XS_ERROR_BUSY},
        {"EAGAIN", XS_ERROR_AGAIN},        {"E2BIG", XS_ERROR_TOO_BIG},
    };
    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        uint32_t expected = (uint32_t)strlen(words[i].word) + 1;
        if (length == expected && memcmp(word, words[i].word, length) == 0)
            return words[i].error;
    }
    return XS_ERROR_IO;
}

uint32_t xs_permission_write(char out[XS_PERMISSION_MAX_BYTES],
                             const struct xs_permission *permission)
{
    out[0] = "nrwb"[permission->access & (XS_ACCESS_READ | XS_ACCESS_WRITE)];
    return 1 + decimal_write(out + 1, permission->domid) + 1;
}

static bool permission_read(const uint8_t *text, uint32_t length, struct xs_permission *out)
{
    static const char letters[] = "nrwb";
    const char *letter = length > 1 && text[0] ? strchr(letters, text[0]) : NULL;
    uint32_t number = 0;
    if (!letter || length > XS_PERMISSION_MAX_BYTES - 1)
        return false;
    for (uint32_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    out->access = (uint16_t)(letter - letters);
    out->domid = (uint16_t)number;
    return number <= UINT16_MAX;
}

bool xs_permissions_read(const uint8_t *reply, uint32_t length, struct xs_permission *out,
                         uint32_t room, uint32_t *count)
{
    *count = 0;
    for (uint32_t at = 0; at < length;) {
        const uint8_t *end = memchr(reply + at, 0, length - at);
        uint32_t text_length = end ? (uint32_t)(end - reply) - at : length - at;
        struct xs_permission permission;
        if (!end || !permission_read(reply + at, text_length, &permission) || *count == room)
            return false;
        out[(*count)++] = permission;
        at += text_length + 1;
    }
    return *count > 0;
}

static bool path_byte_valid(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte && strchr("-/_@", byte));
}

bool xs_path_valid(const char *path, uint32_t length)
{
    bool absolute = length && path[0] == '/';
    if (!length || length >= (uint32_t)(absolute ? PATH_ABSOLUTE_MAX : PATH_RELATIVE_MAX))
        return false;
    if (length > 1 && path[length - 1] == '/')
        return false;
    for (uint32_t i = 0; i < length; i++)
        if (!path_byte_valid(path[i]) || (i && path[i] == '/' && path[i - 1] == '/'))
            return false;
    return true;
}
