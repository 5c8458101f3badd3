/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Behind struct libxenvchan. The public struct comes first and shows what is inside; it is not
 * looked at again but for the two switches that programs set. The init calls, whose arguments are
 * the platform's, make it (linux/vchan/libxenvchan_linux.c, windows/lib/vchan/...); the rest is
 * core/vchan/libxenvchan.c.
 */
#ifndef LIBXENVCHAN_PRIVATE_H
#define LIBXENVCHAN_PRIVATE_H

#include "core/vchan/vchan_channel.h"
#include "libxenvchan.h"

struct libxenvchan_private {
    struct libxenvchan shown;
    struct vchan_channel channel;
    struct vchan_port *port;
};

/* Fills in what both platforms show. */
void libxenvchan_show(struct libxenvchan_private *vchan);

#endif
