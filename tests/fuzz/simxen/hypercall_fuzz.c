/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest kernel that makes any hypercall with any arguments: neither the library that answers nor
 * the daemon behind it may crash, hang or touch memory that is not the guest's. The input is a
 * list of calls, with requests to the daemon between them that the library would not make; numbers
 * are mostly small, because those are the ones that do something. The daemon runs in a process of
 * its own, with the same sanitizers; its end is found by the next call.
 */
#include "core/xen/abi.h"
#include "linux/simxen/daemon/instance.h"
#include "linux/simxen/guest/internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { RAM_FRAMES = 64, ARENA_BYTES = 8192, MAX_CALLS = 64, CALL_BYTES = 48 };

struct input {
    const uint8_t *at;
    size_t left;
};

static char dir[] = "/tmp/simxen-fuzz-XXXXXX";
static struct simxen *dom0;
static uint8_t arena[ARENA_BYTES]; /* the guest's virtual memory */
static struct simxen_guest *guest;

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz hypercall: %s\n", what);
    abort();
}

static void remove_folder(void)
{
    static const char *const entry[] = {"/socket", "/lock", "/dom0/xenbus", "/dom0", ""};
    char path[64];
    for (size_t i = 0; i < sizeof(entry) / sizeof(entry[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", dir, entry[i]);
        remove(path);
    }
}

static void start_daemon(void)
{
    int ready[2];
    char byte;
    require(mkdtemp(dir) && pipe(ready) == 0, "no folder");
    pid_t parent = getpid(), daemon = fork();
    if (daemon == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(1);
        close(ready[0]);
        int result = serve(dir, ready[1]);
        remove_folder();
        _exit(result);
    }
    close(ready[1]);
    require(read(ready[0], &byte, 1) == 1, "the daemon does not start");
    close(ready[0]);
    require(simxen_open(&dom0, dir, 0) == 0, "no dom0");
}

/* An address at or above 1 << 32 is offset by that into the arena; the rest is not there. */
static void *translate(void *context, uint64_t address, size_t bytes, unsigned access)
{
    uint64_t offset = address - (1ull << 32);
    return offset < ARENA_BYTES && bytes <= ARENA_BYTES - offset ? arena + offset : NULL;
}

static bool shut_down(void *context, uint32_t reason)
{
    return false;
}

static void log_nothing(void *context, const char *bytes, size_t count)
{
}

static uint8_t take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->at++;
}

/* Sixteen bits of the structure at a time: small, a reserved domain, or anything. */
static uint16_t take_half(struct input *input)
{
    uint8_t what = take(input);
    if (what < 0xc0)
        return what & 0x3f;
    if (what < 0xe0)
        return (uint16_t)(XEN_DOMID_SELF + (what & 7));
    return (uint16_t)(take(input) | take(input) << 8);
}

/* What the library would never ask of the daemon, which must not trust it either. */
static void raw_request(struct input *input)
{
    struct sx_reply reply;
    uint32_t data[16], answer[64];
    struct sx_request request = {.op = SX_EVTCHN_OPEN + take(input) % SX_RESTORE,
                                 .handle = take_half(input),
                                 .domid = take_half(input),
                                 .port = take_half(input),
                                 .flags = take_half(input),
                                 .count = take_half(input) % 16,
                                 .notify_offset = take_half(input),
                                 .notify_port = take_half(input)};
    if (take(input) & 1)
        request.handle = guest->events->id;
    for (int i = 0; i < 16; i++)
        data[i] = take_half(input);
    bool has_data = request.op == SX_MAP || request.op == SX_GUEST_COPY || (take(input) & 1);
    lx_lock(&guest->sx->lock);
    simxen_call(guest->sx, &request, data, has_data ? request.count : 0, &reply, answer, 64, NULL);
    lx_unlock(&guest->sx->lock);
}

static void one_call(struct input *input)
{
    static const uint8_t number[] = {XEN_HYPERCALL_EVENT_CHANNEL_OP, XEN_HYPERCALL_GRANT_TABLE_OP,
                                     XEN_HYPERCALL_MEMORY_OP,        XEN_HYPERCALL_HVM_OP,
                                     XEN_HYPERCALL_VCPU_OP,          XEN_HYPERCALL_SCHED_OP,
                                     XEN_HYPERCALL_XEN_VERSION,      XEN_HYPERCALL_CONSOLE_IO};
    uint8_t choice = take(input);
    if (choice >= 0xe0 && choice < 0xf0) {
        raw_request(input);
        return;
    }
    uint32_t which = choice < 0xf0 ? number[choice % sizeof(number)] : choice;
    uint64_t op = take(input), address = (1ull << 32) + take(input) * 8;
    uint32_t vcpu = choice >> 4 & 1, count = take(input);
    for (int i = 0; i < CALL_BYTES / 2 && input->left; i++) {
        uint16_t half = take_half(input);
        memcpy(arena + (address - (1ull << 32)) + (size_t)i * 2, &half, 2);
    }
    if (which == XEN_HYPERCALL_VCPU_OP)
        simxen_guest_hypercall(guest, vcpu, which, op, count & 3, address, 0, 0);
    else if (which == XEN_HYPERCALL_SCHED_OP && op == XEN_SCHEDOP_POLL)
        return; /* it may wait, as it should */
    else
        simxen_guest_hypercall(guest, vcpu, which, op, count == 0xff ? op : address, count, 0, 0);
}

static uint32_t new_guest(void)
{
    struct sx_request request = {.op = SX_CREATE, .flags = SX_FLAG_GUEST, .count = 8};
    struct sx_reply reply = {0};
    uint32_t name[8] = {0x7a7a7566}, port;
    require(simxen_call(dom0, &request, name, 8, &reply, &port, 1, NULL) == 0,
            "the daemon has ended");
    return reply.value;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void *granted;
    struct input input = {bytes, size};
    if (!dom0)
        start_daemon();
    struct simxen_guest_config config = {.dir = dir,
                                         .domid = new_guest(),
                                         .memory_bytes = RAM_FRAMES * XEN_PAGE_BYTES,
                                         .vcpus = 2,
                                         .translate = translate,
                                         .shutdown = shut_down,
                                         .log = log_nothing};
    uint32_t ref;
    memset(arena, 0, sizeof(arena));
    require(simxen_guest_open(&guest, &config) == 0, "the daemon has ended");
    require(simxen_grant(dom0, config.domid, 1, 0, NULL, &ref, &granted) == 0, "no grant");
    for (int call = 0; call < MAX_CALLS && input.left; call++)
        one_call(&input);
    simxen_guest_pump(guest);
    simxen_guest_close(guest);
    require(simxen_revoke(dom0, granted) == 0, "the daemon has ended");
    return 0;
}
