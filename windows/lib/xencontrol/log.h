/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session's messages to the program's logger. Any thread; the logger may be exchanged meanwhile.
 */
#ifndef XENCONTROL_LOG_H
#define XENCONTROL_LOG_H

#include "xencontrol.h"

typedef struct _XC_LOG {
    XENCONTROL_LOGGER *volatile Logger; /* NULL: silence */
    volatile LONG Level;                /* XENCONTROL_LOG_LEVEL */
} XC_LOG;

void LogWrite(_In_ const XC_LOG *Log, _In_ XENCONTROL_LOG_LEVEL Level, _In_z_ const CHAR *Function,
              _In_z_ const WCHAR *Message, ...);

#define Log(Where, Level, ...) LogWrite((Where), (Level), __func__, __VA_ARGS__)

#endif
