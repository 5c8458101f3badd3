/* SPDX-License-Identifier: BSD-2-Clause */
/* A scripted Xen: see fake_xen.h. */
#include "fake_xen.h"

#include "boot_number.h"
#include "debug.h"
#include "hypercall.h"
#include "interrupts.h"
#include "memory.h"
#include "parts.h"
#include "shared_info.h"
#include "suspend.h"
#include <core/xen/abi.h>
#include <core/xen/unplug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/store.h>

#include "harness.h"
#include "model/fault.h"
#include "model/interrupt.h"

struct fake_xen fake_xen;

enum { FRAMES_MAX = 64 };
static ULONG64 Holes[FRAMES_MAX];

static ULONG64 *find_hole(ULONG64 frame)
{
    for (ULONG i = 0; i < FRAMES_MAX; i++)
        if (Holes[i] == frame)
            return &Holes[i];
    return NULL;
}

/* --- hypercall.h --- */

VOID XenCpuid(ULONG Leaf, ULONG Subleaf, PXEN_CPUID Out)
{
    RtlZeroMemory(Out, sizeof(*Out));
    if (Leaf == XEN_LEAF_FIRST_BASE + XEN_LEAF_HVM) {
        Out->Eax = XEN_HVM_LEAF_VCPU_ID_PRESENT;
        Out->Ebx = KeGetCurrentProcessorNumberEx(NULL);
    }
}

NTSTATUS XenHypercallInitialize(VOID)
{
    return fake_xen.absent ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
}

ULONG XenCpuidBase(VOID)
{
    return fake_xen.absent ? 0 : XEN_LEAF_FIRST_BASE;
}

static LONG_PTR exchange(ULONG operation, const struct xen_memory_extents *extents)
{
    const xen_frame *frames = (const xen_frame *)(ULONG_PTR)extents->extent_start;
    LONG_PTR done = 0;

    CHECK_EQ(extents->domid, XEN_DOMID_SELF);
    CHECK_EQ(extents->extent_order, 0);
    if (fault_here("hypercall"))
        return -XEN_ERROR_ENOMEM;
    for (; done < (LONG_PTR)extents->nr_extents; done++) {
        bool give = operation == XEN_MEMORY_DECREASE_RESERVATION;
        ULONG64 *hole = find_hole(give ? 0 : frames[done]);

        if (give)
            CHECK(find_hole(frames[done]) == NULL); /* twice */
        CHECK(hole != NULL);
        *hole = give ? frames[done] : 0;
        fake_xen.holes += give ? 1 : -1;
    }
    return done;
}

static LONG_PTR memory_op(ULONG_PTR operation, PVOID argument)
{
    struct xen_memory_add_to_physmap *add = argument;

    switch (operation) {
    case XEN_MEMORY_DECREASE_RESERVATION:
    case XEN_MEMORY_POPULATE_PHYSMAP:
        return exchange((ULONG)operation, argument);
    case XEN_MEMORY_ADD_TO_PHYSMAP:
        if (fake_xen.no_shared_info || fault_here("hypercall"))
            return -XEN_ERROR_ENOMEM;
        CHECK_EQ(add->space, XEN_MAPSPACE_SHARED_INFO);
        CHECK(find_hole(add->frame) != NULL);
        fake_xen.shared_info_maps++;
        fake_xen.shared_info_frame = add->frame;
        return 0;
    case XEN_MEMORY_REMOVE_FROM_PHYSMAP:
        CHECK(find_hole(((struct xen_memory_remove_from_physmap *)argument)->frame) != NULL);
        return 0;
    }
    return -XEN_ERROR_ENOSYS;
}

static LONG_PTR hvm_op(ULONG_PTR operation, PVOID argument)
{
    struct xen_hvmop_upcall_vector *vector = argument;
    struct xen_hvmop_param *param = argument;

    if (fault_here("hypercall"))
        return -XEN_ERROR_EINVAL;
    switch (operation) {
    case XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR:
        if (fake_xen.no_vector_op)
            return -XEN_ERROR_ENOSYS;
        if (vector->vector < 0x10)
            return -XEN_ERROR_EINVAL;
        CHECK(vector->vcpu < FAKE_CPUS);
        fake_xen.vector[vector->vcpu] = vector->vector;
        return 0;
    case XEN_HVMOP_SET_PARAM:
        CHECK_EQ(param->index, XEN_HVM_PARAM_CALLBACK_IRQ);
        fake_xen.callback = param->value;
        return 0;
    }
    return -XEN_ERROR_ENOSYS;
}

static LONG_PTR suspend(void)
{
    fake_xen.suspends++;
    CHECK_EQ(KeGetCurrentIrql(), HIGH_LEVEL);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), 0); /* vCPU 0: where libxl says "cancelled" */
    if (fake_xen.at_suspend)
        fake_xen.at_suspend();
    if (fake_xen.suspend_result == 0) { /* another domain: Xen has forgotten us */
        RtlZeroMemory(fake_xen.vector, sizeof(fake_xen.vector));
        fake_xen.callback = 0;
    }
    return fake_xen.suspend_result;
}

LONG_PTR XenHypercall(ULONG Number, ULONG_PTR A1, ULONG_PTR A2, ULONG_PTR A3, ULONG_PTR A4,
                      ULONG_PTR A5)
{
    switch (Number) {
    case XEN_HYPERCALL_MEMORY_OP:
        return memory_op(A1, (PVOID)A2);
    case XEN_HYPERCALL_HVM_OP:
        return hvm_op(A1, (PVOID)A2);
    case XEN_HYPERCALL_SCHED_OP:
        CHECK_EQ(A1, XEN_SCHEDOP_SHUTDOWN);
        CHECK_EQ(((struct xen_sched_shutdown *)A2)->reason, XEN_SHUTDOWN_SUSPEND);
        return suspend();
    }
    return -XEN_ERROR_ENOSYS;
}

static bool ProductGiven;

USHORT XenPortIn16(USHORT Port)
{
    CHECK_EQ(Port, XEN_UNPLUG_PORT);
    if (!fake_xen.unplug_protocol || (ProductGiven && fake_xen.unplug_refused))
        return 0xffff;
    return XEN_UNPLUG_MAGIC;
}

UCHAR XenPortIn8(USHORT Port)
{
    CHECK_EQ(Port, XEN_UNPLUG_PORT_VERSION);
    return 1;
}

VOID XenPortOut32(USHORT Port, ULONG Value)
{
    CHECK_EQ(Port, XEN_UNPLUG_PORT);
    ProductGiven = true;
}

VOID XenPortOut16(USHORT Port, USHORT Value)
{
    if (Port == XEN_UNPLUG_PORT_VERSION)
        return;
    CHECK_EQ(Port, XEN_UNPLUG_PORT);
    fake_xen.unplug_writes++;
    fake_xen.unplug_mask = Value;
}

VOID XenPortOut8(USHORT Port, UCHAR Value)
{
    CHECK_EQ(Port, XEN_DEBUG_CONSOLE_PORT);
    CHECK(Value == '\n' || (Value >= ' ' && Value <= '~'));
    if (fake_xen.console_bytes < FAKE_CONSOLE_BYTES - 1)
        fake_xen.console[fake_xen.console_bytes++] = (CHAR)Value;
}

ULONG64 XenReadTsc(VOID)
{
    return (ULONG64)KeQueryInterruptTime() * 100; /* 1 GHz */
}

bool fake_xen_said(const char *text)
{
    return strstr(fake_xen.console, text) != NULL;
}

/* --- Grants: none. --- */

NTSTATUS GnttabCreate(PXENBUS_PARTS Parts, PXENBUS_GNTTAB *Gnttab)
{
    if (fault_here("part"))
        return STATUS_INSUFFICIENT_RESOURCES;
    *Gnttab = (PXENBUS_GNTTAB)Parts;
    return STATUS_SUCCESS;
}

VOID GnttabDestroy(PXENBUS_GNTTAB Gnttab)
{
}

static VOID FillNothing(USHORT Version, PINTERFACE Interface)
{
}

static const USHORT GnttabSizes[] = {sizeof(XENBUS_GNTTAB_INTERFACE_V1)};
const XENBUS_SERVICE GnttabService = {&GUID_XENBUS_GNTTAB, 1, GnttabSizes, FillNothing};

/* --- Event channels: connect the interrupts and probe them, as the real part does. --- */

static PXENBUS_PARTS Started;
static volatile LONG Pending[FAKE_CPUS];

static BOOLEAN upcall(PVOID argument, ULONG cpu)
{
    fake_xen.upcalls++;
    interrupt_line(28, FALSE);
    return InterlockedExchange(&Pending[cpu], 0) != 0;
}

static NTSTATUS fire(PVOID argument, ULONG cpu)
{
    ULONG vcpu = cpu;

    InterlockedExchange(&Pending[cpu], 1);
    if (fake_xen.vector[vcpu]) {
        if (!(fake_xen.dead_cpus & 1u << cpu) || fake_xen.vector[vcpu] < 0x90)
            interrupt_raise(cpu, fake_xen.vector[vcpu]);
    } else if (vcpu == 0 && fake_xen.callback && !fake_xen.line_dead) {
        interrupt_line(28, TRUE);
    }
    return STATUS_SUCCESS;
}

static PXENBUS_SUSPEND_HANDLE Resume;

static VOID NTAPI tell_again(PVOID argument)
{
    InterruptsResume(argument);
}

NTSTATUS EvtchnCreate(PXENBUS_PARTS Parts, PXENBUS_EVTCHN *Evtchn)
{
    NTSTATUS status = InterruptsConnect(Parts->Interrupts, upcall, Parts);

    if (!NT_SUCCESS(status))
        return status;
    status = SuspendRegister(Parts, XenbusSuspendEarly, XENBUS_SUSPEND_ORDER_EVTCHN, tell_again,
                             Parts->Interrupts, &Resume);
    if (!NT_SUCCESS(status)) {
        InterruptsDisconnect(Parts->Interrupts);
        return status;
    }
    for (ULONG i = 0; i < InterruptsCpuCount(Parts->Interrupts); i++)
        if (i == 0 || InterruptsCpuHasVector(Parts->Interrupts, i))
            (void)InterruptsProbe(Parts->Interrupts, i, fire, Parts);
    Started = Parts;
    *Evtchn = (PXENBUS_EVTCHN)Parts;
    return STATUS_SUCCESS;
}

VOID EvtchnDestroy(PXENBUS_EVTCHN Evtchn)
{
    Started = NULL;
    SuspendDeregister(Evtchn, Resume);
    InterruptsDisconnect(((PXENBUS_PARTS)Evtchn)->Interrupts);
}

void fake_xen_debug_key(void)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (Started)
        DebugRequest(Started->Debug);
    KeLowerIrql(irql);
}

static const USHORT EvtchnSizes[] = {sizeof(XENBUS_EVTCHN_INTERFACE_V1)};
const XENBUS_SERVICE EvtchnService = {&GUID_XENBUS_EVTCHN, 1, EvtchnSizes, FillNothing};

/* --- The store: two lists and one watch. --- */

static XENBUS_STORE_WATCH_CALLBACK *WatchCallback;
static PVOID WatchArgument;

NTSTATUS StoreCreate(PXENBUS_PARTS Parts, PXENBUS_STORE *Store)
{
    if (fault_here("part"))
        return STATUS_INSUFFICIENT_RESOURCES;
    *Store = (PXENBUS_STORE)Parts;
    return STATUS_SUCCESS;
}

VOID StoreDestroy(PXENBUS_STORE Store)
{
    CHECK(WatchCallback == NULL);
}

static NTSTATUS NTAPI execute(PVOID Context, const XENBUS_STORE_COMMAND *Command, ULONG TimeoutMs,
                              PULONG AnswerLength)
{
    bool vbd = strcmp(Command->Node, "device/vbd") == 0;
    const char *list = vbd ? fake_xen.vbds : fake_xen.vifs;
    ULONG bytes = vbd ? fake_xen.vbds_bytes : fake_xen.vifs_bytes;
    LARGE_INTEGER delay = {.QuadPart = -(LONG64)fake_xen.list_delay_ms * 10000};

    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(Command->Operation, XENBUS_STORE_DIRECTORY);
    CHECK(vbd || strcmp(Command->Node, "device/vif") == 0);
    CHECK(TimeoutMs <= 2000);
    if (!fake_xen.lists_read++)
        fake_xen.first_list_time = KeQueryInterruptTime();
    if (fault_here("xenstore reply"))
        return STATUS_IO_TIMEOUT;
    if (fake_xen.list_delay_ms)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    if (fake_xen.list_failures) {
        fake_xen.list_failures--;
        return STATUS_IO_TIMEOUT;
    }
    if (!NT_SUCCESS(fake_xen.list_status))
        return fake_xen.list_status;
    if (!list)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *AnswerLength = bytes;
    if (bytes > Command->AnswerRoom)
        return STATUS_BUFFER_OVERFLOW;
    RtlCopyMemory(Command->Answer, list, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI add_watch(PVOID Context, PCSTR Prefix, PCSTR Node,
                                XENBUS_STORE_WATCH_CALLBACK *Callback, PVOID Argument,
                                PXENBUS_STORE_WATCH *Watch)
{
    static char shutdown; /* this toolstack never asks for a suspend */

    CHECK(Prefix == NULL);
    if (fault_here("watch"))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (strcmp(Node, "control/shutdown") == 0) {
        *Watch = (PXENBUS_STORE_WATCH)&shutdown;
        return STATUS_SUCCESS;
    }
    CHECK(strcmp(Node, "device") == 0);
    WatchCallback = Callback;
    WatchArgument = Argument;
    *Watch = (PXENBUS_STORE_WATCH)&WatchCallback;
    fake_xen_fire_watch();
    return STATUS_SUCCESS;
}

static VOID NTAPI remove_watch(PVOID Context, PXENBUS_STORE_WATCH Watch)
{
    if (Watch == (PXENBUS_STORE_WATCH)&WatchCallback)
        WatchCallback = NULL;
}

void fake_xen_fire_watch(void)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (WatchCallback)
        WatchCallback(WatchArgument, "device");
    KeLowerIrql(irql);
}

bool fake_xen_watched(void)
{
    return WatchCallback != NULL;
}

static VOID FillStore(USHORT Version, PINTERFACE Interface)
{
    XENBUS_STORE_INTERFACE_V1 *v1 = (XENBUS_STORE_INTERFACE_V1 *)Interface;

    v1->Execute = execute;
    v1->AddWatch = add_watch;
    v1->RemoveWatch = remove_watch;
}

static const USHORT StoreSizes[] = {sizeof(XENBUS_STORE_INTERFACE_V1)};
const XENBUS_SERVICE StoreService = {&GUID_XENBUS_STORE, 1, StoreSizes, FillStore};

ULONG XenbusBootNumber(VOID)
{
    return fake_xen.boot_number;
}
