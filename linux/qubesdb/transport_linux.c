/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection to a QubesDB daemon's socket on Linux (core/qubesdb/transport.h): casementd's,
 * <runtime>/qubesdb.<qube>.sock, or the path in QUBESDB_SOCKET; Qubes' own daemon, in dom0 and in
 * qubes, is found where Qubes has it. The descriptor that programs poll is an epoll of the socket
 * and of an eventfd that stands for events in the handle.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/qubesdb/transport.h"

struct qdb_transport {
    int socket, events, both;
    bool set; /* the eventfd is readable */
};

void qdb_transport_fail(enum qdb_failure failure)
{
    static const int codes[] = {
        [QDB_FAILURE_NO_KEY] = ENOENT,  [QDB_FAILURE_DENIED] = EACCES,
        [QDB_FAILURE_INVALID] = EINVAL, [QDB_FAILURE_GONE] = EPIPE,
        [QDB_FAILURE_MEMORY] = ENOMEM,
    };

    errno = codes[failure];
}

static bool find_path(const char *vmname, char *path, size_t room)
{
    const char *chosen = getenv("QUBESDB_SOCKET");
    int length;

    if (chosen != NULL)
        length = snprintf(path, room, "%s", chosen);
    else if (vmname != NULL)
        length = snprintf(path, room, "/var/run/qubes/qubesdb.%s.sock", vmname);
    else
        length = snprintf(path, room, "/var/run/qubes/qubesdb.sock");
    return length > 0 && (size_t)length < room;
}

static int connect_to(const char *vmname)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (!find_path(vmname, address.sun_path, sizeof(address.sun_path))) {
        qdb_transport_fail(QDB_FAILURE_INVALID);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct qdb_transport *qdb_transport_open(const char *vmname)
{
    struct qdb_transport *transport = calloc(1, sizeof(*transport));
    struct epoll_event event = {.events = EPOLLIN};
    int error;

    if (transport == NULL)
        return NULL;
    transport->socket = connect_to(vmname);
    error = errno;
    if (transport->socket >= 0) {
        transport->events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        transport->both = epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ctl(transport->both, EPOLL_CTL_ADD, transport->socket, &event) == 0 &&
            epoll_ctl(transport->both, EPOLL_CTL_ADD, transport->events, &event) == 0)
            return transport;
        error = errno;
        close(transport->events);
        close(transport->both);
        close(transport->socket);
    }
    free(transport);
    errno = error;
    return NULL;
}

void qdb_transport_close(struct qdb_transport *transport)
{
    close(transport->both);
    close(transport->events);
    close(transport->socket);
    free(transport);
}

bool qdb_transport_write(struct qdb_transport *transport, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t sent = send(transport->socket, at, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

size_t qdb_transport_read(struct qdb_transport *transport, void *bytes, size_t room)
{
    ssize_t got;

    do
        got = recv(transport->socket, bytes, room, 0);
    while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

qdb_event_t qdb_transport_event(struct qdb_transport *transport)
{
    return transport->both;
}

void qdb_transport_rest(struct qdb_transport *transport, bool events)
{
    eventfd_t value;
    int error = errno; /* what the call failed with, if it did */

    if (events && !transport->set)
        eventfd_write(transport->events, 1);
    else if (!events && transport->set)
        eventfd_read(transport->events, &value);
    transport->set = events;
    errno = error;
}
