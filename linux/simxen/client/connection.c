/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting to a simxen instance, requests and replies, and questions about domains.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A Unix socket's name is short and an instance's folder may not be: the folder is opened and
 * the socket reached through the descriptor. */
static void socket_name(char *out, int dir_fd)
{
    char digits[12];
    int count = 0;
    strcpy(out, "/proc/self/fd/");
    out += strlen(out);
    do {
        digits[count++] = (char)('0' + dir_fd % 10);
        dir_fd /= 10;
    } while (dir_fd);
    while (count)
        *out++ = digits[--count];
    strcpy(out, "/socket");
}

static int connect_to(const char *dir)
{
    struct lx_sockaddr_un address = {.family = LX_AF_UNIX};
    int error, fd, dir_fd = lx_open(dir, LX_O_PATH | LX_O_CLOEXEC);
    if (dir_fd < 0)
        return dir_fd;
    socket_name(address.path, dir_fd);
    fd = lx_socket(LX_AF_UNIX, LX_SOCK_SEQPACKET | LX_SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        do {
            error = lx_connect(fd, &address, sizeof(address));
        } while (error == -LX_EINTR);
        if (error < 0) {
            lx_close(fd);
            fd = -LX_ENOENT; /* refused as well: a folder whose daemon has ended */
        }
    }
    lx_close(dir_fd);
    return fd;
}

static int send_request(struct simxen *sx, const struct sx_request *request, const uint32_t *data,
                        uint32_t data_words)
{
    struct lx_iovec iov[2] = {{(void *)(uintptr_t)request, sizeof(*request)},
                              {(void *)(uintptr_t)data, data_words * sizeof(uint32_t)}};
    struct lx_msghdr message = {.iov = iov, .iov_count = data_words ? 2 : 1};
    int64_t sent;
    do {
        sent = lx_sendmsg(sx->socket_fd, &message, LX_MSG_NOSIGNAL);
    } while (sent == -LX_EINTR);
    return sent < 0 ? -LX_ESRCH : 0;
}

static int receive_reply(struct simxen *sx, struct sx_reply *reply, uint32_t *answer, uint32_t room,
                         int *fd)
{
    struct lx_iovec iov[2] = {{reply, sizeof(*reply)}, {answer, room * sizeof(uint32_t)}};
    struct lx_cmsg_fd control = {0};
    struct lx_msghdr message = {.iov = iov, .iov_count = room ? 2 : 1, .control = &control};
    int64_t got;
    do {
        message.control_length = sizeof(control);
        message.flags = 0;
        got = lx_recvmsg(sx->socket_fd, &message, LX_MSG_CMSG_CLOEXEC);
    } while (got == -LX_EINTR);
    *fd = -1;
    if (got > 0 && message.control_length >= 20 && control.level == LX_SOL_SOCKET &&
        control.type == LX_SCM_RIGHTS)
        *fd = control.fd;
    if (got <= 0)
        return -LX_ESRCH;
    if (got < (int64_t)sizeof(*reply) || (message.flags & LX_MSG_TRUNC))
        return -LX_EPROTO;
    return reply->error;
}

int simxen_call(struct simxen *sx, const struct sx_request *request, const uint32_t *data,
                uint32_t data_words, struct sx_reply *reply, uint32_t *answer, uint32_t room,
                int *fd)
{
    int received = -1;
    int error = send_request(sx, request, data, data_words);
    if (!error)
        error = receive_reply(sx, reply, answer, room, &received);
    if (fd && !error)
        *fd = received;
    else if (received >= 0)
        lx_close(received);
    return error;
}

int simxen_simple(struct simxen *sx, const struct sx_request *request)
{
    struct sx_reply reply;
    lx_lock(&sx->lock);
    int error = simxen_call(sx, request, NULL, 0, &reply, NULL, 0, NULL);
    lx_unlock(&sx->lock);
    return error ? error : (int)reply.value;
}

struct sx_domain_shared *simxen_peer(struct simxen *sx, uint32_t domid)
{
    struct peer_memory *peer;
    for (peer = sx->peers; peer; peer = peer->next)
        if (peer->domid == domid)
            return peer->shared;
    peer = malloc(sizeof(*peer));
    if (!peer)
        return NULL;
    peer->domid = domid;
    peer->shared = lx_mmap(NULL, SX_DOMAIN_STRIDE, LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED,
                           sx->state_fd, (uint64_t)domid * SX_DOMAIN_STRIDE);
    if (lx_mmap_failed(peer->shared)) {
        free(peer);
        return NULL;
    }
    peer->next = sx->peers;
    sx->peers = peer;
    return peer->shared;
}

int simxen_open(struct simxen **out, const char *dir, uint32_t domid)
{
    struct sx_request hello = {.op = SX_HELLO, .domid = domid};
    struct sx_reply reply;
    struct simxen *sx = calloc(1, sizeof(*sx));
    if (!sx)
        return -LX_ENOMEM;
    sx->domid = domid;
    sx->state_fd = -1;
    int error = sx->socket_fd = connect_to(dir);
    if (error >= 0)
        error = simxen_call(sx, &hello, NULL, 0, &reply, NULL, 0, &sx->state_fd);
    if (!error && (reply.value != SX_PROTOCOL_VERSION || sx->state_fd < 0))
        error = -LX_EPROTO;
    if (!error && !(sx->own = simxen_peer(sx, domid)))
        error = -LX_ENOMEM;
    if (error) {
        simxen_close(sx);
        return error;
    }
    *out = sx;
    return 0;
}

void simxen_close(struct simxen *sx)
{
    if (!sx)
        return;
    simxen_regions_forget(sx);
    for (uint32_t port = 0; port < SX_MAX_PORTS; port++)
        if (sx->cache[port].doorbell)
            lx_close((int)(uint32_t)sx->cache[port].doorbell);
    while (sx->peers) {
        struct peer_memory *peer = sx->peers;
        sx->peers = peer->next;
        lx_munmap(peer->shared, SX_DOMAIN_STRIDE);
        free(peer);
    }
    if (sx->state_fd >= 0)
        lx_close(sx->state_fd);
    if (sx->socket_fd >= 0)
        lx_close(sx->socket_fd);
    free(sx);
}

uint32_t simxen_domid(const struct simxen *sx)
{
    return sx->domid;
}

int simxen_domain_info(struct simxen *sx, uint32_t first, struct simxen_domain_info *out)
{
    struct sx_request request = {.op = SX_DOMAIN_INFO, .domid = first};
    struct sx_reply reply;
    struct sx_domain_info info;
    lx_lock(&sx->lock);
    int error = simxen_call(sx, &request, NULL, 0, &reply, (uint32_t *)(void *)&info,
                            sizeof(info) / sizeof(uint32_t), NULL);
    lx_unlock(&sx->lock);
    if (error)
        return error;
    if (reply.count * sizeof(uint32_t) != sizeof(info))
        return -LX_EPROTO;
    out->domid = info.domid;
    out->dying = info.dying;
    out->shutdown = info.shutdown;
    out->shutdown_reason = info.shutdown_reason;
    memcpy(out->name, info.name, sizeof(out->name));
    out->name[sizeof(out->name) - 1] = 0;
    return 0;
}
