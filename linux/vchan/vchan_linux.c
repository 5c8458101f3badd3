/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan_port.h on Xen's Linux libraries: the same calls on a dom0, in a Linux guest and on simxen.
 */
#include "linux/vchan/vchan_linux.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "linux/vchan/vchan_host.h"

int vchan_status_of_errno(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return VCHAN_DENIED;
    case ENOMEM:
    case ENOSPC:
    case ENFILE:
    case EMFILE:
        return VCHAN_NO_MEMORY;
    case ESRCH:
        return VCHAN_NO_DOMAIN;
    case EINTR:
        return VCHAN_INTERRUPTED;
    default:
        return VCHAN_SYSTEM;
    }
}

int vchan_port_set_error(int status)
{
    static const int errors[] = {
        [-VCHAN_GONE] = ECONNRESET,      [-VCHAN_BAD_PEER] = EPROTO,
        [-VCHAN_TOO_BIG] = EMSGSIZE,     [-VCHAN_BAD_ARGUMENT] = EINVAL,
        [-VCHAN_NO_MEMORY] = ENOMEM,     [-VCHAN_NO_DOMAIN] = ESRCH,
        [-VCHAN_NO_SERVER] = ENOENT,     [-VCHAN_DENIED] = EACCES,
        [-VCHAN_NOT_CONNECTED] = EAGAIN, [-VCHAN_INTERRUPTED] = EINTR,
        [-VCHAN_NO_XEN] = ENODEV,
    };

    if (status < 0 && -status < (int)(sizeof(errors) / sizeof(errors[0])) && errors[-status])
        errno = errors[-status];
    return status;
}

/* --- Life */

struct vchan_port *vchan_port_standalone(struct xentoollog_logger *logger)
{
    struct vchan_port *port = calloc(1, sizeof(*port));

    if (port) {
        port->logger = logger;
        port->poll_fd = -1;
        port->domain_news = true; /* ask once: the domain may have gone before we came */
    }
    return port;
}

int vchan_port_open(struct vchan_port **out, vchan_pollable shared_event)
{
    struct vchan_port *port = vchan_port_standalone(NULL);
    int status;

    if (!port)
        return VCHAN_NO_MEMORY;
    port->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (port->poll_fd < 0)
        status = vchan_status_of_errno(errno);
    else
        status = vchan_host_join(port);
    if (status != VCHAN_OK) {
        if (port->poll_fd >= 0)
            close(port->poll_fd);
        free(port);
        return status;
    }
    *out = port;
    return VCHAN_OK;
}

void vchan_port_close(struct vchan_port *port)
{
    vchan_port_drop_event(port);
    vchan_port_unpublish(port);
    if (port->host) {
        vchan_host_leave(port);
        close(port->poll_fd);
    } else {
        if (port->share)
            xengntshr_close(port->share);
        if (port->map)
            xengnttab_close(port->map);
    }
    free(port);
}

vchan_pollable vchan_port_pollable(const struct vchan_port *port)
{
    if (port->poll_fd >= 0)
        return port->poll_fd;
    return port->event ? xenevtchn_fd(port->event) : -1;
}

/* --- The event channel */

static int event_made(struct vchan_port *port, xenevtchn_port_or_error_t local)
{
    struct epoll_event event = {.events = EPOLLIN};
    int error = errno;

    if (local < 0) {
        vchan_port_drop_event(port);
        errno = error;
        return vchan_status_of_errno(error);
    }
    port->event_port = (uint32_t)local;
    xenevtchn_unmask(port->event, port->event_port);
    event.data.fd = xenevtchn_fd(port->event);
    if (port->host && epoll_ctl(port->poll_fd, EPOLL_CTL_ADD, event.data.fd, &event) < 0) {
        error = errno;
        vchan_port_drop_event(port);
        return vchan_status_of_errno(error);
    }
    return VCHAN_OK;
}

static int open_event(struct vchan_port *port)
{
    port->event = xenevtchn_open(port->logger, 0);
    if (port->event)
        return VCHAN_OK;
    return errno == ENOENT ? VCHAN_NO_XEN : vchan_status_of_errno(errno);
}

int vchan_port_offer_event(struct vchan_port *port, uint32_t peer_domid)
{
    int status = open_event(port);

    if (status != VCHAN_OK)
        return status;
    return event_made(port, xenevtchn_bind_unbound_port(port->event, peer_domid));
}

int vchan_port_bind_event(struct vchan_port *port, uint32_t peer_domid, uint32_t peer_event)
{
    int status = open_event(port);

    if (status != VCHAN_OK)
        return status;
    status = event_made(port, xenevtchn_bind_interdomain(port->event, peer_domid, peer_event));
    /* Xen's answer for a port that is closed, or connected, or another domain's. */
    return status == VCHAN_SYSTEM && errno == EINVAL ? VCHAN_NO_SERVER : status;
}

void vchan_port_drop_event(struct vchan_port *port)
{
    if (port->event)
        xenevtchn_close(port->event);
    port->event = NULL;
    port->event_port = 0;
}

void vchan_port_notify(struct vchan_port *port)
{
    if (port->event)
        xenevtchn_notify(port->event, port->event_port);
}

static int take_event(struct vchan_port *port)
{
    xenevtchn_port_or_error_t fired = xenevtchn_pending(port->event);

    if (fired < 0)
        return vchan_status_of_errno(errno);
    xenevtchn_unmask(port->event, (evtchn_port_t)fired);
    return VCHAN_OK;
}

/* Not inlined: the other kind of port needs no room for events. */
__attribute__((noinline)) static int sleep_with_host(struct vchan_port *port)
{
    struct epoll_event events[2];
    int count = epoll_wait(port->poll_fd, events, 2, -1), status = VCHAN_OK;

    if (count < 0)
        return vchan_status_of_errno(errno);
    for (int i = 0; i < count && status == VCHAN_OK; i++) {
        if (port->event && events[i].data.fd == xenevtchn_fd(port->event))
            status = take_event(port);
        else
            vchan_host_answer_bell(port);
    }
    return status;
}

int vchan_port_sleep(struct vchan_port *port)
{
    if (port->host)
        return sleep_with_host(port);
    return port->event ? take_event(port) : VCHAN_NOT_CONNECTED;
}

void vchan_port_drain(struct vchan_port *port)
{
    struct pollfd poll_event = {.events = POLLIN};

    if (port->host)
        vchan_host_answer_bell(port);
    if (!port->event)
        return;
    poll_event.fd = xenevtchn_fd(port->event);
    if (poll(&poll_event, 1, 0) == 1 && (poll_event.revents & POLLIN))
        take_event(port);
}

/* --- Pages */

int vchan_port_share(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                     uint32_t clear_offset, uint32_t *refs, void **out)
{
    if (!port->share)
        port->share = xengntshr_open(port->logger, 0);
    if (!port->share)
        return errno == ENOENT ? VCHAN_NO_XEN : vchan_status_of_errno(errno);
    if (clear_offset == VCHAN_NO_OFFSET)
        *out = xengntshr_share_pages(port->share, peer_domid, (int)pages, refs, 1);
    else
        *out = xengntshr_share_page_notify(port->share, peer_domid, refs, 1, clear_offset,
                                           port->event_port);
    if (!*out)
        return vchan_status_of_errno(errno);
    /* gntalloc's pages are fresh; a page of another kind need not be. */
    memset(*out, 0, (size_t)pages * 4096);
    return VCHAN_OK;
}

void vchan_port_unshare(struct vchan_port *port, void *address, uint32_t pages)
{
    xengntshr_unshare(port->share, address, pages);
}

int vchan_port_map(struct vchan_port *port, uint32_t peer_domid, uint32_t pages,
                   uint32_t clear_offset, const uint32_t *refs, void **out)
{
    const int access = PROT_READ | PROT_WRITE;

    if (!port->map)
        port->map = xengnttab_open(port->logger, 0);
    if (!port->map)
        return errno == ENOENT ? VCHAN_NO_XEN : vchan_status_of_errno(errno);
    if (clear_offset == VCHAN_NO_OFFSET)
        *out =
            xengnttab_map_domain_grant_refs(port->map, pages, peer_domid, (uint32_t *)refs, access);
    else
        *out = xengnttab_map_grant_ref_notify(port->map, peer_domid, refs[0], access, clear_offset,
                                              port->event_port);
    if (*out)
        return VCHAN_OK;
    /* No such grant (any more), or not for this domain. */
    return errno == ENOMEM || errno == ENOSPC ? VCHAN_NO_MEMORY : VCHAN_NO_SERVER;
}

void vchan_port_unmap(struct vchan_port *port, void *address, uint32_t pages)
{
    xengnttab_unmap(port->map, address, pages);
}

/* --- Xenstore */

static struct xs_handle *enter_store(struct vchan_port *port)
{
    return port->host ? vchan_host_store(port->host) : xs_open(0);
}

static void leave_store(struct vchan_port *port, struct xs_handle *store)
{
    int error = errno;

    if (!port->host)
        xs_close(store);
    errno = error;
}

static bool write_key(struct xs_handle *store, xs_transaction_t transaction, const char *path,
                      const char *leaf, uint32_t value, struct xs_permissions permissions[2])
{
    char text[12], *key;
    bool ok;

    if (asprintf(&key, "%s/%s", path, leaf) < 0)
        return false;
    snprintf(text, sizeof(text), "%u", value);
    ok = xs_write(store, transaction, key, text, (unsigned)strlen(text)) &&
         xs_set_permissions(store, transaction, key, permissions, 2);
    free(key);
    return ok;
}

static int write_offer(struct vchan_port *port, struct xs_handle *store, const char *path,
                       uint32_t ring_ref, struct xs_permissions permissions[2])
{
    for (;;) {
        xs_transaction_t transaction = xs_transaction_start(store);
        bool ok;

        if (!transaction)
            return vchan_status_of_errno(errno);
        ok = write_key(store, transaction, path, "ring-ref", ring_ref, permissions) &&
             write_key(store, transaction, path, "event-channel", port->event_port, permissions);
        if (!ok) {
            int error = errno;
            xs_transaction_end(store, transaction, true);
            return vchan_status_of_errno(error);
        }
        if (xs_transaction_end(store, transaction, false))
            return VCHAN_OK;
        if (errno != EAGAIN)
            return vchan_status_of_errno(errno);
    }
}

int vchan_port_publish(struct vchan_port *port, uint32_t peer_domid, const char *path,
                       uint32_t ring_ref)
{
    struct xs_permissions permissions[2] = {{.perms = XS_PERM_NONE},
                                            {.id = peer_domid, .perms = XS_PERM_READ}};
    struct xs_handle *store = enter_store(port);
    int status;

    if (!store)
        return VCHAN_NO_XEN;
    status = vchan_port_own_domid(port, &permissions[0].id);
    port->published = strdup(path);
    if (!port->published)
        status = VCHAN_NO_MEMORY;
    if (status == VCHAN_OK)
        status = write_offer(port, store, path, ring_ref, permissions);
    if (status != VCHAN_OK) {
        free(port->published);
        port->published = NULL;
    }
    leave_store(port, store);
    return status;
}

/* The client's directory data/vchan/<domid> goes with its last channel; only libvchan, which
 * chose that path, may remove it. */
static void remove_offer(struct vchan_port *port, struct xs_handle *store)
{
    for (;;) {
        xs_transaction_t transaction = xs_transaction_start(store);
        char *parent, *slash;
        unsigned count = 0;
        char **names = NULL;

        if (!transaction)
            return;
        xs_rm(store, transaction, port->published);
        parent = port->host ? strdup(port->published) : NULL;
        slash = parent ? strrchr(parent, '/') : NULL;
        if (slash) {
            *slash = '\0';
            names = xs_directory(store, transaction, parent, &count);
            if (names && count == 0)
                xs_rm(store, transaction, parent);
        }
        free(names);
        free(parent);
        if (xs_transaction_end(store, transaction, false) || errno != EAGAIN)
            return;
    }
}

void vchan_port_unpublish(struct vchan_port *port)
{
    struct xs_handle *store;

    if (!port->published)
        return;
    store = enter_store(port);
    if (store) {
        remove_offer(port, store);
        leave_store(port, store);
    }
    free(port->published);
    port->published = NULL;
}

int vchan_port_read_key(struct vchan_port *port, const char *path, const char *leaf, char *value,
                        size_t capacity)
{
    struct xs_handle *store = enter_store(port);
    unsigned length = 0;
    char *key, *text = NULL;
    int result;

    if (!store)
        return VCHAN_NO_XEN;
    if (asprintf(&key, "%s%s%s", path, *path ? "/" : "", leaf) >= 0) {
        text = xs_read(store, XBT_NULL, key, &length);
        free(key);
    }
    if (!text)
        /* A key that may not be read is not there for us yet: its maker sets the rights last. */
        result =
            errno == ENOENT || errno == EACCES ? VCHAN_NO_SERVER : vchan_status_of_errno(errno);
    else if (length >= capacity)
        result = VCHAN_BAD_PEER;
    else {
        memcpy(value, text, length);
        value[length] = '\0';
        result = (int)length;
    }
    free(text);
    leave_store(port, store);
    return result;
}

int vchan_port_own_domid(struct vchan_port *port, uint32_t *out)
{
    char text[12];
    int length = vchan_port_read_key(port, "", "domid", text, sizeof(text));

    /* Domain 0 may lack the key. */
    *out = length > 0 ? (uint32_t)strtoul(text, NULL, 10) : 0;
    return length < 0 && length != VCHAN_NO_SERVER ? length : VCHAN_OK;
}

int vchan_port_watch(struct vchan_port *port, const char *path, const char *leaf)
{
    char *key;
    int status;

    if (asprintf(&key, "%s/%s", path, leaf) < 0)
        return VCHAN_NO_MEMORY;
    status = vchan_host_watch(port, key);
    free(key);
    return status;
}

void vchan_port_unwatch(struct vchan_port *port)
{
    vchan_host_unwatch(port);
}

/* --- Domains, time */

bool vchan_port_watches_peer(const struct vchan_port *port)
{
    return port->host != NULL;
}

bool vchan_port_peer_died(struct vchan_port *port, uint32_t peer_domid, bool connected)
{
    struct vchan_host *host = port->host;

    if (!host || port->died)
        return port->died;
    if (vchan_host_hears_of_domains(host) && !__atomic_load_n(&port->domain_news, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&port->domain_news, false, __ATOMIC_SEQ_CST);
    port->died = connected ? !vchan_host_event_connected(host, port->event_port)
                           : !vchan_host_domain_alive(host, peer_domid);
    return port->died;
}

uint64_t vchan_port_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool vchan_port_many_cpus(void)
{
    cpu_set_t cpus;

    /* A machine with more CPUs than the set holds fails the call. */
    return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) > 1;
}

void vchan_port_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

void vchan_port_yield(void)
{
    sched_yield();
}
