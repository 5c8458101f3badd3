/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program over a suspend of its machine (`xl save`): it has a watch, a port and a granted page
 * when dom0 asks, and says "ready" to its partner there. After a checkpoint nothing has changed.
 * After a restore it is told, its watch fires in the new domain, the port and the grant are dead
 * but can be given back, and new ones work.
 */
#include "nt_program.h"

#include "harness.h"
#include "nt_world.h"
#include "windows/kernel/xeniface/contract.h"
#include "model/user.h"

enum { TEXT_BYTES = 64 };

struct sleeper {
    HANDLE device, resumed, watched, rung;
    ULONG count; /* of resumes */
    char domid[TEXT_BYTES];
    ULONG port;
    void *page;
    PIO_STATUS_BLOCK page_status; /* pends while the page is shared */
};

static ULONG resumes(HANDLE device)
{
    ULONG count = 0;

    CHECK_EQ(program_call(device, IOCTL_XENIFACE_SUSPEND_GET_COUNT, NULL, 0, &count, sizeof(count)),
             STATUS_SUCCESS);
    return count;
}

static void tell_me(struct sleeper *sleeper)
{
    XENIFACE_SUSPEND_REGISTER_IN suspend = {.Event = sleeper->resumed = program_event()};
    XENIFACE_SUSPEND_REGISTER_OUT registration;

    CHECK_EQ(program_call(sleeper->device, IOCTL_XENIFACE_SUSPEND_REGISTER, &suspend,
                          sizeof(suspend), &registration, sizeof(registration)),
             STATUS_SUCCESS);
    sleeper->watched = program_watch(sleeper->device, "data/go");
}

static void open_port(struct sleeper *sleeper)
{
    XENIFACE_EVTCHN_BIND_UNBOUND_IN bind = {.Event = sleeper->rung = program_event()};
    XENIFACE_EVTCHN_BIND_UNBOUND_OUT port;

    CHECK_EQ(program_call(sleeper->device, IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, &bind, sizeof(bind),
                          &port, sizeof(port)),
             STATUS_SUCCESS);
    sleeper->port = port.LocalPort;
}

static void share_page(struct sleeper *sleeper)
{
    PXENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2 in = user_alloc(sizeof(*in));
    PXENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT_V2 out = user_alloc(sizeof(*out));

    *in = (XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_IN_V2){.NumberPages = 1};
    sleeper->page_status = user_alloc(sizeof(*sleeper->page_status));
    CHECK_EQ(NtDeviceIoControlFile(
                 sleeper->device, NULL, NULL, NULL, sleeper->page_status,
                 IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, in, sizeof(*in), out,
                 FIELD_OFFSET(XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_OUT_V2, References) + 4),
             STATUS_PENDING);
    sleeper->page = out->Address;
}

static void give_back(struct sleeper *sleeper)
{
    XENIFACE_EVTCHN_CLOSE_IN close = {sleeper->port};
    XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_IN_V2 revoke = {sleeper->page};

    CHECK_EQ(
        program_call(sleeper->device, IOCTL_XENIFACE_EVTCHN_CLOSE, &close, sizeof(close), NULL, 0),
        STATUS_SUCCESS);
    CHECK_EQ(program_call(sleeper->device, IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, &revoke,
                          sizeof(revoke), NULL, 0),
             STATUS_SUCCESS);
    CHECK_EQ(sleeper->page_status->Status, STATUS_SUCCESS);
    CHECK_EQ(NtClose(sleeper->rung), STATUS_SUCCESS);
}

static BOOLEAN is_set(HANDLE event)
{
    LARGE_INTEGER now = {.QuadPart = 0};

    return NtWaitForSingleObject(event, FALSE, &now) == STATUS_SUCCESS;
}

/* Until dom0 has written data/go, which it does when it has suspended us. ask: the partner takes
 * each number once. */
static void sleep_now(struct sleeper *sleeper, HANDLE device, const char *ask)
{
    *sleeper = (struct sleeper){.device = device, .count = resumes(device)};
    CHECK_EQ(program_read_key(device, "domid", sleeper->domid, TEXT_BYTES), STATUS_SUCCESS);
    tell_me(sleeper);
    open_port(sleeper);
    share_page(sleeper);
    program_write_key(device, "data/partner/ask", ask);
    program_wait(sleeper->watched);
    nt_world_resumed();
}

void program_is_checkpointed(HANDLE device)
{
    static struct sleeper sleeper;
    char domid[TEXT_BYTES];

    sleep_now(&sleeper, device, "8 ready");
    CHECK_EQ(resumes(device), sleeper.count);
    CHECK(!is_set(sleeper.resumed));
    CHECK_EQ(program_read_key(device, "domid", domid, TEXT_BYTES), STATUS_SUCCESS);
    CHECK(strcmp(domid, sleeper.domid) == 0);
    give_back(&sleeper);
    CHECK_EQ(program_call(device, IOCTL_XENIFACE_STORE_REMOVE, "data/go", 8, NULL, 0),
             STATUS_SUCCESS);
}

void program_is_restored(HANDLE device)
{
    static struct sleeper sleeper;
    char domid[TEXT_BYTES];

    sleep_now(&sleeper, device, "9 ready");
    CHECK_EQ(resumes(device), sleeper.count + 1);
    program_wait(sleeper.resumed); /* told after the watches: they may fire first */
    CHECK_EQ(program_read_key(device, "domid", domid, TEXT_BYTES), STATUS_SUCCESS);
    CHECK(strcmp(domid, sleeper.domid) != 0);
    give_back(&sleeper);
    open_port(&sleeper);
    share_page(&sleeper);
    give_back(&sleeper);
}
