/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows' additions to libvchan.h: channels that set an event of the caller's. */
#include "core/vchan/libvchan_private.h"

libvchan_t *libvchan_server_init_on(HANDLE event, int domain, int port, size_t read_min,
                                    size_t write_min)
{
    return libvchan_make_server((vchan_pollable)event, domain, port, read_min, write_min);
}

libvchan_t *libvchan_client_init_on(HANDLE event, int domain, int port)
{
    return libvchan_make_client((vchan_pollable)event, domain, port);
}
