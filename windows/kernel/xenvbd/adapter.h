/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One PV disk: a StorPort virtual miniport on xenbus's child CASEMENT\VBD, with one target and one
 * unit. Each disk is an adapter of its own, so that PnP, hot plug and removal of a disk are those
 * of its device.
 *
 * Virtual, not physical: there is no hardware, interrupt or DMA of its own, its parent is asked for
 * services and calls back at DISPATCH_LEVEL, and only a virtual miniport may use NT's own routines
 * ("About Storport virtual miniport drivers"). In dump mode the same file is a physical one
 * (dump.c).
 *
 *     adapter.c   what StorPort calls, but for requests; life
 *     request.c   a request from StorPort to a queue and back
 *     queue.c     a queue: its lock, its event channel
 *     disk.c      the disk's thread: the frontend of core/block, XenStore, suspend
 *     rings.c     memory and event channels of a connection
 *     srb.h, share.h, services.h, dump.c
 */
#ifndef XENVBD_ADAPTER_H
#define XENVBD_ADAPTER_H

#include <core/block/front.h>
#include <core/block/queue.h>
#include <core/scsi/scsi.h>

#include "share.h"
#include "srb.h"

enum {
    VBD_TRANSFER_MAX_BYTES = 1 << 20,
    VBD_CHUNK_PAGES = 32, /* of the pool, granted and freed together */
    VBD_CHUNKS = 16,
    VBD_POOL_PAGES = VBD_CHUNK_PAGES * VBD_CHUNKS, /* of a queue: 2 MiB */
    VBD_RING_ORDER = BLK_RING_ORDER_MAX,
    VBD_PATIENCE_MS = 30000, /* with a backend that does not do the next step */
    VBD_SILENCE_MS = 60000,  /* with one that does not answer a request */
    VBD_FOLDER_BYTES = 32,
};

typedef struct _VBD_ADAPTER *PVBD_ADAPTER;

typedef struct _VBD_QUEUE {
    PVBD_ADAPTER Adapter;
    KSPIN_LOCK Lock;       /* Core, Unit */
    struct blk_queue Core; /* only its own lock's holder calls it */
    struct scsi_disk Unit; /* the disk as SCSI sees it */
    /* The disk's thread alone. */
    PXENBUS_EVTCHN_CHANNEL Channel; /* Send: whoever pushed; it stays while Core is attached */
    PVBD_SHARE Ring, Pool[VBD_CHUNKS];
    struct blk_slot *Slots;
    struct blk_page *Pages;
} VBD_QUEUE, *PVBD_QUEUE;

typedef enum _VBD_STATE {
    VbdConnecting, /* requests wait in the queues */
    VbdOpen,
    VbdResetting, /* requests are refused as busy */
    VbdFailed,    /* there is no disk */
} VBD_STATE;

/* What the disk's thread is woken for. */
enum {
    VBD_EVENT_WATCH = 1 << 0,
    VBD_EVENT_FAULT = 1 << 1,
    VBD_EVENT_RESUMED = 1 << 2,
    VBD_EVENT_RESET = 1 << 3,
    VBD_EVENT_END = 1 << 4,
};

/* What the dump driver finds of the running one: everything that it needs to write to the disk
 * without any service. In nonpaged memory; read at any IRQL, with all other CPUs stopped. */
typedef struct _VBD_DUMP {
    ULONG Signature;
    volatile LONG Usable;    /* the connection stands */
    volatile LONG TakenOver; /* by the dump driver: the running one must connect anew */
    struct blk_wire_ring *Ring;
    ULONG RingOrder;
    ULONG Port, Number;
    struct blk_slot *Slots;
    struct blk_page *Pages;
    ULONG PageCount;
    struct blk_disk Disk;
    struct scsi_disk Unit;
} VBD_DUMP, *PVBD_DUMP;
#define VBD_DUMP_SIGNATURE 0x4b444256

typedef struct _VBD_ADAPTER {
    PDEVICE_OBJECT Device, Pdo;
    BOOLEAN Made; /* StorPort has it, and everything below is made */
    VBD_SERVICES Services;
    ULONG Number; /* device/vbd/<Number> */
    CHAR Folder[VBD_FOLDER_BYTES];
    volatile LONG State; /* VBD_STATE */
    BOOLEAN Offered;     /* FALSE: Windows has its emulated twin in this boot */
    volatile LONG Attentions;
    ULONG QueuesMade;         /* Queues that have memory */
    volatile LONG QueueCount; /* those that requests go to */
    VBD_QUEUE *Queues;
    VBD_DUMP Dump;
    /* The disk's thread. */
    PVOID Thread;       /* referenced, by itself */
    ULONG SuspendCount; /* what Front knows of is of this life of the machine */
    KEVENT Wake;
    KEVENT Settled; /* open, failed, or closed for the first time */
    volatile LONG Events;
    volatile LONG Fault; /* enum blk_fault, with VBD_EVENT_FAULT */
    struct blk_front Front;
    PXENBUS_STORE_WATCH Watch;
    PXENBUS_SUSPEND_HANDLE Resume;
    PXENBUS_DEBUG_HANDLE Debug;
    BOOLEAN Ending;
    CHAR Answer[BLK_ANSWER_MAX];
} VBD_ADAPTER;

/* In each request's extension. */
typedef struct _VBD_REQUEST {
    struct blk_request Core;
    struct blk_piece Piece;
    PSCSI_REQUEST_BLOCK Srb;
    struct _VBD_UNMAP *Unmap; /* NULL: not an UNMAP */
} VBD_REQUEST, *PVBD_REQUEST;

/* --- adapter.c --- */
VIRTUAL_HW_FIND_ADAPTER VbdFindAdapter;
HW_INITIALIZE VbdInitialize;
HW_RESET_BUS VbdResetBus;
HW_ADAPTER_CONTROL VbdAdapterControl;
HW_FREE_ADAPTER_RESOURCES VbdFreeAdapterResources;
HW_UNIT_CONTROL VbdUnitControl;

/* --- request.c --- */
HW_STARTIO VbdStartIo;
/* <= DISPATCH_LEVEL, no lock held. The request is done by its queue: completes it, or goes on with
 * the next part of it. */
VOID RequestDone(_In_ PVBD_ADAPTER Adapter, _In_ PVBD_REQUEST Request);

/* --- queue.c: <= DISPATCH_LEVEL, no lock of the queue's held, unless said --- */
/* The queue for this CPU, locked. Lower with KeReleaseSpinLock(). */
PVBD_QUEUE QueueLock(_In_ PVBD_ADAPTER Adapter, _Out_ PKIRQL Irql);
/* Submits Request, if there is one, and lets the queue of QueueLock() go. */
VOID QueueUnlock(_In_ PVBD_QUEUE Queue, _In_ KIRQL Irql, _In_opt_ struct blk_request *Request);
/* The event channel's callback. */
XENBUS_EVTCHN_CALLBACK QueueEvent;
/* Pushes what waits, after blk_queue_connect(). */
VOID QueuePush(_In_ PVBD_QUEUE Queue);
/* Every request of every queue is done with BLK_FAILED. */
VOID QueuesFail(_In_ PVBD_ADAPTER Adapter);

/* --- rings.c: the disk's thread --- */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS QueuesCreate(_In_ PVBD_ADAPTER Adapter);
_IRQL_requires_max_(PASSIVE_LEVEL) VOID QueuesDestroy(_In_ PVBD_ADAPTER Adapter);
/* Rings, pools and event channels for Front.plan. On failure nothing is granted. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    RingsMake(_In_ PVBD_ADAPTER Adapter,
              _Out_writes_(BLK_QUEUES_MAX) struct blk_queue_grants *Grants);
/* Detaches every queue, then takes back what RingsMake() gave. The requests stay in the queues. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID RingsDrop(_In_ PVBD_ADAPTER Adapter);

/* --- disk.c --- */
/* Makes the thread, and waits until the disk is open or has failed. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS DiskStart(_In_ PVBD_ADAPTER Adapter);
/* Parts from the backend and ends the thread. */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID DiskStop(_In_ PVBD_ADAPTER Adapter);
/* <= DISPATCH_LEVEL. */
VOID DiskWake(_In_ PVBD_ADAPTER Adapter, _In_ LONG Event);
VOID DiskFault(_In_ PVBD_ADAPTER Adapter, _In_ enum blk_fault Fault);
ULONG64 NowMs(VOID);
/* A queue's view for SCSI of a disk of core/block. */
VOID UnitOf(_In_ const struct blk_disk *Disk, _In_ ULONG Number, _Out_ struct scsi_disk *Unit);

/* --- dump.c --- */
/* DriverEntry's answer in dump mode. */
NTSTATUS DumpDriverEntry(VOID);
/* SRB_FUNCTION_DUMP_POINTERS: what the dump driver is to be told. FALSE: not such a buffer. */
BOOLEAN DumpPointers(_In_ PVBD_ADAPTER Adapter, _Out_writes_bytes_(Bytes) PVOID Buffer,
                     _In_ ULONG Bytes);

#endif
