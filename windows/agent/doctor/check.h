/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What casement-doctor.exe looks at: one function a check, which says in a FINDING that all is
 * fine, or what is wrong and what to do about it. Checks run side by side, each on a thread of its
 * own, share nothing and may wait: one that takes too long is given up.
 */
#pragma once

#include <windows.h>

enum { FINDING_BYTES = 2048 };

typedef struct FINDING {
    BOOL Wrong;
    char What[FINDING_BYTES]; /* for people; several lines when it begins a second one */
    char Do[FINDING_BYTES];   /* when wrong */
} FINDING;

typedef struct CHECK {
    PCSTR Name;
    void (*Run)(_Inout_ FINDING *Finding); /* given all zero */
} CHECK;

/* Fine, in these words (printf-like); or adds a line to what is there. */
void FindingSay(_Inout_ FINDING *Finding, _In_ PCSTR Format, ...)
    __attribute__((format(printf, 2, 3)));
/* Wrong: the same, and what to do. Of several the first advice stays. */
void FindingWrong(_Inout_ FINDING *Finding, _In_ PCSTR Do, _In_ PCSTR Format, ...)
    __attribute__((format(printf, 3, 4)));

/* The folder of the installed programs: ours. */
BOOL ProgramFolder(_Out_writes_(MAX_PATH) PWSTR Folder);

void CheckDrivers(_Inout_ FINDING *Finding);     /* check_xen.c */
void CheckXenStore(_Inout_ FINDING *Finding);    /* check_xen.c */
void CheckServices(_Inout_ FINDING *Finding);    /* check_services.c */
void CheckQubesDb(_Inout_ FINDING *Finding);     /* check_dom0.c */
void CheckCalls(_Inout_ FINDING *Finding);       /* check_dom0.c */
void CheckNetwork(_Inout_ FINDING *Finding);     /* check_network.c */
void CheckPrivateDisk(_Inout_ FINDING *Finding); /* check_disk.c */
void CheckVersions(_Inout_ FINDING *Finding);    /* check_versions.c */
