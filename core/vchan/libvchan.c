/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of libvchan.h, the same on every platform: what libvchan adds to a channel is how
 * domain id and port make a path, a client that comes before its server, and a server that takes
 * its offer back when it was accepted.
 */
#include "core/vchan/libvchan_private.h"
#include "core/vchan/vchan_move.h"

#include <stdio.h>
#include <stdlib.h>

static int result(int count_or_status)
{
    if (count_or_status >= 0)
        return count_or_status;
    vchan_port_set_error(count_or_status);
    return -1;
}

/* --- Making one */

static libvchan_t *vchan_new(vchan_pollable shared_event, int domain, int port, int *status)
{
    libvchan_t *ctrl;

    if (domain < 0 || domain > 0x7fef || port < 0) {
        *status = VCHAN_BAD_ARGUMENT;
        return NULL;
    }
    ctrl = calloc(1, sizeof(*ctrl));
    if (!ctrl) {
        *status = VCHAN_NO_MEMORY;
        return NULL;
    }
    ctrl->peer_domid = (uint32_t)domain;
    ctrl->number = port;
    ctrl->shares_event = shared_event != 0;
    ctrl->blocking = !ctrl->shares_event;
    *status = vchan_port_open(&ctrl->port, shared_event);
    if (*status != VCHAN_OK) {
        free(ctrl);
        return NULL;
    }
    return ctrl;
}

static libvchan_t *give_up(libvchan_t *ctrl, int status)
{
    if (ctrl) {
        vchan_port_close(ctrl->port);
        free(ctrl);
    }
    vchan_port_set_error(status);
    return NULL;
}

libvchan_t *libvchan_make_server(vchan_pollable shared_event, int domain, int port, size_t read_min,
                                 size_t write_min)
{
    int status;
    libvchan_t *ctrl = vchan_new(shared_event, domain, port, &status);

    if (!ctrl)
        return give_up(NULL, status);
    snprintf(ctrl->path, sizeof(ctrl->path), "data/vchan/%d/%d", domain, port);
    status = vchan_channel_serve(&ctrl->channel, ctrl->port, ctrl->peer_domid, ctrl->path, read_min,
                                 write_min);
    if (status != VCHAN_OK)
        return give_up(ctrl, status);
    ctrl->offered = true;
    return ctrl;
}

/* The path depends on the own domain id, which a restored domain may find changed. */
static int follow_own_domid(libvchan_t *ctrl)
{
    char path[sizeof(ctrl->path)];
    uint32_t own;
    int status = vchan_port_own_domid(ctrl->port, &own);

    if (status != VCHAN_OK)
        return status;
    if (ctrl->path[0] && ctrl->own_domid == own)
        return VCHAN_OK;
    ctrl->own_domid = own;
    snprintf(path, sizeof(path), "/local/domain/%u/data/vchan/%u/%d", ctrl->peer_domid, own,
             ctrl->number);
    snprintf(ctrl->path, sizeof(ctrl->path), "%s", path);
    /* The key itself: the directory above may not be readable. */
    return vchan_port_watch(ctrl->port, ctrl->path, "event-channel");
}

/* VCHAN_NO_SERVER: not yet. */
static int try_to_join(libvchan_t *ctrl)
{
    int status = follow_own_domid(ctrl);

    if (status == VCHAN_OK)
        status = vchan_channel_join(&ctrl->channel, ctrl->port, ctrl->peer_domid, ctrl->path);
    if (status == VCHAN_OK) {
        ctrl->joining = false;
        vchan_port_unwatch(ctrl->port);
    } else if (status == VCHAN_NO_SERVER &&
               vchan_port_peer_died(ctrl->port, ctrl->peer_domid, false)) {
        status = VCHAN_NO_DOMAIN;
    }
    return status;
}

libvchan_t *libvchan_make_client(vchan_pollable shared_event, int domain, int port)
{
    int status;
    libvchan_t *ctrl = vchan_new(shared_event, domain, port, &status);

    if (!ctrl)
        return give_up(NULL, status);
    ctrl->joining = true;
    /* Sets the watch, which fires at once: the caller's first finish() then tries. */
    status = follow_own_domid(ctrl);
    if (status != VCHAN_OK)
        return give_up(ctrl, status);
    return ctrl;
}

libvchan_t *libvchan_server_init(int domain, int port, size_t read_min, size_t write_min)
{
    return libvchan_make_server(0, domain, port, read_min, write_min);
}

libvchan_t *libvchan_client_init_async(int domain, int port, EVTCHN *watch)
{
    libvchan_t *ctrl = libvchan_make_client(0, domain, port);

    if (ctrl)
        *watch = (EVTCHN)vchan_port_pollable(ctrl->port);
    return ctrl;
}

int libvchan_client_init_async_finish(libvchan_t *ctrl, bool blocking)
{
    int status;

    if (!ctrl->joining)
        return 0;
    vchan_port_drain(ctrl->port);
    status = try_to_join(ctrl);
    if (status == VCHAN_NO_SERVER)
        return 1;
    if (status == VCHAN_OK)
        libvchan_set_blocking(ctrl, blocking);
    return result(status);
}

libvchan_t *libvchan_client_init(int domain, int port)
{
    libvchan_t *ctrl = libvchan_make_client(0, domain, port);
    int status = VCHAN_NO_SERVER;

    while (ctrl && status == VCHAN_NO_SERVER) {
        status = try_to_join(ctrl);
        if (status == VCHAN_NO_SERVER) {
            int slept = vchan_port_sleep(ctrl->port);
            if (slept != VCHAN_OK && slept != VCHAN_INTERRUPTED)
                status = slept;
        }
        if (status != VCHAN_OK && status != VCHAN_NO_SERVER)
            ctrl = give_up(ctrl, status);
    }
    return ctrl;
}

/* --- Using it */

static enum vchan_state look(libvchan_t *ctrl)
{
    enum vchan_state state = vchan_channel_state(&ctrl->channel);

    if (ctrl->offered && state != VCHAN_STATE_WAITING) {
        ctrl->offered = false;
        vchan_port_unpublish(ctrl->port);
    }
    return state;
}

int libvchan_read(libvchan_t *ctrl, void *data, size_t size)
{
    return result(vchan_channel_read(&ctrl->channel, data, size, ctrl->blocking));
}

int libvchan_write(libvchan_t *ctrl, const void *data, size_t size)
{
    return result(vchan_channel_write(&ctrl->channel, data, size, ctrl->blocking));
}

int libvchan_recv(libvchan_t *ctrl, void *data, size_t size)
{
    return result(vchan_channel_recv(&ctrl->channel, data, size, ctrl->blocking));
}

int libvchan_send(libvchan_t *ctrl, const void *data, size_t size)
{
    return result(vchan_channel_send(&ctrl->channel, data, size, ctrl->blocking));
}

int libvchan_wait(libvchan_t *ctrl)
{
    int status = VCHAN_OK;

    /* After the end no event would come. */
    if (look(ctrl) == VCHAN_STATE_GONE)
        vchan_port_drain(ctrl->port);
    else
        status = vchan_port_sleep(ctrl->port);
    look(ctrl);
    return result(status);
}

void libvchan_ack(libvchan_t *ctrl)
{
    vchan_port_drain(ctrl->port);
    look(ctrl);
}

EVTCHN libvchan_fd_for_select(libvchan_t *ctrl)
{
    return (EVTCHN)vchan_port_pollable(ctrl->port);
}

int libvchan_is_open(libvchan_t *ctrl)
{
    return (int)look(ctrl);
}

/* A peer that broke the protocol has nothing to say: is_open() tells. */
int libvchan_data_ready(libvchan_t *ctrl)
{
    int ready = vchan_channel_data_ready(&ctrl->channel);

    return ready < 0 ? 0 : ready;
}

int libvchan_buffer_space(libvchan_t *ctrl)
{
    int space = vchan_channel_buffer_space(&ctrl->channel);

    return space < 0 ? 0 : space;
}

int libvchan_data_now(libvchan_t *ctrl)
{
    return ctrl->channel.page ? (int)vchan_ring_readable(&ctrl->channel.ring, UINT32_MAX) : 0;
}

int libvchan_space_now(libvchan_t *ctrl)
{
    return ctrl->channel.page ? (int)vchan_ring_writable(&ctrl->channel.ring, UINT32_MAX) : 0;
}

const char *libvchan_fault(const libvchan_t *ctrl)
{
    return vchan_fault_text(ctrl->channel.ring.fault);
}

void libvchan_set_blocking(libvchan_t *ctrl, bool blocking)
{
    /* Waiting would take the other channels' wake-ups. */
    ctrl->blocking = blocking && !ctrl->shares_event;
}

void libvchan_close(libvchan_t *ctrl)
{
    if (!ctrl)
        return;
    vchan_channel_close(&ctrl->channel);
    vchan_port_close(ctrl->port);
    free(ctrl);
}
