/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves what the shipped xencontrol.dll does with its driver: the DLL's own object files run here
 * against a driver inside the program (fake_driver.c). That every call reaches its IOCTL and passes
 * on the driver's answer; that requests own their memory until they complete, and sharings do not
 * hang on the thread that asked (pv-drivers 3.1 items 7 and 8); that closing ends everything in any
 * order, with nothing left allocated; that each allocation may fail.
 */
#include <windows.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>

#include "xencontrol.h"
#include "../expect.h"
#include "fake_driver.h"

static PXENCONTROL_CONTEXT Open(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;

    FakeReset();
    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_SUCCESS);
    return Xc;
}

/* What the driver is asked for is checked here; how it is laid out is the unit tests' matter. */
static void ExpectCall(ULONG Code, ULONG InSize, ULONG OutSize, const void *In)
{
    EXPECT_EQUAL(Fake.Last.Code, Code);
    EXPECT_EQUAL(Fake.Last.InSize, InSize);
    EXPECT_EQUAL(Fake.Last.OutSize, OutSize);
    if (In != NULL)
        EXPECT(memcmp(Fake.Last.In, In, InSize) == 0);
}

/* --- Opening */

static void NoDeviceIsNotSupported(void)
{
    PXENCONTROL_CONTEXT Xc = (PXENCONTROL_CONTEXT)1;

    FakeReset();
    Fake.DeviceIsPresent = FALSE;
    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_NOT_SUPPORTED);
    EXPECT(Xc == (PXENCONTROL_CONTEXT)1);
    EXPECT_EQUAL(Fake.DeviceLists, 0);
    Fake.DeviceIsPresent = TRUE;
    Fake.CreateFileError = ERROR_FILE_NOT_FOUND; /* it went meanwhile */
    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_NOT_SUPPORTED);
    Fake.CreateFileError = ERROR_ACCESS_DENIED;
    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(XcOpen(NULL, NULL), ERROR_INVALID_PARAMETER);
}

/* pv-drivers 3.1 item 8: XcOpen leaks HDEVINFO. */
static void OpenAndCloseLeakNothing(void)
{
    LONG Before = FakeAllocations();

    for (int Round = 0; Round < 100; Round++) {
        PXENCONTROL_CONTEXT Xc = Open();

        EXPECT_EQUAL(Fake.DeviceLists, 0);
        EXPECT_EQUAL(Fake.OpenHandles, 1);
        XcClose(Xc);
    }
    XcClose(NULL);
    EXPECT_EQUAL(FakeAllocations(), Before);
}

/* --- Calls that complete */

static void CallsReachTheirIoctl(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    HANDLE Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    XENIFACE_STORE_PERMISSION Permissions[2] = {{1, XENIFACE_STORE_PERM_NONE},
                                                {0, XENIFACE_STORE_PERM_READ}};
    PVOID Watch = NULL;
    ULONG Port = 0, Number = 77;

    EXPECT_EQUAL(XcEvtchnOpenUnbound(Xc, 3, Event, TRUE, &Port), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, 16, 4, NULL);
    EXPECT_EQUAL(Port, 0x42424242);
    Port = 0;
    EXPECT_EQUAL(XcEvtchnBindInterdomain(Xc, 3, 9, Event, FALSE, &Port), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN, 24, 4, NULL);
    EXPECT_EQUAL(Port, 0x42424242);
    EXPECT_EQUAL(XcEvtchnNotify(Xc, Number), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_NOTIFY, 4, 0, &Number);
    EXPECT_EQUAL(XcEvtchnUnmask(Xc, Number), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_UNMASK, 4, 0, &Number);
    EXPECT_EQUAL(XcEvtchnQueryPeer(Xc, Number), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_QUERY_PEER, 4, 0, &Number);
    EXPECT_EQUAL(XcEvtchnClose(Xc, Number), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_EVTCHN_CLOSE, 4, 0, &Number);
    EXPECT_EQUAL(XcStoreWrite(Xc, "a/b", "c"), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_WRITE, 7, 0, "a/b\0c\0");
    EXPECT_EQUAL(XcStoreRemove(Xc, "a/b"), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_REMOVE, 4, 0, "a/b");
    EXPECT_EQUAL(XcStoreSetPermissions(Xc, "a", 2, Permissions), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_SET_PERMISSIONS, 32, 0, NULL);
    EXPECT_EQUAL(XcStoreAddWatch(Xc, "a", Event, &Watch), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_ADD_WATCH, 24, 8, NULL);
    EXPECT(Watch == (PVOID)0x4242424242424242);
    EXPECT_EQUAL(XcStoreRemoveWatch(Xc, Watch), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_REMOVE_WATCH, 8, 0, &Watch);
    EXPECT_EQUAL(Fake.Last.ThreadId, GetCurrentThreadId());
    CloseHandle(Event);
    XcClose(Xc);
}

static void StoreRepliesAreCopiedAndEnded(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    CHAR Text[16];

    Fake.StoreReply = "value";
    Fake.StoreReplySize = 6;
    memset(Text, 'x', sizeof(Text));
    EXPECT_EQUAL(XcStoreRead(Xc, "a", sizeof(Text), Text), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_READ, 2, sizeof(Text), "a");
    EXPECT(memcmp(Text, "value\0x", 7) == 0);
    EXPECT_EQUAL(XcStoreRead(Xc, "a", 5, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRead(Xc, "a", MAXDWORD, Text), ERROR_SUCCESS);
    EXPECT(Fake.Last.OutSize < 5000);

    Fake.StoreReply = "one\0two\0";
    Fake.StoreReplySize = 9;
    EXPECT_EQUAL(XcStoreDirectory(Xc, "a", sizeof(Text), Text), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_STORE_DIRECTORY, 2, sizeof(Text), "a");
    EXPECT(memcmp(Text, "one\0two\0\0", 9) == 0);

    /* A driver that forgets the end, or says nothing at all. */
    Fake.StoreReply = "valueX";
    Fake.StoreReplySize = 6;
    EXPECT_EQUAL(XcStoreRead(Xc, "a", sizeof(Text), Text), ERROR_SUCCESS);
    EXPECT(strcmp(Text, "value") == 0);
    Fake.StoreReplySize = 1;
    EXPECT_EQUAL(XcStoreDirectory(Xc, "a", sizeof(Text), Text), ERROR_INVALID_DATA);
    Fake.StoreReplySize = 0;
    EXPECT_EQUAL(XcStoreRead(Xc, "a", sizeof(Text), Text), ERROR_INVALID_DATA);
    XcClose(Xc);
}

static void ShortOutputIsAnError(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    ULONG Port = 5;
    PVOID Watch = Xc;

    Fake.ShortOutput = 1;
    EXPECT_EQUAL(XcEvtchnOpenUnbound(Xc, 0, NULL, FALSE, &Port), ERROR_INVALID_DATA);
    EXPECT_EQUAL(Port, 5);
    EXPECT_EQUAL(XcStoreAddWatch(Xc, "a", NULL, &Watch), ERROR_INVALID_DATA);
    EXPECT(Watch == Xc);
    XcClose(Xc);
}

/* Every exported call, with small arguments. Ends what it shares. */
static DWORD CallOne(PXENCONTROL_CONTEXT Xc, ULONG Code)
{
    XENIFACE_STORE_PERMISSION Permission = {0, XENIFACE_STORE_PERM_READ};
    PVOID Address = NULL;
    CHAR Text[8];
    ULONG References[2] = {1, 2}, Port;
    DWORD Error;

    switch (Code) {
    case IOCTL_XENIFACE_STORE_READ:
        return XcStoreRead(Xc, "a", sizeof(Text), Text);
    case IOCTL_XENIFACE_STORE_DIRECTORY:
        return XcStoreDirectory(Xc, "a", sizeof(Text), Text);
    case IOCTL_XENIFACE_STORE_WRITE:
        return XcStoreWrite(Xc, "a", "b");
    case IOCTL_XENIFACE_STORE_REMOVE:
        return XcStoreRemove(Xc, "a");
    case IOCTL_XENIFACE_STORE_SET_PERMISSIONS:
        return XcStoreSetPermissions(Xc, "a", 1, &Permission);
    case IOCTL_XENIFACE_STORE_ADD_WATCH:
        return XcStoreAddWatch(Xc, "a", NULL, &Address);
    case IOCTL_XENIFACE_STORE_REMOVE_WATCH:
        return XcStoreRemoveWatch(Xc, Address);
    case IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN:
        return XcEvtchnBindInterdomain(Xc, 0, 1, NULL, FALSE, &Port);
    case IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND:
        return XcEvtchnOpenUnbound(Xc, 0, NULL, FALSE, &Port);
    case IOCTL_XENIFACE_EVTCHN_CLOSE:
        return XcEvtchnClose(Xc, 1);
    case IOCTL_XENIFACE_EVTCHN_NOTIFY:
        return XcEvtchnNotify(Xc, 1);
    case IOCTL_XENIFACE_EVTCHN_UNMASK:
        return XcEvtchnUnmask(Xc, 1);
    case IOCTL_XENIFACE_EVTCHN_QUERY_PEER:
        return XcEvtchnQueryPeer(Xc, 1);
    case IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2:
    case IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2:
        Error = XcGnttabPermitForeignAccess(Xc, 0, 2, 0, 0, 0, &Address, References);
        return Error != ERROR_SUCCESS ? Error : XcGnttabRevokeForeignAccess(Xc, Address);
    default:
        Error = XcGnttabMapForeignPages(Xc, 0, 2, References, 0, 0, 0, &Address);
        return Error != ERROR_SUCCESS ? Error : XcGnttabUnmapForeignPages(Xc, Address);
    }
}

static const ULONG AllCodes[] = {
    IOCTL_XENIFACE_STORE_READ,
    IOCTL_XENIFACE_STORE_WRITE,
    IOCTL_XENIFACE_STORE_DIRECTORY,
    IOCTL_XENIFACE_STORE_REMOVE,
    IOCTL_XENIFACE_STORE_SET_PERMISSIONS,
    IOCTL_XENIFACE_STORE_ADD_WATCH,
    IOCTL_XENIFACE_STORE_REMOVE_WATCH,
    IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN,
    IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND,
    IOCTL_XENIFACE_EVTCHN_CLOSE,
    IOCTL_XENIFACE_EVTCHN_NOTIFY,
    IOCTL_XENIFACE_EVTCHN_UNMASK,
    IOCTL_XENIFACE_EVTCHN_QUERY_PEER,
    IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2,
    IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2,
    IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2,
    IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2,
};

/* The Xen Project's driver does not know the question. */
static void AnOldDriverCannotTellOfThePeer(void)
{
    PXENCONTROL_CONTEXT Xc = Open();

    Fake.FailCode = IOCTL_XENIFACE_EVTCHN_QUERY_PEER;
    Fake.FailError = ERROR_INVALID_FUNCTION;
    EXPECT_EQUAL(XcEvtchnQueryPeer(Xc, 1), ERROR_NOT_SUPPORTED);
    Fake.FailCode = 0;
    XcClose(Xc);
}

static void EveryFailureIsPassedOn(void)
{
    static const DWORD Errors[] = {ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_GEN_FAILURE,
                                   ERROR_NO_SYSTEM_RESOURCES, ERROR_DEVICE_REMOVED};

    for (ULONG Index = 0; Index < ARRAYSIZE(AllCodes); Index++) {
        PXENCONTROL_CONTEXT Xc = Open();

        EXPECT_EQUAL(CallOne(Xc, AllCodes[Index]), ERROR_SUCCESS);
        for (ULONG Error = 0; Error < ARRAYSIZE(Errors); Error++) {
            Fake.FailCode = AllCodes[Index];
            Fake.FailError = Errors[Error];
            EXPECT_EQUAL(CallOne(Xc, AllCodes[Index]), Errors[Error]);
        }
        Fake.FailCode = 0;
        EXPECT_EQUAL(CallOne(Xc, AllCodes[Index]), ERROR_SUCCESS);
        XcClose(Xc);
        EXPECT_EQUAL(Fake.Pending, 0);
        EXPECT_EQUAL(Fake.BadMemory, 0);
    }
}

static void CallsWaitForADriverThatTakesTime(void)
{
    PXENCONTROL_CONTEXT Xc = Open();

    Fake.CompletesLater = TRUE;
    for (int Round = 0; Round < 20; Round++)
        for (ULONG Index = 0; Index < ARRAYSIZE(AllCodes); Index++)
            EXPECT_EQUAL(CallOne(Xc, AllCodes[Index]), ERROR_SUCCESS);
    XcClose(Xc);
}

static void WrongArgumentsDoNotReachTheDriver(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Address = NULL;
    ULONG Reference = 0, Calls = Fake.Calls;
    CHAR Long[3100], Text[4];

    memset(Long, 'a', sizeof(Long));
    Long[sizeof(Long) - 1] = '\0';
    EXPECT_EQUAL(XcStoreRead(Xc, Long, 4, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRead(Xc, "a", 0, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRead(Xc, "a", 4, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRead(NULL, "a", 4, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreWrite(Xc, NULL, "a"), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreWrite(Xc, "a", NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreDirectory(Xc, NULL, 4, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRemove(Xc, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreSetPermissions(Xc, "a", 0, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreAddWatch(Xc, "a", NULL, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreRemoveWatch(NULL, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcEvtchnOpenUnbound(Xc, 0, NULL, FALSE, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcEvtchnBindInterdomain(Xc, 0, 1, NULL, FALSE, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcEvtchnNotify(NULL, 1), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 0, 0, 0, 0, 0, &Address, &Reference),
                 ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 0, 1024 * 1024 + 1, 0, 0, 0, &Address, &Reference),
                 ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 0, 1, 4096, 0, XENIFACE_GNTTAB_USE_NOTIFY_OFFSET,
                                             &Address, &Reference),
                 ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabPermitForeignAccess2(Xc, 0, Text + 1, 1, 0, 0, 0, &Address, &Reference),
                 ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabMapForeignPages(Xc, 0, 1, NULL, 0, 0, 0, &Address),
                 ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Text), ERROR_NOT_FOUND);
    EXPECT_EQUAL(XcGnttabUnmapForeignPages(Xc, Text), ERROR_NOT_FOUND);
    EXPECT_EQUAL(Fake.Calls, Calls);
    XcClose(Xc);
}

/* --- Calls that pend */

static void AGrantPendsUntilItIsRevoked(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Address = NULL;
    ULONG References[3];

    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 3, 0, 0, 0, &Address, References),
                 ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, 32, 8 + 12, NULL);
    EXPECT_EQUAL(References[0], 500);
    EXPECT_EQUAL(References[2], 502);
    EXPECT_EQUAL(Fake.Pending, 1);
    EXPECT_EQUAL(XcGnttabUnmapForeignPages(Xc, Address), ERROR_NOT_FOUND);
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Address), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, 8, 0, &Address);
    EXPECT_EQUAL(Fake.Pending, 0);
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Address), ERROR_NOT_FOUND);
    XcClose(Xc);
}

static void OwnPagesKeepTheirAddress(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Own = VirtualAlloc(NULL, 8192, MEM_COMMIT, PAGE_READWRITE), Address = NULL;
    ULONG References[2];

    EXPECT_EQUAL(XcGnttabPermitForeignAccess2(Xc, 5, Own, 2, 0, 0, XENIFACE_GNTTAB_READONLY,
                                              &Address, References),
                 ERROR_SUCCESS);
    EXPECT(Address == Own);
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Own), ERROR_SUCCESS);
    VirtualFree(Own, 0, MEM_RELEASE);
    XcClose(Xc);
}

/* pv-drivers 3.1 item 8: the OVERLAPPED was on the stack, In and Out were freed while the request
 * pended, and the kernel wrote into a dead frame at the revoke. */
static void RequestsOwnTheirMemoryUntilTheyComplete(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Addresses[20];
    ULONG References[20] = {0};

    for (int Index = 0; Index < 20; Index++) {
        if (Index % 2 == 0)
            EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, Index + 1, 0, 0, 0, &Addresses[Index],
                                                     References),
                         ERROR_SUCCESS);
        else
            EXPECT_EQUAL(
                XcGnttabMapForeignPages(Xc, 5, Index + 1, References, 0, 0, 0, &Addresses[Index]),
                ERROR_SUCCESS);
        /* Other calls take and give memory meanwhile. */
        EXPECT_EQUAL(XcEvtchnNotify(Xc, 1), ERROR_SUCCESS);
    }
    for (int Index = 0; Index < 10; Index++)
        EXPECT_EQUAL(Index % 2 == 0 ? XcGnttabRevokeForeignAccess(Xc, Addresses[Index])
                                    : XcGnttabUnmapForeignPages(Xc, Addresses[Index]),
                     ERROR_SUCCESS);
    EXPECT_EQUAL(Fake.Pending, 10);
    XcClose(Xc);
    EXPECT_EQUAL(Fake.Pending, 0);
    EXPECT_EQUAL(Fake.BadMemory, 0);
}

static DWORD WINAPI GrantAndEnd(PVOID Xc)
{
    PVOID Address;
    ULONG Reference;

    return XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Address, &Reference);
}

/* pv-drivers 3.1 item 7: a grant dies when the thread that issued the request exits. */
static void AGrantOutlivesTheThreadThatAsked(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    HANDLE Thread = CreateThread(NULL, 0, GrantAndEnd, Xc, 0, NULL);
    DWORD Result = 1;

    WaitForSingleObject(Thread, INFINITE);
    GetExitCodeThread(Thread, &Result);
    EXPECT_EQUAL(Result, ERROR_SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(Thread, 0), WAIT_OBJECT_0);
    EXPECT_EQUAL(WaitForSingleObject(Fake.IssuedBy, 0), WAIT_TIMEOUT);
    CloseHandle(Thread);
    XcClose(Xc);
    EXPECT_EQUAL(Fake.Pending, 0);
}

static DWORD WINAPI CallEverything(PVOID Xc)
{
    for (int Round = 0; Round < 50; Round++)
        for (ULONG Index = 0; Index < ARRAYSIZE(AllCodes); Index++)
            if (CallOne(Xc, AllCodes[Index]) != ERROR_SUCCESS)
                return 1;
    return GrantAndEnd(Xc); /* and leaves something */
}

static void ThreadsShareASession(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    HANDLE Threads[4];

    for (int Index = 0; Index < 4; Index++)
        Threads[Index] = CreateThread(NULL, 0, CallEverything, Xc, 0, NULL);
    for (int Index = 0; Index < 4; Index++) {
        DWORD Result = 1;

        WaitForSingleObject(Threads[Index], INFINITE);
        GetExitCodeThread(Threads[Index], &Result);
        EXPECT_EQUAL(Result, ERROR_SUCCESS);
        CloseHandle(Threads[Index]);
    }
    EXPECT_EQUAL(Fake.Pending, 4);
    XcClose(Xc);
    EXPECT_EQUAL(Fake.Pending, 0);
    EXPECT_EQUAL(Fake.BadMemory, 0);
}

static void ClosingCancelsWhatDoesNotEnd(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Address;
    ULONG Reference = 1;

    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Address, &Reference), 0);
    EXPECT_EQUAL(XcGnttabMapForeignPages(Xc, 5, 1, &Reference, 0, 0, 0, &Address), 0);
    Fake.FailCode = IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2;
    Fake.FailError = ERROR_BUSY;
    XcClose(Xc);
    EXPECT_EQUAL(Fake.Pending, 0);
    EXPECT_EQUAL(Fake.Cancelled, 1);
    EXPECT_EQUAL(Fake.BadMemory, 0);
}

static void AGrantThatCannotBeRevokedStays(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Address;
    ULONG Reference;

    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Address, &Reference), 0);
    Fake.FailCode = IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2;
    Fake.FailError = ERROR_BUSY;
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Address), ERROR_BUSY);
    EXPECT_EQUAL(Fake.Pending, 1);
    Fake.FailCode = 0;
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Address), ERROR_SUCCESS);
    XcClose(Xc);
}

static void ARemovedDeviceEndsTheSharings(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Grant, Mapping;
    ULONG Reference = 1;

    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Grant, &Reference), 0);
    EXPECT_EQUAL(XcGnttabMapForeignPages(Xc, 5, 1, &Reference, 0, 0, 0, &Mapping), 0);
    FakeRemoveDevice();
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Grant), ERROR_NOT_FOUND);
    XcClose(Xc);
    EXPECT_EQUAL(Fake.BadMemory, 0);
}

static void ASharingThatCompletesAtOnceIsNoSharing(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Address;
    ULONG Reference = 1;

    Fake.CompletesSharing = TRUE;
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Address, &Reference),
                 ERROR_UNIDENTIFIED_ERROR);
    EXPECT_EQUAL(XcGnttabMapForeignPages(Xc, 5, 1, &Reference, 0, 0, 0, &Address),
                 ERROR_UNIDENTIFIED_ERROR);
    XcClose(Xc);
}

static void AnOldDriverGetsVersion1(void)
{
    PXENCONTROL_CONTEXT Xc = Open();
    PVOID Grant, Other, Mapping, Own = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_READWRITE);
    ULONG References[2] = {1, 2};
    ULONG First, Calls;

    Fake.KnowsVersion2 = FALSE;
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 2, 0, 0, 0, &Grant, References), 0);
    ExpectCall(IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, 24, 8 + 8, NULL);
    memcpy(&First, Fake.Last.In, 4);
    Calls = Fake.Calls;
    EXPECT_EQUAL(XcGnttabPermitForeignAccess(Xc, 5, 2, 0, 0, 0, &Other, References), 0);
    EXPECT_EQUAL(Fake.Calls, Calls + 1);
    EXPECT(memcmp(&First, Fake.Last.In, 4) != 0);
    EXPECT_EQUAL(XcGnttabMapForeignPages(Xc, 5, 2, References, 0, 0, 0, &Mapping), 0);
    ExpectCall(IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, 24 + 8, 8, NULL);
    EXPECT_EQUAL(XcGnttabPermitForeignAccess2(Xc, 5, Own, 1, 0, 0, 0, &Own, References),
                 ERROR_NOT_SUPPORTED);
    EXPECT_EQUAL(XcGnttabRevokeForeignAccess(Xc, Grant), ERROR_SUCCESS);
    ExpectCall(IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, 4, 0, &First);
    EXPECT_EQUAL(XcGnttabUnmapForeignPages(Xc, Mapping), ERROR_SUCCESS);
    EXPECT_EQUAL(Fake.Pending, 1);
    XcClose(Xc);
    EXPECT_EQUAL(Fake.Pending, 0);
    EXPECT_EQUAL(Fake.BadMemory, 0);
    VirtualFree(Own, 0, MEM_RELEASE);
}

/* --- Memory */

/* One of everything; says whether all of it worked. */
static BOOL Everything(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;
    PVOID Address;
    ULONG Reference = 1;
    DWORD Error = XcOpen(NULL, &Xc), First = Error;

    if (Error == ERROR_SUCCESS) {
        for (ULONG Index = 0; Index < ARRAYSIZE(AllCodes); Index++) {
            Error = CallOne(Xc, AllCodes[Index]);
            First = First == ERROR_SUCCESS ? Error : First;
        }
        /* Left to XcClose(). */
        Error = XcGnttabPermitForeignAccess(Xc, 5, 1, 0, 0, 0, &Address, &Reference);
        First = First == ERROR_SUCCESS ? Error : First;
        XcClose(Xc);
    }
    EXPECT(First == ERROR_SUCCESS || First == ERROR_NOT_ENOUGH_MEMORY ||
           First == ERROR_NO_SYSTEM_RESOURCES);
    return First == ERROR_SUCCESS;
}

static void EachAllocationMayFail(void)
{
    BOOL Failed = TRUE;
    int Round;

    for (Round = 0; Failed; Round++) {
        LONG Before;
        BOOL Worked;

        FakeReset();
        Before = FakeAllocations();
        FakeFailAllocation(Round);
        Worked = Everything();
        Failed = FakeFailed();
        EXPECT(Worked || Failed);
        FakeReset(); /* closes what the fake itself holds */
        EXPECT_EQUAL(FakeAllocations(), Before);
    }
    EXPECT(Round > 5);
}

/* --- Messages */

static int Messages[6];
static CHAR LastFunction[64];
static WCHAR LastText[128];

static void Logger(XENCONTROL_LOG_LEVEL Level, const CHAR *Function, const WCHAR *Message,
                   va_list Arguments)
{
    EXPECT(Level >= XLL_ERROR && Level <= XLL_TRACE);
    Messages[Level]++;
    strncpy(LastFunction, Function, sizeof(LastFunction) - 1);
    _vsnwprintf(LastText, ARRAYSIZE(LastText) - 1, Message, Arguments);
}

static void FailuresReachTheLoggerByLevel(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;
    CHAR Text[4];

    FakeReset();
    EXPECT_EQUAL(XcOpen(Logger, &Xc), ERROR_SUCCESS);
    EXPECT_EQUAL(Messages[XLL_ERROR], 0);
    Fake.FailCode = IOCTL_XENIFACE_EVTCHN_NOTIFY;
    Fake.FailError = ERROR_GEN_FAILURE;
    XcEvtchnNotify(Xc, 1);
    EXPECT_EQUAL(Messages[XLL_ERROR], 1);
    EXPECT(strcmp(LastFunction, "XcEvtchnNotify") == 0);
    EXPECT(wcscmp(LastText, L"failed: error 31") == 0);

    /* A missing key is an answer: heard from XLL_DEBUG on. */
    Fake.FailCode = IOCTL_XENIFACE_STORE_READ;
    Fake.FailError = ERROR_FILE_NOT_FOUND;
    XcStoreRead(Xc, "a", 4, Text);
    EXPECT_EQUAL(Messages[XLL_DEBUG], 0);
    XcSetLogLevel(Xc, XLL_DEBUG);
    XcStoreRead(Xc, "a", 4, Text);
    EXPECT_EQUAL(Messages[XLL_DEBUG], 1);
    XcRegisterLogger(Xc, NULL);
    XcStoreRead(Xc, "a", 4, Text);
    EXPECT_EQUAL(Messages[XLL_DEBUG], 1);
    XcClose(Xc);
}

int main(void)
{
    RUN(NoDeviceIsNotSupported);
    RUN(OpenAndCloseLeakNothing);
    RUN(CallsReachTheirIoctl);
    RUN(StoreRepliesAreCopiedAndEnded);
    RUN(ShortOutputIsAnError);
    RUN(AnOldDriverCannotTellOfThePeer);
    RUN(EveryFailureIsPassedOn);
    RUN(CallsWaitForADriverThatTakesTime);
    RUN(WrongArgumentsDoNotReachTheDriver);
    RUN(AGrantPendsUntilItIsRevoked);
    RUN(OwnPagesKeepTheirAddress);
    RUN(RequestsOwnTheirMemoryUntilTheyComplete);
    RUN(AGrantOutlivesTheThreadThatAsked);
    RUN(ThreadsShareASession);
    RUN(ClosingCancelsWhatDoesNotEnd);
    RUN(AGrantThatCannotBeRevokedStays);
    RUN(ARemovedDeviceEndsTheSharings);
    RUN(ASharingThatCompletesAtOnceIsNoSharing);
    RUN(AnOldDriverGetsVersion1);
    RUN(EachAllocationMayFail);
    RUN(FailuresReachTheLoggerByLevel);
    return 0;
}
