/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of libxenvchan.h that are the same on every platform. */
#include "core/vchan/libxenvchan_private.h"

static struct libxenvchan_private *open_up(struct libxenvchan *ctrl)
{
    struct libxenvchan_private *vchan = (struct libxenvchan_private *)ctrl;

    vchan->channel.persistent = ctrl->is_server && ctrl->server_persist;
    return vchan;
}

static int result(int count_or_status)
{
    if (count_or_status >= 0)
        return count_or_status;
    vchan_port_set_error(count_or_status);
    return -1;
}

static void show_ring(struct libxenvchan_ring *shown, const struct vchan_ring_half *half,
                      uint8_t order)
{
    shown->shr = (struct ring_shared *)half->shared;
    shown->buffer = half->bytes;
    shown->order = order;
}

void libxenvchan_show(struct libxenvchan_private *vchan)
{
    const struct vchan_channel *channel = &vchan->channel;
    bool is_server = channel->is_server;

    vchan->shown.ring = (struct vchan_interface *)channel->page;
    show_ring(&vchan->shown.read, &channel->ring.rx,
              is_server ? channel->orders.left : channel->orders.right);
    show_ring(&vchan->shown.write, &channel->ring.tx,
              is_server ? channel->orders.right : channel->orders.left);
}

int libxenvchan_recv(struct libxenvchan *ctrl, void *data, size_t size)
{
    return result(vchan_channel_recv(&open_up(ctrl)->channel, data, size, ctrl->blocking));
}

int libxenvchan_send(struct libxenvchan *ctrl, const void *data, size_t size)
{
    return result(vchan_channel_send(&open_up(ctrl)->channel, data, size, ctrl->blocking));
}

int libxenvchan_read(struct libxenvchan *ctrl, void *data, size_t size)
{
    return result(vchan_channel_read(&open_up(ctrl)->channel, data, size, ctrl->blocking));
}

int libxenvchan_write(struct libxenvchan *ctrl, const void *data, size_t size)
{
    return result(vchan_channel_write(&open_up(ctrl)->channel, data, size, ctrl->blocking));
}

int libxenvchan_wait(struct libxenvchan *ctrl)
{
    struct libxenvchan_private *vchan = open_up(ctrl);

    if (vchan_channel_state(&vchan->channel) == VCHAN_STATE_GONE) {
        vchan_port_drain(vchan->port);
        return 0;
    }
    return result(vchan_port_sleep(vchan->port));
}

int libxenvchan_is_open(struct libxenvchan *ctrl)
{
    return (int)vchan_channel_state(&open_up(ctrl)->channel);
}

/* A peer that broke the protocol has nothing to say: is_open() tells. */
int libxenvchan_data_ready(struct libxenvchan *ctrl)
{
    int ready = vchan_channel_data_ready(&open_up(ctrl)->channel);

    return ready < 0 ? 0 : ready;
}

int libxenvchan_buffer_space(struct libxenvchan *ctrl)
{
    int space = vchan_channel_buffer_space(&open_up(ctrl)->channel);

    return space < 0 ? 0 : space;
}
