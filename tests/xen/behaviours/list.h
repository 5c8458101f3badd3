/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the files of the list: hypercalls in one line, and dom0's part.
 */
#ifndef BEHAVIOURS_LIST_H
#define BEHAVIOURS_LIST_H

#include "behaviours.h"
#include "env.h"

#include <string.h>

/* One row. `group` is the file's own. */
#define ROW(what, got, wanted) env_row(group, what, (int64_t)(got), (int64_t)(wanted))

int64_t call_evtchn(uint32_t op, void *argument);
int64_t call_memory(uint32_t op, void *argument);
int64_t call_hvm(uint32_t op, void *argument);
/* One element; the hypercall's own result. */
int64_t call_gnttab(uint32_t op, void *argument);

/* The results that most rows begin with; a negative error instead of a port. */
int64_t new_unbound(uint32_t remote_domid);
int64_t bind_to(uint32_t remote_domid, uint32_t remote_port);
int64_t close_port(uint32_t port);
int64_t send_port(uint32_t port);
int64_t unmask_port(uint32_t port);
int64_t bind_vcpu(uint32_t port, uint32_t vcpu);
/* XEN_EVTCHN_*, or an error. out may be NULL. */
int64_t port_status(uint32_t port, struct xen_evtchn_status *out);
/* A channel to dom0, bound at both ends: this end. *peer: dom0's port. */
uint32_t new_channel(int64_t *peer);

bool bit_of(const uint64_t *words, uint32_t number);
void bit_clear(uint64_t *words, uint32_t number);
void bit_set(uint64_t *words, uint32_t number);

/* dom0 does something (the verbs are those of peer.c) and says what came of it. INT64_MIN: it does
 * not answer. */
int64_t dom0_does(const char *verb, int64_t a, int64_t b, int64_t c);

/* store.c, with node_read() and node_write(). wait: until the node's value is another than
 * `before`. forget: the connection is new. */
bool node_wait(const char *path, const char *before, char *value, size_t room);

void store_forget(void);

/* A grant entry of the list's; the same one again only after all others. */
uint32_t new_ref(void);
void grant_set(uint32_t ref, uint16_t flags, uint32_t domid, uint64_t frame);

/* The groups */
void behave_ports(void);
void behave_2l(void);
void behave_grants(void);
void behave_foreign(void);
void behave_copy(void);
void behave_memory(void);
void behave_hvm(void);
void behave_fifo(void);
void behave_reset(void);
void behave_suspend(void);

#endif
