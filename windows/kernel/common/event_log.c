/* SPDX-License-Identifier: BSD-2-Clause */
/* See event_log.h. "IoAllocateErrorLogEntry function (wdm.h)" */
#include "event_log.h"

enum {
    TEXT_CHARACTERS = (ERROR_LOG_MAXIMUM_SIZE - sizeof(IO_ERROR_LOG_PACKET)) / sizeof(WCHAR) - 1,
    EVENT_TEXT = (LONG)0xa0040001, /* a warning, not of Microsoft; the string is its text */
};

static ULONG Append(_Out_writes_(TEXT_CHARACTERS + 1) PWSTR Text, _In_ ULONG Length,
                    _In_ PCSTR String)
{
    for (; *String && Length < TEXT_CHARACTERS; String++)
        Text[Length++] = (WCHAR)(UCHAR)*String;
    Text[Length] = 0;
    return Length;
}

VOID EventLogWrite(_In_ PVOID Object, _In_ PCSTR What, _In_ PCSTR Why)
{
    PIO_ERROR_LOG_PACKET Entry = IoAllocateErrorLogEntry(Object, ERROR_LOG_MAXIMUM_SIZE);
    PWSTR Text;

    if (!Entry)
        return;
    RtlZeroMemory(Entry, ERROR_LOG_MAXIMUM_SIZE);
    Text = (PWSTR)(Entry + 1);
    (VOID) Append(Text, Append(Text, 0, What), Why);
    Entry->ErrorCode = EVENT_TEXT;
    Entry->NumberOfStrings = 1;
    Entry->StringOffset = sizeof(*Entry);
    IoWriteErrorLogEntry(Entry);
}
