/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libxenevtchn.so.1 on simxen: Xen's event-channel library (xenevtchn.h) for programs that were
 * built against the real one.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <xenevtchn.h>

#define UNRESTRICTED UINT32_MAX

struct xenevtchn_handle {
    struct simxen_evtchn *evtchn;
    uint32_t restricted_to; /* the only domid that may be bound, or UNRESTRICTED */
};

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    if (flags & ~(unsigned int)XENEVTCHN_NO_CLOEXEC) {
        errno = EINVAL;
        return NULL;
    }
    struct simxen *sx = process_connection();
    xenevtchn_handle *xce = sx ? calloc(1, sizeof(*xce)) : NULL;
    if (!xce)
        return NULL;
    xce->restricted_to = UNRESTRICTED;
    if (process_result(simxen_evtchn_open(sx, &xce->evtchn)) < 0) {
        free(xce);
        return NULL;
    }
    if (flags & XENEVTCHN_NO_CLOEXEC)
        fcntl(simxen_evtchn_fd(xce->evtchn), F_SETFD, 0);
    return xce;
}

/* Made for a descriptor that outlived an exec; simxen's handles end with their process. */
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned open_flags)
{
    errno = open_flags ? EINVAL : EOPNOTSUPP;
    return NULL;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    if (!xce)
        return 0;
    simxen_evtchn_close(xce->evtchn);
    free(xce);
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return simxen_evtchn_fd(xce->evtchn);
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    return process_result(simxen_evtchn_notify(xce->evtchn, port));
}

static int may_bind(const xenevtchn_handle *xce, uint32_t domid)
{
    return xce->restricted_to == UNRESTRICTED || xce->restricted_to == domid ? 0 : -EACCES;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce, uint32_t domid)
{
    int error = may_bind(xce, domid);
    return process_result(error ? error : simxen_evtchn_bind_unbound(xce->evtchn, domid));
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    int error = may_bind(xce, domid);
    return process_result(error ? error
                                : simxen_evtchn_bind_interdomain(xce->evtchn, domid, remote_port));
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
    int error = may_bind(xce, UNRESTRICTED);
    return process_result(error ? error : simxen_evtchn_bind_virq(xce->evtchn, virq));
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    return process_result(simxen_evtchn_unbind(xce->evtchn, port));
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    return process_result(simxen_evtchn_pending(xce->evtchn));
}

/* Linux does not complain about a port that is not the handle's. */
int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    int error = simxen_evtchn_unmask(xce->evtchn, port);
    return process_result(error == -ENOTCONN ? 0 : error);
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
    if (xce->restricted_to != UNRESTRICTED)
        return process_result(-EACCES);
    if (domid == 0 || domid >= DOMID_FIRST_RESERVED)
        return process_result(-EINVAL);
    xce->restricted_to = domid;
    return 0;
}
