/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model's own view of CPUs and threads: for model files only. All of it is touched by one host
 * thread, between points; so the model itself needs no locks.
 */
#ifndef NT_MODEL_MACHINE_H
#define NT_MODEL_MACHINE_H

#include <ntifs.h>

#include "model/host.h"
#include "model/rule.h"
#include "model/sched.h"

enum { CPU_LOCKS_MAX = 16, WAIT_OBJECTS_MAX = MAXIMUM_WAIT_OBJECTS, STACK_BYTES = 256 * 1024 };

/* Types in dispatcher headers and DPCs: the model's own, so that memory which was never initialised
   is told from an object. */
enum object_kind {
    KIND_EVENT_NOTIFICATION = 0xd1,
    KIND_EVENT_SYNCHRONIZATION,
    KIND_MUTEX,
    KIND_SEMAPHORE,
    KIND_THREAD,
    KIND_TIMER_NOTIFICATION,
    KIND_TIMER_SYNCHRONIZATION,
    KIND_DPC,
    KIND_DPC_THREADED,
    KIND_PROCESS, /* a DISPATCHER_HEADER that the I/O half signals when the process ends */
};

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_WAITING, THREAD_ENDED };

/* KTHREAD: a dispatcher object, signalled when the thread has ended. Opaque to drivers. */
struct _KTHREAD {
    DISPATCHER_HEADER Header;
    const char *name;
    struct host_context *context;
    enum thread_state state;
    LIST_ENTRY all;   /* machine.threads */
    LIST_ENTRY queue; /* in machine.ready while READY */
    KPRIORITY priority;
    KAFFINITY affinity;
    bool is_idle;
    bool of_model; /* not the driver's: worker threads, the test itself */
    KIRQL irql;    /* PASSIVE or APC while it does not run */
    const void *stack_floor;
    ULONG critical_region; /* KeEnterCriticalRegion */
    ULONG guarded_region;
    PEPROCESS process;
    PKSTART_ROUTINE start;
    PVOID start_context;
    NTSTATUS exit_status;
    ULONG_PTR model_data[4]; /* for the I/O half: pending IRPs and the like */
    /* The wait, while WAITING. */
    LIST_ENTRY wait_queue; /* in machine.waiting */
    PVOID wait_objects[WAIT_OBJECTS_MAX];
    ULONG wait_count;
    WAIT_TYPE wait_type;
    BOOLEAN wait_alertable;
    KPROCESSOR_MODE wait_mode;
    NTSTATUS wait_status;
    uint64_t wait_deadline; /* sched_time(), UINT64_MAX: none */
    BOOLEAN alerted[2];     /* by mode */
    BOOLEAN terminating;    /* ends waits in UserMode with STATUS_USER_APC */
    ULONG mutexes_held;
    ULONG resources_held, fast_mutexes_held;
    struct seh_frame *seh; /* innermost SehCall */
};

typedef struct _KTHREAD KTHREAD;

struct _ETHREAD {
    KTHREAD Tcb;
};

struct interrupt {
    struct interrupt *next;
    KIRQL level;
    void (*handler)(void *context);
    void *context;
};

struct held_lock {
    const void *lock;
    const char *kind;
    uint64_t since; /* the CPU's own run time */
    bool dpc_level; /* taken without changing the IRQL */
    bool queued;
};

struct cpu {
    unsigned number;
    KIRQL irql;
    PKTHREAD thread; /* running or interrupted on it */
    PKTHREAD idle;
    PKTHREAD ended; /* to be reaped by who runs next */
    LIST_ENTRY dpcs;
    bool timers_due; /* the clock said so; run at DISPATCH_LEVEL */
    struct interrupt *interrupts;
    PKDPC dpc; /* running */
    uint64_t dpc_since;
    uint64_t ran; /* ns of virtual time that this CPU spent */
    const void *spins_on;
    bool (*spin_free)(const void *lock);
    const void *stack_floor;
    struct held_lock held[CPU_LOCKS_MAX];
    unsigned held_count;
    bool in_idle; /* its idle thread has nothing to do */
    unsigned isr_depth;
};

struct machine {
    bool running;
    unsigned cpus;
    unsigned now; /* the CPU that runs */
    struct cpu cpu[SCHED_CPUS_MAX];
    uint64_t random;
    uint64_t time_ns;
    uint64_t next_timer; /* 100 ns, UINT64_MAX: none */
    unsigned until_switch, switch_every;
    unsigned yields; /* in a row, with nothing else done */
    uint64_t points;
    unsigned outside_limit_ms;
    LIST_ENTRY ready;
    LIST_ENTRY waiting;
    LIST_ENTRY threads;
    PKTHREAD settler; /* waits in sched_settle */
};

extern struct machine machine;

static inline struct cpu *this_cpu(void)
{
    return &machine.cpu[machine.now];
}

static inline PKTHREAD this_thread(void)
{
    return this_cpu()->thread;
}

/* sched.c */
void sched_ready(PKTHREAD thread);
/* The running thread gives its CPU away; it is in a list that will ready it, or has ended. */
void sched_switch_away(void);
/* Spins until free(lock): other CPUs run meanwhile. */
void sched_spin(const void *lock, bool (*is_free)(const void *lock));
void sched_thread_started(void); /* the first thing that a new thread does */
void sched_deliver(void);        /* interrupts and DPCs that the IRQL lets through now */
void sched_progress(void);       /* a spinning loop's count starts again */

/* ke_irql.c */
void irql_set(
    KIRQL irql); /* this CPU's, with all that follows: DPCs are delivered, paged memory hides */
KIRQL irql_now(void);
void irql_switched(void); /* another CPU or thread runs now, or this CPU's IRQL was changed */

/* ke_dpc.c */
bool dpc_pending(const struct cpu *cpu);
void dpc_drain(void); /* at DISPATCH_LEVEL on this CPU */
void dpc_check_end(void);

/* ke_timer.c */
void timer_run_due(void); /* at DISPATCH_LEVEL */
void timer_clock(void);   /* time has passed: a clock interrupt may be due */
void timer_check_end(void);

/* ke_wait.c */
void wait_test(PVOID object); /* its state changed: who waits on it? */
void wait_timeouts(void);     /* deadlines that passed */
uint64_t wait_next_deadline(void);
void wait_alert(PKTHREAD thread, KPROCESSOR_MODE mode);
void wait_terminate(PKTHREAD thread);
void wait_check_end(void);

/* Driver memory goes: nothing in it may be waited for, queued, armed or locked. */
void memory_released(const void *memory, size_t bytes);
void wait_released(const void *memory, size_t bytes);
void timer_released(const void *memory, size_t bytes);
void dpc_released(const void *memory, size_t bytes);

/* ke_thread.c */
PKTHREAD thread_create(const char *name, PKSTART_ROUTINE start, PVOID context, PEPROCESS process);
void thread_reap(PKTHREAD thread);
/* What the object half does when a thread's last instruction has run; without it the record stays.
 */
typedef void thread_gone_fn(PKTHREAD thread);
void thread_on_gone(thread_gone_fn *handler);
void thread_set_affinity(KAFFINITY affinity);
void thread_check_end(void);
PKTHREAD thread_create_idle(unsigned cpu, void (*loop)(void *));

/* ke_spinlock.c */
void spinlock_check_end(void);
void spinlock_forget(const void *memory, size_t bytes); /* locks in it are no more */
/* For other lock kinds of the model (interrupt locks). The caller has raised the IRQL. */
void spinlock_take(PKSPIN_LOCK lock, const char *kind, bool dpc_level, bool queued);
void spinlock_give(PKSPIN_LOCK lock, const char *kind, bool queued);
/* Rules for where no spin lock may be held: waiting, returning to a lower IRQL, ... */
void spinlock_none_held(const char *doing);

/* harness.c: other parts' checks when the driver is gone (irps, objects, handles, ...). */
struct end_check {
    void (*run)(void);
    struct end_check *next;
};
extern struct end_check *end_checks;
void machine_at_end(struct end_check *check);

/* print.h for model code. */
void model_text(char *out, size_t size, const char *format, ...);

/* ex_pool.c */
/* For model functions that give pool memory to drivers; no failure point, no IRQL check. */
void *pool_allocate(size_t size, ULONG tag, bool paged, bool zero);
void pool_release(void *memory);
bool pool_is_paged(const void *address);
void pool_check_end(void);
void pool_hide_paged(bool hide);
void pool_start(void);
/* What an address in the pool is, for a fault's report; NULL: not pool. Returns the rule. */
const struct rule *pool_explain(const void *address, bool is_write, char *text, size_t size);

void lookaside_check_end(void); /* ex_lookaside.c */
void resource_check_end(void);  /* ex_resource.c */

/* ex_work.c */
void work_start(void);
void work_check_end(void);

#endif
