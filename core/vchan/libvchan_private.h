/* SPDX-License-Identifier: BSD-2-Clause */
/* Behind libvchan_t, for core/vchan/libvchan.c and the platform's additions to libvchan.h. */
#ifndef LIBVCHAN_PRIVATE_H
#define LIBVCHAN_PRIVATE_H

#include "core/vchan/vchan_channel.h"
#include "libvchan.h"

struct libvchan {
    struct vchan_channel channel;
    struct vchan_port *port;
    uint32_t peer_domid, own_domid;
    int number; /* the port number of the API */
    bool blocking;
    bool shares_event;
    bool offered; /* server: its keys are in the xenstore */
    bool joining; /* client: not connected yet */
    char path[80];
};

/* shared_event: vchan_port_open(). NULL on failure, the reason in errno or GetLastError(). */
libvchan_t *libvchan_make_server(vchan_pollable shared_event, int domain, int port, size_t read_min,
                                 size_t write_min);
/* Does not wait: libvchan_client_init_async_finish() connects. */
libvchan_t *libvchan_make_client(vchan_pollable shared_event, int domain, int port);

#endif
