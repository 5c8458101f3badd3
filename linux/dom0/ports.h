/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data ports of calls. A port is taken between two domains, whichever of them is the vchan's
 * server: an agent names a finished call by {other domain, port} alone. A port given back is the
 * last to be taken again, so that a late message about it cannot hit its successor.
 */
#ifndef CASEMENT_PORTS_H
#define CASEMENT_PORTS_H

#include <stdbool.h>
#include <stdint.h>

enum { PORT_FIRST = 513, PORT_LAST = 768 };

struct ports; /* one table for all pairs */

struct ports *ports_new(void); /* NULL: no memory */
void ports_free(struct ports *ports);
/* A port from PORT_FIRST to PORT_LAST, or 0: all 256 are taken, or no memory. */
uint32_t ports_take(struct ports *ports, uint32_t domain_a, uint32_t domain_b);
bool ports_taken(const struct ports *ports, uint32_t domain_a, uint32_t domain_b, uint32_t port);
/* false: it was not taken. */
bool ports_give(struct ports *ports, uint32_t domain_a, uint32_t domain_b, uint32_t port);

#endif
