/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's vchan_port (core/vchan/vchan_port.h): on its own event channels, grants and XenStore
 * client. Without what programs of an operating system share (vchan_port_open and what follows).
 */
#ifndef GUEST_VCHAN_PORT_H
#define GUEST_VCHAN_PORT_H

#include "core/vchan/vchan_port.h"
#include "events.h"
#include "grants.h"

enum { VCHAN_PORT_PIECES = 3 }; /* the control page and two rings */

struct vchan_port_piece { /* shared or mapped */
    uint8_t *address;     /* NULL: free */
    uint32_t pages;
    uint32_t *refs; /* shared: one each page */
    struct foreign foreign;
};

struct vchan_port { /* zeroed by the owner */
    struct event event;
    bool has_event;
    uint32_t seen; /* events taken */
    char published[96];
    struct vchan_port_piece pieces[VCHAN_PORT_PIECES];
};

#endif
