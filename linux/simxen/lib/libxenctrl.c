/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libxenctrl.so.4.17 on simxen: the few of its functions that xenstored, vchan-socket-proxy and
 * programs that follow a peer's life need.
 */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

struct xc_interface_core {
    struct simxen *sx;
};

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    struct simxen *sx = process_connection();
    xc_interface *xch = sx ? calloc(1, sizeof(*xch)) : NULL;
    if (xch)
        xch->sx = sx;
    return xch;
}

int xc_interface_close(xc_interface *xch)
{
    free(xch);
    return 0;
}

/* Domains in order from first_domid. The number found; -1 (ESRCH) when there is none. */
int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid, unsigned int max_doms,
                      xc_dominfo_t *info)
{
    unsigned int found = 0;
    int error = 0;
    memset(info, 0, max_doms * sizeof(*info));
    while (found < max_doms) {
        struct simxen_domain_info domain;
        error = simxen_domain_info(xch->sx, first_domid, &domain);
        if (error)
            break;
        info[found].domid = domain.domid;
        info[found].dying = domain.dying;
        info[found].shutdown = domain.shutdown;
        info[found].shutdown_reason = domain.shutdown_reason;
        info[found].crashed = domain.shutdown && domain.shutdown_reason == SHUTDOWN_crash;
        info[found].running = !domain.dying && !domain.shutdown;
        info[found].hvm = domain.domid != 0;
        info[found].nr_online_vcpus = 1;
        first_domid = domain.domid + 1;
        found++;
    }
    return found || !error ? (int)found : process_result(error);
}

int xc_evtchn_status(xc_interface *xch, xc_evtchn_status_t *status)
{
    struct simxen_port_status port;
    int error = simxen_evtchn_status(xch->sx, status->dom, status->port, &port);
    if (error)
        return process_result(error);
    memset(&status->u, 0, sizeof(status->u));
    status->vcpu = 0;
    status->status = port.state;
    if (port.state == SIMXEN_PORT_UNBOUND) {
        status->u.unbound.dom = (domid_t)port.remote_domid;
    } else if (port.state == SIMXEN_PORT_INTERDOMAIN) {
        status->u.interdomain.dom = (domid_t)port.remote_domid;
        status->u.interdomain.port = port.remote_port;
    } else if (port.state == SIMXEN_PORT_VIRQ) {
        status->u.virq = port.virq;
    }
    return 0;
}
