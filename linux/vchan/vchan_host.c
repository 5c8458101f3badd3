/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's share in libvchan (vchan_host.h). The bell: a descriptor that is always readable,
 * which the thread adds to the epoll set of each port that has news, and which the port takes out
 * again when it looks. So a port needs no descriptor of its own for it.
 */
/* First: it switches the public headers after it to the tools' half. */
#include <xenctrl.h>

#include "linux/vchan/vchan_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TOKEN_DOMAINS "domains"
#define TOKEN_DOMID   "domid"

struct vchan_host {
    pthread_mutex_t lock; /* the list, the bells */
    struct vchan_port *ports;
    uint64_t last_watch_id;
    struct xs_handle *store;
    xc_interface *control;
    xengntshr_handle *share;
    xengnttab_handle *map;
    uint32_t own_domid;
    int bell_fd; /* always readable */
    int stop_fd;
    pthread_t thread;
    bool has_thread;
};

/* The one host and its number of ports. */
static pthread_mutex_t hosts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vchan_host *the_host;
static unsigned the_host_ports;

/* --- The thread */

static void ring_bell(struct vchan_host *host, struct vchan_port *port)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = host->bell_fd};

    if (port->bell_rung)
        return;
    port->bell_rung = true;
    epoll_ctl(port->poll_fd, EPOLL_CTL_ADD, host->bell_fd, &event);
}

static void deliver(struct vchan_host *host, const char *token)
{
    bool domains = strcmp(token, TOKEN_DOMAINS) == 0, domid = strcmp(token, TOKEN_DOMID) == 0;

    pthread_mutex_lock(&host->lock);
    for (struct vchan_port *port = host->ports; port; port = port->next) {
        if (domains)
            __atomic_store_n(&port->domain_news, true, __ATOMIC_RELEASE);
        if (domains || (port->watched && (domid || port->watch_id == strtoull(token, NULL, 10))))
            ring_bell(host, port);
    }
    pthread_mutex_unlock(&host->lock);
}

static void *listen_to_store(void *argument)
{
    struct vchan_host *host = argument;
    struct pollfd fds[] = {{.fd = xs_fileno(host->store), .events = POLLIN},
                           {.fd = host->stop_fd, .events = POLLIN}};
    char **event;

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[1].revents)
            return NULL;
        while ((event = xs_check_watch(host->store))) {
            deliver(host, event[XS_WATCH_TOKEN]);
            free(event);
        }
        /* xenstored is gone for good: nothing will ever come. */
        if (errno != EAGAIN && errno != EINTR)
            return NULL;
    }
}

/* --- Life */

static void host_free(struct vchan_host *host)
{
    uint64_t one = 1;

    if (host->has_thread) {
        while (write(host->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
            ;
        pthread_join(host->thread, NULL);
    }
    if (host->store)
        xs_close(host->store);
    if (host->map)
        xengnttab_close(host->map);
    if (host->share)
        xengntshr_close(host->share);
    if (host->control)
        xc_interface_close(host->control);
    if (host->bell_fd >= 0)
        close(host->bell_fd);
    if (host->stop_fd >= 0)
        close(host->stop_fd);
    pthread_mutex_destroy(&host->lock);
    free(host);
}

static bool host_open(struct vchan_host *host)
{
    char *domid;

    host->bell_fd = eventfd(1, EFD_CLOEXEC);
    host->stop_fd = eventfd(0, EFD_CLOEXEC);
    host->store = xs_open(0);
    host->control = xc_interface_open(NULL, NULL, 0);
    host->share = xengntshr_open(NULL, 0);
    host->map = xengnttab_open(NULL, 0);
    if (host->bell_fd < 0 || host->stop_fd < 0 || !host->store || !host->control ||
        (!host->share && !host->map))
        return false;
    fcntl(xs_fileno(host->store), F_SETFD, FD_CLOEXEC);
    domid = xs_read(host->store, XBT_NULL, "domid", NULL);
    /* Domain 0 may lack the key. */
    host->own_domid = domid ? (uint32_t)strtoul(domid, NULL, 10) : 0;
    free(domid);
    if (!xs_watch(host->store, "@releaseDomain", TOKEN_DOMAINS) ||
        !xs_watch(host->store, "domid", TOKEN_DOMID))
        return false;
    host->has_thread = pthread_create(&host->thread, NULL, listen_to_store, host) == 0;
    return host->has_thread;
}

static struct vchan_host *host_new(int *status)
{
    struct vchan_host *host = calloc(1, sizeof(*host));

    if (!host) {
        *status = VCHAN_NO_MEMORY;
        return NULL;
    }
    pthread_mutex_init(&host->lock, NULL);
    host->bell_fd = host->stop_fd = -1;
    errno = 0;
    if (!host_open(host)) {
        int error = errno;
        *status =
            error == ENOENT || error == ECONNREFUSED ? VCHAN_NO_XEN : vchan_status_of_errno(error);
        host_free(host);
        errno = error;
        return NULL;
    }
    return host;
}

int vchan_host_join(struct vchan_port *port)
{
    int status = VCHAN_OK;

    pthread_mutex_lock(&hosts_lock);
    if (!the_host)
        the_host = host_new(&status);
    if (the_host) {
        the_host_ports++;
        port->host = the_host;
        port->share = the_host->share;
        port->map = the_host->map;
        pthread_mutex_lock(&the_host->lock);
        port->next = the_host->ports;
        port->link = &the_host->ports;
        if (port->next)
            port->next->link = &port->next;
        the_host->ports = port;
        pthread_mutex_unlock(&the_host->lock);
    }
    pthread_mutex_unlock(&hosts_lock);
    return status;
}

void vchan_host_leave(struct vchan_port *port)
{
    struct vchan_host *last = NULL, *host = port->host;

    vchan_host_unwatch(port);
    pthread_mutex_lock(&hosts_lock);
    pthread_mutex_lock(&host->lock);
    *port->link = port->next;
    if (port->next)
        port->next->link = port->link;
    pthread_mutex_unlock(&host->lock);
    port->host = NULL;
    if (--the_host_ports == 0) {
        last = the_host;
        the_host = NULL;
    }
    pthread_mutex_unlock(&hosts_lock);
    if (last)
        host_free(last);
}

struct xs_handle *vchan_host_store(struct vchan_host *host)
{
    return host->store;
}

/* --- Watches. Each has a token of its own, a number, so that two ports may watch one key and
 * an event of a watch that was just removed is nobody's. */

int vchan_host_watch(struct vchan_port *port, const char *key_path)
{
    struct vchan_host *host = port->host;
    char *copy = strdup(key_path);
    char token[24];

    if (!copy)
        return VCHAN_NO_MEMORY;
    vchan_host_unwatch(port);
    pthread_mutex_lock(&host->lock);
    port->watched = copy;
    port->watch_id = ++host->last_watch_id;
    snprintf(token, sizeof(token), "%llu", (unsigned long long)port->watch_id);
    pthread_mutex_unlock(&host->lock);
    /* A new watch fires at once. */
    return xs_watch(host->store, key_path, token) ? VCHAN_OK : vchan_status_of_errno(errno);
}

void vchan_host_unwatch(struct vchan_port *port)
{
    struct vchan_host *host = port->host;
    char token[24];
    char *path;

    pthread_mutex_lock(&host->lock);
    path = port->watched;
    port->watched = NULL;
    snprintf(token, sizeof(token), "%llu", (unsigned long long)port->watch_id);
    pthread_mutex_unlock(&host->lock);
    if (path)
        xs_unwatch(host->store, path, token);
    free(path);
}

void vchan_host_answer_bell(struct vchan_port *port)
{
    struct vchan_host *host = port->host;

    pthread_mutex_lock(&host->lock);
    if (port->bell_rung) {
        port->bell_rung = false;
        epoll_ctl(port->poll_fd, EPOLL_CTL_DEL, host->bell_fd, NULL);
    }
    pthread_mutex_unlock(&host->lock);
}

/* --- Domains */

bool vchan_host_hears_of_domains(const struct vchan_host *host)
{
    return host->own_domid == 0;
}

bool vchan_host_domain_alive(struct vchan_host *host, uint32_t domid)
{
    xc_dominfo_t info;
    xc_evtchn_status_t status = {.dom = (domid_t)domid, .port = UINT32_MAX};
    int count = xc_domain_getinfo(host->control, domid, 1, &info);

    if (count == 1)
        return info.domid == domid && !info.dying;
    if (count == 0 || errno == ESRCH)
        return false;
    /* Not privileged: the error for a port that cannot exist tells whether the domain does. */
    return xc_evtchn_status(host->control, &status) == 0 || errno != ESRCH;
}

bool vchan_host_event_connected(struct vchan_host *host, uint32_t event_port)
{
    xc_evtchn_status_t status = {.dom = DOMID_SELF, .port = event_port};

    /* Linux of late (6.1.192) lets no program of an unprivileged domain ask Xen anything. Then what
     * is known is what the peer says in the ring's page, and the one peer, dom0, outlives us. */
    if (xc_evtchn_status(host->control, &status) != 0)
        return errno == EPERM || errno == EACCES;
    return status.status == EVTCHNSTAT_interdomain;
}
