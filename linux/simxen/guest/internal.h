/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One guest machine: what Xen keeps about a guest and its vCPUs, as far as the guest can see it.
 * `lock` guards all of it; hypercalls and pumps hold it, callbacks run without it. The daemon owns
 * what concerns other domains (ports, grants in use, which page a frame shows); the arrays here
 * repeat what this side needs of it.
 */
#ifndef SIMXEN_GUEST_INTERNAL_H
#define SIMXEN_GUEST_INTERNAL_H

#include "../client/internal.h"
#include "../guest.h"
#include "core/xen/abi.h"

enum frame_kind { FRAME_NONE, FRAME_OWN, FRAME_FOREIGN, FRAME_FOREIGN_READONLY };

struct guest_frame { /* what a guest-physical frame shows */
    uint8_t kind;
    uint16_t owner; /* FRAME_FOREIGN*: whose memory */
    uint32_t page;  /* of the owner's memory file */
};

struct foreign_file { /* another domain's memory, open for one kind of access */
    struct foreign_file *next;
    uint32_t domid;
    bool readonly;
    int fd;
};

struct guest_port { /* what Xen knows of a port beyond its binding */
    uint16_t vcpu;  /* who is notified */
    uint8_t virq;
    uint8_t priority;
    uint8_t last_priority; /* FIFO: the queue that it was linked on last */
    uint16_t last_vcpu;
    bool waits_for_word; /* FIFO: raised before its event word existed */
    bool reserved;       /* FIFO: closed while linked in a queue */
};

struct guest_vcpu {
    struct xen_vcpu_info *info; /* in the shared-info page, registered, or guest->nowhere */
    void *info_page;            /* registered: this program's mapping */
    bool interrupt;             /* tell config.upcall when the lock is released */
    uint8_t vector;
    uint32_t virq_port[XEN_VIRQ_COUNT];
    void *control_page;
    struct xen_fifo_control_block *control; /* NULL: not set up */
    uint32_t tail[XEN_FIFO_QUEUES];
};

struct simxen_guest {
    struct simxen_guest_config config;
    uint32_t lock;
    struct simxen *sx;
    struct simxen_evtchn *events;
    uint32_t domid;
    bool wide;           /* shared info has 64 bits: hvmloader, which ran first, has 32 */
    bool stopped;        /* within config.shutdown */
    const char *crashed; /* why; told when the lock is released */

    int memory_fd;
    uint8_t *memory; /* the view: SIMXEN_GUEST_FRAMES pages */
    struct guest_frame *frames;
    uint64_t ram_frames, own_frames; /* at first; now, with what Xen shows */
    struct foreign_file *foreign_files;
    uint32_t grant_frames, shown_grant_frame[SX_GUEST_GRANT_FRAMES], shown_shared_info;

    struct xen_shared_info *shared;
    struct xen_vcpu_info nowhere; /* vCPUs beyond the shared-info page's */
    struct guest_vcpu vcpus[SIMXEN_GUEST_MAX_VCPUS];
    struct guest_port ports[SX_MAX_PORTS];
    uint32_t valid_ports; /* Xen's port table has so many rows; it never shrinks */
    bool fifo;
    uint32_t *fifo_words[XEN_FIFO_ARRAY_PAGES];
    uint32_t fifo_pages, reserved_ports;

    uint64_t params[XEN_HVM_PARAM_COUNT];
    uint64_t boot_monotonic_ns;
    uint8_t line[256]; /* port 0xe9 */
    uint32_t line_bytes;
};

/* --- machine.c: the hypercall's view of guest memory. 0 or -XEN_ERROR_EFAULT. */
int guest_copy_in(struct simxen_guest *guest, void *to, uint64_t address, size_t bytes);
int guest_copy_out(struct simxen_guest *guest, uint64_t address, const void *from, size_t bytes);
/* Xen would crash the domain for what it did: when the hypercall ends, config.log and
 * config.shutdown(XEN_SHUTDOWN_CRASH) are called. */
void guest_crash(struct simxen_guest *guest, const char *why);
/* A question by the guest about a domain: 0 when it means itself, else -XEN_ERROR_ESRCH (there is
 * no such domain) or -XEN_ERROR_EPERM. */
int guest_domain_check(struct simxen_guest *guest, uint32_t domid);
struct guest_vcpu *guest_vcpu(struct simxen_guest *guest, uint32_t vcpu);

/* --- memory.c */
int memory_open(struct simxen_guest *guest);
void memory_close(struct simxen_guest *guest);
/* After the machine moved to a new domain: RAM is there again, all else is a hole. */
int memory_restore(struct simxen_guest *guest);
/* Shows a page of a file at a frame, or nothing (FRAME_NONE). fd is used by FRAME_FOREIGN*. */
int memory_show(struct simxen_guest *guest, uint64_t frame, struct guest_frame what, int fd);
/* Another domain's memory: keeps fd, or the one it had; returns what to use. */
int memory_foreign_fd(struct simxen_guest *guest, uint32_t domid, bool readonly, int fd);
/* Xen's own mapping of a page of the guest's; NULL: there is none that it may write. */
void *memory_map_page(struct simxen_guest *guest, uint64_t frame);
void memory_unmap_page(void *page);
int64_t memory_op(struct simxen_guest *guest, uint64_t op, uint64_t argument);

/* --- delivery.c: pending bits, queues and upcalls */
int delivery_open(struct simxen_guest *guest);
void delivery_close(struct simxen_guest *guest);
void delivery_port_init(struct simxen_guest *guest, uint32_t port, uint32_t vcpu);
void delivery_port_clear(struct simxen_guest *guest, uint32_t port);
void delivery_raise(struct simxen_guest *guest, uint32_t port);
void delivery_unmask(struct simxen_guest *guest, uint32_t port);
bool delivery_is_pending(struct simxen_guest *guest, uint32_t port);
bool delivery_is_linked(struct simxen_guest *guest, uint32_t port);
int delivery_set_priority(struct simxen_guest *guest, uint32_t port, uint32_t priority);
int delivery_init_control(struct simxen_guest *guest, struct xen_evtchn_init_control *request);
int delivery_expand_array(struct simxen_guest *guest, uint64_t frame);
void delivery_back_to_2l(struct simxen_guest *guest);
int delivery_register_vcpu_info(struct simxen_guest *guest, uint32_t caller, uint32_t vcpu,
                                const struct xen_vcpuop_register_vcpu_info *where);
/* The vCPU's upcall_pending becomes 1; if it was 0 this is an interrupt. */
void delivery_mark(struct simxen_guest *guest, struct guest_vcpu *vcpu);
/* What arrived at the daemon's side reaches the guest. */
void delivery_drain(struct simxen_guest *guest);

/* --- evtchn.c, grant.c, platform.c */
int64_t event_channel_op(struct simxen_guest *guest, uint64_t op, uint64_t argument);
int event_channel_raise_virq(struct simxen_guest *guest, uint32_t vcpu, uint32_t virq);
int64_t grant_table_op(struct simxen_guest *guest, uint64_t op, uint64_t argument, uint64_t count);
int grant_table_grow(struct simxen_guest *guest, uint32_t frames);
int64_t hvm_op(struct simxen_guest *guest, uint64_t op, uint64_t argument);
int64_t vcpu_op(struct simxen_guest *guest, uint32_t caller, uint64_t op, uint64_t vcpu,
                uint64_t argument);
int64_t xen_version_op(struct simxen_guest *guest, uint64_t op, uint64_t argument);
void time_publish(struct simxen_guest *guest);
void time_now(struct simxen_guest *guest, uint64_t *system_ns, uint64_t *wall_ns);

#endif
