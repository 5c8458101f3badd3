/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine on simxen with xenbus.sys: see services.h. */
#include "services.h"

#include "harness.h"
#include "model/pci.h"
#include "model/pnp.h"
#include "model/sched.h"

DRIVER_INITIALIZE XenbusDriverEntry;

static const struct pnp_driver Xenbus = {
    .name = "xenbus", .hardware_id = "PCI\\VEN_5853&DEV_0001", .entry = XenbusDriverEntry};

XENBUS_EVTCHN_INTERFACE_V1 Evtchn;
XENBUS_GNTTAB_INTERFACE_V1 Gnttab;
XENBUS_STORE_INTERFACE_V1 Store;
XENBUS_SUSPEND_INTERFACE_V1 Suspend;
XENBUS_DEBUG_INTERFACE_V1 Debug;

static struct pnp_node *Platform;
static const struct {
    const GUID *guid;
    PINTERFACE head;
    USHORT size;
} Services[] = {
    {&GUID_XENBUS_EVTCHN, &Evtchn.Interface, sizeof(Evtchn)},
    {&GUID_XENBUS_GNTTAB, &Gnttab.Interface, sizeof(Gnttab)},
    {&GUID_XENBUS_STORE, &Store.Interface, sizeof(Store)},
    {&GUID_XENBUS_SUSPEND, &Suspend.Interface, sizeof(Suspend)},
    {&GUID_XENBUS_DEBUG, &Debug.Interface, sizeof(Debug)},
};

static void settle(void)
{
    for (int i = 0; i < 4; i++) {
        sched_settle();
        pnp_settle();
    }
}

void services_begin(void)
{
    struct pnp_node *child;

    pnp_install(&Xenbus);
    if (!Platform)
        Platform = pci_add(&pci_xen_platform);
    CHECK_EQ(pnp_start(Platform), STATUS_SUCCESS);
    settle();
    child = pnp_find("CASEMENT\\IFACE");
    CHECK(child != NULL);
    for (ULONG i = 0; i < RTL_NUMBER_OF(Services); i++)
        CHECK_EQ(pnp_query_interface(child->pdo, Services[i].guid, Services[i].size, 1,
                                     Services[i].head, NULL),
                 STATUS_SUCCESS);
}

void services_end(void)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(Services); i++)
        Services[i].head->InterfaceDereference(Services[i].head->Context);
    settle();
    CHECK_EQ(pnp_disable(Platform), STATUS_SUCCESS);
    settle();
    pnp_uninstall("xenbus");
}
