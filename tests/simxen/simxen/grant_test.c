/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that simxen's grant tables follow Xen's rules with the errors that Linux's gntdev gives:
 * only the named domain maps, only as it was allowed, nothing is used again while it is mapped,
 * the notification of an unmap comes by byte and by port, and quotas end in ENOSPC.
 */
#include "fixture.h"

#include <setjmp.h>
#include <sys/mman.h>

static struct simxen *dom0, *owner, *peer;
static uint32_t owner_id, peer_id;

static int map_one(struct simxen *who, uint32_t domid, uint32_t ref, uint32_t flags, void **page)
{
    return simxen_map(who, 1, &domid, true, &ref, flags, NULL, page);
}

static void pages_are_the_same_memory(void)
{
    uint32_t refs[3], swapped[3];
    uint8_t *shared, *mapped;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 3, 0, NULL, refs, (void **)&shared), 0);
    for (size_t i = 0; i < 3 * SIMXEN_PAGE_BYTES; i++)
        CHECK_EQUAL(shared[i], 0);
    for (int i = 0; i < 3; i++) {
        memset(shared + i * SIMXEN_PAGE_BYTES, i + 1, SIMXEN_PAGE_BYTES);
        swapped[i] = refs[2 - i];
    }
    CHECK_EQUAL(simxen_map(peer, 3, &owner_id, true, swapped, 0, NULL, (void **)&mapped), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(mapped[i * SIMXEN_PAGE_BYTES + 17], 3 - i);
    mapped[5] = 99;
    CHECK_EQUAL(shared[2 * SIMXEN_PAGE_BYTES + 5], 99);
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    CHECK_EQUAL(simxen_unmap(peer, mapped), -EINVAL);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
    CHECK_EQUAL(simxen_revoke(owner, shared), -EINVAL);
}

static void existing_pages_keep_their_content(void)
{
    uint32_t ref[2];
    uint8_t *mapped;
    uint8_t *own = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(own, 7, 2 * 4096);
    CHECK_EQUAL(simxen_grant_existing(owner, peer_id, own + 1, 1, 0, NULL, ref), -EINVAL);
    CHECK_EQUAL(simxen_grant_existing(owner, peer_id, own, 2, 0, NULL, ref), 0);
    CHECK_EQUAL(simxen_map(peer, 2, &owner_id, true, ref, 0, NULL, (void **)&mapped), 0);
    CHECK_EQUAL(mapped[8191], 7);
    mapped[0] = 8;
    CHECK_EQUAL(own[0], 8);
    CHECK_EQUAL(simxen_revoke(owner, own), 0);
    mapped[0] = 9;
    CHECK_EQUAL(own[0], 8); /* private again */
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    /* The same when the whole client goes. */
    struct simxen *brief = as_domain(owner_id);
    CHECK_EQUAL(simxen_grant_existing(brief, peer_id, own, 2, 0, NULL, ref), 0);
    CHECK_EQUAL(simxen_map(peer, 2, &owner_id, true, ref, 0, NULL, (void **)&mapped), 0);
    simxen_close(brief);
    mapped[4096] = 1;
    CHECK_EQUAL(own[4096], 7);
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    munmap(own, 2 * 4096);
}

static void only_what_was_permitted(void)
{
    uint32_t ref, readonly_ref, bad = 40000;
    void *shared, *readonly, *page;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &ref, &shared), 0);
    CHECK_EQUAL(
        simxen_grant(owner, peer_id, 1, SIMXEN_GRANT_READONLY, NULL, &readonly_ref, &readonly), 0);
    CHECK_EQUAL(map_one(dom0, owner_id, ref, 0, &page), -EINVAL);  /* not for domain 0 */
    CHECK_EQUAL(map_one(owner, owner_id, ref, 0, &page), -EINVAL); /* nor for the owner */
    CHECK_EQUAL(map_one(peer, 0, ref, 0, &page), -EINVAL);         /* another table */
    CHECK_EQUAL(map_one(peer, 9999, ref, 0, &page), -EINVAL);
    CHECK_EQUAL(map_one(peer, owner_id, ref + 1000, 0, &page), -EINVAL);
    CHECK_EQUAL(map_one(peer, owner_id, bad, 0, &page), -EINVAL);
    CHECK_EQUAL(map_one(peer, owner_id, UINT32_MAX, 0, &page), -EINVAL);
    CHECK_EQUAL(map_one(peer, owner_id, 1, 0, &page), -EINVAL); /* XenStore's, for domain 0 */
    CHECK_EQUAL(map_one(peer, owner_id, readonly_ref, 0, &page), -EINVAL);
    CHECK_EQUAL(map_one(peer, owner_id, readonly_ref, SIMXEN_GRANT_READONLY, &page), 0);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) < 0 && errno == EACCES);
    CHECK_EQUAL(simxen_unmap(peer, page), 0);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
    CHECK_EQUAL(map_one(peer, owner_id, ref, 0, &page), -EINVAL); /* revoked */
    CHECK_EQUAL(simxen_revoke(owner, readonly), 0);
    CHECK_EQUAL(simxen_grant(owner, 0x7ff1, 1, 0, NULL, &ref, &shared), -EINVAL);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 0, 0, NULL, &ref, &shared), -EINVAL);
}

/* pv-drivers 3.1 items 1 and 3: a revoked page that the peer maps is neither reused nor forgotten.
 */
static void nothing_is_reused_while_mapped(void)
{
    uint32_t ref, other[64];
    uint8_t *shared, *mapped, *again[64];
    void *page;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &ref, (void **)&shared), 0);
    CHECK_EQUAL(map_one(peer, owner_id, ref, 0, (void **)&mapped), 0);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
    CHECK_EQUAL(map_one(peer, owner_id, ref, 0, &page), -EINVAL);
    memset(mapped, 0x5a, SIMXEN_PAGE_BYTES);
    for (int i = 0; i < 64; i++) {
        CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &other[i], (void **)&again[i]), 0);
        CHECK(other[i] != ref);
        CHECK_EQUAL(again[i][0], 0);
        memset(again[i], 1, SIMXEN_PAGE_BYTES);
    }
    CHECK_EQUAL(mapped[100], 0x5a);
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    for (int i = 0; i < 64; i++)
        CHECK_EQUAL(simxen_revoke(owner, again[i]), 0);
}

/* Both ends of a page tell the other of their end by a byte and by a port. */
static void the_end_is_told(void)
{
    struct simxen_evtchn *a = open_events(owner), *b = open_events(peer);
    int port = simxen_evtchn_bind_unbound(a, peer_id);
    int peer_port = simxen_evtchn_bind_interdomain(b, owner_id, (uint32_t)port);
    struct simxen_unmap_notify owner_notify = {10, (uint32_t)port};
    struct simxen_unmap_notify peer_notify = {SIMXEN_PAGE_BYTES + 20, (uint32_t)peer_port};
    uint32_t refs[2];
    uint8_t *shared, *mapped;
    CHECK_EQUAL(simxen_evtchn_pending(b), peer_port);
    CHECK_EQUAL(simxen_evtchn_unmask(b, (uint32_t)peer_port), 0);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 2, 0, &owner_notify, refs, (void **)&shared), 0);
    memset(shared, 1, 2 * SIMXEN_PAGE_BYTES);
    CHECK_EQUAL(simxen_map(peer, 2, &owner_id, true, refs, 0, &peer_notify, (void **)&mapped), 0);
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    CHECK_EQUAL(shared[SIMXEN_PAGE_BYTES + 20], 0);
    CHECK_EQUAL(shared[SIMXEN_PAGE_BYTES + 19] + shared[SIMXEN_PAGE_BYTES + 21], 2);
    CHECK_EQUAL(simxen_evtchn_pending(a), port);
    CHECK_EQUAL(simxen_map(peer, 2, &owner_id, true, refs, 0, NULL, (void **)&mapped), 0);
    CHECK_EQUAL(mapped[10], 1);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
    CHECK_EQUAL(mapped[10], 0);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer_port);
    CHECK_EQUAL(simxen_unmap(peer, mapped), 0);
    simxen_evtchn_close(a);
    simxen_evtchn_close(b);
}

/* The port of a notification stays open until the notification is sent, as Linux's does. */
static void a_notification_keeps_its_port(void)
{
    struct simxen_evtchn *a = open_events(owner), *b = open_events(peer);
    int port = simxen_evtchn_bind_unbound(a, peer_id);
    int peer_port = simxen_evtchn_bind_interdomain(b, owner_id, (uint32_t)port);
    struct simxen_unmap_notify notify = {SIMXEN_NO_NOTIFY, (uint32_t)port};
    struct simxen_port_status status;
    uint32_t ref;
    void *shared;
    CHECK_EQUAL(simxen_evtchn_pending(b), peer_port);
    CHECK_EQUAL(simxen_evtchn_unmask(b, (uint32_t)peer_port), 0);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, &notify, &ref, &shared), 0);
    simxen_evtchn_close(a);
    CHECK_EQUAL(simxen_evtchn_pending(b), -EAGAIN);
    CHECK_EQUAL(simxen_evtchn_status(owner, SIMXEN_DOMID_SELF, (uint32_t)port, &status), 0);
    CHECK_EQUAL(status.state, SIMXEN_PORT_INTERDOMAIN);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
    CHECK_EQUAL(simxen_evtchn_pending(b), peer_port);
    CHECK_EQUAL(simxen_evtchn_status(owner, SIMXEN_DOMID_SELF, (uint32_t)port, &status), 0);
    CHECK_EQUAL(status.state, SIMXEN_PORT_CLOSED);
    simxen_evtchn_close(b);
}

static void wrong_notifications_are_refused(void)
{
    struct simxen_unmap_notify beyond = {SIMXEN_PAGE_BYTES, SIMXEN_NO_NOTIFY};
    struct simxen_unmap_notify closed = {SIMXEN_NO_NOTIFY, 3000}, byte = {0, SIMXEN_NO_NOTIFY};
    uint32_t ref;
    void *shared, *page;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, &beyond, &ref, &shared), -EINVAL);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, &closed, &ref, &shared), -EINVAL);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &ref, &shared), 0);
    CHECK_EQUAL(simxen_map(peer, 1, &owner_id, true, &ref, 0, &beyond, &page), -EINVAL);
    CHECK_EQUAL(simxen_map(peer, 1, &owner_id, true, &ref, 0, &closed, &page), -EINVAL);
    CHECK_EQUAL(simxen_map(peer, 1, &owner_id, true, &ref, SIMXEN_GRANT_READONLY, &byte, &page),
                -EINVAL);
    CHECK_EQUAL(simxen_revoke(owner, shared), 0);
}

static void grants_run_out(void)
{
    static uint32_t refs[16384], more[16384], one;
    void *first, *second, *third, *page;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 16384, 0, NULL, refs, &first), 0);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 16384, 0, NULL, more, &second), -ENOSPC);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 16375, 0, NULL, more, &second), 0);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &one, &third), -ENOSPC);
    CHECK_EQUAL(simxen_map(peer, 16384, &owner_id, true, refs, 0, NULL, &page), 0);
    CHECK_EQUAL(simxen_unmap(peer, page), 0);
    CHECK_EQUAL(simxen_revoke(owner, second), 0);
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &one, &third), 0);
    CHECK_EQUAL(simxen_revoke(owner, third), 0);
    CHECK_EQUAL(simxen_revoke(owner, first), 0);
}

static void pages_of_two_domains_lie_side_by_side(void)
{
    uint32_t refs[2], domids[2] = {owner_id, 0};
    uint8_t *one, *two, *both;
    CHECK_EQUAL(simxen_grant(owner, peer_id, 1, 0, NULL, &refs[0], (void **)&one), 0);
    CHECK_EQUAL(simxen_grant(dom0, peer_id, 1, 0, NULL, &refs[1], (void **)&two), 0);
    one[0] = 1;
    two[0] = 2;
    CHECK_EQUAL(simxen_map(peer, 2, domids, false, refs, 0, NULL, (void **)&both), 0);
    CHECK_EQUAL(both[0], 1);
    CHECK_EQUAL(both[SIMXEN_PAGE_BYTES], 2);
    CHECK_EQUAL(simxen_unmap(peer, both), 0);
    CHECK_EQUAL(simxen_revoke(owner, one), 0);
    CHECK_EQUAL(simxen_revoke(dom0, two), 0);
}

int main(void)
{
    dom0 = as_domain(0);
    owner_id = new_domain(dom0, SX_FLAG_KEEP);
    peer_id = new_domain(dom0, SX_FLAG_KEEP);
    owner = as_domain(owner_id);
    peer = as_domain(peer_id);
    pages_are_the_same_memory();
    existing_pages_keep_their_content();
    only_what_was_permitted();
    nothing_is_reused_while_mapped();
    the_end_is_told();
    a_notification_keeps_its_port();
    wrong_notifications_are_refused();
    grants_run_out();
    pages_of_two_domains_lie_side_by_side();
    CHECK_EQUAL(end_domain(dom0, owner_id), 0);
    CHECK_EQUAL(end_domain(dom0, peer_id), 0);
    simxen_close(owner);
    simxen_close(peer);
    simxen_close(dom0);
    return 0;
}
