/* SPDX-License-Identifier: BSD-2-Clause */
/* Is the private disk a mounted volume? The same next step as private-disk.exe's: none is fine. */
#include "windows/agent/doctor/check.h"
#include "windows/agent/privatedisk/disk.h"
#include "windows/agent/privatedisk/place.h"

void CheckPrivateDisk(_Inout_ FINDING *Finding)
{
    static const char Restart[] =
        "private-disk.log in the log folder says what Windows refused; as "
        "administrator: sc stop CasementDisk, then sc start CasementDisk";
    struct private_disk Disk;
    const char *Why;
    ULONG Number;
    DWORD Error = DiskFind(0, &Number);

    if (Error) {
        FindingSay(Finding, "there is none");
        return;
    }
    Error = DiskLook(Number, &Disk);
    if (Error) {
        FindingWrong(Finding, Restart, "disk %lu cannot be read (error %lu)", Number, Error);
        return;
    }
    switch (private_disk_next(&Disk, &Why)) {
    case PRIVATE_READY:
        FindingSay(Finding, "%I64u MiB at %ls", Disk.volume_bytes >> 20, PRIVATE_FOLDER);
        return;
    case PRIVATE_REFUSED:
        FindingWrong(Finding,
                     "when nobody needs what is on it, clear it in the disk management and restart "
                     "CasementDisk",
                     "disk %lu is left alone, it holds: %s", Number, Why);
        return;
    default:
        FindingWrong(Finding, Restart, "disk %lu is not ready", Number);
        return;
    }
}
