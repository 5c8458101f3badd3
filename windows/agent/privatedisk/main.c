/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private-disk.exe: makes the qube's private disk a volume at C:\Private and Q:, once, and lets it
 * grow with the disk. core/privatedisk says which disk that is and what to do next; a disk that
 * holds anything is never formatted. A Windows service, or in the foreground:
 *
 *   private-disk.exe [--console] [--log FILE]
 *   private-disk.exe --profiles-back
 *
 * The last, by an administrator before Casement is removed: new users' profiles are made where
 * Windows had them (settings-agent.exe had put them onto the disk). Profiles stay where they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "include/xencontrol.h"
#include "windows/agent/common/log.h"
#include "windows/agent/common/service.h"
#include "windows/agent/privatedisk/disk.h"
#include "windows/agent/privatedisk/profiles.h"

static const char Usage[] = "usage: private-disk.exe [--console] [--log FILE] | --profiles-back\n";
static char Folder[] = "device/vbd", Backend[] = "device/vbd/51728/backend";

enum {
    AGAIN_MS = 2000, /* Windows needs time between a disk and its volume, and says nobody when */
    TRIES_MAX = 30,
    STEPS_MAX = 16,
    PATH_BYTES = 256,
};

typedef struct PRIVATE {
    HANDLE Changed; /* auto-reset: the disks of XenStore, and the size of ours */
    PXENCONTROL_CONTEXT Xc;
    PVOID SizeWatch;
    CHAR Sectors[PATH_BYTES]; /* the key with the size */
    int Tries;
    PCSTR Refused; /* and the log says so */
} PRIVATE;

/* 0: XenStore does not say. */
static uint64_t ExpectedBytes(_Inout_ PRIVATE *Private)
{
    CHAR Path[PATH_BYTES - 16], Text[32];

    if (XcStoreRead(Private->Xc, Backend, sizeof(Path), Path))
        return 0;
    if (!Private->SizeWatch) {
        snprintf(Private->Sectors, PATH_BYTES, "%s/sectors", Path);
        XcStoreAddWatch(Private->Xc, Private->Sectors, Private->Changed, &Private->SizeWatch);
    }
    if (XcStoreRead(Private->Xc, Private->Sectors, sizeof(Text), Text))
        return 0;
    return strtoull(Text, NULL, 10) * 512;
}

static void LogStep(_In_ enum private_step Step)
{
    static const PCSTR Words[] = {
        [PRIVATE_ONLINE] = "brought online",
        [PRIVATE_PARTITION] = "it is empty: gets a partition",
        [PRIVATE_FORMAT] = "the partition is formatted",
        [PRIVATE_MOUNT] = "mounted",
        [PRIVATE_GROW_PARTITION] = "it has grown: the partition, too",
        [PRIVATE_GROW_VOLUME] = "the volume has grown",
    };

    LogLine("private disk: %s", Words[Step]);
}

/* TRUE: nothing more to do, until something changes. */
static BOOL Prepare(_Inout_ PRIVATE *Private)
{
    struct private_disk Disk;
    const char *Why;
    ULONG Number;
    DWORD Error = DiskFind(ExpectedBytes(Private), &Number);

    for (int i = 0; i < STEPS_MAX && !Error; i++) {
        Error = DiskLook(Number, &Disk);
        const enum private_step Step = Error ? PRIVATE_READY : private_disk_next(&Disk, &Why);

        if (!Error && Step == PRIVATE_READY)
            return TRUE;
        if (!Error && Step == PRIVATE_REFUSED) {
            if (Private->Refused != Why)
                LogLine("private disk: left alone, it holds: %s", Why);
            Private->Refused = Why;
            return TRUE;
        }
        if (!Error)
            Error = DiskStep(Number, Step, &Disk);
        if (!Error)
            LogStep(Step);
    }
    if (Error != ERROR_NOT_FOUND)
        LogError(Error, "private disk");
    return ++Private->Tries > TRIES_MAX;
}

static BOOL Connect(_Inout_ PRIVATE *Private)
{
    PVOID Watch;

    if (XcOpen(NULL, &Private->Xc)) {
        Private->Xc = NULL;
        return FALSE;
    }
    if (!XcStoreAddWatch(Private->Xc, Folder, Private->Changed, &Watch))
        return TRUE;
    XcClose(Private->Xc);
    Private->Xc = NULL;
    return FALSE;
}

static DWORD Run(_In_ PVOID Context, _In_ HANDLE Stop)
{
    PRIVATE *const Private = Context;
    const HANDLE Handles[] = {Stop, Private->Changed};

    for (;;) {
        const BOOL Done = (Private->Xc || Connect(Private)) && Prepare(Private);
        const DWORD Result = WaitForMultipleObjects(2, Handles, FALSE, Done ? INFINITE : AGAIN_MS);

        if (Result == WAIT_OBJECT_0)
            return ERROR_SUCCESS;
        if (Result == WAIT_FAILED)
            return GetLastError();
        if (Result == WAIT_OBJECT_0 + 1)
            Private->Tries = 0;
    }
}

static DWORD Open(_In_ PVOID Context)
{
    PRIVATE *const Private = Context;

    Private->Changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    return Private->Changed ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

static void Close(_In_ PVOID Context)
{
    PRIVATE *const Private = Context;

    XcClose(Private->Xc);
    if (Private->Changed)
        CloseHandle(Private->Changed);
}

static int Back(void)
{
    const DWORD Error = ProfilesBack();

    if (Error)
        fprintf(stderr, "private-disk: new users' profiles: error %lu\n", Error);
    return Error ? 1 : 0;
}

int wmain(int Count, WCHAR **Arguments)
{
    static PRIVATE Private;
    static const SERVICE_PROGRAM Service = {
        .Name = L"CasementDisk",
        .FileName = L"private-disk",
        .Context = &Private,
        .Open = Open,
        .Run = Run,
        .Close = Close,
    };

    if (Count == 2 && !wcscmp(Arguments[1], L"--profiles-back"))
        return Back();
    return ServiceProgramArguments(&Service, Count, Arguments, Usage);
}
