/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's loop and its requests. One thread, one epoll set. A connection that sends nonsense
 * gets EINVAL, one that breaks the message rules is closed; neither disturbs another.
 */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Words of the largest message either way: a header and the references of a request's pages. */
enum { MESSAGE_WORDS = sizeof(struct sx_request) / sizeof(uint32_t) + SX_MAX_COUNT + 1 };

int source_add(struct instance *in, struct source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(in->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void source_change(struct instance *in, struct source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(in->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
        perror("simxen: epoll");
}

void source_end(struct instance *in, struct source *source)
{
    epoll_ctl(in->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    close(source->fd);
    source->gone = true;
    source->next_gone = in->gone;
    in->gone = source;
}

void accept_failed(struct instance *in, int listener, int error)
{
    if (error != EMFILE && error != ENFILE)
        return;
    close(in->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    in->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void connection_end(struct instance *in, struct connection *connection)
{
    struct domain *domain = connection->domain;
    struct connection **link = &in->connections;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    if (domain) {
        in->process_ended = true;
        guest_kernel_ended(in, connection);
        grants_end_all(in, connection);
        while (connection->handles)
            handle_free(in, &connection->handles, connection->handles);
        in->process_ended = false;
        domain->connection_count--;
    }
    source_end(in, &connection->source);
    if (domain && domain->domid && !domain->keep && !domain->connection_count)
        domain_destroy(in, domain);
}

static struct handle *handle_find(struct connection *connection, uint32_t id)
{
    struct handle *handle = connection->handles;
    while (handle && handle->id != id)
        handle = handle->next;
    return handle;
}

static int hello(struct instance *in, struct connection *connection,
                 const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct domain *domain = domain_find(in, request->domid);
    if (connection->domain)
        return -EINVAL;
    if (!domain || domain->dying)
        return -ESRCH;
    connection->domain = domain;
    domain->connection_count++;
    domain->had_process = true;
    reply->value = SX_PROTOCOL_VERSION;
    *fd = in->state_fd;
    return 0;
}

static int evtchn_request(struct instance *in, struct connection *connection,
                          const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct domain *domain = connection->domain;
    struct handle *handle;
    int result = 0;
    if (request->op == SX_EVTCHN_OPEN) {
        handle = handle_new(in, domain, &connection->handles);
        if (!handle)
            return -EMFILE;
        handle->pid = connection->pid;
        reply->value = handle->id;
        *fd = handle->fd;
        return 0;
    }
    if (request->op == SX_UNBIND && !request->handle) {
        port_reserve(domain, request->port, false);
        return 0;
    }
    handle = handle_find(connection, request->handle);
    if (!handle)
        return -EBADF;
    switch (request->op) {
    case SX_EVTCHN_CLOSE:
        handle_free(in, &connection->handles, handle);
        break;
    case SX_BIND_UNBOUND:
        result = port_bind_unbound(domain, handle, request->domid);
        break;
    case SX_BIND_INTERDOMAIN:
        result = port_bind_interdomain(in, domain, handle, request->domid, request->port);
        break;
    case SX_BIND_VIRQ:
        result = port_bind_virq(domain, handle, request->port);
        break;
    case SX_BIND_LOCAL:
        result = port_bind_local(domain, handle, request->port);
        break;
    default: /* SX_UNBIND */
        result = port_unbind(in, domain, handle, request->port);
        if (!result && (request->flags & SX_FLAG_RESERVE))
            port_reserve(domain, request->port, true);
        break;
    }
    if (result < 0)
        return result;
    reply->value = (uint32_t)result;
    return 0;
}

static int doorbell_request(struct instance *in, struct connection *connection,
                            const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct handle *peer = port_peer(in, connection->domain, request->port);
    if (!peer)
        return -ENOTCONN;
    reply->value = peer->id;
    *fd = peer->fd;
    return 0;
}

static int grant_request(struct instance *in, struct connection *connection,
                         const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct grant *grant;
    int error = grant_make(in, connection, request, &grant);
    if (error)
        return error;
    reply->value = grant->id;
    reply->count = grant->count + 1;
    reply->data[0] = connection->domain->grants[grant->refs[0]].frame;
    memcpy(reply->data + 1, grant->refs, grant->count * sizeof(uint32_t));
    *fd = connection->domain->memory_fd;
    return 0;
}

static int map_request(struct instance *in, struct connection *connection,
                       const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    struct mapping *mapping;
    int error = mapping_make(in, connection, request, &mapping, reply->data);
    if (error)
        return error;
    reply->value = mapping->id;
    reply->count = mapping->count;
    *fd = mapping->readonly ? mapping->owner->memory_ro_fd : mapping->owner->memory_fd;
    return 0;
}

static int info_request(struct instance *in, const struct sx_request *request,
                        struct sx_reply *reply)
{
    struct domain *domain = in->domains;
    struct sx_domain_info info;
    while (domain && domain->domid < request->domid)
        domain = domain->next;
    if (!domain)
        return -ESRCH;
    memset(&info, 0, sizeof(info));
    info.domid = domain->domid;
    info.dying = domain->dying;
    info.shutdown = domain->shutdown;
    info.shutdown_reason = domain->shutdown_reason;
    memcpy(info.name, domain->name, sizeof(info.name));
    memcpy(reply->data, &info, sizeof(info));
    reply->count = sizeof(info) / sizeof(uint32_t);
    return 0;
}

static int restore(struct instance *in, const struct sx_request *request, const char *name)
{
    struct domain *from = domain_find(in, request->domid);
    if (!from || from->dying)
        return -ESRCH;
    if (!from->guest || !from->shutdown)
        return -EINVAL;
    return guest_restore(in, from, name, request->flags);
}

static int create_request(struct instance *in, const struct sx_request *request,
                          struct sx_reply *reply)
{
    char name[SX_NAME_BYTES];
    if (request->count != SX_NAME_BYTES / sizeof(uint32_t))
        return -EINVAL;
    memcpy(name, request->data, sizeof(name));
    name[sizeof(name) - 1] = 0;
    int domid = request->op == SX_RESTORE ? restore(in, request, name)
                                          : domain_create(in, name, request->flags);
    if (domid < 0)
        return domid;
    const struct domain *domain = domain_find(in, (uint32_t)domid);
    reply->value = (uint32_t)domid;
    reply->count = 1;
    reply->data[0] = domain->guest ? guest_store_port(domain) : xenbus_port(domain->xenbus);
    return 0;
}

static int destroy_request(struct instance *in, const struct sx_request *request)
{
    struct domain *domain = domain_find(in, request->domid);
    if (!domain || domain->dying)
        return -ESRCH;
    if (domain->domid == 0)
        return -EINVAL;
    domain_destroy(in, domain);
    return 0;
}

/* The caller's copy is a file of its own: a slow reader cannot hold the daemon up. */
static int list_request(struct instance *in, struct sx_reply *reply, int *fd)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    int file = memfd_create("simxen-list", MFD_CLOEXEC);
    if (!out || file < 0)
        return -ENOMEM;
    reply->value = list_write(in, out);
    fclose(out);
    if (write(file, text, length) != (ssize_t)length)
        reply->value = UINT32_MAX;
    free(text);
    *fd = file;
    return 0;
}

static int privileged_request(struct instance *in, struct connection *connection,
                              const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    if (connection->domain->domid != 0)
        return -EPERM;
    switch (request->op) {
    case SX_DOMAIN_INFO:
        return info_request(in, request, reply);
    case SX_CREATE:
    case SX_RESTORE:
        return create_request(in, request, reply);
    case SX_DESTROY:
        return destroy_request(in, request);
    case SX_LIST:
        if (request->flags & SX_FLAG_SETTLED) {
            connection->list_due = true; /* answered by answer_lists() */
            return 0;
        }
        return list_request(in, reply, fd);
    default: /* SX_XENSTORE_DOM0 */
        in->xenstored_pid = connection->pid;
        reply->value = xenbus_port(in->domains->xenbus);
        *fd = in->domains->memory_fd;
        return 0;
    }
}

static int dispatch(struct instance *in, struct connection *connection,
                    const struct sx_request *request, struct sx_reply *reply, int *fd)
{
    if (request->op == SX_HELLO)
        return hello(in, connection, request, reply, fd);
    if (!connection->domain)
        return -EINVAL;
    switch (request->op) {
    case SX_EVTCHN_OPEN:
    case SX_EVTCHN_CLOSE:
    case SX_BIND_UNBOUND:
    case SX_BIND_INTERDOMAIN:
    case SX_BIND_VIRQ:
    case SX_BIND_LOCAL:
    case SX_UNBIND:
        return evtchn_request(in, connection, request, reply, fd);
    case SX_DOORBELL:
        return doorbell_request(in, connection, request, reply, fd);
    case SX_STATUS:
        reply->count = 4;
        return port_status(in, connection->domain, request->domid, request->port, reply->data);
    case SX_GRANT:
        return grant_request(in, connection, request, reply, fd);
    case SX_REVOKE:
        return grant_end(in, connection, request->handle);
    case SX_MAP:
        return map_request(in, connection, request, reply, fd);
    case SX_UNMAP:
        return mapping_end(in, connection, request->handle);
    case SX_GUEST_ATTACH:
    case SX_P2M:
    case SX_GNTTAB_GROW:
    case SX_GUEST_MAP:
    case SX_GUEST_UNMAP:
    case SX_GUEST_COPY:
    case SX_SHUTDOWN:
        return guest_request(in, connection, request, reply, fd);
    case SX_DOMAIN_INFO:
    case SX_CREATE:
    case SX_RESTORE:
    case SX_DESTROY:
    case SX_LIST:
    case SX_XENSTORE_DOM0:
        return privileged_request(in, connection, request, reply, fd);
    default:
        return -ENOSYS;
    }
}

/* True when the reply went out. A client that does not read its replies is closed. */
static bool send_reply(const struct connection *connection, const struct sx_reply *reply, int fd)
{
    struct iovec iov = {(void *)(uintptr_t)reply, sizeof(*reply) + reply->count * sizeof(uint32_t)};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    }
    return sendmsg(connection->source.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* A request whose length does not fit its count is nonsense. */
static bool well_formed(const struct sx_request *request, ssize_t length)
{
    bool has_data = request->op == SX_MAP || request->op == SX_CREATE ||
                    request->op == SX_RESTORE || request->op == SX_GUEST_COPY;
    uint32_t words = has_data ? request->count : 0;
    return words <= SX_MAX_COUNT && length == (ssize_t)(sizeof(*request) + words * 4);
}

static void connection_ready(struct instance *in, struct source *source, uint32_t events)
{
    struct connection *connection = (struct connection *)source;
    static uint32_t in_words[MESSAGE_WORDS], out_words[MESSAGE_WORDS]; /* the only thread's */
    const struct sx_request *request = (const struct sx_request *)in_words;
    struct sx_reply *reply = (struct sx_reply *)out_words;
    ssize_t length = recv(source->fd, in_words, sizeof(in_words), MSG_DONTWAIT);
    int fd = -1;
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length < (ssize_t)sizeof(struct sx_request)) {
        connection_end(in, connection);
        return;
    }
    memset(reply, 0, sizeof(*reply));
    reply->error =
        well_formed(request, length) ? dispatch(in, connection, request, reply, &fd) : -EINVAL;
    if (reply->error)
        reply->count = 0;
    if (connection->list_due)
        return;
    bool sent = source->gone || send_reply(connection, reply, fd);
    if (request->op == SX_LIST && fd >= 0)
        close(fd);
    if (!sent)
        connection_end(in, connection);
}

/* Whether xenstored alone keeps a dead domain, which it will notice. */
static bool xenstored_is_behind(const struct instance *in)
{
    for (const struct domain *domain = in->domains; domain; domain = domain->next) {
        uint32_t maps = 0;
        if (!domain->dying)
            continue;
        for (const struct connection *of = in->connections; of; of = of->next)
            for (const struct mapping *mapping = of->mappings; mapping; mapping = mapping->next)
                if (of->pid == in->xenstored_pid && mapping->owner == domain)
                    maps += mapping->count;
        if (maps && maps == domain->foreign_maps)
            return true;
    }
    return false;
}

static void answer_lists(struct instance *in)
{
    for (struct connection *next, *of = in->connections; of; of = next) {
        struct sx_reply reply = {0};
        int fd = -1;
        next = of->next;
        if (!of->list_due || xenstored_is_behind(in))
            continue;
        of->list_due = false;
        reply.error = list_request(in, &reply, &fd);
        bool sent = send_reply(of, &reply, fd);
        if (fd >= 0)
            close(fd);
        if (!sent)
            connection_end(in, of);
    }
}

static void listener_ready(struct instance *in, struct source *source, uint32_t events)
{
    struct ucred who = {0};
    socklen_t length = sizeof(who);
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        accept_failed(in, source->fd, errno);
        return;
    }
    struct connection *connection = calloc(1, sizeof(*connection));
    if (!connection) {
        close(fd);
        return;
    }
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length);
    connection->pid = who.pid;
    connection->source.fd = fd;
    connection->source.ready = connection_ready;
    if (source_add(in, &connection->source, EPOLLIN) < 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->next = in->connections;
    in->connections = connection;
}

static void signals_ready(struct instance *in, struct source *source, uint32_t events)
{
    in->stop = true;
}

static int open_signals(struct instance *in)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    in->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    in->signals.ready = signals_ready;
    return in->signals.fd < 0 ? -errno : source_add(in, &in->signals, EPOLLIN);
}

/* A folder holds one running instance: its lock lives as long as the daemon. */
static int open_folder(struct instance *in)
{
    in->dir_fd = open(in->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (in->dir_fd < 0)
        return -errno;
    int lock = openat(in->dir_fd, "lock", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (lock < 0)
        return -errno;
    return fcntl(lock, F_SETLK, &whole) < 0 ? -EBUSY : 0;
}

static int open_listener(struct instance *in)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket", in->dir_fd);
    in->listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    in->listener.ready = listener_ready;
    if (in->listener.fd < 0)
        return -errno;
    unlink(address.sun_path);
    if (bind(in->listener.fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(in->listener.fd, 128) < 0)
        return -errno;
    return source_add(in, &in->listener, EPOLLIN);
}

static int open_state(struct instance *in)
{
    off_t bytes = (off_t)SX_FIRST_RESERVED_DOMID * SX_DOMAIN_STRIDE;
    in->state_fd = memfd_create("simxen-state", MFD_CLOEXEC);
    if (in->state_fd < 0 || ftruncate(in->state_fd, bytes) < 0)
        return -errno;
    return domain_create(in, "Domain-0", SX_FLAG_KEEP);
}

/* Descriptors are what an instance has most of: domains, processes and event channels each. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void free_gone(struct instance *in)
{
    while (in->gone) {
        struct source *source = in->gone;
        in->gone = source->next_gone;
        free(source);
    }
}

static void run(struct instance *in)
{
    struct epoll_event events[32];
    while (!in->stop) {
        int count = epoll_wait(in->epoll_fd, events, 32, -1);
        for (int i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;
            if (!source->gone)
                source->ready(in, source, events[i].events);
        }
        answer_lists(in);
        free_gone(in);
    }
}

static void shut_down(struct instance *in)
{
    for (struct domain *domain = in->domains; domain; domain = domain->next)
        domain->keep = true;
    while (in->connections)
        connection_end(in, in->connections);
    for (struct domain *domain = in->domains; domain; domain = domain->next)
        xenbus_stop(in, domain);
    domains_free(in);
    free_gone(in);
    unlinkat(in->dir_fd, "socket", 0);
    unlinkat(in->dir_fd, "lock", 0);
}

int serve(const char *dir, int ready_fd)
{
    struct instance in = {.dir = dir, .next_domid = 1};
    raise_descriptor_limit();
    in.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    in.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int error = in.epoll_fd < 0 ? -errno : open_folder(&in);
    if (!error)
        error = open_signals(&in);
    if (!error)
        error = open_state(&in);
    if (!error)
        error = open_listener(&in);
    if (error) {
        fprintf(stderr, "simxen: cannot serve in %s: %s\n", dir, strerror(-error));
        return 1;
    }
    if (ready_fd >= 0) {
        if (write(ready_fd, "\n", 1) != 1)
            perror("simxen: telling that the instance is up");
        close(ready_fd);
    }
    run(&in);
    shut_down(&in);
    close(in.spare_fd);
    close(in.listener.fd);
    close(in.signals.fd);
    close(in.state_fd);
    close(in.epoll_fd);
    close(in.dir_fd);
    return 0;
}
