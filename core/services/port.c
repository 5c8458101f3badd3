/* SPDX-License-Identifier: BSD-2-Clause */
/* See port.h. */
#include "core/services/port.h"

bool port_parse(const char *text, uint16_t *port)
{
    uint32_t value = 0;

    if (*text == '0')
        return false;
    for (; *text >= '0' && *text <= '9' && value <= UINT16_MAX; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    *port = (uint16_t)value;
    return *text == '\0' && value > 0 && value <= UINT16_MAX;
}
