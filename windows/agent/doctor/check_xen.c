/* SPDX-License-Identifier: BSD-2-Clause */
/* Can programs reach Xen? By the drivers' device, whoever's drivers they are, and by XenStore. */
#include <stdio.h>
#include "include/xencontrol.h"
#include "windows/agent/doctor/check.h"

enum { VALUE_BYTES = 256 };

/* What the service manager says of a driver: registered, running? */
static PCSTR StateOf(_In_ PCWSTR Driver)
{
    const SC_HANDLE Manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    const SC_HANDLE Service = Manager ? OpenServiceW(Manager, Driver, SERVICE_QUERY_STATUS) : NULL;
    SERVICE_STATUS Status;
    PCSTR State = "not installed";

    if (Service && QueryServiceStatus(Service, &Status))
        State = Status.dwCurrentState == SERVICE_RUNNING ? "running" : "not running";
    if (Service)
        CloseServiceHandle(Service);
    if (Manager)
        CloseServiceHandle(Manager);
    return State;
}

void CheckDrivers(_Inout_ FINDING *Finding)
{
    PXENCONTROL_CONTEXT Xc;
    const DWORD Error = XcOpen(NULL, &Xc);

    if (!Error) {
        XcClose(Xc);
        FindingSay(Finding, "the Xen interface opens");
        return;
    }
    if (Error == ERROR_ACCESS_DENIED)
        FindingWrong(Finding, "run casement-doctor.exe as administrator",
                     "the Xen interface opens for administrators only");
    else
        FindingWrong(
            Finding,
            "install xenbus.inf and xeniface.inf (pnputil /add-driver FILE /install); when "
            "they are installed and do not run, Windows refuses their signature: bcdedit "
            "/set testsigning on, and Secure Boot off",
            "there is no Xen interface (error %lu); xenbus: %s, xeniface: %s", Error,
            StateOf(L"xenbus"), StateOf(L"xeniface"));
}

void CheckXenStore(_Inout_ FINDING *Finding)
{
    static const PCSTR Advice = "in dom0, see whether xenstored runs; then restart this qube";
    static char Name[] = "name", Domain[] = "domid";
    CHAR Number[VALUE_BYTES], Text[VALUE_BYTES];
    PXENCONTROL_CONTEXT Xc;
    DWORD Error = XcOpen(NULL, &Xc);

    if (Error) {
        FindingWrong(Finding, "see \"drivers\"", "not reached without the Xen interface");
        return;
    }
    Error = XcStoreRead(Xc, Name, sizeof(Text), Text);
    if (Error)
        FindingWrong(Finding, Advice, "it does not answer (error %lu)", Error);
    else if (XcStoreRead(Xc, Domain, sizeof(Number), Number))
        FindingSay(Finding, "this is \"%s\"", Text);
    else
        FindingSay(Finding, "this is \"%s\", domain %s", Text, Number);
    XcClose(Xc);
}
