/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A xeniface driver inside the test program: it stands behind the very object files of
 * xencontrol.dll, in the place of the imports of SetupDi*, CreateFile, DeviceIoControl and
 * CancelIoEx. It is as strict as the real one about buffer sizes, pends what pends there, and looks
 * at the memory of a request while the "kernel" still owns it. It also counts and fails
 * allocations, events and threads.
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include <windows.h>

typedef struct _FAKE_CALL {
    ULONG Code;
    ULONG InSize, OutSize;
    BYTE In[64];
    DWORD ThreadId;
} FAKE_CALL;

typedef struct _FAKE_DRIVER {
    BOOL DeviceIsPresent;
    DWORD CreateFileError;  /* not 0: opening fails so */
    ULONG OpenHandles;      /* of the device */
    LONG DeviceLists;       /* SetupDi lists not destroyed */
    ULONG FailCode;         /* this IOCTL ... */
    DWORD FailError;        /* ... fails so */
    BOOL KnowsVersion2;     /* of the sharing IOCTLs */
    BOOL CompletesLater;    /* calls that complete do so on another thread, after a while */
    BOOL CompletesSharing;  /* sharing IOCTLs wrongly complete at once */
    ULONG ShortOutput;      /* so many bytes of output are missing */
    const CHAR *StoreReply; /* for reads and directories */
    ULONG StoreReplySize;
    FAKE_CALL Last;
    ULONG Calls;
    ULONG Pending;   /* requests */
    ULONG Cancelled; /* of them */
    ULONG BadMemory; /* requests completed into memory that was not theirs any more */
    HANDLE IssuedBy; /* the thread of the last sharing */
} FAKE_DRIVER;

extern FAKE_DRIVER Fake;

void FakeReset(void);
/* Completes every pending request with an error, as when the device is removed. */
void FakeRemoveDevice(void);
/* Allocations of the library that are not freed; events and threads of it not closed. */
LONG FakeAllocations(void);
/* The n-th allocation, event or thread from now on fails (0: the next); -1: none. */
void FakeFailAllocation(LONG Countdown);
BOOL FakeFailed(void);

#endif
