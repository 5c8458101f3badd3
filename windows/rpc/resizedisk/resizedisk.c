/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resizedisk.exe, the service qubes.ResizeDisk: dom0 has made a disk of this qube larger. Which one
 * is the service's argument or, without one, the line on stdin: "root" (the partition of Windows
 * and its volume become larger) or "private" (whose own service, private-disk.exe, sees for itself
 * that it has grown). Runs as SYSTEM.
 *
 * Exit code: 0, also when there was nothing to do, or 1 with a line on stderr.
 */
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include "windows/rpc/resizedisk/rootdisk.h"

enum { NAME_BYTES = 32 };

static int Fail(_In_ PCSTR What, _In_ DWORD Error)
{
    fprintf(stderr, "qubes.ResizeDisk: %s (error %lu)\n", What, Error);
    return 1;
}

static int GrowRoot(void)
{
    static ROOT_DISK Root;
    bool Blocked;
    DWORD Error = RootDiskLook(&Root);

    if (Error)
        return Fail("the disk of Windows cannot be looked at", Error);
    const uint64_t More = grow_room(Root.Bytes, Root.Partitions, Root.Count, Root.Ours, &Blocked);
    if (Blocked)
        return Fail("another partition lies behind the one of Windows, which cannot grow", 0);
    if (More && (Error = RootDiskGrowPartition(&Root, More)))
        return Fail("the partition of Windows cannot be made larger", Error);
    /* Also when there was no room: an earlier run may have come only so far. */
    Error = RootDiskGrowVolume(Root.Partitions[Root.Ours].bytes + More);
    return Error ? Fail("the volume of Windows cannot be made larger", Error) : 0;
}

static void ReadName(_Out_writes_z_(NAME_BYTES) PSTR Name)
{
    const DWORD Length = GetEnvironmentVariableA("QREXEC_SERVICE_ARGUMENT", Name, NAME_BYTES);

    if (Length == 0 || Length >= NAME_BYTES) {
        Name[0] = 0;
        if (!fgets(Name, NAME_BYTES, stdin))
            return;
    }
    Name[strcspn(Name, "\r\n")] = 0;
}

int wmain(void)
{
    CHAR Name[NAME_BYTES];

    ReadName(Name);
    if (!strcmp(Name, "root"))
        return GrowRoot();
    if (!strcmp(Name, "private"))
        return 0;
    fputs("qubes.ResizeDisk: only \"root\" and \"private\" are disks here\n", stderr);
    return 1;
}
