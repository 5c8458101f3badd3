/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See machine.h: the guest, its RAM page by page, and the thread that its events arrive on.
 * Everything is made at the first use and stays until winedevice.exe ends.
 */
#include "machine.h"

#include "interrupts_wine.h"
#include "linux/simxen/guest.h"
#include "machine_config.h"
#include "windows/lib/xencontrol/simxen/linux_calls.h"

enum { RAM_BYTES = 64 << 20, RAM_PAGES = RAM_BYTES / PAGE_SIZE, FIRST_PAGE = 16 };

static struct {
    LONG Opened; /* 1: somebody tries or has tried */
    struct simxen_guest *Guest;
    PUCHAR Memory;
    KSPIN_LOCK Lock;
    USHORT Run[RAM_PAGES]; /* pages of the allocation that begins here */
    UCHAR Used[RAM_PAGES];
    int WakeFd;
} Machine;

static VOID NTAPI EventThread(PVOID Context)
{
    struct lx_pollfd Wait[2] = {{.fd = simxen_guest_fd(Machine.Guest), .events = LX_POLLIN},
                                {.fd = Machine.WakeFd, .events = LX_POLLIN}};
    uint64_t Count;

    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        lx_poll(Wait, 2, LX_POLL_NO_LIMIT);
        if (Wait[1].revents != 0)
            (void)lx_syscall3(LX_READ, Machine.WakeFd, (int64_t)(uintptr_t)&Count, sizeof(Count));
        simxen_guest_pump(Machine.Guest);
        InterruptsDeliver();
        KernelRunDpcs();
    }
}

static VOID MachineOpen(VOID)
{
    struct machine_config Config;
    struct simxen_guest_config Guest = {.memory_bytes = RAM_BYTES, .vcpus = 1};
    HANDLE Thread;

    if (!machine_config_read(&Config))
        return;
    Guest.dir = Config.dir;
    Guest.domid = Config.domid;
    Machine.WakeFd = lx_eventfd();
    if (Machine.WakeFd < 0 || simxen_guest_open(&Machine.Guest, &Guest) != 0)
        return;
    Machine.Memory = simxen_guest_memory(Machine.Guest);
    KeInitializeSpinLock(&Machine.Lock);
    if (NT_SUCCESS(
            PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, EventThread, NULL)))
        ZwClose(Thread);
}

struct simxen_guest *MachineGuest(VOID)
{
    if (InterlockedCompareExchange(&Machine.Opened, 1, 0) == 0)
        MachineOpen();
    return Machine.Guest;
}

VOID MachineWake(VOID)
{
    uint64_t One = 1;

    (void)lx_syscall3(LX_WRITE, Machine.WakeFd, (int64_t)(uintptr_t)&One, sizeof(One));
}

/* --- RAM */

static BOOLEAN IsFree(_In_ ULONG First, _In_ ULONG Count)
{
    for (ULONG Page = First; Page < First + Count; Page++)
        if (Machine.Used[Page])
            return FALSE;
    return TRUE;
}

PVOID MachinePages(ULONG Count)
{
    PUCHAR Found = NULL;
    KIRQL Irql;

    if (MachineGuest() == NULL || Count == 0 || Count >= RAM_PAGES)
        return NULL;
    KeAcquireSpinLock(&Machine.Lock, &Irql);
    for (ULONG Page = FIRST_PAGE; Page + Count <= RAM_PAGES && Found == NULL; Page++) {
        if (!IsFree(Page, Count))
            continue;
        RtlFillMemory(&Machine.Used[Page], Count, 1);
        Machine.Run[Page] = (USHORT)Count;
        Found = Machine.Memory + (SIZE_T)Page * PAGE_SIZE;
    }
    KeReleaseSpinLock(&Machine.Lock, Irql);
    if (Found != NULL)
        RtlZeroMemory(Found, (SIZE_T)Count * PAGE_SIZE);
    return Found;
}

VOID MachinePagesFree(PVOID Pages)
{
    ULONG_PTR Page = MachineFrame(Pages);
    KIRQL Irql;

    KeAcquireSpinLock(&Machine.Lock, &Irql);
    RtlZeroMemory(&Machine.Used[Page], Machine.Run[Page]);
    Machine.Run[Page] = 0;
    KeReleaseSpinLock(&Machine.Lock, Irql);
}

BOOLEAN MachineHas(const VOID *Address)
{
    return Machine.Memory != NULL && (PUCHAR)Address >= Machine.Memory &&
           (PUCHAR)Address < Machine.Memory + RAM_BYTES;
}

ULONG_PTR MachineFrame(const VOID *Address)
{
    return (ULONG_PTR)((PUCHAR)Address - Machine.Memory) / PAGE_SIZE;
}

PVOID MachinePhysical(ULONG64 Address)
{
    return Address / PAGE_SIZE < SIMXEN_GUEST_FRAMES ? Machine.Memory + Address : NULL;
}
