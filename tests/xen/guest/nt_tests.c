/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped drivers' files on real Xen: loaded as Windows loads them, with the NT model around
 * them (tests/nt) and Xen, xenstored and dom0 below. What is proved is what the bench cannot: that
 * the very file runs, on real hypercalls, real interrupts and the real platform device.
 */
#include "nt_machine.h"

#include "harness.h"

NT_TEST(nt_xenbus_starts, .cpus = 2, .set_up = nt_machine_set_up)
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
