/* SPDX-License-Identifier: BSD-2-Clause */
/* See names.h. */
#include <string.h>
#include "core/qrexec/names.h"

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool name_byte(char c)
{
    return letter_or_digit(c) || c == '_' || c == '.' || c == '-';
}

static bool service_byte(char c)
{
    return name_byte(c) || c == '+';
}

static bool target_byte(char c)
{
    return name_byte(c) || c == '@' || c == ':';
}

static bool all(const char *name, size_t most, bool (*allowed)(char))
{
    size_t n = 0;
    for (; name[n]; n++)
        if (n == most || !allowed(name[n]))
            return false;
    return n > 0;
}

bool qrexec_service_name_ok(const char *name)
{
    return name[0] != '+' && all(name, QREXEC_SERVICE_NAME_MAX, service_byte);
}

bool qrexec_domain_name_ok(const char *name)
{
    return all(name, 63, name_byte);
}

bool qrexec_target_name_ok(const char *name)
{
    return all(name, 63, target_byte);
}

bool qrexec_ident_ok(const struct qrexec_ident *ident)
{
    const size_t size = sizeof(ident->text);
    size_t n = 0;

    while (n < size && (name_byte(ident->text[n]) || ident->text[n] == ' '))
        n++;
    if (n == 0 || n == size)
        return false;
    for (; n < size; n++)
        if (ident->text[n])
            return false;
    return true;
}

void qrexec_sanitise_service(char *name)
{
    for (; *name; name++)
        if (!service_byte(*name))
            *name = '_';
}

void qrexec_sanitise_target(char *name)
{
    for (; *name; name++) {
        if (*name == '$')
            *name = '@';
        else if (!target_byte(*name))
            *name = '_';
    }
}

static bool same_letters(const char *name, const char *upper, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]) != upper[i])
            return false;
    return true;
}

/* A device is meant by the part before the first dot. */
static bool names_a_device(const char *name, size_t length)
{
    const char *dot = memchr(name, '.', length);
    const size_t stem = dot ? (size_t)(dot - name) : length;

    if (stem == 3)
        return same_letters(name, "CON", 3) || same_letters(name, "PRN", 3) ||
               same_letters(name, "AUX", 3) || same_letters(name, "NUL", 3);
    if (stem == 4 && name[3] >= '0' && name[3] <= '9')
        return same_letters(name, "COM", 3) || same_letters(name, "LPT", 3);
    return false;
}

bool qrexec_windows_file_name_ok(const char *name, size_t length)
{
    if (length == 0 || length > 240 || name[0] == '+')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!service_byte(name[i]))
            return false;
    return name[length - 1] != '.' && !names_a_device(name, length);
}
