/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a simxen client and the daemon agree on: the requests on the instance's socket and the
 * memory they share. The socket is SOCK_SEQPACKET at <dir>/socket, one request and one reply per
 * message, at most one descriptor beside either. The first request is SX_HELLO.
 *
 * One memory file, sent with the reply to SX_HELLO, holds a struct sx_domain_shared for every
 * domain at domid * SX_DOMAIN_STRIDE. The daemon keeps its own copy of everything in it except
 * the event words, so a client that writes nonsense there disturbs events and nothing else.
 *
 * Event delivery. An event word carries 32 ports: the low half is "pending", the high half
 * "masked". A port is deliverable while pending and not masked; whoever makes it so, with one
 * atomic operation on the word, adds exactly one to the owning handle's eventfd (a semaphore), and
 * whoever takes the event first subtracts one. So the eventfd is readable exactly while a port of
 * that handle is deliverable, and no event costs more than one system call on either side.
 */
#ifndef SIMXEN_PROTOCOL_H
#define SIMXEN_PROTOCOL_H

#include <stdint.h>

enum {
    SX_PROTOCOL_VERSION = 2,
    SX_MAX_HANDLES = 4096,       /* per domain: each is a descriptor of the daemon */
    SX_MAX_PORTS = 4096,         /* Xen's two-level ABI on x86-64 */
    SX_MAX_GRANTS = 32768,       /* 64 frames of version 1 entries, Xen's default */
    SX_RESERVED_GRANTS = 8,      /* the toolstack's; XenStore's ring is SX_XENSTORE_GRANT */
    SX_XENSTORE_GRANT = 1,       /* grants frame 0 of the domain */
    SX_MAX_MAPPED_PAGES = 65536, /* per domain */
    SX_MAX_FRAMES = 131072,      /* of 4 KiB, per domain */
    SX_MAX_COUNT = 16384,        /* pages in one request */
    SX_FIRST_RESERVED_DOMID = 0x7ff0,
    SX_DOMID_SELF = 0x7ff0,
    SX_NR_VIRQS = 24,
    SX_VIRQ_DOM_EXC = 3,
    SX_NAME_BYTES = 32,
};

enum sx_op {
    SX_HELLO = 1,        /* domid; value: version; fd: the shared memory */
    SX_EVTCHN_OPEN,      /* value: handle; fd: its eventfd */
    SX_EVTCHN_CLOSE,     /* handle */
    SX_BIND_UNBOUND,     /* handle, domid; value: port */
    SX_BIND_INTERDOMAIN, /* handle, domid, port; value: port */
    SX_BIND_VIRQ,        /* handle, port = virq; value: port */
    SX_UNBIND,           /* handle, port, flags: SX_FLAG_RESERVE; without a handle: its number
                            is free again */
    SX_DOORBELL,         /* port; value: the remote handle; fd: its eventfd */
    SX_STATUS,           /* domid, port; data: state, remote domid, remote port, virq */
    SX_GRANT,            /* domid, count, flags, notify; value: grant; data: first frame, refs;
                            fd: this domain's memory */
    SX_REVOKE,           /* handle = grant */
    SX_MAP,              /* domid, count, flags, notify, data: refs; value: mapping; data: frames;
                            fd: that domain's memory */
    SX_UNMAP,            /* handle = mapping */
    SX_DOMAIN_INFO,      /* domid = first; data: struct sx_domain_info */
    SX_CREATE,           /* flags, data: name; value: domid; data: XenStore's port */
    SX_DESTROY,          /* domid */
    SX_LIST,             /* flags; value: things left besides domain 0; fd: a text */
    SX_XENSTORE_DOM0,    /* value: domain 0's XenStore port; fd: domain 0's memory */

    /* By the kernel of a guest domain (SX_FLAG_GUEST), which is one connection; see guest.c. */
    SX_GUEST_ATTACH, /* handle: takes the toolstack's ports, count: RAM frames; value: RAM frames;
                        data: XenStore's port, the console's port; fd: the memory file */
    SX_BIND_LOCAL,   /* handle, port: virq or SX_IPI; value: port */
    SX_P2M,          /* flags: SX_P2M_*, handle: frame, port: index; value: page of the file */
    SX_GNTTAB_GROW,  /* count: at least so many frames; value: how many there are */
    SX_GUEST_MAP,    /* domid, port: reference, flags, handle: frame; value: handle;
                        data: status, page of the file (after an error: 1 when Xen would crash
                        the guest for it); fd: the owner's memory */
    SX_GUEST_UNMAP,  /* handle, flags: 0: tells only, port: frame; data: status, page */
    SX_GUEST_COPY,   /* data: struct xen_gnttab_copy; reply data: status */
    SX_SHUTDOWN,     /* port: reason; SX_RUNNING: it goes on */
    SX_RESTORE,      /* domain 0: as SX_CREATE, domid: a suspended guest domain, which ends */
};

enum { SX_IPI = 0xffff, SX_RUNNING = 0xffff };

enum {                         /* SX_P2M: what becomes of a guest-physical frame */
       SX_P2M_SHARED_INFO = 1, /* it shows the shared-info page */
       SX_P2M_GRANT_TABLE,     /* it shows frame `port` of the grant table */
       SX_P2M_MOVE,            /* it shows the page that frame `port` showed */
       SX_P2M_REMOVE,          /* nothing is there any more */
       SX_P2M_REMOVE_KEEP,     /* the same, but the hypervisor still refers to the page */
       SX_P2M_POPULATE,        /* a fresh page */
};

/* A guest domain's memory file: the page of a RAM frame has the frame's number; behind them are
 * the pages that the hypervisor shares, then pages that replace a frame's which is still in use. */
enum {
    SX_GUEST_FRAMES = 0x100000,
    SX_GUEST_SPECIAL_FRAME = 0xfeff8,
    SX_GUEST_SPECIAL_FRAMES = 8,
    SX_GUEST_STORE_FRAME = 0xfeffd,
    SX_GUEST_CONSOLE_FRAME = 0xfefff,
    SX_GUEST_MAX_RAM = 0xf0000,
    SX_GUEST_SHARED_INFO_PAGE = 0x100000,
    SX_GUEST_GRANT_PAGE = 0x100001,
    SX_GUEST_GRANT_FRAMES = 64,
    SX_GUEST_SPARE_PAGE = 0x100100,
    SX_GUEST_FILE_PAGES = 0x140000,
};

enum {
    SX_FLAG_READONLY = 1,     /* SX_GRANT, SX_MAP */
    SX_FLAG_NOTIFY_BYTE = 2,  /* SX_GRANT, SX_MAP: notify_offset counts */
    SX_FLAG_NOTIFY_EVENT = 4, /* SX_GRANT, SX_MAP: notify_port counts */
    SX_FLAG_KEEP = 8,         /* SX_CREATE: outlives its last process */
    SX_FLAG_GUEST = 32,       /* SX_CREATE: a machine of its own: the kernel is a program */
    SX_FLAG_RESERVE = 64,     /* SX_UNBIND: the number is not used until it is freed */
    SX_FLAG_SETTLED = 16,     /* SX_LIST: once xenstored has let go of the dead domains */
};

struct sx_request {
    uint32_t op, handle, domid, port, flags, count, notify_offset, notify_port;
    uint32_t data[]; /* count words; SX_CREATE: 8 words of name */
};

struct sx_reply {
    int32_t error; /* 0 or a negative errno; then nothing else counts */
    uint32_t value;
    uint32_t count; /* words of data */
    uint32_t data[];
};

struct sx_domain_info {
    uint32_t domid, dying, shutdown, shutdown_reason;
    char name[SX_NAME_BYTES];
};

enum { /* Xen's EVTCHNSTAT_* */
       SX_PORT_CLOSED = 0,
       SX_PORT_UNBOUND = 1,
       SX_PORT_INTERDOMAIN = 2,
       SX_PORT_VIRQ = 4,
       SX_PORT_IPI = 5,
};

struct sx_port_shared {
    uint64_t link;   /* SX_LINK: what notify() must know, read at once */
    uint32_t handle; /* who owns the port; handles have numbers that are never used again */
    uint32_t padding;
};

struct sx_domain_shared {
    uint64_t word[SX_MAX_PORTS / 32];
    uint32_t port_limit; /* no port at or above this was ever bound */
    uint32_t gone;       /* the domain was destroyed: its processes wake once and find this */
    uint32_t padding[30];
    struct sx_port_shared port[SX_MAX_PORTS];
};

#define SX_DOMAIN_STRIDE 0x12000u
_Static_assert(sizeof(struct sx_domain_shared) <= SX_DOMAIN_STRIDE, "a domain fits its stride");
_Static_assert(sizeof(struct sx_request) == 32, "no padding between the worlds");
_Static_assert(sizeof(struct sx_reply) == 12, "no padding between the worlds");

#define SX_LINK(state, domid, port)                                                                \
    ((uint64_t)(state) | (uint64_t)(domid) << 16 | (uint64_t)(port) << 32)
#define SX_LINK_STATE(link) ((uint32_t)((link)&0xff))
#define SX_LINK_DOMID(link) ((uint32_t)((link) >> 16 & 0xffff))
#define SX_LINK_PORT(link)  ((uint32_t)((link) >> 32 & 0xffff))

#define SX_PENDING_BIT(port) (1ull << ((port) % 32))
#define SX_MASK_BIT(port)    (1ull << (32 + (port) % 32))

/* Sets the port pending. True: it became deliverable, so the caller adds one to the eventfd. */
static inline int sx_event_raise(struct sx_domain_shared *domain, uint32_t port)
{
    uint64_t before =
        __atomic_fetch_or(&domain->word[port / 32], SX_PENDING_BIT(port), __ATOMIC_SEQ_CST);
    return !(before & (SX_PENDING_BIT(port) | SX_MASK_BIT(port)));
}

/* Lifts the mask. True as above. */
static inline int sx_event_unmask(struct sx_domain_shared *domain, uint32_t port)
{
    uint64_t before =
        __atomic_fetch_and(&domain->word[port / 32], ~SX_MASK_BIT(port), __ATOMIC_SEQ_CST);
    return (before & SX_PENDING_BIT(port)) && (before & SX_MASK_BIT(port));
}

/* Takes a deliverable event: not pending any more, masked. False: it was not deliverable. */
static inline int sx_event_take(struct sx_domain_shared *domain, uint32_t port)
{
    uint64_t *word = &domain->word[port / 32];
    uint64_t before = __atomic_load_n(word, __ATOMIC_SEQ_CST);
    do {
        if (!(before & SX_PENDING_BIT(port)) || (before & SX_MASK_BIT(port)))
            return 0;
    } while (!__atomic_compare_exchange_n(word, &before,
                                          (before & ~SX_PENDING_BIT(port)) | SX_MASK_BIT(port), 0,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return 1;
}

/* Back to "not pending, not masked". True: an event was deliverable and is lost, so the caller
 * subtracts one from the eventfd. */
static inline int sx_event_reset(struct sx_domain_shared *domain, uint32_t port)
{
    uint64_t before = __atomic_fetch_and(
        &domain->word[port / 32], ~(SX_PENDING_BIT(port) | SX_MASK_BIT(port)), __ATOMIC_SEQ_CST);
    return (before & SX_PENDING_BIT(port)) && !(before & SX_MASK_BIT(port));
}

#endif
