/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped drivers' files on real Xen: loaded as Windows loads them, with the NT model around
 * them (tests/nt) and Xen, xenstored and dom0 below. What is proved is what the bench cannot: that
 * the very files run, on real hypercalls, real interrupts and the real platform device.
 *
 * A CPU of the model is a vCPU of the domain here, because a driver asks CPUID which one it is on.
 */
#include "nt_machine.h"

#include "harness.h"
#include "model/sched.h"
#include "nt_program.h"

enum { RETRIES = 12 }; /* timers that may pass until all grants are taken back */

static struct pnp_node *start_both(void)
{
    struct pnp_node *platform;

    nt_machine_install("xenbus");
    nt_machine_install("xeniface");
    platform = nt_machine_platform();
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    nt_machine_settle();
    return platform;
}

static void must_be_started(void)
{
    struct pnp_node *iface = pnp_find("CASEMENT\\IFACE");

    CHECK(iface != NULL);
    CHECK_EQ(iface->state, PNP_STARTED);
}

static void end_both(struct pnp_node *platform)
{
    if (platform->state == PNP_STARTED)
        CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    nt_machine_settle();
    pnp_uninstall("xeniface");
    pnp_uninstall("xenbus");
}

/* xenbus.sys alone: starts, names its children, is disabled and unloaded without a trace. */
NT_TEST(nt_xenbus_starts, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform;

    nt_machine_install("xenbus");
    platform = nt_machine_platform();
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    nt_machine_settle();
    CHECK(pnp_find("CASEMENT\\IFACE") != NULL);
    CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    pnp_uninstall("xenbus");
}

/* A program's IOCTLs reach xenstored through both drivers. */
NT_TEST(nt_xeniface_store, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_both();

    must_be_started();
    program_run(program_uses_store);
    end_both(platform);
}

/* Stopped and started again, disabled and enabled again: each time all of it works. The platform
 * device itself refuses to be stopped while its children use it, which NT allows. */
NT_TEST(nt_restart, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_both(), *iface = pnp_find("CASEMENT\\IFACE");

    program_run(program_uses_store);
    CHECK_EQ(pnp_query_stop(iface), STATUS_SUCCESS);
    pnp_stop(iface);
    CHECK_EQ(pnp_start(iface), STATUS_SUCCESS);
    nt_machine_settle();
    must_be_started();
    program_run(program_uses_store);
    CHECK_EQ(pnp_query_stop(platform), STATUS_DEVICE_BUSY);
    program_run(program_uses_store);
    CHECK_EQ(pnp_disable(platform), STATUS_SUCCESS);
    nt_machine_settle();
    CHECK_EQ(pnp_start(platform), STATUS_SUCCESS);
    nt_machine_settle();
    must_be_started();
    program_run(program_uses_store);
    end_both(platform);
}

/* The platform device is pulled out under a driver that has a watch, grants and channels. */
NT_TEST(nt_surprise_removal, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_both();

    program_run(program_uses_store);
    nt_machine_pull(platform);
    nt_machine_settle();
    pnp_uninstall("xeniface");
    pnp_uninstall("xenbus");
}

/* What dom0 had mapped still when it was revoked is tried again by the driver's timer. */
static void take_grants_back(void)
{
    for (ULONG i = 0; i < RETRIES; i++)
        (void)sched_advance();
}

/* libxenvchan in dom0 talks to a vchan whose pages xeniface granted. */
NT_TEST(nt_vchan, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_both();

    program_run(program_serves_vchan);
    take_grants_back();
    end_both(platform);
}

/* dom0 saves the machine as a checkpoint, then saves and restores it for good (nt.sh): the drivers
 * take the order from control/shutdown, a program lives through both, and afterwards everything
 * works in the new domain. */
NT_TEST(nt_save_restore, .set_up = nt_machine_set_up)
{
    struct pnp_node *platform = start_both();

    program_run(program_is_checkpointed);
    program_run(program_is_restored);
    must_be_started();
    program_run(program_uses_store);
    program_run(program_serves_vchan);
    take_grants_back();
    end_both(platform);
}
