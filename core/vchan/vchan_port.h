/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a vchan needs of the system: an event channel, shared pages, a few xenstore keys, a clock.
 * One implementation for each platform, chosen by the build: linux/vchan/vchan_linux.c on Xen's
 * libraries, windows/lib/vchan/vchan_windows.c on xencontrol.dll. Each makes its struct
 * vchan_port in its own way (its header says how); what is here works on any.
 *
 * A port serves one channel and has at most one event channel. Functions that return int give
 * VCHAN_OK or a negative vchan_status; those that count say so. One thread at a time on a port.
 */
#ifndef VCHAN_PORT_H
#define VCHAN_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/vchan/vchan_status.h"

struct vchan_port;

/* --- The event channel. notify() and what follows need one. */

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid);
int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event);
/* Closes it; harmless when there is none. */
void vchan_port_drop_event(struct vchan_port *port);
void vchan_port_notify(struct vchan_port *port);
/* Sleeps until an event (or news of domains) comes, takes it and arms the next. May return early
 * without any: look at the ring again. VCHAN_INTERRUPTED: a signal. */
int vchan_port_sleep(struct vchan_port *port);
/* The same, without sleeping. */
void vchan_port_drain(struct vchan_port *port);

/* --- Pages. The peer's notification when they go, whatever the reason: the byte at
 * clear_offset is zeroed (VCHAN_NO_OFFSET: none) and the event channel fires. */

#define VCHAN_NO_OFFSET UINT32_MAX
int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out);
void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages);
int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out);
void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages);

/* --- Xenstore. path is relative to the own domain or absolute, without a trailing slash. */

/* Writes path/ring-ref and path/event-channel (the offered event), readable for peer_domid only,
 * so that nobody sees one without the other. The port remembers the path. */
int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref);
/* Removes what publish() wrote; harmless when there is nothing. */
void vchan_port_unpublish(struct vchan_port *port);
/* Reads path/leaf into value, NUL-terminated. Returns the length or a negative status
 * (VCHAN_NO_SERVER: no such key; VCHAN_BAD_PEER: longer than the room). */
int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity);

/* --- The peer's domain and time. */

/* Does the port watch for the peer's end? The same answer for all its life. */
bool vchan_port_watches_peer(const struct vchan_port *port);
/* True once it is known that the peer's domain is dead, or (connected) that the event channel lost
 * its other end. Cheap when there was no news. Always false on a port that does not watch. */
bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected);
uint64_t vchan_port_now_ns(void);
/* May the peer run while this thread does? */
bool vchan_port_many_cpus(void);
/* A hint to the CPU inside a spin loop. */
void vchan_port_pause(void);
/* Lets another thread that could run on this CPU do so: perhaps the peer. */
void vchan_port_yield(void);

/* Tells this thread's caller why a call failed (errno, SetLastError). Returns status. */
int vchan_port_set_error(int status);

/* Releases all that the port has but pages. */
void vchan_port_close(struct vchan_port *port);

/* --- For libvchan: ports that share what a process needs once, watch the domains and the
 * xenstore, and can be polled as one thing in every state. */

/* An EVTCHN of libvchan.h: a descriptor, or a Windows event. */
typedef intptr_t vchan_pollable;

/* shared_event: Windows only, an event of the caller's to set; 0: the port makes its own. */
int vchan_port_open(struct vchan_port **out, vchan_pollable shared_event);
vchan_pollable vchan_port_pollable(const struct vchan_port *port);
int vchan_port_own_domid(struct vchan_port *port, uint32_t *out);
/* From here on the port becomes readable when the key path/leaf or the own domain id changes.
 * Replaces the path watched before. */
int vchan_port_watch(struct vchan_port *port, const char *path, const char *leaf);
void vchan_port_unwatch(struct vchan_port *port);

#endif
