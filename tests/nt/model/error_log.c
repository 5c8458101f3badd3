/* SPDX-License-Identifier: BSD-2-Clause */
/* The event log's entries of drivers: see error_log.h. */
#include "model/error_log.h"

#include "model/fault.h"
#include "model/machine.h"

RULE(error_log_entry, "An entry of the event log stays within its size",
     "IoAllocateErrorLogEntry function (wdm.h)");

enum { TAG = 0x676f4c45 /* ELog */ };

static char Last[ERROR_LOG_MAXIMUM_SIZE];
static ULONG Entries;

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    MODEL_CALL(IoAllocateErrorLogEntry, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoAllocateErrorLogEntry function (wdm.h)");
    if (!IoObject || EntrySize < sizeof(IO_ERROR_LOG_PACKET) || EntrySize > ERROR_LOG_MAXIMUM_SIZE)
        rule_broken(&error_log_entry, "%u bytes", EntrySize);
    return fault_here("pool") ? NULL : pool_allocate(EntrySize, TAG, false, false);
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    PIO_ERROR_LOG_PACKET entry = ElEntry;
    PWSTR text = (PWSTR)((PUCHAR)entry + entry->StringOffset);
    ULONG length = 0;

    MODEL_CALL(IoWriteErrorLogEntry, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoWriteErrorLogEntry function (wdm.h)");
    Last[0] = 0;
    if (entry->NumberOfStrings) {
        if (entry->StringOffset < FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData) ||
            entry->StringOffset % sizeof(WCHAR))
            rule_broken(&error_log_entry, "strings at %u", entry->StringOffset);
        for (; text[length]; length++) /* what is not terminated is the pool's matter */
            Last[length] = (char)text[length];
        Last[length] = 0;
    }
    Entries++;
    pool_release(entry);
}

const char *error_log_last(void)
{
    return Last;
}

ULONG error_log_entries(void)
{
    return Entries;
}
