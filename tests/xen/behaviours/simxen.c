/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of behaviours on simxen: this program is the guest, dom0's part is a process beside it,
 * xenstored is Debian's. Under `simxen host --`:
 *
 *   behaviours_simxen PEER-PROGRAM
 */
#include "behaviours.h"
#include "env.h"
#include "linux/simxen/guest.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    VCPUS = 2,
    SHARED_FRAME = 0x100,
    GRANT_FRAME = 0x101,
    FIRST_PAGE = 0x110,
    FIRST_HOLE = 0xf2000,
    VECTOR = 0x40,
    STORE_WAIT_MS = 30000,
};

static struct simxen_guest *guest;
static const char *peer_program;
static pid_t peer;
static void *store;
static uint32_t store_port, passed, failed_rows;
static uint32_t upcalls[VCPUS];
static bool due[VCPUS], masked;
static uint64_t next_page = FIRST_PAGE, next_hole = FIRST_HOLE;

/* --- The machine */

static void *translate(void *context, uint64_t address, size_t bytes, unsigned access)
{
    return address < XEN_PAGE_BYTES ? NULL : (void *)(uintptr_t)address;
}

static void upcall(void *context, uint32_t vcpu, uint8_t vector)
{
    due[vcpu] = true;
}

static void take_interrupts(void)
{
    int fd;
    uint64_t offset;
    unsigned access;
    if (simxen_guest_frame(guest, SHARED_FRAME, &fd, &offset, &access))
        return;
    for (uint32_t vcpu = 0; vcpu < VCPUS; vcpu++) {
        if (!due[vcpu] || (masked && vcpu == 0))
            continue;
        due[vcpu] = false;
        upcalls[vcpu]++;
        __atomic_store_n(&env_shared_info()->vcpu[vcpu].upcall_pending, 0, __ATOMIC_SEQ_CST);
    }
}

int64_t env_hypercall(uint32_t number, uint64_t a1, uint64_t a2, uint64_t a3)
{
    int64_t result = simxen_guest_hypercall(guest, 0, number, a1, a2, a3, 0, 0);
    take_interrupts();
    return result;
}

uint32_t env_domid(void)
{
    return simxen_guest_domid(guest);
}

uint32_t env_vcpus(void)
{
    return VCPUS;
}

uint64_t env_page_new(void)
{
    return next_page++;
}

uint64_t env_hole_new(void)
{
    return next_hole++;
}

void *env_at(uint64_t frame)
{
    return (uint8_t *)simxen_guest_memory(guest) + frame * XEN_PAGE_BYTES;
}

uint64_t env_bad_address(void)
{
    return 64;
}

struct xen_shared_info *env_shared_info(void)
{
    return env_at(SHARED_FRAME);
}

struct xen_grant_entry *env_grant_table(void)
{
    return env_at(GRANT_FRAME);
}

uint64_t env_shared_frame(void)
{
    return SHARED_FRAME;
}

uint64_t env_grant_frame(void)
{
    return GRANT_FRAME;
}

uint32_t env_upcalls(uint32_t vcpu)
{
    return upcalls[vcpu];
}

void env_settle(void)
{
    simxen_guest_pump(guest);
    take_interrupts();
}

void env_mask(bool on)
{
    masked = on;
    take_interrupts();
}

uint8_t env_upcall_vector(void)
{
    return VECTOR;
}

/* --- XenStore */

struct xs_ring_page *env_store_ring(void)
{
    return store;
}

uint32_t env_port_count(void)
{
    return 1;
}

uint32_t env_port(uint32_t index)
{
    return store_port;
}

void env_port_is(uint32_t index, uint32_t port)
{
    store_port = port;
}

bool env_idle(void)
{
    struct pollfd fd = {simxen_guest_fd(guest), POLLIN, 0};
    bool woken = poll(&fd, 1, STORE_WAIT_MS) == 1;
    env_settle();
    return woken;
}

/* --- The list */

void env_row(const char *group, const char *what, int64_t got, int64_t wanted)
{
    passed += got == wanted;
    failed_rows += got != wanted;
    if (got != wanted)
        printf("DIFFERS %s: %s: %lld, Xen says %lld\n", group, what, (long long)got,
               (long long)wanted);
}

void env_print(const char *text)
{
    puts(text);
}

static uint64_t store_param(uint32_t index)
{
    struct xen_hvmop_param op = {.domid = XEN_DOMID_SELF, .index = index};
    env_hypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, (uintptr_t)&op, 0);
    return op.value;
}

/* xl save and xl restore, while the guest is in its hypercall. */
static bool shut_down(void *context, uint32_t reason)
{
    uint32_t domid;
    return reason == XEN_SHUTDOWN_SUSPEND &&
           !simxen_toolstack_restore(simxen_guest_domid(guest), &domid) &&
           !simxen_guest_resume(guest, domid);
}

static bool set_up(void)
{
    for (uint32_t space = XEN_MAPSPACE_SHARED_INFO; space <= XEN_MAPSPACE_GRANT_TABLE; space++) {
        struct xen_memory_add_to_physmap op = {
            .domid = XEN_DOMID_SELF, .space = space, .frame = SHARED_FRAME + space};
        if (env_hypercall(XEN_HYPERCALL_MEMORY_OP, XEN_MEMORY_ADD_TO_PHYSMAP, (uintptr_t)&op, 0))
            return false;
    }
    struct xen_hvmop_param wide = {
        .domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_CALLBACK_IRQ, .value = 32};
    env_hypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_PARAM, (uintptr_t)&wide, 0);
    for (uint32_t vcpu = 0; vcpu < VCPUS; vcpu++) {
        struct xen_hvmop_upcall_vector op = {.vcpu = vcpu, .vector = VECTOR};
        env_hypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, (uintptr_t)&op, 0);
    }
    store = env_at(store_param(XEN_HVM_PARAM_STORE_PFN));
    store_port = (uint32_t)store_param(XEN_HVM_PARAM_STORE_EVTCHN);
    return true;
}

static bool start_machine(void)
{
    struct simxen_guest_config config = {.dir = getenv("SIMXEN_DIR"),
                                         .memory_bytes = 8 << 20,
                                         .vcpus = VCPUS,
                                         .translate = translate,
                                         .upcall = upcall,
                                         .shutdown = shut_down};
    return !simxen_toolstack_create("behaviours", &config.domid) &&
           !simxen_guest_open(&guest, &config) && set_up();
}

static void start_peer(void)
{
    peer = fork();
    if (peer == 0) {
        char domid[12];
        snprintf(domid, sizeof(domid), "%u", env_domid());
        execl(peer_program, peer_program, domid, (char *)NULL);
        perror(peer_program);
        _exit(127);
    }
}

static void end_peer(void)
{
    int status = 1;
    waitpid(peer, &status, 0);
    failed_rows += status != 0;
}

bool env_suspend(int64_t *result)
{
    struct xen_sched_shutdown op = {XEN_SHUTDOWN_SUSPEND};
    end_peer();
    *result = env_hypercall(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_SHUTDOWN, (uintptr_t)&op, 0);
    return true;
}

void env_resume(void)
{
    failed_rows += !set_up();
    start_peer();
}

int main(int argc, char **argv)
{
    if (argc != 2 || !start_machine()) {
        fputs("behaviours_simxen: usage: simxen host -- behaviours_simxen PEER\n", stderr);
        return 1;
    }
    peer_program = argv[1];
    start_peer();
    for (const struct behaviour_group *group = behaviour_groups; group->name; group++)
        group->run();
    end_peer();
    simxen_guest_close(guest);
    printf("%u passed, %u failed\n", passed, failed_rows);
    return failed_rows ? 1 : 0;
}
