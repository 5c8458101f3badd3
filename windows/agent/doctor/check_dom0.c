/* SPDX-License-Identifier: BSD-2-Clause */
/* Does dom0 talk to us? Its QubesDB, over one vchan; and calls, over the agent's. */
#include <stdio.h>
#include <wchar.h>
#include "windows/agent/common/run_quiet.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/doctor/check.h"

enum { CALL_LIMIT_MS = 3500, REFUSED = 126, NO_SUCH_SERVICE = 127 };

void CheckQubesDb(_Inout_ FINDING *Finding)
{
    const qdb_handle_t Db = qdb_open(NULL);
    char Name[256], Type[256];

    if (!Db) {
        FindingWrong(Finding, "as administrator: sc start QubesDB",
                     "the daemon does not answer (error %lu)", GetLastError());
        return;
    }
    if (!FollowRead(Db, "/name", Name, sizeof(Name)))
        FindingWrong(Finding,
                     "in dom0, see whether the qube's QubesDB daemon runs; qubesdb-daemon.log in "
                     "the log folder says since when it is missed",
                     "dom0 has not sent the keys of this qube");
    else if (FollowRead(Db, "/qubes-vm-type", Type, sizeof(Type)))
        FindingSay(Finding, "dom0 calls this qube \"%s\", %s", Name, Type);
    else
        FindingSay(Finding, "dom0 calls this qube \"%s\"", Name);
    qdb_close(Db);
}

/* A service that every dom0 lets every qube call. That dom0 refuses is an answer, too. */
void CheckCalls(_Inout_ FINDING *Finding)
{
    WCHAR Folder[MAX_PATH], Line[2 * MAX_PATH];
    DWORD Code = 0;

    if (!ProgramFolder(Folder))
        return;
    swprintf(Line, 2 * MAX_PATH, L"\"%ls\\qrexec-client-vm.exe\" @default qubes.GetDate", Folder);
    const DWORD Error = RunQuiet(Line, NULL, CALL_LIMIT_MS, &Code);
    if (Error == ERROR_TIMEOUT)
        FindingWrong(
            Finding,
            "in dom0, see qvm-ls and the log /var/log/qubes/qrexec.NAME.log; qrexec-agent.log "
            "in the log folder says whether dom0 was ever connected",
            "dom0 does not answer a call within %d ms", CALL_LIMIT_MS);
    else if (Error)
        FindingWrong(Finding, "install Casement again",
                     "qrexec-client-vm.exe does not start (error %lu)", Error);
    else if (Code == 0 || Code == REFUSED || Code == NO_SUCH_SERVICE)
        FindingSay(Finding, "dom0 answers%s", Code ? " (it refuses qubes.GetDate)" : "");
    else
        FindingWrong(Finding,
                     "see \"services\" for QrexecAgent, and qrexec-agent.log in the log folder",
                     "a call to dom0 fails (exit code %lu)", Code);
}
