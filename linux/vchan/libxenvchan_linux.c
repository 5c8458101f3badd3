/* SPDX-License-Identifier: BSD-2-Clause */
/* How libxenvchan's channels are made and ended on Linux. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/vchan/libxenvchan_private.h"
#include "linux/vchan/vchan_linux.h"

/* Exported by Xen's library as well. Removes the server's keys. */
XENVCHAN_API void close_xs_srv(struct libxenvchan *ctrl);

static struct libxenvchan_private *vchan_new(struct xentoollog_logger *logger)
{
    struct libxenvchan_private *vchan = calloc(1, sizeof(*vchan));

    if (vchan)
        vchan->port = vchan_port_standalone(logger);
    if (!vchan || !vchan->port) {
        free(vchan);
        errno = ENOMEM;
        return NULL;
    }
    return vchan;
}

static struct libxenvchan *vchan_made(struct libxenvchan_private *vchan, int status)
{
    struct vchan_port *port = vchan->port;
    int error;

    if (status != VCHAN_OK) {
        vchan_port_set_error(status);
        error = errno;
        vchan_port_close(port);
        free(vchan);
        errno = error;
        return NULL;
    }
    libxenvchan_show(vchan);
    vchan->shown.event = port->event;
    vchan->shown.event_port = port->event_port;
    return &vchan->shown;
}

struct libxenvchan *libxenvchan_server_init(struct xentoollog_logger *logger, int domain,
                                            const char *xs_path, size_t read_min, size_t write_min)
{
    struct libxenvchan_private *vchan = vchan_new(logger);

    if (!vchan)
        return NULL;
    vchan->shown.is_server = 1;
    if (!vchan_made(vchan, vchan_channel_serve(&vchan->channel, vchan->port, (uint32_t)domain,
                                               xs_path, read_min, write_min)))
        return NULL;
    vchan->shown.gntshr = vchan->port->share;
    vchan->shown.xs_path = strdup(xs_path);
    return &vchan->shown;
}

struct libxenvchan *libxenvchan_client_init(struct xentoollog_logger *logger, int domain,
                                            const char *xs_path)
{
    struct libxenvchan_private *vchan = vchan_new(logger);

    if (!vchan || !vchan_made(vchan, vchan_channel_join(&vchan->channel, vchan->port,
                                                        (uint32_t)domain, xs_path)))
        return NULL;
    vchan->shown.gnttab = vchan->port->map;
    return &vchan->shown;
}

void close_xs_srv(struct libxenvchan *ctrl)
{
    vchan_port_unpublish(((struct libxenvchan_private *)ctrl)->port);
    free(ctrl->xs_path);
    ctrl->xs_path = NULL;
}

void libxenvchan_close(struct libxenvchan *ctrl)
{
    struct libxenvchan_private *vchan = (struct libxenvchan_private *)ctrl;

    if (!ctrl)
        return;
    vchan_channel_close(&vchan->channel);
    vchan_port_close(vchan->port);
    free(ctrl->xs_path);
    free(vchan);
}

int libxenvchan_fd_for_select(struct libxenvchan *ctrl)
{
    return (int)vchan_port_pollable(((struct libxenvchan_private *)ctrl)->port);
}
