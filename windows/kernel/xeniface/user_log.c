/* SPDX-License-Identifier: BSD-2-Clause */
/* See user_log.h. A line from user mode can be told from the drivers' own. */
#include "handle.h"
#include "user_log.h"

#include "contract.h"
#include "windows/kernel/common/text.h"

static BOOLEAN IsPrintable(_In_ CHAR Character)
{
    return (Character >= 0x20 && Character <= 0x7e) || Character == '\n' || Character == '\r';
}

/* Line ends at the end are not part of the line; those within it become blanks. */
NTSTATUS IoctlLog(PIOCTL_CALL Call)
{
    PCHAR Text = Call->Buffer;
    ULONG Length = 0;
    TEXT Line;

    while (Length < Call->InLength && Text[Length] != '\0') {
        if (!IsPrintable(Text[Length++]))
            return STATUS_INVALID_PARAMETER;
    }
    if (Length == Call->InLength)
        return STATUS_INVALID_PARAMETER;
    while (Length > 0 && (Text[Length - 1] == '\n' || Text[Length - 1] == '\r'))
        Length--;
    for (ULONG Index = 0; Index < Length; Index++)
        if (Text[Index] < 0x20)
            Text[Index] = ' ';
    TextInit(&Line, "USER: ");
    TextAddBytes(&Line, Text, Length);
    CALL(Call->Services, Debug, Log, Line.Buffer);
    return STATUS_SUCCESS;
}
