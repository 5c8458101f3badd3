/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qubes.VMExec: runs the program whose arguments are coded in the service argument
 * (core/qrexec/arguments.h). Each argument reaches the program as one, whatever bytes it has; no
 * shell looks at it. stdio and exit code are the program's.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/arguments.h"
#include "windows/agent/common/text.h"
#include "windows/rpc/run.h"

enum { LINE_BYTES = 3 * 32767 };

static PSTR Decode(_In_ PCSTR Code)
{
    const PSTR Arguments = malloc(strlen(Code) + 1);
    const PSTR Line = calloc(1, LINE_BYTES);
    const size_t Count = Arguments ? qrexec_decode_vmexec(Code, Arguments, strlen(Code) + 1) : 0;
    BOOL Fits = Line && Count;
    PCSTR Argument = Arguments;

    for (size_t i = 0; i < Count && Fits; i++, Argument += strlen(Argument) + 1)
        Fits = qrexec_append_argument(Line, LINE_BYTES, Argument, i == 0);
    free(Arguments);
    if (Fits)
        return Line;
    free(Line);
    return NULL;
}

int wmain(void)
{
    const PCWSTR Wide = _wgetenv(L"QREXEC_SERVICE_ARGUMENT");
    const PSTR Code = Wide ? TextToUtf8(Wide) : NULL;
    const PSTR Line = Code && *Code ? Decode(Code) : NULL;

    if (!Line) {
        fputs("qubes.VMExec: the argument is no coded command\n", stderr);
        return 125;
    }
    return RunCommandLine("qubes.VMExec", Line);
}
