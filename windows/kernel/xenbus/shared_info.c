/* SPDX-License-Identifier: BSD-2-Clause */
/* The page that Xen shares with the whole machine, and the wall clock in it: see shared_info.h. */
#include "shared_info.h"
#include "suspend.h"
#include "hypercall.h"
#include "memory.h"
#include "../common/log.h"
#include "../common/pool.h"
#include "../common/registry.h"
#include <xenbus/shared_info.h>
#include <core/xen/abi.h>

struct _XENBUS_SHARED_INFO {
    PXENBUS_PARTS Parts;
    XENBUS_HOLE Hole;
    PXENBUS_SUSPEND_HANDLE Resume;
};

enum {
    MAP_TRIES = 10,
    CLOCK_TRIES = 1000, /* Xen writes for some nanoseconds: more is a broken page */
    UNITS_PER_SECOND = 10000000,
    NS_PER_UNIT = 100,
};
static const ULONG64 UnixEpoch = 116444736000000000ULL; /* 1970, in 100 ns units since 1601 */

/* Any IRQL. */
static LONG_PTR MapPage(_In_ PXENBUS_SHARED_INFO SharedInfo)
{
    struct xen_memory_add_to_physmap Add = {.domid = XEN_DOMID_SELF,
                                            .space = XEN_MAPSPACE_SHARED_INFO,
                                            .frame = MemoryHoleFrame(&SharedInfo->Hole, 0)};

    return XenHypercall(XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_ADD_TO_PHYSMAP, (ULONG_PTR)&Add, 0, 0,
                        0);
}

/* HIGH_LEVEL. Xen may be short of memory for a moment. Without its page the machine hears no event
 * any more, but what stands there must be memory: readers do not ask. */
static VOID NTAPI MapAgain(_In_opt_ PVOID Argument)
{
    for (ULONG i = 0; i < MAP_TRIES; i++)
        if (MapPage(Argument) == 0)
            return;
    LogLine(LogError, "the shared info page is lost after a resume");
    MemoryHoleFillNow(&((PXENBUS_SHARED_INFO)Argument)->Hole);
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    SharedInfoCreate(_In_ PXENBUS_PARTS Parts, _Out_ PXENBUS_SHARED_INFO *SharedInfo)
{
    PXENBUS_SHARED_INFO New = PoolAllocate(sizeof(*New), POOL_TAG_XENBUS);
    NTSTATUS Status;

    if (!New)
        return STATUS_INSUFFICIENT_RESOURCES;
    New->Parts = Parts;
    Status = MemoryHoleCreate(Parts->Memory, 1, &New->Hole);
    if (!NT_SUCCESS(Status))
        goto free;
    Status = SuspendRegister(Parts, XenbusSuspendEarly, XENBUS_SUSPEND_ORDER_SHARED_INFO, MapAgain,
                             New, &New->Resume);
    if (!NT_SUCCESS(Status))
        goto hole;
    if (MapPage(New) != 0) {
        Status = STATUS_UNSUCCESSFUL;
        goto suspend;
    }
    *SharedInfo = New;
    return STATUS_SUCCESS;

suspend:
    SuspendDeregister(Parts, New->Resume);
hole:
    MemoryHoleDestroy(Parts->Memory, &New->Hole, TRUE);
free:
    PoolFree(New, POOL_TAG_XENBUS);
    return Status;
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID SharedInfoDestroy(_In_ PXENBUS_SHARED_INFO SharedInfo)
{
    SuspendDeregister(SharedInfo->Parts, SharedInfo->Resume);
    MemoryHoleDestroy(SharedInfo->Parts->Memory, &SharedInfo->Hole, TRUE);
    PoolFree(SharedInfo, POOL_TAG_XENBUS);
}

PVOID SharedInfoPage(_In_ PXENBUS_SHARED_INFO SharedInfo)
{
    return SharedInfo->Hole.Va;
}

/* --- The clock. A version that is odd or has changed: Xen was writing, read again. --- */

static BOOLEAN ReadSystemTime(_In_ const volatile struct xen_vcpu_time *Time, _Out_ PULONG64 Ns)
{
    for (ULONG i = 0; i < CLOCK_TRIES; i++) {
        ULONG Version = Time->version;
        ULONG64 Tsc, Delta, Base;
        ULONG Multiplier;
        CHAR Shift;

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        Tsc = Time->tsc_timestamp;
        Base = Time->system_time_ns;
        Multiplier = Time->tsc_to_system_mul;
        Shift = Time->tsc_shift;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((Version & 1) || Version != Time->version)
            continue;
        Delta = XenReadTsc() - Tsc;
        if ((LONG64)Delta < 0) /* another CPU's counter, a little ahead of ours */
            Delta = 0;
        if (Shift >= 0)
            Delta <<= Shift & 63;
        else
            Delta >>= -Shift & 63;
        *Ns = Base + (ULONG64)(((unsigned __int128)Delta * Multiplier) >> 32);
        return TRUE;
    }
    return FALSE;
}

static BOOLEAN ReadWallClockBase(_In_ const volatile struct xen_shared_info *Page,
                                 _Out_ PULONG64 Seconds, _Out_ PULONG Ns)
{
    for (ULONG i = 0; i < CLOCK_TRIES; i++) {
        ULONG Version = Page->wc_version;

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        *Seconds = Page->wc_sec | (ULONG64)Page->wc_sec_hi << 32;
        *Ns = Page->wc_nsec;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (!(Version & 1) && Version == Page->wc_version)
            return TRUE;
    }
    return FALSE;
}

ULONG64 SharedInfoWallClock(_In_ PXENBUS_SHARED_INFO SharedInfo)
{
    const struct xen_shared_info *Page = SharedInfo->Hole.Va;
    ULONG64 Seconds, SystemNs;
    ULONG Ns;

    if (!ReadWallClockBase(Page, &Seconds, &Ns) || !ReadSystemTime(&Page->vcpu[0].time, &SystemNs))
        return 0;
    return UnixEpoch + Seconds * UNITS_PER_SECOND + (SystemNs + Ns) / NS_PER_UNIT;
}

/* --- The service. --- */

static NTSTATUS NTAPI GetTime(_In_ PVOID Context, _Out_ PLARGE_INTEGER Time, _Out_ PBOOLEAN Local)
{
    static const UNICODE_STRING Zone = RTL_CONSTANT_STRING(
        L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation");
    ULONG64 Now = SharedInfoWallClock(((PXENBUS_PARTS)Context)->SharedInfo);
    ULONG Universal = 0;

    if (!Now)
        return STATUS_DEVICE_NOT_READY;
    (VOID) RegistryReadDword(&Zone, L"RealTimeIsUniversal", &Universal);
    Time->QuadPart = (LONG64)Now;
    *Local = Universal == 0;
    return STATUS_SUCCESS;
}

static VOID Fill(_In_ USHORT Version, _Out_ PINTERFACE Interface)
{
    UNREFERENCED_PARAMETER(Version);
    ((PXENBUS_SHARED_INFO_INTERFACE_V1)Interface)->GetTime = GetTime;
}

static const USHORT Sizes[] = {sizeof(XENBUS_SHARED_INFO_INTERFACE_V1)};
const XENBUS_SERVICE SharedInfoService = {&GUID_XENBUS_SHARED_INFO, RTL_NUMBER_OF(Sizes), Sizes,
                                          Fill};
