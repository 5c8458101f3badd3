/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore without events, for the list alone: it may have taken the ports away and changed the
 * ABI. One request at a time over the ring; relative paths, the domain's own.
 */
#include "list.h"
#include "core/xen/xs_ring.h"
#include "core/xen/xs_wire.h"

static uint32_t events_seen;
static char scratch[XS_PAYLOAD_MAX_BYTES + 1];

typedef int ring_step(struct xs_ring_page *ring, uint8_t *bytes, uint32_t length);

static int put(struct xs_ring_page *ring, uint8_t *bytes, uint32_t length)
{
    return xs_ring_write(ring, bytes, length);
}

/* Moves all of it, one way or the other. */
static bool move(uint8_t *bytes, uint32_t length, ring_step *step)
{
    for (uint32_t done = 0; done < length;) {
        int moved = step(env_store_ring(), bytes + done, length - done);
        if (moved > 0)
            send_port(env_port(0));
        else if (moved < 0 || !env_idle())
            return false;
        done += moved > 0 ? (uint32_t)moved : 0;
    }
    return true;
}

/* The next message; its payload goes to scratch, with a NUL behind it. */
static bool receive(struct xs_header *header)
{
    uint8_t bytes[XS_HEADER_BYTES];
    if (!move(bytes, sizeof(bytes), xs_ring_read))
        return false;
    xs_header_read(header, bytes);
    if (header->length_bytes > XS_PAYLOAD_MAX_BYTES ||
        !move((uint8_t *)scratch, header->length_bytes, xs_ring_read))
        return false;
    scratch[header->length_bytes] = 0;
    events_seen += header->type == XS_TYPE_WATCH_EVENT;
    return true;
}

/* The reply's payload is in scratch. False: an error, or none came. */
static bool request(uint32_t type, const void *bytes, size_t length, uint32_t *reply_bytes)
{
    static uint8_t message[XS_MESSAGE_MAX_BYTES];
    struct xs_header header = {.type = type, .length_bytes = (uint32_t)length};
    if (!move(message, (uint32_t)xs_message_write(message, &header, bytes), put))
        return false;
    do {
        if (!receive(&header))
            return false;
    } while (header.type == XS_TYPE_WATCH_EVENT);
    *reply_bytes = header.length_bytes;
    return header.type == type;
}

bool node_write(const char *path, const char *value)
{
    char bytes[256];
    size_t path_bytes = strlen(path) + 1, value_bytes = strlen(value);
    uint32_t reply_bytes;
    memcpy(bytes, path, path_bytes);
    memcpy(bytes + path_bytes, value, value_bytes);
    return request(XS_TYPE_WRITE, bytes, path_bytes + value_bytes, &reply_bytes);
}

bool node_read(const char *path, char *value, size_t room)
{
    uint32_t reply_bytes;
    if (!request(XS_TYPE_READ, path, strlen(path) + 1, &reply_bytes) || reply_bytes >= room)
        return false;
    memcpy(value, scratch, reply_bytes + 1);
    return true;
}

static bool watched; /* the list waits for one node only */

void store_forget(void)
{
    watched = false;
}

static bool watch(const char *path)
{
    char bytes[128];
    size_t path_bytes = strlen(path) + 1;
    uint32_t reply_bytes;
    if (watched)
        return true;
    memcpy(bytes, path, path_bytes);
    memcpy(bytes + path_bytes, "t", 2);
    watched = request(XS_TYPE_WATCH, bytes, path_bytes + 2, &reply_bytes);
    return watched;
}

bool node_wait(const char *path, const char *before, char *value, size_t room)
{
    if (!watch(path))
        return false;
    for (;;) {
        struct xs_header header;
        uint32_t events = events_seen;
        if (node_read(path, value, room) && strcmp(value, before))
            return true;
        if (events == events_seen && !receive(&header))
            return false;
    }
}
