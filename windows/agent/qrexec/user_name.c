/* SPDX-License-Identifier: BSD-2-Clause */
/* See user_name.h. */
#include <wchar.h>
#include "windows/agent/qrexec/user_name.h"

BOOL UserNameIsOf(_In_ PCWSTR Wanted, _In_ PCWSTR Domain, _In_ PCWSTR Name, _In_ PCWSTR Computer)
{
    const PCWSTR Slash = wcschr(Wanted, L'\\');

    if (!Slash)
        return !_wcsicmp(Wanted, Name);
    if (_wcsicmp(Slash + 1, Name))
        return FALSE;
    const SIZE_T Length = (SIZE_T)(Slash - Wanted);
    if (Length == 1 && *Wanted == L'.')
        return !_wcsicmp(Domain, Computer);
    return wcslen(Domain) == Length && !_wcsnicmp(Wanted, Domain, Length);
}
