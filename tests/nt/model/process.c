/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes and their threads, see process.h.
 */
#include "model/machine.h"
#include "model/process.h"
#include "model/driver_call.h"
#include "model/fault.h"
#include "model/object.h"
#include "model/rule.h"
#include "model/security.h"
#include "model/user_memory.h"
#include "model/file.h"

RULE(process_notify_left, "A driver takes its process notification back before it is unloaded",
     "PsSetCreateProcessNotifyRoutine function (ntddk.h)");
RULE(process_request_stuck, "A cancelled request is completed, or its process can never end",
     "Cancelling IRPs");

RULE(process_not_attached, "A thread detaches from the process that it attached to",
     "KeUnstackDetachProcess function (ntifs.h)");

enum { NOTIFY_MAX = 8 };
/* A thread's model_data: how deep it is in the system, in Zw calls, and whom it is attached to. */
enum { IN_SYSTEM, CALLS_FROM_KERNEL, ATTACHED };

static PEPROCESS Processes;
static PCREATE_PROCESS_NOTIFY_ROUTINE Notify[NOTIFY_MAX];

static void process_deleted(void *object)
{
    PEPROCESS process = object, *link = &Processes;

    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
}

static void thread_deleted(void *object)
{
    host_free(object);
}

static struct _OBJECT_TYPE process_type = {.name = "Process", .deleted = process_deleted};
static struct _OBJECT_TYPE thread_type = {.name = "Thread", .deleted = thread_deleted};
static POBJECT_TYPE process_type_pointer = &process_type, thread_type_pointer = &thread_type;
POBJECT_TYPE *PsProcessType = &process_type_pointer;
POBJECT_TYPE *PsThreadType = &thread_type_pointer;
PEPROCESS PsInitialSystemProcess;

static PEPROCESS create(const char *name, const struct security_token *token)
{
    static ULONG_PTR last_id;
    PEPROCESS process = object_create(&process_type, sizeof(*process));

    process->Header.Type = 3; /* process object */
    InitializeListHead(&process->Header.WaitListHead);
    InitializeListHead(&process->requests);
    KeInitializeEvent(&process->request_done, NotificationEvent, FALSE);
    process->name = name;
    process->id = (HANDLE)(last_id += 4);
    process->token = token;
    process->handles = handle_table_create();
    process->next = Processes;
    Processes = process;
    return process;
}

/* Threads are objects from their creation on; an ended one goes with its last reference. */
static void thread_gone(PKTHREAD thread)
{
    if (object_type(thread) != NULL)
        object_dereference(thread);
    else
        host_free(thread);
}

PEPROCESS process_system(void)
{
    if (PsInitialSystemProcess == NULL) {
        PsInitialSystemProcess = create("System", &security_system);
        thread_on_gone(thread_gone);
    }
    return PsInitialSystemProcess;
}

PEPROCESS process_owner_of_thread(PKTHREAD thread)
{
    return thread->process != NULL ? thread->process : process_system();
}

PEPROCESS process_of_thread(PKTHREAD thread)
{
    if (thread->model_data[ATTACHED] != 0)
        return (PEPROCESS)thread->model_data[ATTACHED];
    return process_owner_of_thread(thread);
}

PEPROCESS process_current(void)
{
    return process_of_thread(this_thread());
}

static BOOLEAN is_user_thread(PKTHREAD thread)
{
    return thread->process != NULL && thread->process != process_system();
}

KPROCESSOR_MODE process_previous_mode(void)
{
    return is_user_thread(this_thread()) && this_thread()->model_data[CALLS_FROM_KERNEL] == 0
               ? UserMode
               : KernelMode;
}

void process_in_system(BOOLEAN enter)
{
    this_thread()->model_data[IN_SYSTEM] += enter ? 1 : (ULONG_PTR)-1;
    user_memory_hide();
}

void process_from_kernel(BOOLEAN enter)
{
    this_thread()->model_data[CALLS_FROM_KERNEL] += enter ? 1 : (ULONG_PTR)-1;
}

BOOLEAN process_is_user_code(void)
{
    return is_user_thread(this_thread()) && this_thread()->model_data[IN_SYSTEM] == 0;
}

/* --- Notification. */

static void notify(PEPROCESS process, BOOLEAN create)
{
    for (ULONG i = 0; i < NOTIFY_MAX; i++) {
        struct driver_call call;

        if (Notify[i] == NULL)
            continue;
        call = driver_call_enter("a process notify routine", __builtin_frame_address(0));
        Notify[i](process_system()->id, process->id, create);
        driver_call_leave(&call);
    }
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine,
                                               BOOLEAN Remove)
{
    MODEL_CALL(PsSetCreateProcessNotifyRoutine, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "PsSetCreateProcessNotifyRoutine function (ntddk.h)");
    for (ULONG i = 0; i < NOTIFY_MAX; i++) {
        if (Notify[i] != (Remove ? NotifyRoutine : NULL))
            continue;
        if (!Remove && fault_here("process notification"))
            return STATUS_INSUFFICIENT_RESOURCES;
        Notify[i] = Remove ? NULL : NotifyRoutine;
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

void process_check_end(void)
{
    for (ULONG i = 0; i < NOTIFY_MAX; i++)
        if (Notify[i] != NULL)
            rule_broken(&process_notify_left, "%p", Notify[i]);
}

/* --- A test's processes. */

PEPROCESS process_create(const char *name, const struct security_token *token)
{
    PEPROCESS process;

    process_system();
    process = create(name, token);
    user_memory_reserve(process);
    notify(process, TRUE);
    return process;
}

void process_set_32bit(PEPROCESS process)
{
    process->is_32bit = TRUE;
}

struct user_start {
    process_main_fn *main;
    void *context;
};

static VOID NTAPI user_thread(PVOID argument)
{
    struct user_start start = *(struct user_start *)argument;

    host_free(argument);
    start.main(start.context);
    process_in_system(TRUE);
    if (!requests_cancel_all(process_current(), this_thread()))
        rule_broken(&process_request_stuck, "a thread of %s", process_current()->name);
    process_current()->threads--;
}

PKTHREAD process_start(PEPROCESS process, process_main_fn *main, void *context)
{
    struct user_start *start = host_alloc(sizeof(*start));
    PKTHREAD thread;

    *start = (struct user_start){main, context};
    process->threads++;
    thread = thread_create(process->name, user_thread, start, process);
    thread->of_model = true;
    object_adopt(&thread_type, thread);
    object_reference(thread);
    return thread;
}

void process_join(PKTHREAD thread)
{
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    object_dereference(thread);
}

/* The first thread: does what it is given until it is told to end. */
struct process_main {
    PKTHREAD thread;
    KEVENT given, done;
    process_main_fn *main;
    void *context;
};

static VOID NTAPI first_thread(PVOID argument)
{
    struct process_main *first = argument;

    for (;;) {
        KeWaitForSingleObject(&first->given, UserRequest, KernelMode, FALSE, NULL);
        if (first->main == NULL)
            return;
        first->main(first->context);
        KeSetEvent(&first->done, IO_NO_INCREMENT, FALSE);
    }
}

static struct process_main *first_of(PEPROCESS process)
{
    struct process_main *first = process->main;

    if (first != NULL)
        return first;
    first = process->main = host_alloc(sizeof(*first));
    KeInitializeEvent(&first->given, SynchronizationEvent, FALSE);
    KeInitializeEvent(&first->done, SynchronizationEvent, FALSE);
    first->thread = thread_create(process->name, first_thread, first, process);
    first->thread->of_model = true;
    object_adopt(&thread_type, first->thread);
    object_reference(first->thread);
    return first;
}

void process_run(PEPROCESS process, process_main_fn *main, void *context)
{
    struct process_main *first = first_of(process);

    first->main = main;
    first->context = context;
    KeSetEvent(&first->given, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&first->done, Executive, KernelMode, FALSE, NULL);
}

static void end_first(PEPROCESS process)
{
    struct process_main *first = process->main;

    if (first == NULL)
        return;
    first->main = NULL;
    KeSetEvent(&first->given, IO_NO_INCREMENT, FALSE);
    process_join(first->thread);
    host_free(first);
    process->main = NULL;
}

/* In the context of the process, as its last thread would: handles close there. */
static VOID NTAPI end_thread(PVOID argument)
{
    PEPROCESS process = argument;

    process_in_system(TRUE);
    if (!requests_cancel_all(process, NULL))
        rule_broken(&process_request_stuck, "process %s", process->name);
    notify(process, FALSE);
    handle_table_destroy(process->handles, process);
    process->handles = handle_table_create();
    user_memory_release(process);
    process->ended = TRUE;
    process->Header.SignalState = 1;
    wait_test(process);
}

void process_end(PEPROCESS process)
{
    PKTHREAD thread;

    process->dying = TRUE;
    end_first(process);
    thread = thread_create(process->name, end_thread, process, process);
    thread->of_model = true;
    object_adopt(&thread_type, thread);
    object_reference(thread);
    process_join(thread);
}

void process_release(PEPROCESS process)
{
    if (!process->ended)
        process_end(process);
    object_dereference(process);
}

/* --- What drivers call. */

PEPROCESS NTAPI IoGetCurrentProcess(VOID)
{
    MODEL_CHECK(IoGetCurrentProcess, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "IoGetCurrentProcess function (wdm.h)");
    return process_current();
}

#undef PsGetCurrentProcess
PEPROCESS NTAPI PsGetCurrentProcess(VOID);
PEPROCESS NTAPI PsGetCurrentProcess(VOID)
{
    return process_current();
}

PETHREAD NTAPI PsGetCurrentThread(VOID)
{
    return (PETHREAD)this_thread();
}

HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return process_current()->id;
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    return Process->id;
}

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return (HANDLE)this_thread();
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    MODEL_CHECK(ExGetPreviousMode, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "ExGetPreviousMode function (wdm.h)");
    return process_previous_mode();
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    MODEL_CALL(PsLookupProcessByProcessId, PASSIVE_LEVEL, APC_LEVEL,
               "PsLookupProcessByProcessId function (ntifs.h)");
    for (PEPROCESS one = Processes; one != NULL; one = one->next) {
        if (one->id != ProcessId || one->ended)
            continue;
        object_lend(one);
        *Process = one;
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_CID;
}

/* --- System threads. */

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext)
{
    PKTHREAD thread;

    MODEL_CALL(PsCreateSystemThread, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "PsCreateSystemThread function (wdm.h)");
    if (fault_here("thread"))
        return STATUS_INSUFFICIENT_RESOURCES;
    process_system();
    thread = thread_create("a driver's thread", StartRoutine, StartContext, NULL);
    object_adopt(&thread_type, thread);
    return handle_create(
        process_current(),
        process_current() == process_system() ||
            (ObjectAttributes != NULL && (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE)),
        thread, DesiredAccess, ThreadHandle);
}

/* --- Attaching. */

VOID NTAPI KeStackAttachProcess(PKPROCESS PROCESS, PRKAPC_STATE ApcState)
{
    MODEL_CALL(KeStackAttachProcess, PASSIVE_LEVEL, APC_LEVEL,
               "KeStackAttachProcess function (ntifs.h)");
    ApcState->Process = (PVOID)this_thread()->model_data[ATTACHED];
    this_thread()->model_data[ATTACHED] = (ULONG_PTR)PROCESS;
    user_memory_hide();
}

VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    MODEL_CALL(KeUnstackDetachProcess, PASSIVE_LEVEL, APC_LEVEL,
               "KeUnstackDetachProcess function (ntifs.h)");
    if (this_thread()->model_data[ATTACHED] == 0)
        rule_broken(&process_not_attached, "thread \"%s\"", this_thread()->name);
    this_thread()->model_data[ATTACHED] = (ULONG_PTR)ApcState->Process;
    user_memory_hide();
}
