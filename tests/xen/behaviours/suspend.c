/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a restored guest finds: its memory, and nothing of Xen's that it had made. Save and restore
 * by the toolstack, so a new domain; the last group but the good-bye.
 */
#include "list.h"

static const char group[] = "suspend";

static int64_t mem_type(uint64_t frame)
{
    struct xen_hvmop_mem_type op = {.domid = XEN_DOMID_SELF, .frame = frame};
    int64_t error = call_hvm(XEN_HVMOP_GET_MEM_TYPE, &op);
    return error ? error : op.mem_type;
}

static int64_t param(uint32_t index)
{
    struct xen_hvmop_param op = {.domid = XEN_DOMID_SELF, .index = index};
    int64_t error = call_hvm(XEN_HVMOP_GET_PARAM, &op);
    return error ? error : (int64_t)op.value;
}

static int64_t is_fifo(void)
{
    struct xen_evtchn_expand_array op = {env_hole_new()};
    return call_evtchn(XEN_EVTCHNOP_EXPAND_ARRAY, &op);
}

struct before {
    uint64_t hole, page;
    uint32_t ref, domid, unbound;
    int64_t store_page;
};

static void prepare(struct before *is)
{
    struct xen_evtchn_init_control init = {.control_frame = env_page_new()};
    int64_t shared = dom0_does("share", 1, 0, 0);
    *is = (struct before){.hole = env_hole_new(),
                          .page = env_page_new(),
                          .ref = new_ref(),
                          .domid = env_domid(),
                          .store_page = param(XEN_HVM_PARAM_STORE_PFN)};
    for (int i = 0; i < 16;
         i++) /* to a number that the toolstack and the device model do not use */
        is->unbound = (uint32_t)new_unbound(0);
    struct xen_gnttab_map_grant_ref map = {.host_addr = is->hole << XEN_PAGE_SHIFT,
                                           .flags = XEN_GNTMAP_HOST_MAP,
                                           .ref = (uint32_t)shared};
    ROW("a page of dom0 is mapped", call_gnttab(XEN_GNTTABOP_MAP_GRANT_REF, &map) ? -1 : map.status,
        XEN_GNTST_OKAY);
    grant_set(is->ref, XEN_GTF_PERMIT_ACCESS, 0, is->page);
    *(volatile uint32_t *)env_at(is->page) = 0x12345678;
    bit_set(env_shared_info()->evtchn_mask, 40);
    ROW("FIFO is on", call_evtchn(XEN_EVTCHNOP_INIT_CONTROL, &init), 0);
}

/* Before anything is set up anew. */
static void what_is_gone(const struct before *was)
{
    ROW("the page is as it was", *(volatile uint32_t *)env_at(was->page), 0x12345678);
    ROW("shared info is nowhere", mem_type(env_shared_frame()), XEN_MEM_MMIO_DM);
    ROW("the grant table is nowhere", mem_type(env_grant_frame()), XEN_MEM_MMIO_DM);
    ROW("dom0's page is nowhere", mem_type(was->hole), XEN_MEM_MMIO_DM);
    ROW("a page of RAM is one", mem_type(was->page), XEN_MEM_RAM_RW);
    ROW("an unbound port is closed", port_status(was->unbound, NULL), XEN_EVTCHN_CLOSED);
    ROW("FIFO is off", is_fifo(), -XEN_ERROR_EOPNOTSUPP);
    ROW("the callback is gone", param(XEN_HVM_PARAM_CALLBACK_IRQ), 0);
    ROW("XenStore's page is where it was", param(XEN_HVM_PARAM_STORE_PFN), was->store_page);
    ROW("XenStore's port is bound", port_status((uint32_t)param(XEN_HVM_PARAM_STORE_EVTCHN), NULL),
        XEN_EVTCHN_INTERDOMAIN);
    const uint8_t *ring = env_at((uint64_t)was->store_page);
    bool empty = true;
    for (uint32_t i = 0; i < sizeof(struct xen_store_page); i++)
        if (ring[i] && i < offsetof(struct xen_store_page, server_features))
            empty = false;
    ROW("its ring is empty", empty, true);
}

void behave_suspend(void)
{
    struct before was;
    int64_t result;
    prepare(&was);
    ROW("dom0's part ends", dom0_does("bye", 0, 0, 0), 0);
    if (!env_suspend(&result)) {
        env_print("no save and restore here");
        return;
    }
    ROW("suspend", result, 0);
    what_is_gone(&was);
    env_resume();
    store_forget();
    ROW("it is another domain", env_domid() != was.domid, true);
    ROW("masks are clear", env_shared_info()->evtchn_mask[0], 0);
    ROW("so is the grant", env_grant_table()[was.ref].flags, 0);
    ROW("XenStore's page is granted", env_grant_table()[1].frame, was.store_page);
    ROW("and in use", env_grant_table()[1].flags,
        XEN_GTF_PERMIT_ACCESS | XEN_GTF_READING | XEN_GTF_WRITING);
    ROW("dom0 answers", dom0_does("peek", 99, 0, 0), -XEN_ERROR_EINVAL);
}
