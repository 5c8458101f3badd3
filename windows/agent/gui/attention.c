/* SPDX-License-Identifier: BSD-2-Clause */
/* See attention.h. */
#include "windows/agent/gui/attention.h"
#include "windows/agent/common/log.h"
#include <sddl.h>

void AttentionAsk(void)
{
    const HANDLE Event = OpenEventW(EVENT_MODIFY_STATE, FALSE, ATTENTION_EVENT);

    if (!Event) {
        LogError(GetLastError(), "Ctrl+Alt+Del: the watchdog does not run");
        return;
    }
    SetEvent(Event);
    CloseHandle(Event);
}

HANDLE AttentionEvent(void)
{
    SECURITY_ATTRIBUTES Security = {sizeof(Security), NULL, FALSE};

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"D:P(A;;GA;;;SY)(A;;GA;;;BA)", SDDL_REVISION_1, &Security.lpSecurityDescriptor, NULL))
        return NULL;
    const HANDLE Event = CreateEventW(&Security, FALSE, FALSE, ATTENTION_EVENT);
    LocalFree(Security.lpSecurityDescriptor);
    return Event;
}

/* sas.dll came with Windows 7 and is not everywhere. */
void AttentionDo(void)
{
    typedef void(WINAPI * SEND_SAS)(BOOL AsUser);
    const HMODULE Library = LoadLibraryExW(L"sas.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    const SEND_SAS Send = Library ? (SEND_SAS)(PVOID)GetProcAddress(Library, "SendSAS") : NULL;

    if (Send)
        Send(FALSE);
    else
        LogLine("Ctrl+Alt+Del: this Windows has no SendSAS");
    if (Library)
        FreeLibrary(Library);
}
