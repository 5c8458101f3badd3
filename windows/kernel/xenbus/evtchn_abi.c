/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which event-channel ABI Xen is told to use, and the memory for it: see evtchn.h. FIFO where Xen
 * has it (since 4.4), else the two-level bitmaps.
 *
 * There is one way back from FIFO, EVTCHNOP_reset, which closes every port of this machine, also
 * those that the toolstack had opened to XenStore and the console. Those are bound again to the
 * same peers and under the same numbers, because the toolstack's parameters name them.
 */
#include "evtchn.h"
#include "hypercall.h"
#include "interrupts.h"
#include "memory.h"
#include "shared_info.h"
#include "../common/log.h"
#include "../common/pool.h"

NTSTATUS EvtchnAbiCreate(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    ULONG Count = Evtchn->CpuCount;

    Evtchn->TwoLevelCpus = PoolAllocate(Count * sizeof(*Evtchn->TwoLevelCpus), POOL_TAG_EVTCHN);
    Evtchn->QueueCpus = PoolAllocate(Count * sizeof(*Evtchn->QueueCpus), POOL_TAG_EVTCHN);
    Evtchn->TableCpus = PoolAllocate(Count * sizeof(*Evtchn->TableCpus), POOL_TAG_EVTCHN);
    if (!Evtchn->TwoLevelCpus || !Evtchn->QueueCpus || !Evtchn->TableCpus)
        goto fail;
    for (ULONG i = 0; i < Count; i++) {
        Evtchn->QueueCpus[i].control = PoolAllocate(PAGE_SIZE, POOL_TAG_EVTCHN);
        if (!Evtchn->QueueCpus[i].control)
            goto fail;
    }
    return STATUS_SUCCESS;

fail:
    EvtchnAbiDestroy(Evtchn);
    return STATUS_INSUFFICIENT_RESOURCES;
}

VOID EvtchnAbiDestroy(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    PVOID Page;

    while ((Page = evtchn_fifo_drop_page(&Evtchn->Queues)))
        PoolFree(Page, POOL_TAG_EVTCHN);
    for (ULONG i = 0; Evtchn->QueueCpus && i < Evtchn->CpuCount; i++)
        PoolFree(Evtchn->QueueCpus[i].control, POOL_TAG_EVTCHN);
    PoolFree(Evtchn->TableCpus, POOL_TAG_EVTCHN);
    PoolFree(Evtchn->QueueCpus, POOL_TAG_EVTCHN);
    PoolFree(Evtchn->TwoLevelCpus, POOL_TAG_EVTCHN);
    Evtchn->TwoLevelCpus = NULL;
    Evtchn->QueueCpus = NULL;
    Evtchn->TableCpus = NULL;
}

/* TRUE: this vCPU's events come by FIFO. */
static BOOLEAN TellControlBlock(_In_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Index)
{
    struct xen_fifo_control_block *Control = Evtchn->QueueCpus[Index].control;
    struct xen_evtchn_init_control Op = {
        .control_frame = MemoryFrameOf(Control),
        .vcpu = InterruptsVcpuOf(Evtchn->Parts->Interrupts, Index),
    };

    RtlZeroMemory(Control, PAGE_SIZE);
    RtlZeroMemory(Evtchn->QueueCpus[Index].head, sizeof(Evtchn->QueueCpus[Index].head));
    Evtchn->QueueCpus[Index].ready = 0;
    return EvtchnHypercall(XEN_EVTCHNOP_INIT_CONTROL, &Op) == 0;
}

static BOOLEAN TellArrayPage(_In_ PVOID Page)
{
    struct xen_evtchn_expand_array Op = {.array_frame = MemoryFrameOf(Page)};

    return EvtchnHypercall(XEN_EVTCHNOP_EXPAND_ARRAY, &Op) == 0;
}

/* Pages that are there already are told again; those that Xen refuses go. */
static VOID StartFifo(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    PVOID Pages[XEN_FIFO_ARRAY_PAGES];
    ULONG Count = Evtchn->Queues.page_count;

    RtlCopyMemory(Pages, Evtchn->Queues.pages, sizeof(Pages));
    evtchn_fifo_init(&Evtchn->Queues, Evtchn->QueueCpus, Evtchn->CpuCount);
    for (ULONG i = 0; i < Count; i++) {
        (VOID) evtchn_fifo_add_page(&Evtchn->Queues, Pages[i]);
        if (TellArrayPage(Pages[i]))
            continue;
        (VOID) evtchn_fifo_drop_page(&Evtchn->Queues);
        for (; i < Count; i++)
            PoolFree(Pages[i], POOL_TAG_EVTCHN);
    }
    for (ULONG i = 1; i < Evtchn->CpuCount; i++)
        Evtchn->Cpus[i].Usable = Evtchn->Cpus[i].Usable && TellControlBlock(Evtchn, i);
}

struct evtchn_abi *EvtchnAbiStart(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    struct xen_shared_info *Shared = SharedInfoPage(Evtchn->Parts->SharedInfo);

    for (ULONG i = 0; i < Evtchn->CpuCount; i++) {
        ULONG Vcpu = InterruptsVcpuOf(Evtchn->Parts->Interrupts, i);
        /* Later vCPUs have no vcpu_info there: no events for them. */
        Evtchn->Cpus[i].Info = Vcpu < XEN_SHARED_INFO_VCPUS ? &Shared->vcpu[Vcpu] : NULL;
        Evtchn->Cpus[i].Usable = Evtchn->Cpus[i].Info != NULL;
        Evtchn->TwoLevelCpus[i].info = Evtchn->Cpus[i].Info;
    }
    Evtchn->Fifo = TellControlBlock(Evtchn, 0);
    if (Evtchn->Fifo) {
        StartFifo(Evtchn);
        return &Evtchn->Queues.abi;
    }
    evtchn_2l_init(&Evtchn->TwoLevel, Shared, Evtchn->TwoLevelCpus, Evtchn->CpuCount);
    return &Evtchn->TwoLevel.abi;
}

NTSTATUS EvtchnAbiReach(_Inout_ PXENBUS_EVTCHN Evtchn, _In_ ULONG Port)
{
    while (Evtchn->Fifo && Port >= Evtchn->Queues.abi.ops->port_limit(&Evtchn->Queues.abi)) {
        PVOID Page = PoolAllocate(PAGE_SIZE, POOL_TAG_EVTCHN);
        if (!Page || !evtchn_fifo_add_page(&Evtchn->Queues, Page)) {
            PoolFree(Page, POOL_TAG_EVTCHN);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        if (!TellArrayPage(Page)) {
            PoolFree(evtchn_fifo_drop_page(&Evtchn->Queues), POOL_TAG_EVTCHN);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    return STATUS_SUCCESS;
}

/* --- The way back from FIFO. */

typedef struct _TOOLSTACK_PORT {
    ULONG Port; /* 0: none */
    struct xen_evtchn_bind_interdomain Peer;
} TOOLSTACK_PORT, *PTOOLSTACK_PORT;

static VOID RememberPort(_In_ ULONG Parameter, _Out_ PTOOLSTACK_PORT Kept)
{
    struct xen_hvmop_param Param = {.domid = XEN_DOMID_SELF, .index = Parameter};
    struct xen_evtchn_status Status = {.domid = XEN_DOMID_SELF};

    RtlZeroMemory(Kept, sizeof(*Kept));
    if (XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, (ULONG_PTR)&Param, 0, 0, 0) != 0)
        return;
    Status.port = (xen_port)Param.value;
    if (!Status.port || EvtchnHypercall(XEN_EVTCHNOP_STATUS, &Status) != 0 ||
        Status.status != XEN_EVTCHN_INTERDOMAIN)
        return;
    Kept->Port = Status.port;
    Kept->Peer.remote_domid = Status.u.interdomain.domid;
    Kept->Peer.remote_port = Status.u.interdomain.port;
}

/* Xen gives the lowest number that is free: what lies below is taken for the moment. */
static VOID BindAgain(_Inout_ PTOOLSTACK_PORT Kept)
{
    ULONG First = 0, Last = 0;

    while (Kept->Port) {
        struct xen_evtchn_alloc_unbound Filler = {.domid = XEN_DOMID_SELF,
                                                  .remote_domid = XEN_DOMID_SELF};
        struct xen_evtchn_close Close;
        if (EvtchnHypercall(XEN_EVTCHNOP_ALLOC_UNBOUND, &Filler) != 0)
            break;
        if (Filler.port < Kept->Port) {
            First = First ? First : Filler.port;
            Last = Filler.port;
            continue;
        }
        Close.port = Filler.port;
        (VOID) EvtchnHypercall(XEN_EVTCHNOP_CLOSE, &Close);
        if (Filler.port == Kept->Port)
            (VOID) EvtchnHypercall(XEN_EVTCHNOP_BIND_INTERDOMAIN, &Kept->Peer);
        break;
    }
    if (Kept->Port && Kept->Peer.local_port != Kept->Port)
        LogLine(LogError, "a port of the toolstack's could not be bound again");
    for (ULONG Port = First; First && Port <= Last; Port++) {
        struct xen_evtchn_close Close = {.port = Port};
        struct xen_evtchn_status Status = {.domid = XEN_DOMID_SELF, .port = Port};
        if (EvtchnHypercall(XEN_EVTCHNOP_STATUS, &Status) == 0 &&
            Status.status == XEN_EVTCHN_UNBOUND)
            (VOID) EvtchnHypercall(XEN_EVTCHNOP_CLOSE, &Close);
    }
}

VOID EvtchnAbiStop(_Inout_ PXENBUS_EVTCHN Evtchn)
{
    struct xen_evtchn_reset Reset = {.domid = XEN_DOMID_SELF};
    TOOLSTACK_PORT Store, Console;

    if (!Evtchn->Fifo)
        return;
    RememberPort(XEN_HVM_PARAM_STORE_EVTCHN, &Store);
    RememberPort(XEN_HVM_PARAM_CONSOLE_EVTCHN, &Console);
    if (EvtchnHypercall(XEN_EVTCHNOP_RESET, &Reset) != 0) {
        /* Xen keeps writing to the pages: they are lost until the machine starts again. */
        LogLine(LogError, "Xen does not leave the FIFO event channels");
        for (ULONG i = 0; i < Evtchn->CpuCount; i++)
            Evtchn->QueueCpus[i].control = NULL;
        Evtchn->Queues.page_count = 0;
        return;
    }
    BindAgain(&Store);
    BindAgain(&Console);
}
