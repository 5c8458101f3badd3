/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies below the glue: see platform.h. */
#include "platform.h"

#include "debug.h"
#include "hypercall.h"
#include "interrupts.h"
#include "memory.h"
#include "shared_info.h"
#include "suspend.h"
#include "../common/log.h"
#include "../common/pool.h"

#include "harness.h"
#include "model/fault.h"
#include "model/device.h"
#include "model/sched.h"

struct platform platform;
void (*platform_store_notified)(void);
struct xen_store_page *platform_store_page;

enum { UPCALL_LEVEL = 11, CALLBACKS = 16 };

static XENBUS_UPCALL *Upcall;
static PVOID UpcallArgument;
static BOOLEAN Vector[FAKE_CPUS];

struct _XENBUS_SUSPEND_CALLBACK_ENTRY {
    XENBUS_SUSPEND_PHASE Phase;
    ULONG Order;
    XENBUS_SUSPEND_CALLBACK *Callback;
    PVOID Argument;
};
struct _XENBUS_DEBUG_CALLBACK_ENTRY {
    XENBUS_DEBUG_CALLBACK *Callback;
    PVOID Argument;
};
static struct _XENBUS_SUSPEND_CALLBACK_ENTRY Suspends[CALLBACKS];
static struct _XENBUS_DEBUG_CALLBACK_ENTRY Dumps[CALLBACKS];

static void toolstack_port(ULONG port, ULONG remote_port)
{
    platform.ports[port] = (struct platform_port){
        .status = XEN_EVTCHN_INTERDOMAIN, .remote_domain = 0, .remote_port = remote_port};
}

static void forget(void)
{
    BOOLEAN fifo = FALSE;

    fake_init(&platform.xen, fifo);
    RtlZeroMemory(platform.ports, sizeof(platform.ports));
    RtlZeroMemory(platform.frames, sizeof(platform.frames));
    toolstack_port(PLATFORM_STORE_PORT, 11);
    toolstack_port(PLATFORM_CONSOLE_PORT, 12);
    /* A new domain's bits are clear: everything is unmasked until the guest says otherwise. */
}

void platform_init(void)
{
    PoolInitialize(); /* as DriverEntry does */
    RtlZeroMemory(&platform, sizeof(platform));
    platform.frames_maximum = PLATFORM_FRAMES;
    forget();
}

void platform_check_nothing_left(void)
{
    CHECK_EQ(platform.holes, 0);
    CHECK_EQ(platform.callbacks, 0);
    CHECK_EQ(platform.mapped, 0);
    CHECK_EQ(platform_open_ports(), 2); /* the toolstack's */
    CHECK_EQ(platform.ports[PLATFORM_STORE_PORT].status, XEN_EVTCHN_INTERDOMAIN);
    CHECK_EQ(platform.ports[PLATFORM_STORE_PORT].remote_port, 11);
    CHECK_EQ(platform.ports[PLATFORM_CONSOLE_PORT].remote_port, 12);
    CHECK(!platform.xen.fifo);
}

ULONG platform_open_ports(void)
{
    ULONG count = 0;

    for (ULONG i = 0; i < FAKE_PORTS; i++)
        count += platform.ports[i].status != XEN_EVTCHN_CLOSED;
    return count;
}

/* --- A device of a driver's. */

static PDRIVER_OBJECT Driver;

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    driver->DriverExtension->AddDevice = add_device;
    return IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                          &platform.parts.DeviceObject);
}

void platform_add_device(void)
{
    CHECK(NT_SUCCESS(driver_load("glue", entry, &Driver)));
}

void platform_remove_device(void)
{
    sched_settle(); /* a work item's last instructions */
    IoDeleteDevice(platform.parts.DeviceObject);
    driver_unload(Driver);
}

/* --- Events. */

static volatile LONG InInterrupt;

static void interrupt(void *context)
{
    InterlockedIncrement(&InInterrupt);
    if (Upcall)
        (VOID) Upcall(UpcallArgument, (ULONG)(ULONG_PTR)context);
    InterlockedDecrement(&InInterrupt);
}

static void deliver(void)
{
    static ULONG delivered[FAKE_CPUS];

    for (ULONG cpu = 0; cpu < FAKE_CPUS; cpu++)
        while (delivered[cpu] != platform.xen.upcalls[cpu]) {
            delivered[cpu] = platform.xen.upcalls[cpu];
            if (!platform.deaf && Upcall && cpu < sched_cpus())
                sched_interrupt(cpu, UPCALL_LEVEL, interrupt, (void *)(ULONG_PTR)cpu);
        }
}

void platform_fire(ULONG port)
{
    if (platform.ports[port].status == XEN_EVTCHN_CLOSED)
        return;
    platform.xen.cpu_of[port] = platform.ports[port].vcpu;
    /* Xen keeps the event until the guest has given the word's page. */
    if (platform.xen.fifo && !platform.xen.pages[port / XEN_FIFO_WORDS_PER_PAGE])
        return;
    fake_fire(&platform.xen, port);
    deliver();
}

static LONG_PTR free_port(PULONG port)
{
    for (*port = 1; *port < FAKE_PORTS; ++*port)
        if (platform.ports[*port].status == XEN_EVTCHN_CLOSED)
            return 0;
    return -XEN_ERROR_ENOSPC;
}

static LONG_PTR new_port(struct platform_port what, PULONG port)
{
    LONG_PTR result = free_port(port);

    if (!result)
        platform.ports[*port] = what;
    if (!result && platform.fires_at_once)
        platform_fire(*port);
    return result;
}

static LONG_PTR send(ULONG port)
{
    struct platform_port *from = port < FAKE_PORTS ? &platform.ports[port] : NULL;

    if (!from || from->status == XEN_EVTCHN_CLOSED)
        return -XEN_ERROR_EINVAL;
    from->sent++;
    if (from->status == XEN_EVTCHN_IPI)
        platform_fire(port);
    if (from->status == XEN_EVTCHN_INTERDOMAIN && from->remote_domain == XEN_DOMID_SELF)
        platform_fire(from->remote_port);
    if (port == PLATFORM_STORE_PORT && platform_store_notified)
        platform_store_notified();
    return 0;
}

static LONG_PTR close_port(ULONG port)
{
    if (port >= FAKE_PORTS || platform.ports[port].status == XEN_EVTCHN_CLOSED)
        return -XEN_ERROR_EINVAL;
    /* The toolstack's are not the guest's to close. */
    CHECK((port != PLATFORM_STORE_PORT && port != PLATFORM_CONSOLE_PORT) ||
          platform.ports[port].status != XEN_EVTCHN_INTERDOMAIN);
    RtlZeroMemory(&platform.ports[port], sizeof(platform.ports[port]));
    fake_clear(&platform.xen, port);
    return 0;
}

static LONG_PTR bind_interdomain(struct xen_evtchn_bind_interdomain *op)
{
    struct platform_port what = {.status = XEN_EVTCHN_INTERDOMAIN,
                                 .remote_domain = op->remote_domid,
                                 .remote_port = op->remote_port};
    LONG_PTR result;

    if (op->remote_domid != PLATFORM_PEER && op->remote_domid != 0 &&
        op->remote_domid != XEN_DOMID_SELF)
        return -XEN_ERROR_ESRCH;
    if (op->remote_port >= FAKE_PORTS)
        return -XEN_ERROR_EINVAL;
    if (op->remote_domid == XEN_DOMID_SELF &&
        platform.ports[op->remote_port].status != XEN_EVTCHN_UNBOUND)
        return -XEN_ERROR_EINVAL;
    result = new_port(what, &op->local_port);
    if (!result && op->remote_domid == XEN_DOMID_SELF) {
        platform.ports[op->remote_port].status = XEN_EVTCHN_INTERDOMAIN;
        platform.ports[op->remote_port].remote_domain = XEN_DOMID_SELF;
        platform.ports[op->remote_port].remote_port = op->local_port;
    }
    return result;
}

static LONG_PTR bind_virq(struct xen_evtchn_bind_virq *op)
{
    struct platform_port what = {.status = XEN_EVTCHN_VIRQ, .virq = op->virq, .vcpu = op->vcpu};

    for (ULONG i = 0; i < FAKE_PORTS; i++)
        if (platform.ports[i].status == XEN_EVTCHN_VIRQ && platform.ports[i].virq == op->virq &&
            platform.ports[i].vcpu == op->vcpu)
            return -XEN_ERROR_EEXIST;
    if (op->virq >= XEN_VIRQ_COUNT)
        return -XEN_ERROR_EINVAL;
    return new_port(what, &op->port);
}

static LONG_PTR status(struct xen_evtchn_status *op)
{
    if (op->port >= FAKE_PORTS)
        return -XEN_ERROR_EINVAL;
    op->status = platform.ports[op->port].status;
    op->vcpu = platform.ports[op->port].vcpu;
    op->u.interdomain.domid = platform.ports[op->port].remote_domain;
    op->u.interdomain.port = platform.ports[op->port].remote_port;
    return 0;
}

static LONG_PTR init_control(const struct xen_evtchn_init_control *op)
{
    if (platform.no_fifo)
        return -XEN_ERROR_ENOSYS;
    CHECK(op->vcpu < FAKE_CPUS);
    if (!platform.xen.fifo)
        RtlZeroMemory(platform.xen.pages, sizeof(platform.xen.pages));
    platform.xen.fifo = TRUE;
    platform.xen.blocks[op->vcpu] = (PVOID)(ULONG_PTR)((op->control_frame << 12) + op->offset);
    return 0;
}

static LONG_PTR expand_array(const struct xen_evtchn_expand_array *op)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(platform.xen.pages); i++)
        if (!platform.xen.pages[i]) {
            platform.xen.pages[i] = (PVOID)(ULONG_PTR)(op->array_frame << 12);
            return 0;
        }
    return -XEN_ERROR_EINVAL;
}

static LONG_PTR reset(void)
{
    ULONG upcalls[FAKE_CPUS];

    RtlCopyMemory(upcalls, platform.xen.upcalls, sizeof(upcalls));
    RtlZeroMemory(platform.ports, sizeof(platform.ports));
    fake_init(&platform.xen, FALSE);
    RtlCopyMemory(platform.xen.upcalls, upcalls, sizeof(upcalls));
    return 0;
}

static LONG_PTR event_op(ULONG_PTR operation, PVOID argument)
{
    struct xen_evtchn_alloc_unbound *unbound = argument;
    struct xen_evtchn_bind_ipi *ipi = argument;
    struct xen_evtchn_bind_vcpu *vcpu = argument;
    struct platform_port what = {0};

    switch (operation) {
    case XEN_EVTCHNOP_CLOSE:
        return close_port(*(xen_port *)argument);
    case XEN_EVTCHNOP_STATUS:
        return status(argument);
    case XEN_EVTCHNOP_RESET:
        return reset();
    }
    if (fault_here("hypercall"))
        return -XEN_ERROR_ENOMEM;
    switch (operation) {
    case XEN_EVTCHNOP_ALLOC_UNBOUND:
        what = (struct platform_port){.status = XEN_EVTCHN_UNBOUND,
                                      .remote_domain = unbound->remote_domid};
        return new_port(what, &unbound->port);
    case XEN_EVTCHNOP_BIND_INTERDOMAIN:
        return bind_interdomain(argument);
    case XEN_EVTCHNOP_BIND_VIRQ:
        return bind_virq(argument);
    case XEN_EVTCHNOP_BIND_IPI:
        what = (struct platform_port){.status = XEN_EVTCHN_IPI, .vcpu = ipi->vcpu};
        return new_port(what, &ipi->port);
    case XEN_EVTCHNOP_BIND_VCPU:
        if (vcpu->port >= FAKE_PORTS || vcpu->vcpu >= FAKE_CPUS)
            return -XEN_ERROR_EINVAL;
        platform.ports[vcpu->port].vcpu = vcpu->vcpu;
        return 0;
    case XEN_EVTCHNOP_SEND:
        return send(*(xen_port *)argument);
    case XEN_EVTCHNOP_INIT_CONTROL:
        return init_control(argument);
    case XEN_EVTCHNOP_EXPAND_ARRAY:
        return expand_array(argument);
    }
    return -XEN_ERROR_ENOSYS;
}

/* --- Grants and memory. */

struct xen_grant_entry *platform_entry(ULONG reference)
{
    CHECK(platform.frames[reference / XEN_GNTTAB_V1_PER_PAGE] != NULL);
    return &(
        *platform.frames[reference / XEN_GNTTAB_V1_PER_PAGE])[reference % XEN_GNTTAB_V1_PER_PAGE];
}

static LONG_PTR map(struct xen_gnttab_map_grant_ref *op)
{
    static ULONG handle = 100;

    op->status = op->domid != PLATFORM_PEER ? XEN_GNTST_BAD_DOMAIN
                 : op->ref == 0             ? XEN_GNTST_BAD_GNTREF
                                            : XEN_GNTST_OKAY;
    if (fault_here("mapping"))
        op->status = XEN_GNTST_GENERAL_ERROR;
    if (op->status == XEN_GNTST_OKAY) {
        op->handle = handle++;
        *(PULONG)(ULONG_PTR)op->host_addr = op->ref; /* the page's content */
        platform.mapped++;
    }
    return 0;
}

static LONG_PTR grant_op(ULONG_PTR operation, PVOID argument)
{
    struct xen_gnttab_query_size *size = argument;
    struct xen_gnttab_unmap_grant_ref *unmap = argument;

    switch (operation) {
    case XEN_GNTTABOP_GET_VERSION:
        ((struct xen_gnttab_get_version *)argument)->version = 1;
        return 0;
    case XEN_GNTTABOP_QUERY_SIZE:
        size->max_nr_frames = platform.frames_maximum;
        size->status = XEN_GNTST_OKAY;
        return 0;
    case XEN_GNTTABOP_MAP_GRANT_REF:
        return map(argument);
    case XEN_GNTTABOP_UNMAP_GRANT_REF:
        unmap->status = platform.mapped ? XEN_GNTST_OKAY : XEN_GNTST_BAD_HANDLE;
        platform.mapped--;
        return 0;
    }
    return -XEN_ERROR_ENOSYS;
}

static LONG_PTR memory_op(ULONG_PTR operation, PVOID argument)
{
    struct xen_memory_add_to_physmap *add = argument;

    CHECK_EQ(operation, XEN_MEMORY_ADD_TO_PHYSMAP);
    CHECK_EQ(add->space, XEN_MAPSPACE_GRANT_TABLE);
    if (fault_here("hypercall"))
        return -XEN_ERROR_ENOMEM;
    if (add->idx >= platform.frames_maximum)
        return -XEN_ERROR_EINVAL;
    platform.frames[add->idx] = (PVOID)(ULONG_PTR)(add->frame << 12);
    RtlZeroMemory(platform.frames[add->idx], PAGE_SIZE);
    if (platform.kept_reference && !add->idx)
        *platform_entry(platform.kept_reference) = platform.kept_entry;
    return 0;
}

static LONG_PTR hvm_op(ULONG_PTR operation, struct xen_hvmop_param *op)
{
    CHECK_EQ(operation, XEN_HVMOP_GET_PARAM);
    op->value = op->index == XEN_HVM_PARAM_STORE_EVTCHN     ? PLATFORM_STORE_PORT
                : op->index == XEN_HVM_PARAM_CONSOLE_EVTCHN ? PLATFORM_CONSOLE_PORT
                : op->index == XEN_HVM_PARAM_STORE_PFN      ? 0xfeff8
                                                            : 0;
    return 0;
}

LONG_PTR XenHypercall(ULONG Number, ULONG_PTR A1, ULONG_PTR A2, ULONG_PTR A3, ULONG_PTR A4,
                      ULONG_PTR A5)
{
    switch (Number) {
    case XEN_HYPERCALL_EVENT_CHANNEL_OP:
        return event_op(A1, (PVOID)A2);
    case XEN_HYPERCALL_GRANT_TABLE_OP:
        CHECK_EQ(A3, 1);
        return grant_op(A1, (PVOID)A2);
    case XEN_HYPERCALL_MEMORY_OP:
        return memory_op(A1, (PVOID)A2);
    case XEN_HYPERCALL_HVM_OP:
        return hvm_op(A1, (PVOID)A2);
    }
    return -XEN_ERROR_ENOSYS;
}

/* --- memory.h: a hole is pool memory, and a frame number is an address' upper part. */

NTSTATUS MemoryHoleCreate(PXENBUS_MEMORY Memory, ULONG Pages, PXENBUS_HOLE Hole)
{
    RtlZeroMemory(Hole, sizeof(*Hole));
    Hole->Va = ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)Pages << PAGE_SHIFT, 'eloH');
    if (!Hole->Va)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Hole->Va, (SIZE_T)Pages << PAGE_SHIFT);
    Hole->Pages = Pages;
    platform.holes++;
    return STATUS_SUCCESS;
}

VOID MemoryHoleDestroy(PXENBUS_MEMORY Memory, PXENBUS_HOLE Hole, BOOLEAN RemoveFirst)
{
    ExFreePoolWithTag(Hole->Va, 'eloH');
    platform.holes--;
}

ULONG_PTR MemoryHoleFrame(const XENBUS_HOLE *Hole, ULONG Index)
{
    return ((ULONG_PTR)Hole->Va >> PAGE_SHIFT) + Index;
}

ULONG_PTR MemoryFrameOf(PVOID Va)
{
    CHECK_EQ((ULONG_PTR)Va & (PAGE_SIZE - 1), 0);
    return (ULONG_PTR)Va >> PAGE_SHIFT;
}

PVOID SharedInfoPage(PXENBUS_SHARED_INFO SharedInfo)
{
    return platform.xen.info;
}

void *FakeMmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE type)
{
    CHECK_EQ(address.QuadPart, 0xfeff8000);
    CHECK_EQ(type, MmCached);
    if (fault_here("mapping"))
        return NULL;
    platform.holes++;
    return platform_store_page;
}

void FakeMmUnmapIoSpace(PVOID address, SIZE_T bytes)
{
    platform.holes--;
}

/* --- interrupts.h. */

NTSTATUS InterruptsConnect(PXENBUS_INTERRUPTS Interrupts, XENBUS_UPCALL *Connected, PVOID Argument)
{
    if (fault_here("interrupt"))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < FAKE_CPUS; i++)
        Vector[i] = !platform.no_vector;
    UpcallArgument = Argument;
    Upcall = Connected;
    return STATUS_SUCCESS;
}

VOID InterruptsDisconnect(PXENBUS_INTERRUPTS Interrupts)
{
    Upcall = NULL;
    while (InInterrupt) /* as IoDisconnectInterrupt does */
        YieldProcessor();
}

VOID InterruptsResume(PXENBUS_INTERRUPTS Interrupts)
{
    deliver();
}

BOOLEAN InterruptsProbe(PXENBUS_INTERRUPTS Interrupts, ULONG Cpu, XENBUS_UPCALL_FIRE *Fire,
                        PVOID Argument)
{
    ULONG before = platform.xen.upcalls[Cpu];
    BOOLEAN arrived =
        NT_SUCCESS(Fire(Argument, Cpu)) && !platform.deaf && platform.xen.upcalls[Cpu] != before;

    sched_settle(); /* as the true one waits for its DPC */
    if (!arrived)
        Vector[Cpu] = FALSE;
    return arrived;
}

BOOLEAN InterruptsCpuHasVector(PXENBUS_INTERRUPTS Interrupts, ULONG Cpu)
{
    return Vector[Cpu];
}

ULONG InterruptsCpuCount(PXENBUS_INTERRUPTS Interrupts)
{
    return sched_cpus() < FAKE_CPUS ? sched_cpus() : FAKE_CPUS;
}

ULONG InterruptsVcpuOf(PXENBUS_INTERRUPTS Interrupts, ULONG Cpu)
{
    return Cpu;
}

/* --- suspend.h. */

NTSTATUS NTAPI SuspendRegister(PVOID Context, XENBUS_SUSPEND_PHASE Phase, ULONG Order,
                               XENBUS_SUSPEND_CALLBACK *Callback, PVOID Argument,
                               PXENBUS_SUSPEND_HANDLE *Handle)
{
    if (fault_here("register"))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < CALLBACKS; i++)
        if (!Suspends[i].Callback) {
            Suspends[i] = (struct _XENBUS_SUSPEND_CALLBACK_ENTRY){Phase, Order, Callback, Argument};
            *Handle = &Suspends[i];
            platform.callbacks++;
            return STATUS_SUCCESS;
        }
    return STATUS_INSUFFICIENT_RESOURCES;
}

VOID NTAPI SuspendDeregister(PVOID Context, PXENBUS_SUSPEND_HANDLE Handle)
{
    Handle->Callback = NULL;
    platform.callbacks--;
}

ULONG NTAPI SuspendGetCount(PVOID Context)
{
    return platform.suspend_count;
}

static void run_callbacks(XENBUS_SUSPEND_PHASE phase)
{
    for (ULONG order = 0; order <= XENBUS_SUSPEND_ORDER_CHILD; order++)
        for (ULONG i = 0; i < CALLBACKS; i++)
            if (Suspends[i].Callback && Suspends[i].Phase == phase && Suspends[i].Order == order)
                Suspends[i].Callback(Suspends[i].Argument);
}

/* Every CPU is stopped wherever it is, also in the middle of a DPC. */
static ULONG_PTR NTAPI stopped(ULONG_PTR argument)
{
    volatile LONG *state = (volatile LONG *)argument;
    KIRQL irql;

    KeRaiseIrql(HIGH_LEVEL, &irql);
    if (InterlockedIncrement(&state[0]) == 1) {
        while ((ULONG)state[0] < KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS))
            YieldProcessor();
        forget();
        if (platform_store_page)
            RtlZeroMemory(platform_store_page, sizeof(*platform_store_page));
        platform.mapped = 0;
        platform.suspend_count++;
        run_callbacks(XenbusSuspendEarly);
        InterlockedExchange(&state[1], 1);
    }
    while (!state[1])
        YieldProcessor();
    KeLowerIrql(irql);
    return 0;
}

void platform_suspend(void)
{
    volatile LONG state[2] = {0, 0};

    (VOID) KeIpiGenericCall(stopped, (ULONG_PTR)state);
    run_callbacks(XenbusSuspendLate);
}

/* --- debug.h. */

NTSTATUS NTAPI DebugRegister(PVOID Context, PCSTR Name, XENBUS_DEBUG_CALLBACK *Callback,
                             PVOID Argument, PXENBUS_DEBUG_HANDLE *Handle)
{
    if (fault_here("register"))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < CALLBACKS; i++)
        if (!Dumps[i].Callback) {
            Dumps[i] = (struct _XENBUS_DEBUG_CALLBACK_ENTRY){Callback, Argument};
            *Handle = &Dumps[i];
            platform.callbacks++;
            return STATUS_SUCCESS;
        }
    return STATUS_INSUFFICIENT_RESOURCES;
}

VOID NTAPI DebugDeregister(PVOID Context, PXENBUS_DEBUG_HANDLE Handle)
{
    Handle->Callback = NULL;
    platform.callbacks--;
}

VOID DebugRequest(PXENBUS_DEBUG Debug)
{
    InterlockedIncrement((volatile LONG *)Debug);
}

static CHAR Dumped[4096];

static VOID NTAPI write_line(PXENBUS_DEBUG_SINK Sink, PCSTR Line)
{
    SIZE_T at = strlen(Dumped), length = strlen(Line);

    CHECK(length < XENBUS_DEBUG_LINE_BYTES);
    if (at + length + 2 > sizeof(Dumped))
        return;
    RtlCopyMemory(Dumped + at, Line, length);
    Dumped[at + length] = '\n';
    Dumped[at + length + 1] = 0;
}

PCSTR platform_dump(void)
{
    XENBUS_DEBUG_SINK sink = {.Write = write_line};

    Dumped[0] = 0;
    for (ULONG i = 0; i < CALLBACKS; i++)
        if (Dumps[i].Callback)
            Dumps[i].Callback(Dumps[i].Argument, &sink);
    return Dumped;
}

/* --- common/log.h. */

const CHAR LogDriverName[] = "glue test";
VOID LogConsole(PCSTR Line)
{
}
