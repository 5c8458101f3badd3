/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore in the NT kernel against Debian's xenstored: what include/xenbus/store.h promises.
 */
#include <ntddk.h>

#include "services.h"

#include "harness.h"
#include "model/fault.h"
#include "model/sched.h"
#include "xen/machine.h"

enum { LIMIT_MS = XENBUS_STORE_TIMEOUT_DEFAULT_MS };

static XENBUS_STORE_TRANSACTION Transaction; /* of the commands below */

static NTSTATUS execute(XENBUS_STORE_OPERATION operation, PCSTR node, const void *value,
                        ULONG value_length, void *answer, ULONG room, PULONG length)
{
    XENBUS_STORE_COMMAND command = {.Operation = operation,
                                    .Transaction = Transaction,
                                    .Node = node,
                                    .Value = value,
                                    .ValueLength = value_length,
                                    .Answer = answer,
                                    .AnswerRoom = room};

    return Store.Execute(Store.Interface.Context, &command, LIMIT_MS, length);
}

static NTSTATUS write(PCSTR node, PCSTR value)
{
    return execute(XENBUS_STORE_WRITE, node, value, (ULONG)strlen(value), NULL, 0, NULL);
}

static NTSTATUS read(PCSTR node, char *answer, ULONG room, PULONG length)
{
    return execute(XENBUS_STORE_READ, node, NULL, 0, answer, room, length);
}

static void check_value(PCSTR node, PCSTR expected)
{
    char *answer = ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'tseT');
    ULONG length;

    CHECK_EQ(read(node, answer, 64, &length), STATUS_SUCCESS);
    CHECK_EQ(length, strlen(expected));
    CHECK(RtlCompareMemory(answer, expected, length) == length);
    ExFreePoolWithTag(answer, 'tseT');
}

NT_TEST(read_write_remove, .seeds = 3, SERVICES)
{
    char answer[64];
    ULONG length;

    services_begin();
    CHECK_EQ(write("data/a", "one"), STATUS_SUCCESS);
    check_value("data/a", "one");
    CHECK_EQ(write("data/b", ""), STATUS_SUCCESS);
    check_value("data/b", "");
    CHECK_EQ(execute(XENBUS_STORE_MKDIR, "data/c", NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(execute(XENBUS_STORE_MKDIR, "data/c", NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(execute(XENBUS_STORE_DIRECTORY, "data", NULL, 0, answer, sizeof(answer), &length),
             STATUS_SUCCESS);
    CHECK(length >= 6 && strlen(answer) >= 1);
    CHECK_EQ(read("data/a", answer, 2, &length), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(length, 3);
    CHECK_EQ(execute(XENBUS_STORE_REMOVE, "data/a", NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(read("data/a", answer, sizeof(answer), &length), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(write("/local/domain/0/x", "y"), STATUS_ACCESS_DENIED);
    CHECK_EQ(write("data/a b", "y"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(read("", answer, sizeof(answer), &length), STATUS_INVALID_PARAMETER);
    services_end();
}

NT_TEST(prefix_and_node_are_joined, SERVICES)
{
    XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_WRITE,
                                    .Prefix = "data",
                                    .Node = "joined",
                                    .Value = "v",
                                    .ValueLength = 1};

    services_begin();
    CHECK_EQ(Store.Execute(Store.Interface.Context, &command, LIMIT_MS, NULL), STATUS_SUCCESS);
    check_value("data/joined", "v");
    services_end();
}

/* A node for each number below count, made by dom0, whom no quota holds; each name is a letter pair
 * and 253 times 'x'. */
static void dom0_makes_names(ULONG count)
{
    static const char script[] =
        "long=$(printf %0253d 0 | tr 0 x); i=$1; while [ $i -lt $2 ]; do "
        "set -- $1 $2 $3; n=$(printf %02d $i); "
        "\"$SIMXEN_DEBIAN_XEN/bin/xenstore-write\" /local/domain/$3/data/big/$n$long '' || exit 1; "
        "i=$((i + 1)); done";
    char domid[12], first[4] = "0", last[4], output[64];
    const char *arguments[] = {"sh", "-c", script, "sh", first, last, domid, NULL};

    last[0] = (char)('0' + count / 10);
    last[1] = (char)('0' + count % 10);
    last[2] = 0;
    domid[0] = (char)('0' + xen_machine_domid() / 100 % 10);
    domid[1] = (char)('0' + xen_machine_domid() / 10 % 10);
    domid[2] = (char)('0' + xen_machine_domid() % 10);
    domid[3] = 0;
    /* xenstored knows no leading zeros. */
    arguments[6] = domid + (domid[0] == '0') + (domid[0] == '0' && domid[1] == '0');
    CHECK_EQ(xen_machine_dom0(arguments, output, sizeof(output)), 0);
}

/* Defect 2 of the field's drivers: the length in a reply's header was not checked, and the check
 * that should have been there refused a legal reply of 4096 bytes. 16 names of 255 bytes and NUL
 * are 4096; more of them come in parts. */
NT_TEST(defect_2_a_reply_of_4096_bytes, SERVICES)
{
    char *answer = ExAllocatePoolWithTag(NonPagedPoolNx, 20000, 'tseT');
    const ULONG counts[] = {16, 17, 40};
    ULONG length;

    services_begin();
    for (ULONG i = 0; i < RTL_NUMBER_OF(counts); i++) {
        dom0_makes_names(counts[i]);
        CHECK_EQ(execute(XENBUS_STORE_DIRECTORY, "data/big", NULL, 0, answer, 20000, &length),
                 STATUS_SUCCESS);
        CHECK_EQ(length, counts[i] * 256);
        for (ULONG j = 0; j < length; j += 256)
            CHECK_EQ(strlen(answer + j), 255);
        CHECK_EQ(execute(XENBUS_STORE_DIRECTORY, "data/big", NULL, 0, answer, length - 1, &length),
                 STATUS_BUFFER_OVERFLOW);
        CHECK_EQ(length, counts[i] * 256);
    }
    ExFreePoolWithTag(answer, 'tseT');
    services_end();
}

NT_TEST(transactions, .seeds = 3, SERVICES)
{
    XENBUS_STORE_TRANSACTION begun, none = {0, 0};
    char answer[8];
    ULONG length;

    services_begin();
    CHECK_EQ(execute(XENBUS_STORE_BEGIN, NULL, NULL, 0, &begun, sizeof(begun), NULL),
             STATUS_SUCCESS);
    Transaction = begun;
    CHECK_EQ(write("data/t", "inside"), STATUS_SUCCESS);
    Transaction = none;
    CHECK_EQ(read("data/t", answer, sizeof(answer), &length), STATUS_OBJECT_NAME_NOT_FOUND);
    Transaction = begun;
    CHECK_EQ(execute(XENBUS_STORE_COMMIT, NULL, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    Transaction = none;
    check_value("data/t", "inside");

    CHECK_EQ(execute(XENBUS_STORE_BEGIN, NULL, NULL, 0, &begun, sizeof(begun), NULL),
             STATUS_SUCCESS);
    Transaction = begun;
    CHECK_EQ(write("data/t", "never"), STATUS_SUCCESS);
    CHECK_EQ(execute(XENBUS_STORE_ABORT, NULL, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    Transaction = none;
    check_value("data/t", "inside");

    /* Two that touch the same node: the second to commit does it again. */
    CHECK_EQ(execute(XENBUS_STORE_BEGIN, NULL, NULL, 0, &begun, sizeof(begun), NULL),
             STATUS_SUCCESS);
    Transaction = begun;
    check_value("data/t", "inside");
    CHECK_EQ(write("data/t", "mine"), STATUS_SUCCESS);
    Transaction = none;
    CHECK_EQ(write("data/t", "theirs"), STATUS_SUCCESS);
    Transaction = begun;
    CHECK_EQ(execute(XENBUS_STORE_COMMIT, NULL, NULL, 0, NULL, 0, NULL), STATUS_RETRY);
    Transaction = none;
    check_value("data/t", "theirs");
    CHECK_EQ(execute(XENBUS_STORE_BEGIN, NULL, NULL, 0, &begun, 4, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(execute(XENBUS_STORE_COMMIT, NULL, NULL, 0, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    services_end();
}

NT_TEST(permissions, SERVICES)
{
    XENBUS_STORE_PERMISSION permissions[4];
    ULONG length;

    services_begin();
    CHECK_EQ(write("data/p", "x"), STATUS_SUCCESS);
    CHECK_EQ(execute(XENBUS_STORE_GET_PERMISSIONS, "data/p", NULL, 0, permissions,
                     sizeof(permissions), &length),
             STATUS_SUCCESS);
    CHECK(length >= sizeof(permissions[0]));
    CHECK_EQ(permissions[0].Domain, xen_machine_domid());
    permissions[1] = (XENBUS_STORE_PERMISSION){.Domain = 5, .Access = XENBUS_STORE_ACCESS_READ};
    permissions[2] = (XENBUS_STORE_PERMISSION){
        .Domain = 6, .Access = XENBUS_STORE_ACCESS_READ | XENBUS_STORE_ACCESS_WRITE};
    CHECK_EQ(execute(XENBUS_STORE_SET_PERMISSIONS, "data/p", permissions,
                     3 * sizeof(permissions[0]), NULL, 0, NULL),
             STATUS_SUCCESS);
    RtlZeroMemory(permissions, sizeof(permissions));
    CHECK_EQ(execute(XENBUS_STORE_GET_PERMISSIONS, "data/p", NULL, 0, permissions,
                     sizeof(permissions), &length),
             STATUS_SUCCESS);
    CHECK_EQ(length, 3 * sizeof(permissions[0]));
    CHECK_EQ(permissions[2].Domain, 6);
    CHECK_EQ(permissions[2].Access, XENBUS_STORE_ACCESS_READ | XENBUS_STORE_ACCESS_WRITE);
    CHECK_EQ(execute(XENBUS_STORE_GET_PERMISSIONS, "data/p", NULL, 0, permissions, 4, &length),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(length, 3 * sizeof(permissions[0]));
    services_end();
}

/* --- At DISPATCH_LEVEL. */

typedef struct _ANSWER {
    KEVENT Event;
    NTSTATUS Status;
    ULONG Length;
    char Bytes[16];
} ANSWER;

static VOID NTAPI OnCompleted(_In_opt_ PVOID Argument, _In_ NTSTATUS Status, _In_ ULONG Length)
{
    ANSWER *Answer = Argument;

    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    Answer->Status = Status;
    Answer->Length = Length;
    KeSetEvent(&Answer->Event, IO_NO_INCREMENT, FALSE);
}

/* Defect 6 of the field's drivers: their client spun at DISPATCH_LEVEL, with its lock held, for a
 * round trip to dom0. Here the call returns at once (the model ends a run that waits there), and
 * the answer comes later. */
NT_TEST(defect_6_nobody_waits_at_dispatch, .seeds = 10, SERVICES)
{
    XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_READ, .Node = "data/d"};
    ANSWER answers[20];
    KIRQL irql;

    services_begin();
    CHECK_EQ(write("data/d", "later"), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (ULONG i = 0; i < RTL_NUMBER_OF(answers); i++) {
        KeInitializeEvent(&answers[i].Event, NotificationEvent, FALSE);
        command.Answer = answers[i].Bytes;
        command.AnswerRoom = sizeof(answers[i].Bytes);
        CHECK_EQ(Store.Submit(Store.Interface.Context, &command, OnCompleted, &answers[i], NULL),
                 STATUS_PENDING);
    }
    KeLowerIrql(irql);
    for (ULONG i = 0; i < RTL_NUMBER_OF(answers); i++) {
        KeWaitForSingleObject(&answers[i].Event, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(answers[i].Status, STATUS_SUCCESS);
        CHECK_EQ(answers[i].Length, 5);
        CHECK(RtlCompareMemory(answers[i].Bytes, "later", 5) == 5);
    }
    services_end();
}

NT_TEST(a_cancelled_request_writes_nowhere, .seeds = 20, SERVICES)
{
    XENBUS_STORE_COMMAND command = {.Operation = XENBUS_STORE_READ, .Node = "data/d"};
    PXENBUS_STORE_REQUEST request;
    ANSWER answer;
    char *bytes;

    services_begin();
    CHECK_EQ(write("data/d", "later"), STATUS_SUCCESS);
    for (int i = 0; i < 10; i++) {
        KIRQL irql;
        BOOLEAN cancelled = FALSE;

        KeInitializeEvent(&answer.Event, NotificationEvent, FALSE);
        bytes = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tseT');
        command.Answer = bytes;
        command.AnswerRoom = 16;
        /* Nothing is completed on this CPU meanwhile, and with one CPU nowhere: the caller knows
         * that the request is alive. */
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        CHECK_EQ(Store.Submit(Store.Interface.Context, &command, OnCompleted, &answer, &request),
                 STATUS_PENDING);
        if (sched_cpus() == 1)
            cancelled = Store.Cancel(Store.Interface.Context, request);
        KeLowerIrql(irql);
        if (!cancelled)
            KeWaitForSingleObject(&answer.Event, Executive, KernelMode, FALSE, NULL);
        CHECK(cancelled == (sched_cpus() == 1));
        ExFreePoolWithTag(bytes, 'tseT');
        check_value("data/d", "later");
    }
    services_end();
}

/* --- Watches. */

typedef struct _WATCHER {
    PXENBUS_STORE_WATCH Watch;
    volatile LONG Fired, Inside, Removed;
    KEVENT Event;
    char Path[64];
} WATCHER;

static VOID NTAPI OnWatch(_In_opt_ PVOID Argument, _In_ PCSTR Path)
{
    WATCHER *Watcher = Argument;

    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(!Watcher->Removed);
    CHECK_EQ(InterlockedIncrement(&Watcher->Inside), 1);
    InterlockedIncrement(&Watcher->Fired);
    RtlZeroMemory(Watcher->Path, sizeof(Watcher->Path));
    RtlCopyMemory(Watcher->Path, Path, min(strlen(Path), sizeof(Watcher->Path) - 1));
    KeSetEvent(&Watcher->Event, IO_NO_INCREMENT, FALSE);
    InterlockedDecrement(&Watcher->Inside);
}

static NTSTATUS watch(WATCHER *watcher, PCSTR node)
{
    RtlZeroMemory(watcher, sizeof(*watcher));
    KeInitializeEvent(&watcher->Event, SynchronizationEvent, FALSE);
    return Store.AddWatch(Store.Interface.Context, NULL, node, OnWatch, watcher, &watcher->Watch);
}

static void wait_for(WATCHER *watcher, PCSTR path)
{
    do {
        xen_machine_expect(); /* no request of ours is open */
        KeWaitForSingleObject(&watcher->Event, Executive, KernelMode, FALSE, NULL);
        xen_machine_came();
    } while (strcmp(watcher->Path, path));
}

static void unwatch(WATCHER *watcher)
{
    Store.RemoveWatch(Store.Interface.Context, watcher->Watch);
    watcher->Removed = 1;
    CHECK_EQ(watcher->Inside, 0);
}

NT_TEST(watches_fire, .seeds = 10, SERVICES)
{
    WATCHER watcher, other;

    services_begin();
    CHECK_EQ(watch(&watcher, "data"), STATUS_SUCCESS);
    CHECK_EQ(watch(&other, "data/o"), STATUS_SUCCESS);
    wait_for(&watcher, "data"); /* when it is new */
    CHECK_EQ(write("data/w", "1"), STATUS_SUCCESS);
    wait_for(&watcher, "data/w");
    unwatch(&watcher);
    CHECK_EQ(write("data/w", "2"), STATUS_SUCCESS);
    CHECK_EQ(write("data/o", "2"), STATUS_SUCCESS);
    wait_for(&other, "data/o");
    unwatch(&other);
    CHECK_EQ(watch(&watcher, "data//x"), STATUS_INVALID_PARAMETER);
    CHECK(watcher.Watch == NULL);
    services_end();
}

/* A watch that fires all the time is removed at any moment; its owner's memory goes at once. */
NT_TEST(remove_watch_is_the_end, .cpus = 2, .seeds = 30, SERVICES)
{
    services_begin();
    for (int i = 0; i < 5; i++) {
        WATCHER *watcher = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*watcher), 'tseT');
        CHECK_EQ(watch(watcher, "data"), STATUS_SUCCESS);
        CHECK_EQ(write("data/w", "1"), STATUS_SUCCESS);
        unwatch(watcher);
        RtlFillMemory(watcher, sizeof(*watcher), 0xee);
        ExFreePoolWithTag(watcher, 'tseT');
    }
    services_end();
}

/* --- Suspend. */

NT_TEST(after_a_resume_the_store_goes_on, .cpus = 2, .seeds = 10, SERVICES)
{
    XENBUS_STORE_TRANSACTION begun, none = {0, 0};
    WATCHER watcher;
    char answer[16];
    ULONG length;

    services_begin();
    CHECK_EQ(watch(&watcher, "data"), STATUS_SUCCESS);
    wait_for(&watcher, "data");
    CHECK_EQ(execute(XENBUS_STORE_BEGIN, NULL, NULL, 0, &begun, sizeof(begun), NULL),
             STATUS_SUCCESS);
    xen_machine_restores(TRUE);
    CHECK_EQ(Suspend.Trigger(Suspend.Interface.Context), STATUS_SUCCESS);
    CHECK_EQ(Suspend.GetCount(Suspend.Interface.Context), 1);
    Transaction = begun;
    CHECK_EQ(read("domid", answer, sizeof(answer), &length), STATUS_RETRY);
    CHECK_EQ(execute(XENBUS_STORE_COMMIT, NULL, NULL, 0, NULL, 0, NULL), STATUS_RETRY);
    Transaction = none;
    wait_for(&watcher, "data"); /* it is set again */
    CHECK_EQ(write("data/after", "1"), STATUS_SUCCESS);
    wait_for(&watcher, "data/after");
    unwatch(&watcher);
    services_end();
}

/* --- Everything that may fail fails once. */

NT_TEST(faults, .faults = true, SERVICES)
{
    XENBUS_STORE_PERMISSION permissions[4];
    WATCHER watcher;
    ULONG length;

    fault_pause();
    services_begin();
    fault_resume();
    if (NT_SUCCESS(write("data/f", "x")))
        (void)execute(XENBUS_STORE_GET_PERMISSIONS, "data/f", NULL, 0, permissions,
                      sizeof(permissions), &length);
    if (NT_SUCCESS(watch(&watcher, "data")))
        unwatch(&watcher);
    else
        CHECK(fault_injected());
    fault_pause();
    services_end();
    fault_resume();
}
