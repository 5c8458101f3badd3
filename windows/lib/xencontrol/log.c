/* SPDX-License-Identifier: BSD-2-Clause */
/* A session's messages to the program's logger; see log.h. */
#include "log.h"

void LogWrite(const XC_LOG *Log, XENCONTROL_LOG_LEVEL Level, const CHAR *Function,
              const WCHAR *Message, ...)
{
    XENCONTROL_LOGGER *Logger = Log->Logger;
    va_list Args;

    if (Logger == NULL || (LONG)Level > Log->Level)
        return;
    va_start(Args, Message);
    Logger(Level, Function, Message, Args);
    va_end(Args);
}
