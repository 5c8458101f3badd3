/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every control code with any bytes: a hostile program calls the driver with buffers of random
 * sizes and contents, with half-right structures, with addresses that are nobody's, cancels, closes
 * and dies. Nothing may crash, leak or be left. The seed is printed on failure and replays it.
 */
#include "fake_bus.h"
#include "model/sched.h"
#include "model/user.h"
#include "program.h"

enum { ROUNDS = 300, PENDINGS = 40, ROOM = 256 };

static HANDLE Handles[3], Events[2];
static PENDING Pendings[PENDINGS];
static ULONG PendingCount;

static const ULONG Codes[] = {
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
    IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS,
    IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS,
    IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES,
    IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES,
    IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2,
    IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2,
    IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2,
    IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2,
    IOCTL_XENIFACE_SUSPEND_GET_COUNT,
    IOCTL_XENIFACE_SUSPEND_REGISTER,
    IOCTL_XENIFACE_SUSPEND_DEREGISTER,
    IOCTL_XENIFACE_SHAREDINFO_GET_TIME,
    IOCTL_XENIFACE_LOG,
};

/* The sizes that structures have, and their neighbours. */
static ULONG AnySize(void)
{
    static const ULONG Sizes[] = {0, 1, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64};
    ULONG Size = Sizes[sched_random(RTL_NUMBER_OF(Sizes))];

    switch (sched_random(8)) {
    case 0:
        return sched_random(ROOM);
    case 1:
        return Size == 0 ? 0 : Size - 1;
    default:
        return Size;
    }
}

/* A word that means something to some structure. */
static ULONG64 AnyWord(void)
{
    switch (sched_random(10)) {
    case 0:
        return (ULONG64)Handles[sched_random(RTL_NUMBER_OF(Handles))];
    case 1:
        return (ULONG64)Events[sched_random(RTL_NUMBER_OF(Events))];
    case 2:
        return 0;
    case 3:
        return sched_random(8) | (ULONG64)sched_random(8) << 32;
    case 4:
        return 7 | (ULONG64)(1 + sched_random(3)) << 32;
    case 5:
        return 100 | (ULONG64)(100 + sched_random(9)) << 32;
    case 6:
        return PendingCount == 0 ? 0 : (ULONG64)(ULONG_PTR)Pendings[sched_random(PendingCount)].Out;
    case 7:
        return 0xfffff80000000000 + sched_random(0x10000);
    default:
        return (ULONG64)sched_random(0xffffffff) << 32 | sched_random(0xffffffff);
    }
}

static void Fill(UCHAR *Bytes, ULONG Length)
{
    for (ULONG Place = 0; Place < Length; Place += 8) {
        ULONG64 Word = AnyWord();

        memcpy(Bytes + Place, &Word, Length - Place < 8 ? Length - Place : 8);
    }
    /* Some text. */
    if (sched_random(3) == 0)
        for (ULONG Place = 0; Place < Length; Place++)
            Bytes[Place] = "ab/\0w%s"[sched_random(7)];
}

static void Reap(void)
{
    for (ULONG Index = 0; Index < PendingCount;) {
        if (!IsOver(&Pendings[Index])) {
            Index++;
            continue;
        }
        (VOID) Finish(&Pendings[Index]);
        Pendings[Index] = Pendings[--PendingCount];
    }
}

static void OneRequest(void)
{
    UCHAR In[ROOM];
    ULONG InLength = AnySize(), OutLength = AnySize();
    ULONG Code = Codes[sched_random(RTL_NUMBER_OF(Codes))];
    HANDLE Handle = Handles[sched_random(RTL_NUMBER_OF(Handles))];

    Reap();
    if (PendingCount == PENDINGS)
        return;
    Fill(In, InLength);
    if (sched_random(20) == 0)
        Code ^= 1u << sched_random(32);
    if (sched_random(20) == 0) { /* addresses that are nobody's */
        IO_STATUS_BLOCK *Result = Memory(sizeof(*Result));

        CHECK(NtDeviceIoControlFile(Handle, NULL, NULL, NULL, Result, Code,
                                    (PVOID)(ULONG_PTR)AnyWord(), InLength, (PVOID)0x30000,
                                    OutLength) != STATUS_PENDING);
        FreeMemory(Result, sizeof(*Result));
        return;
    }
    Begin(&Pendings[PendingCount], Handle, Code, In, InLength, OutLength);
    if (Pendings[PendingCount].Status == STATUS_PENDING)
        PendingCount++;
}

static void SomethingElse(void)
{
    ULONG Index = sched_random(RTL_NUMBER_OF(Handles));
    IO_STATUS_BLOCK Result;

    switch (sched_random(4)) {
    case 0:
        Close(Handles[Index]);
        Handles[Index] = OpenAll();
        break;
    case 1:
        if (PendingCount > 0)
            (VOID) NtCancelIoFileEx(Handles[Index], Pendings[sched_random(PendingCount)].Result,
                                    &Result);
        break;
    case 2:
        (VOID) FakePortFire(1 + sched_random(20));
        break;
    default:
        if (sched_random(2) == 0)
            (VOID) FakePeerMap(8 + sched_random(30), 7);
        else
            (VOID) BusGrantUnmap(8 + sched_random(30));
    }
}

static void hostile(void *Unused)
{
    UNREFERENCED_PARAMETER(Unused);
    PendingCount = 0;
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Handles); Index++)
        Handles[Index] = OpenAll();
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Events); Index++)
        Events[Index] = NewEvent();
    for (ULONG Round = 0; Round < ROUNDS; Round++) {
        if (sched_random(10) == 0)
            SomethingElse();
        else
            OneRequest();
    }
}

NT_TEST(a_hostile_program_breaks_nothing, .seeds = 60)
{
    CHECK(NT_SUCCESS(FakeBusStart()));
    Program(hostile, NULL);
    for (ULONG Reference = 0; Reference < BUS_GRANTS; Reference++)
        (VOID) BusGrantUnmap(Reference);
    CHECK_EQ(BusGrants.Grants, 0);
    FakeBusStop();
}
