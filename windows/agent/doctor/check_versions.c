/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which versions meet here: Casement's, Windows', and those that dom0 shows a guest: Xen's, by
 * CPUID (xen/include/public/arch-x86/cpuid.h), and the agent release that it was told of.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include "windows/agent/common/os_version.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/doctor/check.h"

enum {
    LEAF_FIRST = 0x40000000,
    LEAF_STEP = 0x100,
    LEAF_LAST = 0x40010000,
    XEN_MAJOR_MIN = 4,
    XEN_MINOR_MIN = 8, /* of Qubes 4.0 */
    WINDOWS_MIN = 7601,
};

/* Behind another hypervisor's leaves, perhaps. 0: this is no Xen. */
static DWORD XenVersion(void)
{
    for (unsigned int Leaf = LEAF_FIRST; Leaf < LEAF_LAST; Leaf += LEAF_STEP) {
        unsigned int Last, Version, Words[3], Unused;

        __cpuid(Leaf, Last, Words[0], Words[1], Words[2]);
        if (memcmp(Words, "XenVMMXenVMM", sizeof(Words)) || Last < Leaf + 1)
            continue;
        __cpuid(Leaf + 1, Version, Words[0], Words[1], Unused);
        return Version;
    }
    return 0;
}

static void CheckXen(_Inout_ FINDING *Finding)
{
    const DWORD Version = XenVersion();
    const DWORD Major = Version >> 16, Minor = Version & 0xffff;

    if (!Version)
        FindingSay(Finding, "Xen: does not say its version");
    else if (Major < XEN_MAJOR_MIN || (Major == XEN_MAJOR_MIN && Minor < XEN_MINOR_MIN))
        FindingWrong(Finding, "upgrade dom0", "Xen %lu.%lu: Casement knows %d.%d and later", Major,
                     Minor, XEN_MAJOR_MIN, XEN_MINOR_MIN);
    else
        FindingSay(Finding, "Xen %lu.%lu", Major, Minor);
}

void CheckVersions(_Inout_ FINDING *Finding)
{
    const qdb_handle_t Db = qdb_open(NULL);
    OSVERSIONINFOW Windows;
    char Told[64];

    OsVersion(&Windows);
    FindingSay(Finding, "Casement %s", CASEMENT_VERSION);
    if (Windows.dwBuildNumber < WINDOWS_MIN)
        FindingWrong(Finding, "install the service pack, or a newer Windows",
                     "Windows %lu.%lu.%lu: Casement needs build %d or later",
                     Windows.dwMajorVersion, Windows.dwMinorVersion, Windows.dwBuildNumber,
                     WINDOWS_MIN);
    else
        FindingSay(Finding, "Windows %lu.%lu.%lu", Windows.dwMajorVersion, Windows.dwMinorVersion,
                   Windows.dwBuildNumber);
    CheckXen(Finding);
    if (Db && FollowRead(Db, "/features-request/qubes-agent-version", Told, sizeof(Told)))
        FindingSay(Finding, "dom0 was told: agents of Qubes %s", Told);
    qdb_close(Db);
}
