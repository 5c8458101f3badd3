/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: a token, a handle table, a range of user addresses that only this process may touch,
 * and the end of it all. A test plays a user program as a thread of the process that calls the
 * system's Nt* functions (user.h) with addresses from user_alloc().
 *
 * The system process owns kernel handles and system threads; PsInitialSystemProcess is it.
 */
#ifndef NT_MODEL_PROCESS_H
#define NT_MODEL_PROCESS_H

#include <ntifs.h>

struct security_token;
struct handle_table;

struct _EPROCESS {
    DISPATCHER_HEADER Header; /* signalled when the process has ended */
    const char *name;
    HANDLE id;
    const struct security_token *token;
    struct handle_table *handles;
    ULONG_PTR user_base, user_bytes; /* its part of user addresses */
    struct user_region *regions;     /* user_memory.c */
    LIST_ENTRY requests;             /* of its threads (request.c) */
    KEVENT request_done;
    struct process_main *main; /* its first thread */
    ULONG threads;
    BOOLEAN is_32bit, dying, ended;
    struct _EPROCESS *next;
};

PEPROCESS process_system(void);
PEPROCESS process_current(void);
PEPROCESS process_of_thread(PKTHREAD thread);
/* The mode that the running thread's request came from. */
KPROCESSOR_MODE process_previous_mode(void);
/* A user thread enters the system (TRUE) or leaves it; they nest. In between it has the rules of
 * drivers: user memory is touched with care. */
void process_in_system(BOOLEAN enter);
BOOLEAN process_is_user_code(void);
/* A Zw call begins or ends: its previous mode is kernel mode. */
void process_from_kernel(BOOLEAN enter);
/* Whose thread it is, though it may be attached elsewhere. */
PEPROCESS process_owner_of_thread(PKTHREAD thread);

/* A process without threads; the caller holds a reference (process_release). */
PEPROCESS process_create(const char *name, const struct security_token *token);
void process_set_32bit(PEPROCESS process);
/* Runs main(context) in the process's first thread and waits for its return. The thread lives as
 * long as the process: what main left pending stays. One caller at a time. */
typedef void process_main_fn(void *context);
void process_run(PEPROCESS process, process_main_fn *main, void *context);
/* Starts a further thread and does not wait. At its end its requests are cancelled. The thread
 * object is referenced for the caller. */
PKTHREAD process_start(PEPROCESS process, process_main_fn *main, void *context);
/* Waits for a thread of process_start and gives the reference back. */
void process_join(PKTHREAD thread);
/* As if killed: its requests are cancelled and waited for, then its handles close, then its address
 * space goes. Its threads must have ended or wait in the system for a request. */
void process_end(PEPROCESS process);
void process_release(PEPROCESS process);

/* Breaks a rule when a driver's process notification is still registered. */
void process_check_end(void);

#endif
