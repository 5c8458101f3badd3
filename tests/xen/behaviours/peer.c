/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's part in the list of behaviours: does what the guest asks for through XenStore, with Xen's
 * own libraries. Runs in a real dom0, and in simxen's on the drop-ins.
 *
 *   behaviours_peer DOMID
 *
 * The guest writes "NUMBER VERB A B C" to its data/behaviours-ask, the answer "NUMBER RESULT" goes
 * to data/behaviours-answer; RESULT is -errno for what failed. It ends with the verb "bye", and
 * with the guest.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

enum { PAGES = 64, EVENT_WAIT_MS = 10000, PROT_READ_ONLY = 1, PROT_READ_WRITE = 3 };

struct page { /* mapped of the guest (map), or granted to it (share) */
    volatile uint8_t *at;
    uint32_t ref;
    bool shared;
};

static uint32_t guest;
static xenevtchn_handle *events;
static xengnttab_handle *grants;
static xengntshr_handle *shares;
static struct page pages[PAGES];

static int64_t failed(void)
{
    return errno ? -errno : -EIO;
}

static struct page *page_free(void)
{
    for (int i = 0; i < PAGES; i++)
        if (!pages[i].at)
            return &pages[i];
    errno = ENOSPC;
    return NULL;
}

static struct page *page_at(int64_t index)
{
    return index >= 0 && index < PAGES && pages[index].at ? &pages[index] : NULL;
}

static struct page *page_shared(int64_t ref)
{
    for (int i = 0; i < PAGES; i++)
        if (pages[i].at && pages[i].shared && pages[i].ref == ref)
            return &pages[i];
    return NULL;
}

/* Until that port's event comes. Others are of ports that are closed: Linux's driver still tells of
 * what came before. */
static int64_t wait_event(int64_t port)
{
    struct pollfd fd = {xenevtchn_fd(events), POLLIN, 0};
    while (poll(&fd, 1, EVENT_WAIT_MS) == 1) {
        int came = xenevtchn_pending(events);
        if (came < 0)
            return failed();
        xenevtchn_unmask(events, (evtchn_port_t)came);
        if (came == port)
            return came;
    }
    return -ETIMEDOUT;
}

static int64_t do_map(int64_t ref, int64_t writable)
{
    struct page *page = page_free();
    errno = 0;
    void *at = page ? xengnttab_map_grant_ref(grants, guest, (uint32_t)ref,
                                              writable ? PROT_READ_WRITE : PROT_READ_ONLY)
                    : NULL;
    if (!at)
        return failed();
    *page = (struct page){at, (uint32_t)ref, false};
    return page - pages;
}

static int64_t do_unmap(int64_t index)
{
    struct page *page = page_at(index);
    if (!page || xengnttab_unmap(grants, (void *)(uintptr_t)page->at, 1))
        return -EINVAL;
    page->at = NULL;
    return 0;
}

static int64_t do_share(int64_t writable)
{
    struct page *page = page_free();
    uint32_t ref;
    errno = 0;
    void *at = page ? xengntshr_share_pages(shares, guest, 1, &ref, (int)writable) : NULL;
    if (!at)
        return failed();
    *page = (struct page){at, ref, true};
    return ref;
}

static int64_t do_unshare(int64_t ref)
{
    struct page *page = page_shared(ref);
    if (!page || xengntshr_unshare(shares, (void *)(uintptr_t)page->at, 1))
        return -EINVAL;
    page->at = NULL;
    return 0;
}

static int64_t byte(struct page *page, int64_t offset, bool write, int64_t value)
{
    if (!page || offset < 0 || offset >= 4096)
        return -EINVAL;
    if (write)
        page->at[offset] = (uint8_t)value;
    return write ? 0 : page->at[offset];
}

static int64_t result_of(int64_t result)
{
    return result < 0 ? failed() : result;
}

static int64_t execute(const char *verb, int64_t a, int64_t b, int64_t c)
{
    errno = 0;
    if (!strcmp(verb, "bind"))
        return result_of(xenevtchn_bind_interdomain(events, guest, (evtchn_port_t)a));
    if (!strcmp(verb, "unbound"))
        return result_of(xenevtchn_bind_unbound_port(events, guest));
    if (!strcmp(verb, "close"))
        return result_of(xenevtchn_unbind(events, (evtchn_port_t)a));
    if (!strcmp(verb, "notify"))
        return result_of(xenevtchn_notify(events, (evtchn_port_t)a));
    if (!strcmp(verb, "wait"))
        return wait_event(a);
    if (!strcmp(verb, "map"))
        return do_map(a, b);
    if (!strcmp(verb, "unmap"))
        return do_unmap(a);
    if (!strcmp(verb, "peek") || !strcmp(verb, "poke"))
        return byte(page_at(a), b, verb[1] == 'o', c);
    if (!strcmp(verb, "share"))
        return do_share(a);
    if (!strcmp(verb, "unshare"))
        return do_unshare(a);
    if (!strcmp(verb, "speek") || !strcmp(verb, "spoke"))
        return byte(page_shared(a), b, verb[2] == 'o', c);
    return strcmp(verb, "bye") ? -ENOSYS : 0;
}

/* Answers what stands in the node. False: the guest says good-bye. */
static bool answer(struct xs_handle *store, const char *text)
{
    char verb[16], path[64], reply[64];
    long long number, a = 0, b = 0, c = 0;
    if (sscanf(text, "%lld %15s %lld %lld %lld", &number, verb, &a, &b, &c) < 2)
        return true;
    int64_t result = execute(verb, a, b, c);
    snprintf(path, sizeof(path), "/local/domain/%u/data/behaviours-answer", guest);
    snprintf(reply, sizeof(reply), "%lld %lld", number, (long long)result);
    if (getenv("BEHAVIOURS_VERBOSE"))
        fprintf(stderr, "%s = %lld\n", text, (long long)result);
    xs_write(store, XBT_NULL, path, reply, (unsigned)strlen(reply));
    return strcmp(verb, "bye") != 0;
}

static void serve(struct xs_handle *store)
{
    char ask[64];
    snprintf(ask, sizeof(ask), "/local/domain/%u/data/behaviours-ask", guest);
    xs_watch(store, ask, "ask");
    xs_watch(store, "@releaseDomain", "gone");
    for (bool on = true; on;) {
        unsigned count, length;
        char **event = xs_read_watch(store, &count);
        char *text = event ? xs_read(store, XBT_NULL, ask, &length) : NULL;
        if (!event || !xs_is_domain_introduced(store, guest))
            on = false;
        else if (text && !strcmp(event[XS_WATCH_TOKEN], "ask"))
            on = answer(store, text);
        free(event);
        free(text);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: behaviours_peer DOMID\n", stderr);
        return 2;
    }
    guest = (uint32_t)strtoul(argv[1], NULL, 10);
    struct xs_handle *store = xs_open(0);
    events = xenevtchn_open(NULL, 0);
    grants = xengnttab_open(NULL, 0);
    shares = xengntshr_open(NULL, 0);
    if (!store || !events || !grants || !shares) {
        perror("behaviours_peer");
        return 1;
    }
    serve(store);
    xengntshr_close(shares);
    xengnttab_close(grants);
    xenevtchn_close(events);
    xs_close(store);
    return 0;
}
