/* SPDX-License-Identifier: BSD-2-Clause */
/* Are the services as service_table.h has them, and do they run? */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/common/service_table.h"
#include "windows/agent/doctor/check.h"

enum { CONFIG_BYTES = 8192 };

static const char Repair[] = "as administrator: casement-services.exe start";

/* The command line is the quoted path of the program in our folder. */
static BOOL IsOurProgram(_In_ const struct service_row *Row, _In_ PCWSTR CommandLine)
{
    WCHAR Folder[MAX_PATH], Expected[2 * MAX_PATH];

    if (!ProgramFolder(Folder))
        return FALSE;
    swprintf(Expected, 2 * MAX_PATH, L"\"%ls\\%hs\"", Folder, Row->program);
    return !_wcsicmp(Expected, CommandLine);
}

static void CheckConfig(_Inout_ FINDING *Finding, _In_ const struct service_row *Row,
                        _In_ SC_HANDLE Service)
{
    union {
        QUERY_SERVICE_CONFIGW Config;
        BYTE Room[CONFIG_BYTES];
    } Buffer;
    WCHAR Account[64];
    DWORD Needed;

    swprintf(Account, 64, L"%hs", Row->account ? Row->account : "LocalSystem");
    if (!QueryServiceConfigW(Service, &Buffer.Config, sizeof(Buffer), &Needed))
        FindingWrong(Finding, Repair, "%s: its settings cannot be read (error %lu)", Row->name,
                     GetLastError());
    else if (Buffer.Config.dwStartType != SERVICE_AUTO_START)
        FindingWrong(Finding, Repair, "%s: does not start by itself", Row->name);
    else if (!IsOurProgram(Row, Buffer.Config.lpBinaryPathName))
        FindingWrong(Finding, Repair, "%s: is the program %ls", Row->name,
                     Buffer.Config.lpBinaryPathName);
    else if (_wcsicmp(Account, Buffer.Config.lpServiceStartName))
        FindingWrong(Finding, Repair, "%s: runs as %ls", Row->name,
                     Buffer.Config.lpServiceStartName);
}

static void CheckState(_Inout_ FINDING *Finding, _In_ const struct service_row *Row,
                       _In_ SC_HANDLE Service)
{
    SERVICE_STATUS Status;

    if (!QueryServiceStatus(Service, &Status) || Status.dwCurrentState != SERVICE_RUNNING)
        FindingWrong(Finding, Repair,
                     "%s: does not run; the end of its log (log folder, %s) says why", Row->name,
                     Row->program);
}

static void CheckService(_Inout_ FINDING *Finding, _In_ SC_HANDLE Manager,
                         _In_ const struct service_row *Row)
{
    WCHAR Name[64];

    swprintf(Name, 64, L"%hs", Row->name);
    const SC_HANDLE Service =
        OpenServiceW(Manager, Name, SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG);
    if (!Service) {
        FindingWrong(Finding, Repair, "%s: is not registered", Row->name);
        return;
    }
    CheckConfig(Finding, Row, Service);
    CheckState(Finding, Row, Service);
    CloseServiceHandle(Service);
}

void CheckServices(_Inout_ FINDING *Finding)
{
    const SC_HANDLE Manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);

    if (!Manager) {
        FindingWrong(Finding, "restart Windows", "the service manager does not answer (error %lu)",
                     GetLastError());
        return;
    }
    for (int i = 0; i < SERVICE_TABLE_ROWS; i++)
        CheckService(Finding, Manager, &service_table[i]);
    CloseServiceHandle(Manager);
    if (!Finding->Wrong)
        FindingSay(Finding, "all %d run", SERVICE_TABLE_ROWS);
}
