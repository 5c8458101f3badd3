/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer that writes anything anywhere into the control page, at any time: before a client joins,
 * between calls, and inside them (whenever the library notifies, sleeps or asks for the peer). The
 * input is a script of such writes and of calls on our side. Nothing may be read or written
 * outside the rings (ASan), and every call returns; at the script's end the peer dies.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/vchan/vchan_channel.h"

struct vchan_port {
    const uint8_t *script;
    size_t size, at;
    void *pages[3];
    uint32_t sizes[3];
    bool is_server;
    char key[2][24];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t next(struct vchan_port *port)
{
    return port->at < port->size ? port->script[port->at++] : 0;
}

static uint32_t next_u32(struct vchan_port *port)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 8 | next(port);
    return value;
}

/* One act of the peer. */
static void peer_acts(struct vchan_port *port)
{
    struct vchan_page *page = port->pages[0];
    uint8_t act = next(port);
    uint32_t *const indices[] = {&page->left.cons, &page->left.prod, &page->right.cons,
                                 &page->right.prod};

    if (port->at >= port->size) {
        page->cli_live = page->srv_live = 0;
        return;
    }
    switch (act % 6) {
    case 0:
        *indices[act / 6 % 4] += next(port);
        break;
    case 1:
        *indices[act / 6 % 4] = next_u32(port);
        break;
    case 2:
        ((uint8_t *)page)[next(port) % 32] = next(port);
        break;
    case 3:
        page->grants[next(port)] = next_u32(port);
        break;
    case 4:
        page->cli_live = next(port);
        page->srv_live = next(port);
        break;
    default:
        page->left_order = next(port);
        page->right_order = next(port);
        break;
    }
}

/* --- The port */

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    return VCHAN_OK;
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    return VCHAN_OK;
}

void vchan_port_drop_event(struct vchan_port *port)
{
}

void vchan_port_notify(struct vchan_port *port)
{
    if (port->pages[0])
        peer_acts(port);
}

int vchan_port_sleep(struct vchan_port *port)
{
    peer_acts(port);
    return VCHAN_OK;
}

void vchan_port_drain(struct vchan_port *port)
{
}

static void *own_pages(struct vchan_port *port, uint32_t pages)
{
    int i = 0;

    while (port->pages[i])
        assert(++i < 3);
    port->sizes[i] = pages * VCHAN_PAGE_BYTES;
    port->pages[i] = calloc(pages, VCHAN_PAGE_BYTES);
    return port->pages[i];
}

static void drop_pages(struct vchan_port *port, void *address, uint32_t pages)
{
    for (int i = 0; i < 3; i++) {
        if (port->pages[i] != address)
            continue;
        assert(port->sizes[i] == pages * VCHAN_PAGE_BYTES);
        free(address);
        port->pages[i] = NULL;
        return;
    }
    assert(!"not mapped");
}

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    memset(refs, 1, pages * sizeof(*refs));
    *out = own_pages(port, pages);
    return VCHAN_OK;
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    drop_pages(port, address, pages);
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    bool control = clear_offset != VCHAN_NO_OFFSET;
    struct vchan_page *page;

    if (!control && refs[pages - 1] == 0x66666666)
        return VCHAN_NO_SERVER;
    page = *out = own_pages(port, pages);
    if (control) {
        /* Mostly a page that could be, then anything. */
        struct vchan_orders orders = {.left = 10 + next(port) % 6, .right = 10 + next(port) % 6};
        vchan_page_init(page, orders);
        for (int acts = next(port) % 4; acts > 0; acts--)
            peer_acts(port);
    }
    return VCHAN_OK;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
    drop_pages(port, address, pages);
}

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    return VCHAN_OK;
}

void vchan_port_unpublish(struct vchan_port *port)
{
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    const char *text = port->key[strcmp(leaf, "ring-ref") == 0];

    if (strlen(text) >= capacity)
        return VCHAN_BAD_PEER;
    strcpy(value, text);
    return (int)strlen(text);
}

bool vchan_port_watches_peer(const struct vchan_port *port)
{
    return true;
}

bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected)
{
    if (port->at < port->size && port->script[port->at] % 16 == 15)
        peer_acts(port);
    return false;
}

uint64_t vchan_port_now_ns(void)
{
    static uint64_t now;

    return now += VCHAN_SPIN_NS / 2;
}

bool vchan_port_many_cpus(void)
{
    return true;
}

void vchan_port_pause(void)
{
}

void vchan_port_yield(void)
{
}

/* --- The script */

static void we_act(struct vchan_port *port, struct vchan_channel *channel)
{
    static uint8_t data[40000];
    uint8_t act = next(port);
    bool blocking = act & 0x80;
    uint32_t size = next_u32(port) % (act & 0x40 ? sizeof(data) : 300);
    int moved = 0;

    switch (act % 8) {
    case 0:
        moved = vchan_channel_read(channel, data, size, blocking);
        break;
    case 1:
        moved = vchan_channel_recv(channel, data, size, blocking);
        break;
    case 2:
        moved = vchan_channel_write(channel, data, size, blocking);
        break;
    case 3:
        moved = vchan_channel_send(channel, data, size, blocking);
        break;
    case 4:
        assert(vchan_channel_data_ready(channel) <= (int)channel->ring.rx.size);
        break;
    case 5:
        assert(vchan_channel_buffer_space(channel) <= (int)channel->ring.tx.size);
        break;
    default:
        vchan_channel_state(channel);
        peer_acts(port);
        break;
    }
    assert(moved <= (int)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vchan_port port = {.script = data, .size = size};
    struct vchan_channel channel;
    int status;

    port.is_server = next(&port) & 1;
    if (port.is_server) {
        status = vchan_channel_serve(&channel, &port, 1, "p", next(&port) * 64u, next(&port) * 64u);
    } else {
        for (int i = 0; i < 2; i++) {
            size_t length = next(&port) % sizeof(port.key[0]);
            strcpy(port.key[i], "1");
            for (size_t at = 0; length > 16 && at < length - 1; at++)
                port.key[i][at] = (char)next(&port);
        }
        status = vchan_channel_join(&channel, &port, 1, "p");
    }
    while (status == VCHAN_OK && port.at < port.size)
        we_act(&port, &channel);
    vchan_channel_close(&channel);
    assert(!port.pages[0] && !port.pages[1] && !port.pages[2]);
    return 0;
}
