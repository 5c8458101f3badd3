/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all libvchan channels of a Linux process have in common: one connection to xenstored, one
 * handle each for granting, mapping and asking about domains, and a thread that waits for
 * xenstore watches and rings the ports they are for. Made with the first port, gone with the
 * last. This is libvchan's only hidden state; it does not survive fork().
 */
#ifndef VCHAN_HOST_H
#define VCHAN_HOST_H

#include <xenstore.h>

#include "linux/vchan/vchan_linux.h"

/* Adds the port (host, share, map are set). A negative vchan_status on failure. */
int vchan_host_join(struct vchan_port *port);
void vchan_host_leave(struct vchan_port *port);

/* Any thread. */
struct xs_handle *vchan_host_store(struct vchan_host *host);
/* Watches key_path (and "domid") for the port until unwatch; one at a time. */
int vchan_host_watch(struct vchan_port *port, const char *key_path);
void vchan_host_unwatch(struct vchan_port *port);
/* Silences the port's bell. */
void vchan_host_answer_bell(struct vchan_port *port);
/* A guest is not told when other domains go. */
bool vchan_host_hears_of_domains(const struct vchan_host *host);
bool vchan_host_domain_alive(struct vchan_host *host, uint32_t domid);
/* Has the local event channel another end? */
bool vchan_host_event_connected(struct vchan_host *host, uint32_t event_port);

#endif
