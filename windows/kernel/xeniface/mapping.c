/* SPDX-License-Identifier: BSD-2-Clause */
/* See mapping.h. The flags are Windows 8's; older systems do not know them. */
#include "mapping.h"

ULONG MappingPriority(BOOLEAN ReadOnly)
{
    const ULONG NoExecute = 0x40000000u, NoWrite = 0x80000000u; /* MdlMapping... */
    ULONG Major = 0, Minor = 0;

    PsGetVersion(&Major, &Minor, NULL, NULL);
    if (Major < 6 || (Major == 6 && Minor < 2))
        return NormalPagePriority;
    return NormalPagePriority | NoExecute | (ReadOnly ? NoWrite : 0);
}
