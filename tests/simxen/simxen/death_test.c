/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a process killed with SIGKILL is noticed by the hypervisor and by its peers: its
 * ports close, its grants and mappings end with their notifications; that a domain dies with its
 * last process, VIRQ_DOM_EXC says so, that a destroyed domain says nothing else to its peers, and
 * it is dying, not gone, while another maps its pages. Runs without xenstored, which would own the
 * virq.
 */
#include "fixture.h"

#include <sys/mman.h>

static struct simxen *dom0;

/* What parent and child tell each other. */
struct common {
    uint32_t domid, ref, port;
    uint32_t peer_ref, peer_port; /* the parent's, for the child to map and bind */
};
static struct common *common;

/* The child grants a page and opens a port, both with notification, as a vchan server does. */
static void server(void *argument)
{
    struct simxen *sx = as_domain(common->domid);
    struct simxen_evtchn *events = open_events(sx);
    uint8_t *page;
    common->port = (uint32_t)simxen_evtchn_bind_unbound(events, 0);
    struct simxen_unmap_notify notify = {7, common->port};
    CHECK_EQUAL(simxen_grant(sx, 0, 1, 0, &notify, &common->ref, (void **)&page), 0);
    page[7] = 1;
}

/* The child maps the parent's page and binds its port, as a vchan client does. */
static void client(void *argument)
{
    struct simxen *sx = as_domain(common->domid);
    struct simxen_evtchn *events = open_events(sx);
    uint32_t zero = 0;
    void *page;
    int port = simxen_evtchn_bind_interdomain(events, 0, common->peer_port);
    CHECK(port > 0);
    struct simxen_unmap_notify notify = {9, (uint32_t)port};
    CHECK_EQUAL(simxen_map(sx, 1, &zero, true, &common->peer_ref, 0, &notify, &page), 0);
}

static void a_destroyed_server_says_nothing(void)
{
    struct simxen_evtchn *events = open_events(dom0);
    struct simxen_port_status status;
    uint8_t *page;
    common->domid = new_domain(dom0, SX_FLAG_KEEP);
    pid_t pid = child_process(server, NULL);
    int port = simxen_evtchn_bind_interdomain(events, common->domid, common->port);
    CHECK_EQUAL(simxen_map(dom0, 1, &common->domid, true, &common->ref, 0, NULL, (void **)&page),
                0);
    CHECK_EQUAL(simxen_evtchn_pending(events), port); /* a port that was just bound fires */
    CHECK_EQUAL(simxen_evtchn_unmask(events, (uint32_t)port), 0);
    CHECK_EQUAL(end_domain(dom0, common->domid), 0);
    CHECK_EQUAL(readable(events, 0), 0);
    CHECK_EQUAL(page[7], 1);
    CHECK_EQUAL(simxen_evtchn_status(dom0, 0, (uint32_t)port, &status), 0);
    CHECK_EQUAL(status.state, SIMXEN_PORT_UNBOUND);
    CHECK_EQUAL(simxen_unmap(dom0, page), 0);
    simxen_evtchn_close(events);
    kill_process(pid);
}

static void idle(void *argument)
{
    as_domain(common->domid);
}

static void a_killed_server_is_noticed(void)
{
    struct simxen_evtchn *events = open_events(dom0);
    struct simxen_port_status status;
    uint8_t *page;
    void *again;
    common->domid = new_domain(dom0, SX_FLAG_KEEP);
    pid_t pid = child_process(server, NULL);
    int port = simxen_evtchn_bind_interdomain(events, common->domid, common->port);
    CHECK_EQUAL(simxen_map(dom0, 1, &common->domid, true, &common->ref, 0, NULL, (void **)&page),
                0);
    CHECK_EQUAL(simxen_evtchn_pending(events), port); /* from binding */
    CHECK_EQUAL(simxen_evtchn_unmask(events, (uint32_t)port), 0);
    CHECK_EQUAL(page[7], 1);
    kill_process(pid);
    CHECK_EQUAL(readable(events, PATIENCE_MS), 1);
    CHECK_EQUAL(simxen_evtchn_pending(events), port);
    CHECK_EQUAL(page[7], 0);
    CHECK_EQUAL(simxen_evtchn_status(dom0, SIMXEN_DOMID_SELF, (uint32_t)port, &status), 0);
    CHECK_EQUAL(status.state, SIMXEN_PORT_UNBOUND);
    CHECK_EQUAL(simxen_map(dom0, 1, &common->domid, true, &common->ref, 0, NULL, &again), -EINVAL);
    CHECK_EQUAL(simxen_unmap(dom0, page), 0);
    simxen_evtchn_close(events);
    CHECK_EQUAL(end_domain(dom0, common->domid), 0);
}

static void a_killed_client_is_noticed(void)
{
    struct simxen_evtchn *events = open_events(dom0);
    uint8_t *page;
    common->domid = new_domain(dom0, SX_FLAG_KEEP);
    int port = simxen_evtchn_bind_unbound(events, common->domid);
    common->peer_port = (uint32_t)port;
    CHECK_EQUAL(simxen_grant(dom0, common->domid, 1, 0, NULL, &common->peer_ref, (void **)&page),
                0);
    page[9] = 1;
    pid_t pid = child_process(client, NULL);
    CHECK_EQUAL(readable(events, 0), 0);
    kill_process(pid);
    CHECK_EQUAL(readable(events, PATIENCE_MS), 1);
    CHECK_EQUAL(simxen_evtchn_pending(events), port);
    CHECK_EQUAL(page[9], 0);
    CHECK_EQUAL(simxen_revoke(dom0, page), 0);
    simxen_evtchn_close(events);
    CHECK_EQUAL(end_domain(dom0, common->domid), 0);
}

static void wait_virq(struct simxen_evtchn *events, int virq_port)
{
    CHECK_EQUAL(readable(events, PATIENCE_MS), 1);
    CHECK_EQUAL(simxen_evtchn_pending(events), virq_port);
    CHECK_EQUAL(simxen_evtchn_unmask(events, (uint32_t)virq_port), 0);
}

static bool exists(uint32_t domid, struct simxen_domain_info *info)
{
    return simxen_domain_info(dom0, domid, info) == 0 && info->domid == domid;
}

static void a_domain_dies_with_its_last_process(void)
{
    struct simxen_evtchn *events = open_events(dom0);
    int virq_port = simxen_evtchn_bind_virq(events, 3);
    struct simxen_domain_info info;
    common->domid = new_domain(dom0, 0);
    pid_t first = child_process(idle, NULL), second = child_process(idle, NULL);
    kill_process(first);
    CHECK(exists(common->domid, &info) && !info.dying);
    CHECK_EQUAL(simxen_evtchn_pending(events), -EAGAIN);
    kill_process(second);
    wait_virq(events, virq_port);
    CHECK(!exists(common->domid, &info));
    CHECK(new_domain(dom0, 0) > common->domid); /* an id is not used again */
    CHECK_EQUAL(end_domain(dom0, common->domid + 1), 0);
    simxen_evtchn_close(events);
}

static void a_domain_is_dying_while_its_pages_are_mapped(void)
{
    struct simxen_evtchn *virqs = open_events(dom0), *events = open_events(dom0);
    int virq_port = simxen_evtchn_bind_virq(virqs, 3);
    struct simxen_domain_info info;
    struct simxen *refused;
    uint8_t *page;
    common->domid = new_domain(dom0, 0);
    pid_t pid = child_process(server, NULL);
    CHECK(simxen_evtchn_bind_interdomain(events, common->domid, common->port) > 0);
    CHECK_EQUAL(simxen_map(dom0, 1, &common->domid, true, &common->ref, 0, NULL, (void **)&page),
                0);
    page[100] = 5;
    kill_process(pid);
    wait_virq(virqs, virq_port);
    CHECK(exists(common->domid, &info));
    CHECK(info.dying);
    CHECK_EQUAL(page[100], 5);
    CHECK_EQUAL(page[7], 0);
    CHECK_EQUAL(simxen_open(&refused, getenv("SIMXEN_DIR"), common->domid), -ESRCH);
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(events, common->domid, common->port), -EINVAL);
    CHECK_EQUAL(end_domain(dom0, common->domid), -ESRCH);
    CHECK_EQUAL(simxen_unmap(dom0, page), 0);
    wait_virq(virqs, virq_port);
    CHECK(!exists(common->domid, &info));
    CHECK_EQUAL(simxen_evtchn_bind_interdomain(events, common->domid, common->port), -ESRCH);
    simxen_evtchn_close(events);
    simxen_evtchn_close(virqs);
}

/* A process that waits in a domain which is destroyed under it does not wait for ever. */
static void waiting(void *argument)
{
    struct simxen_evtchn *events;
    struct simxen *sx = as_domain(common->domid);
    CHECK_EQUAL(simxen_evtchn_open(sx, &events), 0); /* blocking */
    CHECK(simxen_evtchn_bind_unbound(events, 0) > 0);
    CHECK(write(9, "r", 1) == 1);
    CHECK_EQUAL(simxen_evtchn_pending(events), -ESRCH);
    CHECK_EQUAL(simxen_evtchn_bind_unbound(events, 0), -ESRCH);
    _exit(42);
}

static void a_destroyed_domain_wakes_its_processes(void)
{
    int status;
    common->domid = new_domain(dom0, SX_FLAG_KEEP);
    pid_t pid = child_process(waiting, NULL);
    CHECK_EQUAL(end_domain(dom0, common->domid), 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), 42);
}

/* A guest may not act on domains. */
static void only_domain_0_rules(void)
{
    struct simxen_domain_info info;
    uint32_t domid = new_domain(dom0, 0);
    struct simxen *guest = as_domain(domid);
    CHECK_EQUAL(simxen_domain_info(guest, 0, &info), -EPERM);
    CHECK_EQUAL(end_domain(guest, domid), -EPERM);
    simxen_close(guest);
}

int main(void)
{
    common = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    dom0 = as_domain(0);
    a_killed_server_is_noticed();
    a_killed_client_is_noticed();
    a_destroyed_server_says_nothing();
    a_domain_dies_with_its_last_process();
    a_domain_is_dying_while_its_pages_are_mapped();
    a_destroyed_domain_wakes_its_processes();
    only_domain_0_rules();
    simxen_close(dom0);
    return 0;
}
