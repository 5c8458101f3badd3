/* SPDX-License-Identifier: BSD-2-Clause */
/* Set-up and end of a channel; vchan_data.c has what happens in between. */
#include "core/vchan/vchan_channel.h"

#include <string.h>

/* How often an offer is read again that changed meanwhile. */
enum { OFFER_LOOKS = 8 };

/* --- Set-up */

static void begin(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                  bool is_server)
{
    memset(channel, 0, sizeof(*channel));
    channel->port = port;
    channel->peer_domid = peer_domid;
    channel->is_server = is_server;
    channel->watches_peer = vchan_port_watches_peer(port);
    vchan_spin_init(&channel->spin, vchan_port_many_cpus());
}

static int share_rings(struct vchan_channel *channel)
{
    uint32_t left_pages = vchan_order_pages(channel->orders.left);
    uint32_t right_pages = vchan_order_pages(channel->orders.right);
    uint32_t refs[2 * VCHAN_MAX_PAGES];
    int status = VCHAN_OK;

    if (left_pages)
        status = vchan_port_share(channel->port, channel->peer_domid, left_pages, VCHAN_NO_OFFSET,
                                  refs, &channel->left);
    if (status == VCHAN_OK && right_pages)
        status = vchan_port_share(channel->port, channel->peer_domid, right_pages, VCHAN_NO_OFFSET,
                                  refs + left_pages, &channel->right);
    if (status == VCHAN_OK)
        memcpy(channel->page->grants, refs, sizeof(refs[0]) * (left_pages + right_pages));
    return status;
}

int vchan_channel_serve(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                        const char *path, size_t left_min, size_t right_min)
{
    uint32_t page_ref;
    void *page;
    int status;

    begin(channel, port, peer_domid, true);
    if (!vchan_orders_choose(left_min, right_min, &channel->orders))
        return VCHAN_BAD_ARGUMENT;
    status = vchan_port_offer_event(port, peer_domid);
    if (status != VCHAN_OK)
        return status;
    status = vchan_port_share(port, peer_domid, 1, offsetof(struct vchan_page, srv_live), &page_ref,
                              &page);
    if (status != VCHAN_OK) {
        vchan_port_drop_event(port);
        return status;
    }
    channel->page = page;
    vchan_page_init(channel->page, channel->orders);
    status = share_rings(channel);
    vchan_ring_attach(&channel->ring, channel->page, true, channel->orders, channel->left,
                      channel->right);
    if (status == VCHAN_OK)
        status = vchan_port_publish(port, peer_domid, path, page_ref);
    if (status != VCHAN_OK)
        vchan_channel_close(channel);
    return status;
}

static int read_number(struct vchan_port *port, const char *path, const char *leaf, uint32_t *out)
{
    char value[16];
    int length = vchan_port_read_key(port, path, leaf, value, sizeof(value));

    if (length < 0)
        return length;
    /* An empty key is one that is being made. */
    if (length == 0)
        return VCHAN_NO_SERVER;
    return vchan_parse_key(value, (size_t)length, out) ? VCHAN_OK : VCHAN_BAD_PEER;
}

/* A server that starts anew between two reads would give one key of each. One that does so for ever
 * is not waited for here: whoever watches the key is told of each change anyway. */
static int read_offer(struct vchan_port *port, const char *path, uint32_t *event, uint32_t *ref)
{
    uint32_t again = 0;
    int status = read_number(port, path, "event-channel", event);

    for (int look = 0; status == VCHAN_OK && look < OFFER_LOOKS; look++) {
        status = read_number(port, path, "ring-ref", ref);
        if (status == VCHAN_OK)
            status = read_number(port, path, "event-channel", &again);
        if (status == VCHAN_OK && again == *event)
            return VCHAN_OK;
        *event = again;
    }
    return status == VCHAN_OK ? VCHAN_NO_SERVER : status;
}

static int map_rings(struct vchan_channel *channel)
{
    uint32_t left_pages = vchan_order_pages(channel->orders.left);
    uint32_t right_pages = vchan_order_pages(channel->orders.right);
    uint32_t refs[2 * VCHAN_MAX_PAGES];
    int status = VCHAN_OK;

    for (uint32_t i = 0; i < left_pages + right_pages; i++)
        refs[i] = __atomic_load_n(&channel->page->grants[i], __ATOMIC_RELAXED);
    if (left_pages)
        status = vchan_port_map(channel->port, channel->peer_domid, left_pages, VCHAN_NO_OFFSET,
                                refs, &channel->left);
    if (status == VCHAN_OK && right_pages)
        status = vchan_port_map(channel->port, channel->peer_domid, right_pages, VCHAN_NO_OFFSET,
                                refs + left_pages, &channel->right);
    return status;
}

int vchan_channel_join(struct vchan_channel *channel, struct vchan_port *port, uint32_t peer_domid,
                       const char *path)
{
    uint32_t event, page_ref;
    void *page;
    int status;

    begin(channel, port, peer_domid, false);
    status = read_offer(port, path, &event, &page_ref);
    if (status == VCHAN_OK)
        status = vchan_port_bind_event(port, peer_domid, event);
    if (status == VCHAN_OK)
        status = vchan_port_map(port, peer_domid, 1, offsetof(struct vchan_page, cli_live),
                                &page_ref, &page);
    if (status != VCHAN_OK) {
        vchan_port_drop_event(port);
        return status;
    }
    channel->page = page;
    if (!vchan_page_orders(channel->page, &channel->orders))
        status = VCHAN_BAD_PEER;
    else
        status = map_rings(channel);
    vchan_ring_attach(&channel->ring, channel->page, false, channel->orders, channel->left,
                      channel->right);
    if (status == VCHAN_OK && vchan_ring_peer(&channel->ring) == VCHAN_LIVE_GONE)
        status = VCHAN_NO_SERVER;
    if (status != VCHAN_OK) {
        vchan_channel_close(channel);
        return status;
    }
    channel->was_connected = true;
    vchan_ring_announce(&channel->ring);
    vchan_port_notify(port);
    return VCHAN_OK;
}

static void give_back(struct vchan_channel *channel, void *address, uint32_t pages)
{
    if (!address)
        return;
    if (channel->is_server)
        vchan_port_unshare(channel->port, address, pages);
    else
        vchan_port_unmap(channel->port, address, pages);
}

void vchan_channel_close(struct vchan_channel *channel)
{
    if (!channel->page)
        return;
    vchan_ring_leave(&channel->ring);
    vchan_port_notify(channel->port);
    give_back(channel, channel->left, vchan_order_pages(channel->orders.left));
    give_back(channel, channel->right, vchan_order_pages(channel->orders.right));
    give_back(channel, channel->page, 1);
    if (channel->is_server)
        vchan_port_unpublish(channel->port);
    vchan_port_drop_event(channel->port);
    channel->page = NULL;
    channel->left = channel->right = NULL;
}
