/* SPDX-License-Identifier: BSD-2-Clause */
/* Work items: queued anywhere, run at PASSIVE_LEVEL by a few worker threads of the system. */
#include "model/machine.h"
#include "model/fault.h"
#include "model/object.h"

RULE(work_twice, "A work item that is queued is not queued again",
     "IoQueueWorkItem function (wdm.h)");
RULE(work_freed, "A work item is not freed while it is queued", "IoFreeWorkItem function (wdm.h)");
RULE(work_left, "No work item is queued or allocated when the driver is gone",
     "IoFreeWorkItem function (wdm.h)");
RULE(work_returns, "A work item's routine returns at PASSIVE_LEVEL with nothing held",
     "IO_WORKITEM_ROUTINE callback function (wdm.h)");

enum { WORKERS = 4 };

struct _IO_WORKITEM {
    LIST_ENTRY queue; /* while queued */
    LIST_ENTRY all;
    bool queued;
    bool of_caller; /* memory given to IoInitializeWorkItem */
    bool plain;     /* ExQueueWorkItem */
    PVOID object;
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    PWORKER_THREAD_ROUTINE plain_routine;
    PVOID context;
};

static LIST_ENTRY queue, items;
static KSEMAPHORE work;
static unsigned running;
static void run(PIO_WORKITEM item)
{
    /* The item may be freed by its routine. */
    struct _IO_WORKITEM copy = *item;
    PKTHREAD self = this_thread();

    item->queued = false;
    running++;
    if (copy.plain) {
        host_free(item);
        copy.plain_routine(copy.context);
    } else if (copy.routine_ex) {
        copy.routine_ex(copy.object, copy.context, item);
    } else {
        copy.routine(copy.object, copy.context);
    }
    running--;
    if (irql_now() != PASSIVE_LEVEL || self->critical_region || self->guarded_region ||
        self->mutexes_held || self->fast_mutexes_held || self->resources_held)
        rule_broken(&work_returns, "IRQL %u", irql_now());
    if (!copy.plain)
        object_dereference(copy.object);
}

static void worker(PVOID context)
{
    (void)context;
    for (;;) {
        KeWaitForSingleObject(&work, Executive, KernelMode, FALSE, NULL);
        /* Any of the queue's: with several workers the order is no promise. */
        if (!IsListEmpty(&queue)) {
            PLIST_ENTRY entry = sched_random(4) ? queue.Flink : queue.Blink;
            PIO_WORKITEM item = CONTAINING_RECORD(entry, struct _IO_WORKITEM, queue);
            const void *floor;

            RemoveEntryList(entry);
            floor = sched_stack_floor(__builtin_frame_address(0));
            run(item);
            sched_stack_floor(floor);
        }
    }
}

void work_start(void)
{
    static const char *const names[WORKERS] = {"worker 1", "worker 2", "worker 3", "worker 4"};

    InitializeListHead(&queue);
    InitializeListHead(&items);
    KeInitializeSemaphore(&work, 0, MAXLONG);
    for (unsigned i = 0; i < WORKERS; i++)
        thread_create(names[i], worker, NULL, NULL)->of_model = true;
}

static void enqueue(PIO_WORKITEM item)
{
    item->queued = true;
    InsertTailList(&queue, &item->queue);
    work.Header.SignalState++;
    wait_test(&work);
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM item;

    MODEL_CALL(IoAllocateWorkItem, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoAllocateWorkItem function (wdm.h)");
    if (fault_here("work item"))
        return NULL;
    item = host_alloc(sizeof(*item));
    item->object = DeviceObject;
    InsertTailList(&items, &item->all);
    return item;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    MODEL_CALL(IoFreeWorkItem, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoFreeWorkItem function (wdm.h)");
    if (IoWorkItem->queued)
        rule_broken(&work_freed, "%p", IoWorkItem);
    RemoveEntryList(&IoWorkItem->all);
    host_free(IoWorkItem);
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    memset(IoWorkItem, 0, sizeof(*IoWorkItem));
    IoWorkItem->object = IoObject;
    IoWorkItem->of_caller = true;
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    if (IoWorkItem->queued)
        rule_broken(&work_freed, "%p", IoWorkItem);
}

static void queue_item(PIO_WORKITEM item, PVOID context)
{
    if (item->queued)
        rule_broken(&work_twice, "%p", item);
    item->context = context;
    object_reference(item->object); /* until the routine has returned */
    enqueue(item);
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    (void)QueueType;
    MODEL_CALL(IoQueueWorkItem, PASSIVE_LEVEL, DISPATCH_LEVEL, "IoQueueWorkItem function (wdm.h)");
    IoWorkItem->routine = WorkerRoutine;
    IoWorkItem->routine_ex = NULL;
    queue_item(IoWorkItem, Context);
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    (void)QueueType;
    MODEL_CALL(IoQueueWorkItemEx, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoQueueWorkItemEx function (wdm.h)");
    IoWorkItem->routine = NULL;
    IoWorkItem->routine_ex = WorkerRoutine;
    queue_item(IoWorkItem, Context);
}

VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    PIO_WORKITEM item;

    (void)QueueType;
    MODEL_CALL(ExQueueWorkItem, PASSIVE_LEVEL, DISPATCH_LEVEL, "ExQueueWorkItem function (wdm.h)");
    item = host_alloc(sizeof(*item));
    item->plain = true;
    item->plain_routine = WorkItem->WorkerRoutine;
    item->context = WorkItem->Parameter;
    enqueue(item);
}

void work_check_end(void)
{
    if (!IsListEmpty(&queue) || running)
        rule_broken(&work_left, "a routine is queued or runs");
    if (!IsListEmpty(&items))
        rule_broken(&work_left, "item %p is not freed",
                    CONTAINING_RECORD(items.Flink, struct _IO_WORKITEM, all));
}
