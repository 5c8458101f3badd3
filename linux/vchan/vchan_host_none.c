/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan_host.h for libxenvchan, whose ports are all standalone: there is no host, and libxenctrl
 * and a thread need not be there.
 */
#include "linux/vchan/vchan_host.h"

int vchan_host_join(struct vchan_port *port)
{
    return VCHAN_NO_XEN;
}

void vchan_host_leave(struct vchan_port *port)
{
}

struct xs_handle *vchan_host_store(struct vchan_host *host)
{
    return NULL;
}

int vchan_host_watch(struct vchan_port *port, const char *key_path)
{
    return VCHAN_NO_XEN;
}

void vchan_host_unwatch(struct vchan_port *port)
{
}

void vchan_host_answer_bell(struct vchan_port *port)
{
}

bool vchan_host_hears_of_domains(const struct vchan_host *host)
{
    return true;
}

bool vchan_host_domain_alive(struct vchan_host *host, uint32_t domid)
{
    return true;
}

bool vchan_host_event_connected(struct vchan_host *host, uint32_t event_port)
{
    return true;
}
