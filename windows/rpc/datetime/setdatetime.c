/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setdatetime.exe, the service qubes.SetDateTime: sets the clock to the time on stdin
 * (core/services/datetime.h). Runs as SYSTEM. Exit code: 0, or 1 with a line on stderr.
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include "core/services/datetime.h"
#include "windows/rpc/datetime/clock.h"

int wmain(void)
{
    CHAR Text[64];
    struct datetime At;

    _setmode(_fileno(stdin), _O_BINARY);
    if (!datetime_parse(Text, fread(Text, 1, sizeof(Text), stdin), &At)) {
        fputs("qubes.SetDateTime: that is no time (date -u -Iseconds prints one)\n", stderr);
        return 1;
    }
    const SYSTEMTIME Time = {
        .wYear = At.year,
        .wMonth = At.month,
        .wDay = At.day,
        .wHour = At.hour,
        .wMinute = At.minute,
        .wSecond = At.second,
        .wMilliseconds = (WORD)(At.nanosecond / 1000000),
    };
    const DWORD Error = ClockSet(&Time);
    if (Error)
        fprintf(stderr, "qubes.SetDateTime: Windows refused (error %lu)\n", Error);
    return Error ? 1 : 0;
}
