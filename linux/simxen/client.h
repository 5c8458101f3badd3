/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's side of simxen: what a process that belongs to a domain can ask of the simulated
 * hypervisor. The Linux drop-ins of Xen's libraries and the test build of xencontrol.dll are thin
 * layers over these calls. The same source builds for Linux and for a Windows program under Wine
 * (raw Linux system calls, no libc of either side).
 *
 * Errors are negative Linux errno values, the ones that Xen and Linux's drivers give. A simxen
 * connection and everything opened through it ends with the process: ports close, grants end,
 * mappings go, as the hypervisor sees the process die. All calls may be made from any thread; two
 * threads may not use one event-channel handle's pending() at the same time.
 */
#ifndef SIMXEN_CLIENT_H
#define SIMXEN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIMXEN_PAGE_BYTES 4096u
#define SIMXEN_DOMID_SELF 0x7ff0u
#define SIMXEN_NO_NOTIFY  UINT32_MAX

struct simxen;
struct simxen_evtchn;

/* dir: the instance's folder (environment SIMXEN_DIR); domid: who this process is (SIMXEN_DOMID).
 * -ENOENT: no such instance; -ESRCH: no such domain. */
int simxen_open(struct simxen **out, const char *dir, uint32_t domid);
void simxen_close(struct simxen *sx);
uint32_t simxen_domid(const struct simxen *sx);

/* --- Event channels. A handle is like one open /dev/xen/evtchn: it owns the ports bound on it. */

int simxen_evtchn_open(struct simxen *sx, struct simxen_evtchn **out);
void simxen_evtchn_close(struct simxen_evtchn *handle);
/* A file descriptor that polls readable while a bound port is pending and not masked. */
int simxen_evtchn_fd(struct simxen_evtchn *handle);
/* These return the local port (> 0) or an error. */
int simxen_evtchn_bind_unbound(struct simxen_evtchn *handle, uint32_t remote_domid);
int simxen_evtchn_bind_interdomain(struct simxen_evtchn *handle, uint32_t remote_domid,
                                   uint32_t remote_port);
int simxen_evtchn_bind_virq(struct simxen_evtchn *handle, uint32_t virq);
int simxen_evtchn_unbind(struct simxen_evtchn *handle, uint32_t port);
int simxen_evtchn_notify(struct simxen_evtchn *handle, uint32_t port);
/* Takes the next pending port and masks it until unmask(). Waits for one unless the descriptor was
 * set to O_NONBLOCK (then -EAGAIN). -ESRCH: this process's domain was destroyed. */
int simxen_evtchn_pending(struct simxen_evtchn *handle);
int simxen_evtchn_unmask(struct simxen_evtchn *handle, uint32_t port);

enum simxen_port_state { /* values of Xen's EVTCHNSTAT_* */
                         SIMXEN_PORT_CLOSED = 0,
                         SIMXEN_PORT_UNBOUND = 1,
                         SIMXEN_PORT_INTERDOMAIN = 2,
                         SIMXEN_PORT_VIRQ = 4,
};
struct simxen_port_status {
    enum simxen_port_state state;
    uint32_t remote_domid; /* unbound, interdomain */
    uint32_t remote_port;  /* interdomain */
    uint32_t virq;
};
/* domid may be SIMXEN_DOMID_SELF. -ESRCH: no such domain; -EINVAL: no such port; -EPERM: another
 * domain's port asked by a domain that is not privileged. */
int simxen_evtchn_status(struct simxen *sx, uint32_t domid, uint32_t port,
                         struct simxen_port_status *out);

/* --- Grants. Addresses are page-aligned in this process. */

enum { SIMXEN_GRANT_READONLY = 1 };

/* What happens to the peer when the sharing ends, however it ends: a byte of the shared pages is
 * cleared and/or a port is fired. SIMXEN_NO_NOTIFY leaves either out. */
struct simxen_unmap_notify {
    uint32_t offset_bytes; /* from the first page */
    uint32_t port;         /* local port */
};

/* Fresh zeroed pages of this domain, granted to domid. refs: room for count. */
int simxen_grant(struct simxen *sx, uint32_t domid, uint32_t count, uint32_t flags,
                 const struct simxen_unmap_notify *notify, uint32_t *refs, void **address);
/* Makes this process's own pages (page-aligned, private memory) shareable and grants them; their
 * content is kept. */
int simxen_grant_existing(struct simxen *sx, uint32_t domid, void *address, uint32_t count,
                          uint32_t flags, const struct simxen_unmap_notify *notify, uint32_t *refs);
/* Ends a grant made by either call above; address is the first page. Pages that the peer still
 * maps are reused only after it unmaps them. -EINVAL: no such grant; -ENOMEM: it stays. */
int simxen_revoke(struct simxen *sx, void *address);
/* Maps count pages granted to this domain by domids[0..count-1] (all the same when one_domid). */
int simxen_map(struct simxen *sx, uint32_t count, const uint32_t *domids, bool one_domid,
               const uint32_t *refs, uint32_t flags, const struct simxen_unmap_notify *notify,
               void **address);
int simxen_unmap(struct simxen *sx, void *address);

/* --- Domains (privileged: domain 0 only, else -EPERM). */

struct simxen_domain_info {
    uint32_t domid;
    bool dying, shutdown;
    uint32_t shutdown_reason;
    char name[32];
};
/* The first domain with an id >= first. -ESRCH when there is none. */
int simxen_domain_info(struct simxen *sx, uint32_t first, struct simxen_domain_info *out);

#endif
