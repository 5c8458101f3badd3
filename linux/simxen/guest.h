/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole guest machine inside one program: guest-physical memory, vCPUs' event upcalls and Xen's
 * own guest ABI (core/xen/abi.h), answered by simxen as Xen 4.17 answers it. The NT bench, the
 * winedevice drivers and the list of behaviours (tests/xen/behaviours) run on it; the other side is
 * real xenstored and Linux programs of the same instance, which see an ordinary domain.
 *
 * Nothing happens behind the program's back: this library has no thread. What other domains send
 * becomes visible in the guest's shared info or FIFO queues when the program calls
 * simxen_guest_pump(), or makes an event-channel hypercall; simxen_guest_fd() says when to pump.
 *
 * The domain is made beforehand by `simxen create --guest NAME` (simxen_toolstack_create() below,
 * Linux programs only), which introduces it to xenstored as libxl would. The machine ends with
 * simxen_guest_close() or with the process: ports close, mappings and memory go.
 *
 * The guest starts as Windows does, behind hvmloader, which has 32 bits: so has shared info (bits,
 * selectors and masks at other places than in core/xen/abi.h) until the guest sets
 * HVM_PARAM_CALLBACK_IRQ, to whatever value. Restored domains begin with 64 bits.
 *
 * Calls may be made from any thread; callbacks run on the caller's, with no lock held. Errors of
 * the simxen_guest_ functions are negative Linux errno values; hypercalls return what Xen returns.
 * The same source builds for Linux and for a Windows program under Wine.
 */
#ifndef SIMXEN_GUEST_H
#define SIMXEN_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct simxen_guest;

enum {
    SIMXEN_GUEST_MAX_VCPUS = 64,
    /* All of guest-physical space that exists: RAM from 0, nothing in between, the toolstack's
     * pages (XenStore's and the console's ring) at its end. */
    SIMXEN_GUEST_FRAMES = 0x100000,
    SIMXEN_GUEST_SPECIAL_FRAME = 0xfeff8, /* the first of 8, as libxl places them */
    SIMXEN_GUEST_MAX_RAM_FRAMES = 0xf0000,
};

enum { SIMXEN_GUEST_READ = 1, SIMXEN_GUEST_WRITE = 2 };

struct simxen_guest_config {
    const char *dir;       /* the instance's folder; environment SIMXEN_DIR */
    uint32_t domid;        /* who this machine is */
    uint64_t memory_bytes; /* RAM, whole pages; ignored when the domain was restored */
    uint32_t vcpus;        /* 1..SIMXEN_GUEST_MAX_VCPUS */
    void *context;         /* given to each callback */

    /* Where a hypercall's structure at this guest virtual address is in this program, or NULL when
     * the guest cannot access all of it like that (the hypercall gives EFAULT). NULL callback:
     * guest virtual addresses are this program's own. */
    void *(*translate)(void *context, uint64_t address, size_t bytes, unsigned access);

    /* An event-channel interrupt begins for a vCPU: its upcall_pending went from 0 to 1. vector:
     * what HVMOP_set_evtchn_upcall_vector set; 0: the callback of HVM_PARAM_CALLBACK_IRQ, see
     * simxen_guest_line(). Only set a flag here. NULL: not interested. */
    void (*upcall)(void *context, uint32_t vcpu, uint8_t vector);

    /* SCHEDOP_shutdown. For XEN_SHUTDOWN_SUSPEND this plays the toolstack's part while the guest is
     * stopped: call simxen_guest_resume() and return true (restored: the hypercall returns 0) or
     * return false (suspend was cancelled: it returns 1, if vCPU 0 made it, and everything is as
     * before). For other reasons the guest should not run again. NULL: suspends are cancelled. */
    bool (*shutdown)(void *context, uint32_t reason);

    /* A line for Xen's console (simxen_guest_port_e9()). NULL: to standard error. */
    void (*log)(void *context, const char *bytes, size_t count);

    /* System time and wall clock (since 1970, UTC) of the machine, for shared info and
     * HVMOP_get_time. NULL: the host's. */
    void (*clock)(void *context, uint64_t *system_time_ns, uint64_t *wall_clock_ns);
};

/* -ENOENT: no instance; -ESRCH: no such domain; -EINVAL: not made with --guest, or a bad config;
 * -EBUSY: the machine runs already. */
int simxen_guest_open(struct simxen_guest **out, const struct simxen_guest_config *config);
void simxen_guest_close(struct simxen_guest *guest);
uint32_t simxen_guest_domid(const struct simxen_guest *guest);

/* A hypercall by vcpu, as Xen's ABI says: arguments are numbers or guest virtual addresses.
 * Unused arguments may hold anything. */
int64_t simxen_guest_hypercall(struct simxen_guest *guest, uint32_t vcpu, uint32_t number,
                               uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

/* CPUID as the guest sees it: Xen's leaves at 0x40000000; others: all zero. */
void simxen_guest_cpuid(struct simxen_guest *guest, uint32_t vcpu, uint32_t leaf, uint32_t subleaf,
                        uint32_t out[4]);

/* A byte written to I/O port 0xe9, Xen's debug console; lines go to config.log. */
void simxen_guest_port_e9(struct simxen_guest *guest, uint8_t byte);

/* --- Events */

/* Polls readable while something waits to be pumped. Valid until close; simxen_guest_resume()
 * into another domain keeps its number. */
int simxen_guest_fd(const struct simxen_guest *guest);
/* Moves what other domains sent into shared info or the FIFO queues; calls upcall for each vCPU
 * that it interrupts, and brings the times in shared info up to date. Never waits. */
void simxen_guest_pump(struct simxen_guest *guest);
/* The level of the interrupt line that HVM_PARAM_CALLBACK_IRQ names (GSI or PCI INTx): true while
 * vCPU 0's upcall_pending is set. False when the parameter names a vector or nothing, or vCPU 0
 * has a vector of its own. */
bool simxen_guest_line(struct simxen_guest *guest);

/* Xen raises a virq (VIRQ_TIMER, VIRQ_DEBUG) for a vCPU. -ENOENT: the guest has not bound it. */
int simxen_guest_virq(struct simxen_guest *guest, uint32_t vcpu, uint32_t virq);

/* --- Memory */

/* Guest-physical address 0 in this program: SIMXEN_GUEST_FRAMES pages in a row. A page that does
 * not exist (beyond RAM, ballooned out, unmapped) faults when touched; a page that another domain
 * granted read-only faults when written. The mapping changes under the caller at
 * XENMEM_* and GNTTABOP_* hypercalls only. */
void *simxen_guest_memory(const struct simxen_guest *guest);
uint64_t simxen_guest_ram_frames(const struct simxen_guest *guest);

/* Where a guest-physical frame's bytes are now, so that the program can map it elsewhere too:
 * mmap(fd, offset) shared, with the access given. Such a second view does not follow later
 * changes of the frame, as a stale TLB entry would not. fd belongs to the guest.
 * -ENXIO: no memory there. */
int simxen_guest_frame(struct simxen_guest *guest, uint64_t frame, int *fd, uint64_t *offset,
                       unsigned *access);

/* --- Suspend and resume */

/* The machine goes on as domain domid, as after `xl save` and `xl restore`: RAM is as it was;
 * every event channel, grant, grant mapping and registration (shared info, vcpu_info, control
 * blocks, upcall vectors, callback) is gone, and the frames they were at are holes. domid may be
 * the old one only when the old domain is destroyed meanwhile; simxen_toolstack_restore() makes
 * the new one. Only from within config.shutdown. */
int simxen_guest_resume(struct simxen_guest *guest, uint32_t domid);

/* --- The toolstack, by running the simxen program (environment SIMXEN, or `simxen` beside the
 * instance's). Linux programs of domain 0 only; not part of the Windows build. */

/* A new guest domain, introduced to xenstored when one runs. */
int simxen_toolstack_create(const char *name, uint32_t *domid);
/* A new domain with the memory of a suspended one, which is destroyed. */
int simxen_toolstack_restore(uint32_t from_domid, uint32_t *domid);
int simxen_toolstack_destroy(uint32_t domid);

#endif
