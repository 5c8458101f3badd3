/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the machine, assertions, and the debugger's output. */
#include "model/machine.h"
#include "model/print.h"

RULE(bugcheck, "A driver does not stop the machine", "KeBugCheckEx function (wdm.h)");
RULE(assertion, "A driver's assertions hold", "ASSERT macro (wdm.h)");
RULE(print_wide, "16-bit text is formatted at PASSIVE_LEVEL only", "DbgPrint function (wdm.h)");

VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    rule_broken(&bugcheck, "0x%x (%p, %p, %p, %p)", BugCheckCode, (PVOID)P1, (PVOID)P2, (PVOID)P3,
                (PVOID)P4);
}

VOID NTAPI KeBugCheck(ULONG BugCheckCode)
{
    KeBugCheckEx(BugCheckCode, 0, 0, 0, 0);
}

VOID NTAPI RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
    rule_broken(&assertion, "%s:%u: %s%s%s", (const char *)FileName, LineNumber,
                (const char *)FailedAssertion, Message ? ": " : "", Message ? Message : "");
}

static bool has_wide(const char *format)
{
    for (; *format; format++) {
        if (*format != '%')
            continue;
        format++;
        while (*format && strchr("-+ #0123456789.*", *format))
            format++;
        if (*format == 'S' || *format == 'C' || *format == 'w' ||
            (*format == 'l' && (format[1] == 's' || format[1] == 'c')))
            return true;
        if (!*format)
            break;
    }
    return false;
}

static void print(const char *format, va_list arguments)
{
    char text[512]; /* what DbgPrint sends at once */

    if (irql_now() > PASSIVE_LEVEL && has_wide(format))
        rule_broken(&print_wide, "\"%s\" at IRQL %u", format, irql_now());
    print_format(text, sizeof(text), format, arguments);
    model_log("%s", text);
}

ULONG DbgPrint(PCSTR Format, ...)
{
    va_list arguments;

    va_start(arguments, Format);
    print(Format, arguments);
    va_end(arguments);
    BenchSchedulePoint();
    return STATUS_SUCCESS;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list arguments;

    (void)ComponentId;
    (void)Level;
    va_start(arguments, Format);
    print(Format, arguments);
    va_end(arguments);
    BenchSchedulePoint();
    return STATUS_SUCCESS;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    (void)ComponentId;
    (void)Level;
    print(Format, arglist);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level)
{
    (void)ComponentId;
    (void)Level;
    return (NTSTATUS)TRUE;
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status)
{
    rule_broken(&bugcheck, "a breakpoint, status %u", Status);
}

VOID NTAPI DbgBreakPoint(VOID)
{
    rule_broken(&bugcheck, "a breakpoint");
}
