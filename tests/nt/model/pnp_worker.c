/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PnP manager's lock and its worker: one transition of the device tree at a time, and what
 * drivers ask for happens later, in a system thread that lives while there is work.
 */
#include "model/pnp_private.h"
#include "harness.h"
#include "model/machine.h"
#include "model/object.h"

RULE(pnp_not_pdo, "This function is given a physical device object",
     "IoInvalidateDeviceRelations function (wdm.h)");

enum { PNP_QUEUE_MAX = 64 };

static struct {
    KEVENT lock; /* synchronization event: signalled while free */
    PKTHREAD owner;
    ULONG depth;
    KEVENT idle;                         /* notification event: the worker has nothing to do */
    PDEVICE_OBJECT queue[PNP_QUEUE_MAX]; /* relations to ask again; NULL: look at the handles */
    BOOLEAN eject[PNP_QUEUE_MAX];        /* or: the device is to be removed, if nobody objects */
    ULONG queued;
    BOOLEAN running, ready;
} Worker;

void pnp_demand(BOOLEAN condition, const char *what)
{
    if (!condition)
        test_failed("the test's use of pnp.h", 0, what);
}

static void get_ready(void)
{
    if (Worker.ready)
        return;
    KeInitializeEvent(&Worker.lock, SynchronizationEvent, TRUE);
    KeInitializeEvent(&Worker.idle, NotificationEvent, TRUE);
    Worker.ready = TRUE;
}

static void lock(void)
{
    get_ready();
    if (Worker.owner == KeGetCurrentThread()) {
        Worker.depth++;
        return;
    }
    KeWaitForSingleObject(&Worker.lock, Executive, KernelMode, FALSE, NULL);
    Worker.owner = KeGetCurrentThread();
    Worker.depth = 1;
}

static void unlock(void)
{
    if (--Worker.depth != 0)
        return;
    Worker.owner = NULL;
    KeSetEvent(&Worker.lock, IO_NO_INCREMENT, FALSE);
}

void pnp_tree_lock(void)
{
    lock();
}

void pnp_tree_unlock(void)
{
    unlock();
}

/* --- The worker. */

static void finish_removals(void)
{
    struct pnp_node *next;

    for (struct pnp_node *node = pnp_roots(); node != NULL; node = next) {
        next = node->sibling;
        pnp_finish_surprise_removals(node);
    }
}

static void work_one(PDEVICE_OBJECT pdo, BOOLEAN eject)
{
    struct pnp_node *node;

    lock();
    if (pdo == NULL) {
        finish_removals();
    } else {
        node = device_record(pdo)->deleted ? NULL : device_record(pdo)->node;
        if (node != NULL && node->state == PNP_STARTED) {
            if (eject)
                (void)pnp_disable_locked(node);
            else
                pnp_enumerate(node);
        }
        object_dereference(pdo);
    }
    unlock();
}

static VOID NTAPI worker(PVOID context)
{
    while (Worker.queued != 0) {
        PDEVICE_OBJECT pdo = Worker.queue[0];
        BOOLEAN eject = Worker.eject[0];

        Worker.queued--;
        for (ULONG i = 0; i < Worker.queued; i++) {
            Worker.queue[i] = Worker.queue[i + 1];
            Worker.eject[i] = Worker.eject[i + 1];
        }
        work_one(pdo, eject);
    }
    Worker.running = FALSE;
    KeSetEvent(&Worker.idle, IO_NO_INCREMENT, FALSE);
}

static void enqueue(PDEVICE_OBJECT pdo, BOOLEAN eject)
{
    get_ready();
    for (ULONG i = 0; i < Worker.queued; i++)
        if (Worker.queue[i] == pdo && Worker.eject[i] == eject)
            return;
    pnp_demand(Worker.queued < PNP_QUEUE_MAX, "too much for the PnP manager's worker");
    if (pdo != NULL)
        object_reference(pdo);
    Worker.eject[Worker.queued] = eject;
    Worker.queue[Worker.queued++] = pdo;
    if (Worker.running)
        return;
    Worker.running = TRUE;
    KeClearEvent(&Worker.idle);
    thread_create("PnP manager", worker, NULL, NULL);
}

void pnp_last_close(PDEVICE_OBJECT device)
{
    enqueue(NULL, FALSE);
}

void pnp_settle(void)
{
    get_ready();
    KeWaitForSingleObject(&Worker.idle, Executive, KernelMode, FALSE, NULL);
}

/* --- What drivers ask for. */

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    MODEL_CALL(IoInvalidateDeviceRelations, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoInvalidateDeviceRelations function (wdm.h)");
    if (device_record(DeviceObject)->attached_to != NULL ||
        device_record(DeviceObject)->node == NULL)
        rule_broken(&pnp_not_pdo, "%p", DeviceObject);
    if (Type == BusRelations)
        enqueue(DeviceObject, FALSE);
}

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    MODEL_CALL(IoRequestDeviceEject, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoRequestDeviceEject function (ntddk.h)");
    if (device_record(PhysicalDeviceObject)->node == NULL)
        rule_broken(&pnp_not_pdo, "%p", PhysicalDeviceObject);
    enqueue(PhysicalDeviceObject, TRUE);
}

VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    MODEL_CALL(IoInvalidateDeviceState, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "IoInvalidateDeviceState function (wdm.h)");
    if (device_record(PhysicalDeviceObject)->node == NULL)
        rule_broken(&pnp_not_pdo, "%p", PhysicalDeviceObject);
}

/* --- pnp.h under the lock. */

#define LOCKED(type, name, parameters, arguments)                                                  \
    type name parameters                                                                           \
    {                                                                                              \
        type result;                                                                               \
                                                                                                   \
        lock();                                                                                    \
        result = name##_locked arguments;                                                          \
        unlock();                                                                                  \
        return result;                                                                             \
    }
#define LOCKED_VOID(name, parameters, arguments)                                                   \
    void name parameters                                                                           \
    {                                                                                              \
        lock();                                                                                    \
        name##_locked arguments;                                                                   \
        unlock();                                                                                  \
    }

LOCKED(NTSTATUS, pnp_start, (struct pnp_node * node), (node))
LOCKED(NTSTATUS, pnp_query_stop, (struct pnp_node * node), (node))
LOCKED(NTSTATUS, pnp_query_remove, (struct pnp_node * node), (node))
LOCKED(NTSTATUS, pnp_disable, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_cancel_stop, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_stop, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_cancel_remove, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_remove, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_surprise_remove, (struct pnp_node * node), (node))
LOCKED_VOID(pnp_uninstall, (const char *name), (name))

NTSTATUS pnp_rescan(struct pnp_node *node)
{
    NTSTATUS status;

    lock();
    status = pnp_enumerate(node);
    unlock();
    return status;
}
