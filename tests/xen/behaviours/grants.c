/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants: this guest's table and what dom0 gets by it; dom0's pages at this guest's frames; copies.
 */
#include "list.h"

static const char group[] = "grants";

enum {
    PERMIT = XEN_GTF_PERMIT_ACCESS,
    USED = XEN_GTF_PERMIT_ACCESS | XEN_GTF_READING | XEN_GTF_WRITING,
    READ_ONLY = 0, /* dom0's `map`, `share` */
    WRITABLE = 1,
};

static uint16_t flags_of(uint32_t ref)
{
    return __atomic_load_n(&env_grant_table()[ref].flags, __ATOMIC_SEQ_CST);
}

static volatile uint8_t *byte_at(uint64_t frame, uint32_t offset)
{
    return (volatile uint8_t *)env_at(frame) + offset;
}

/* --- The table */

static int64_t setup_table(uint32_t domid, uint32_t frames, uint64_t list)
{
    struct xen_gnttab_setup_table op = {
        .domid = (uint16_t)domid, .nr_frames = frames, .frame_list = list};
    int64_t error = call_gnttab(XEN_GNTTABOP_SETUP_TABLE, &op);
    return error ? error : op.status;
}

static int64_t query_size(uint32_t domid, struct xen_gnttab_query_size *op)
{
    *op = (struct xen_gnttab_query_size){.domid = (uint16_t)domid};
    int64_t error = call_gnttab(XEN_GNTTABOP_QUERY_SIZE, op);
    return error ? error : op->status;
}

static void table(void)
{
    struct xen_gnttab_query_size size;
    uint64_t frames[8];
    ROW("query_size", query_size(XEN_DOMID_SELF, &size), XEN_GNTST_OKAY);
    ROW("at most 64 frames", size.max_nr_frames, 64);
    ROW("query_size of dom0", query_size(0, &size), XEN_GNTST_PERMISSION_DENIED);
    ROW("of no domain", query_size(0x6fff, &size), XEN_GNTST_BAD_DOMAIN);
    ROW("of two at once",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_QUERY_SIZE, (uintptr_t)&size, 2),
        -XEN_ERROR_EINVAL);
    ROW("of 4 thousand million",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_QUERY_SIZE, (uintptr_t)&size,
                      0xffffffff),
        -XEN_ERROR_EINVAL);
    ROW("at a bad address",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_QUERY_SIZE, env_bad_address(), 1),
        -XEN_ERROR_EFAULT);
    ROW("an operation that is none", call_gnttab(99, &size), -XEN_ERROR_ENOSYS);
    ROW("setup_table grows it", setup_table(XEN_DOMID_SELF, 8, (uintptr_t)frames), 0);
    ROW("frame 0 is where it was put", frames[0], env_grant_frame());
    ROW("frame 7 shows nowhere", frames[7], -1);
    query_size(XEN_DOMID_SELF, &size);
    ROW("8 frames now", size.nr_frames, 8);
    ROW("setup_table of fewer", setup_table(XEN_DOMID_SELF, 1, (uintptr_t)frames), 0);
    query_size(XEN_DOMID_SELF, &size);
    ROW("takes none away", size.nr_frames, 8);
    ROW("setup_table of too many", setup_table(XEN_DOMID_SELF, 65, (uintptr_t)frames),
        XEN_GNTST_GENERAL_ERROR);
    ROW("of dom0", setup_table(0, 1, (uintptr_t)frames), XEN_GNTST_PERMISSION_DENIED);
    ROW("of no domain", setup_table(0x6fff, 1, (uintptr_t)frames), XEN_GNTST_BAD_DOMAIN);
    ROW("with a bad list", setup_table(XEN_DOMID_SELF, 1, env_bad_address()),
        XEN_GNTST_BAD_VIRT_ADDR);
    struct xen_gnttab_get_version version = {.domid = XEN_DOMID_SELF};
    ROW("get_version", call_gnttab(XEN_GNTTABOP_GET_VERSION, &version), 0);
    ROW("is 1", version.version, 1);
    version.domid = 0;
    ROW("of dom0", call_gnttab(XEN_GNTTABOP_GET_VERSION, &version), -XEN_ERROR_EPERM);
    struct xen_gnttab_set_version set = {3};
    ROW("set_version 3", call_gnttab(XEN_GNTTABOP_SET_VERSION, &set), -XEN_ERROR_EINVAL);
    ROW("says what it is", set.version, 1);
    ROW("set_version 1", call_gnttab(XEN_GNTTABOP_SET_VERSION, &set), 0);
}

/* --- This guest grants */

static int64_t dom0_maps(uint32_t ref, int access)
{
    return dom0_does("map", ref, access, 0);
}

static void granted(void)
{
    uint64_t frame = env_page_new();
    uint32_t ref = new_ref();
    *byte_at(frame, 5) = 0x5a;
    grant_set(ref, PERMIT, 0, frame);
    int64_t map = dom0_maps(ref, WRITABLE);
    ROW("dom0 maps", map >= 0, true);
    ROW("in use, writable", flags_of(ref), USED);
    ROW("dom0 reads", dom0_does("peek", map, 5, 0), 0x5a);
    ROW("dom0 writes", dom0_does("poke", map, 6, 0xa5), 0);
    ROW("this side reads", *byte_at(frame, 6), 0xa5);
    int64_t second = dom0_maps(ref, READ_ONLY);
    ROW("dom0 maps again, for reading", second >= 0, true);
    ROW("dom0 unmaps the first", dom0_does("unmap", map, 0, 0), 0);
    ROW("in use for reading", flags_of(ref), PERMIT | XEN_GTF_READING);
    ROW("dom0 unmaps the second", dom0_does("unmap", second, 0, 0), 0);
    ROW("not in use", flags_of(ref), PERMIT);
    grant_set(ref, 0, 0, 0);
}

static void refused(void)
{
    uint64_t frame = env_page_new();
    uint32_t ref = new_ref();
    grant_set(ref, 0, 0, frame);
    ROW("dom0 maps what is not granted", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    ROW("which does not show", flags_of(ref), 0);
    grant_set(ref, PERMIT, env_domid(), frame);
    ROW("what is granted to another", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    grant_set(ref, PERMIT | XEN_GTF_READONLY, 0, frame);
    ROW("a read-only grant, for writing", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    ROW("which does not show", flags_of(ref), PERMIT | XEN_GTF_READONLY);
    int64_t map = dom0_maps(ref, READ_ONLY);
    ROW("for reading", map >= 0, true);
    ROW("in use", flags_of(ref), PERMIT | XEN_GTF_READONLY | XEN_GTF_READING);
    dom0_does("unmap", map, 0, 0);
    grant_set(ref, PERMIT | XEN_GTF_SUB_PAGE, 0, frame);
    ROW("a part of a page", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    grant_set(ref, XEN_GTF_ACCEPT_TRANSFER, 0, frame);
    ROW("an offer to transfer", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    grant_set(ref, PERMIT, 0, env_hole_new());
    ROW("a frame where nothing is", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    ROW("which does not show", flags_of(ref), PERMIT);
    grant_set(ref, PERMIT, 0, 0xfffffff0);
    ROW("a frame that cannot be", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    grant_set(ref, 0, 0, 0);
    ROW("a reference beyond the table", dom0_maps(8 * 512, WRITABLE), -XEN_ERROR_EINVAL);
    ROW("one that cannot be", dom0_maps(0x7fffffff, WRITABLE), -XEN_ERROR_EINVAL);
}

static void changed_while_mapped(void)
{
    uint64_t frame = env_page_new(), other = env_page_new();
    uint32_t ref = new_ref();
    *byte_at(frame, 0) = 1;
    *byte_at(other, 0) = 2;
    grant_set(ref, PERMIT, 0, frame);
    int64_t map = dom0_maps(ref, WRITABLE);
    env_grant_table()[ref].frame = (uint32_t)other;
    int64_t second = dom0_maps(ref, READ_ONLY);
    ROW("mapped again with another frame in the entry", second >= 0, true);
    ROW("it is still the first", dom0_does("peek", second, 0, 0), 1);
    dom0_does("unmap", second, 0, 0);
    __atomic_fetch_and(&env_grant_table()[ref].flags, (uint16_t)~PERMIT, __ATOMIC_SEQ_CST);
    ROW("permission taken away: still in use", flags_of(ref), XEN_GTF_READING | XEN_GTF_WRITING);
    second = dom0_maps(ref, READ_ONLY);
    ROW("and mapped again as it is in use", second >= 0, true);
    dom0_does("unmap", second, 0, 0);
    ROW("the last unmap", dom0_does("unmap", map, 0, 0), 0);
    ROW("clears the flags", flags_of(ref), 0);
    ROW("then there is no more", dom0_maps(ref, READ_ONLY), -XEN_ERROR_EINVAL);
    grant_set(ref, PERMIT | XEN_GTF_READONLY, 0, frame);
    map = dom0_maps(ref, READ_ONLY);
    ROW("mapped for reading, then for writing", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    ROW("which leaves the first", flags_of(ref), PERMIT | XEN_GTF_READONLY | XEN_GTF_READING);
    __atomic_fetch_and(&env_grant_table()[ref].flags, (uint16_t)~XEN_GTF_READONLY,
                       __ATOMIC_SEQ_CST);
    second = dom0_maps(ref, WRITABLE);
    ROW("writing is granted meanwhile", second >= 0, true);
    ROW("in use for both", flags_of(ref), USED);
    dom0_does("unmap", second, 0, 0);
    ROW("and for reading again", flags_of(ref), PERMIT | XEN_GTF_READING);
    dom0_does("unmap", map, 0, 0);
    grant_set(ref, 0, 0, 0);
}

void behave_grants(void)
{
    table();
    granted();
    refused();
    changed_while_mapped();
}

/* --- dom0 grants */

static int64_t map_at(struct xen_gnttab_map_grant_ref *op, uint64_t frame, uint32_t domid,
                      uint32_t ref, uint32_t flags)
{
    *op = (struct xen_gnttab_map_grant_ref){
        .host_addr = frame << XEN_PAGE_SHIFT, .flags = flags, .ref = ref, .domid = (uint16_t)domid};
    int64_t error = call_gnttab(XEN_GNTTABOP_MAP_GRANT_REF, op);
    return error ? error : op->status;
}

static int64_t unmap_at(uint64_t frame, uint32_t handle)
{
    struct xen_gnttab_unmap_grant_ref op = {.host_addr = frame << XEN_PAGE_SHIFT, .handle = handle};
    int64_t error = call_gnttab(XEN_GNTTABOP_UNMAP_GRANT_REF, &op);
    return error ? error : op.status;
}

static int64_t mem_type(uint64_t frame)
{
    struct xen_hvmop_mem_type op = {.domid = XEN_DOMID_SELF, .frame = frame};
    int64_t error = call_hvm(XEN_HVMOP_GET_MEM_TYPE, &op);
    return error ? error : op.mem_type;
}

static void foreign_page(void)
{
    struct xen_gnttab_map_grant_ref map, second;
    uint64_t hole = env_hole_new(), other = env_hole_new();
    int64_t ref = dom0_does("share", WRITABLE, 0, 0);
    ROW("dom0 grants a page", ref > 0, true);
    dom0_does("spoke", ref, 7, 0x77);
    ROW("map", map_at(&map, hole, 0, (uint32_t)ref, XEN_GNTMAP_HOST_MAP), XEN_GNTST_OKAY);
    ROW("this side reads", *byte_at(hole, 7), 0x77);
    *byte_at(hole, 8) = 0x88;
    ROW("dom0 reads", dom0_does("speek", ref, 8, 0), 0x88);
    ROW("its frame is memory", mem_type(hole), XEN_MEM_RAM_RW);
    ROW("map it a second time",
        map_at(&second, other, 0, (uint32_t)ref, XEN_GNTMAP_HOST_MAP | XEN_GNTMAP_READONLY),
        XEN_GNTST_OKAY);
    ROW("with another handle", second.handle != map.handle, true);
    ROW("read it there", *byte_at(other, 8), 0x88);
    ROW("read-only memory", mem_type(other), XEN_MEM_RAM_RO);
    ROW("unmap what is no handle", unmap_at(hole, 0x7fffffff), XEN_GNTST_BAD_HANDLE);
    ROW("unmap without an address", unmap_at(0, map.handle), XEN_GNTST_OKAY);
    ROW("unmaps nothing", *byte_at(hole, 8), 0x88);
    ROW("unmap at a wrong frame", unmap_at(env_page_new(), map.handle), XEN_GNTST_GENERAL_ERROR);
    ROW("unmap at a hole", unmap_at(env_hole_new(), map.handle), XEN_GNTST_GENERAL_ERROR);
    struct xen_gnttab_unmap_grant_ref bus = {
        .host_addr = hole << XEN_PAGE_SHIFT, .dev_bus_addr = 0x123, .handle = map.handle};
    call_gnttab(XEN_GNTTABOP_UNMAP_GRANT_REF, &bus);
    ROW("unmap, whatever the bus address", bus.status, XEN_GNTST_OKAY);
    ROW("unmap again", unmap_at(hole, map.handle), XEN_GNTST_BAD_HANDLE);
    ROW("nothing is there", mem_type(hole), XEN_MEM_MMIO_DM);
    ROW("unmap the second", unmap_at(other, second.handle), XEN_GNTST_OKAY);
    ROW("dom0 takes the grant back", dom0_does("unshare", ref, 0, 0), 0);
    ROW("map what was taken back", map_at(&map, hole, 0, (uint32_t)ref, XEN_GNTMAP_HOST_MAP),
        XEN_GNTST_GENERAL_ERROR);
}

static void wrong_maps(void)
{
    struct xen_gnttab_map_grant_ref map;
    uint64_t hole = env_hole_new(), page = env_page_new();
    uint32_t here = XEN_GNTMAP_HOST_MAP;
    int64_t ref = dom0_does("share", READ_ONLY, 0, 0);
    ROW("map without saying how", map_at(&map, hole, 0, (uint32_t)ref, 0), XEN_GNTST_BAD_GNTREF);
    ROW("for devices", map_at(&map, hole, 0, (uint32_t)ref, here | XEN_GNTMAP_DEVICE_MAP),
        XEN_GNTST_GENERAL_ERROR);
    ROW("for applications", map_at(&map, hole, 0, (uint32_t)ref, here | XEN_GNTMAP_APPLICATION_MAP),
        XEN_GNTST_GENERAL_ERROR);
    ROW("as a page-table entry",
        map_at(&map, hole, 0, (uint32_t)ref, here | XEN_GNTMAP_CONTAINS_PTE),
        XEN_GNTST_GENERAL_ERROR);
    ROW("with the guest's own bits", map_at(&map, hole, 0, (uint32_t)ref, here | 1u << 16),
        XEN_GNTST_GENERAL_ERROR);
    ROW("of no domain", map_at(&map, hole, 0x6fff, (uint32_t)ref, here), XEN_GNTST_BAD_DOMAIN);
    ROW("of oneself by DOMID_SELF", map_at(&map, hole, XEN_DOMID_SELF, 64, here),
        XEN_GNTST_BAD_DOMAIN);
    ROW("a reference that cannot be", map_at(&map, hole, 0, 0x7fffffff, here),
        XEN_GNTST_BAD_GNTREF);
    ROW("a read-only grant for writing", map_at(&map, hole, 0, (uint32_t)ref, here),
        XEN_GNTST_GENERAL_ERROR);
    ROW("for reading", map_at(&map, hole, 0, (uint32_t)ref, here | XEN_GNTMAP_READONLY),
        XEN_GNTST_OKAY);
    /* A second map at the same frame is not in the list: Xen crashes the domain. */
    ROW("unmap", unmap_at(hole, map.handle), XEN_GNTST_OKAY);
    *byte_at(page, 0) = 0x11;
    ROW("over a page of RAM", map_at(&map, page, 0, (uint32_t)ref, here | XEN_GNTMAP_READONLY),
        XEN_GNTST_OKAY);
    ROW("the granted page is there", *byte_at(page, 0), 0);
    ROW("unmap", unmap_at(page, map.handle), XEN_GNTST_OKAY);
    ROW("the page of RAM is gone", mem_type(page), XEN_MEM_MMIO_DM);
    ROW("map none",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_MAP_GRANT_REF, (uintptr_t)&map, 0),
        0);
    ROW("map at a bad address",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_MAP_GRANT_REF, env_bad_address(),
                      1),
        -XEN_ERROR_EFAULT);
    struct xen_gnttab_map_grant_ref both[2] = {
        {.host_addr = hole << XEN_PAGE_SHIFT, .flags = here, .ref = 0x7fffffff},
        {.host_addr = hole << XEN_PAGE_SHIFT,
         .flags = here | XEN_GNTMAP_READONLY,
         .ref = (uint32_t)ref}};
    ROW("map two, the first of them wrong",
        env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, XEN_GNTTABOP_MAP_GRANT_REF, (uintptr_t)both, 2),
        0);
    ROW("its status", both[0].status, XEN_GNTST_BAD_GNTREF);
    ROW("the other's", both[1].status, XEN_GNTST_OKAY);
    unmap_at(hole, both[1].handle);
    dom0_does("unshare", ref, 0, 0);
}

/* A guest may map its own grants; a page that is mapped of another cannot be granted on. */
static void own_and_onward(void)
{
    struct xen_gnttab_map_grant_ref map;
    uint64_t hole = env_hole_new(), page = env_page_new();
    uint32_t ref = new_ref();
    *byte_at(page, 3) = 0x33;
    grant_set(ref, PERMIT, env_domid(), page);
    ROW("map one's own grant", map_at(&map, hole, env_domid(), ref, XEN_GNTMAP_HOST_MAP),
        XEN_GNTST_OKAY);
    ROW("in use", flags_of(ref), USED);
    ROW("it is the page", *byte_at(hole, 3), 0x33);
    ROW("unmap", unmap_at(hole, map.handle), XEN_GNTST_OKAY);
    ROW("not in use", flags_of(ref), PERMIT);
    int64_t theirs = dom0_does("share", WRITABLE, 0, 0);
    map_at(&map, hole, 0, (uint32_t)theirs, XEN_GNTMAP_HOST_MAP);
    grant_set(ref, PERMIT, 0, hole);
    ROW("dom0 maps a page that is mapped of dom0", dom0_maps(ref, WRITABLE), -XEN_ERROR_EINVAL);
    grant_set(ref, 0, 0, 0);
    unmap_at(hole, map.handle);
    dom0_does("unshare", theirs, 0, 0);
    ROW("dom0 maps the console's ring, which is granted from the start",
        env_grant_table()[0].flags & PERMIT, PERMIT);
    ROW("and XenStore's", env_grant_table()[1].flags & PERMIT, PERMIT);
}

void behave_foreign(void)
{
    foreign_page();
    wrong_maps();
    own_and_onward();
}

/* --- Copies */

static struct xen_gnttab_copy_side by_ref(uint32_t domid, uint32_t ref, uint32_t offset)
{
    return (struct xen_gnttab_copy_side){
        .u.ref = ref, .domid = (uint16_t)domid, .offset = (uint16_t)offset};
}

static struct xen_gnttab_copy_side by_frame(uint32_t domid, uint64_t frame, uint32_t offset)
{
    return (struct xen_gnttab_copy_side){
        .u.frame = frame, .domid = (uint16_t)domid, .offset = (uint16_t)offset};
}

static int64_t copy(struct xen_gnttab_copy_side source, struct xen_gnttab_copy_side dest,
                    uint32_t flags, uint32_t length)
{
    struct xen_gnttab_copy op = {
        .source = source, .dest = dest, .length = (uint16_t)length, .flags = (uint16_t)flags};
    int64_t error = call_gnttab(XEN_GNTTABOP_COPY, &op);
    return error ? error : op.status;
}

void behave_copy(void)
{
    uint32_t self = XEN_DOMID_SELF, own = new_ref();
    uint64_t from = env_page_new(), to = env_page_new();
    int64_t ref = dom0_does("share", WRITABLE, 0, 0), fixed = dom0_does("share", READ_ONLY, 0, 0);
    *byte_at(from, 100) = 0x64;
    ROW("from frame to frame", copy(by_frame(self, from, 100), by_frame(self, to, 50), 0, 4), 0);
    ROW("arrives", *byte_at(to, 50), 0x64);
    ROW("to a grant",
        copy(by_frame(self, from, 100), by_ref(0, (uint32_t)ref, 10), XEN_GNTCOPY_DEST_GREF, 1), 0);
    ROW("arrives", dom0_does("speek", ref, 10, 0), 0x64);
    dom0_does("spoke", ref, 11, 0x65);
    ROW("from a grant",
        copy(by_ref(0, (uint32_t)ref, 11), by_frame(self, to, 51), XEN_GNTCOPY_SOURCE_GREF, 1), 0);
    ROW("arrives", *byte_at(to, 51), 0x65);
    ROW("from a read-only grant",
        copy(by_ref(0, (uint32_t)fixed, 0), by_frame(self, to, 0), XEN_GNTCOPY_SOURCE_GREF, 1), 0);
    ROW("to a read-only grant",
        copy(by_frame(self, from, 0), by_ref(0, (uint32_t)fixed, 0), XEN_GNTCOPY_DEST_GREF, 1),
        XEN_GNTST_GENERAL_ERROR);
    ROW("nothing", copy(by_frame(self, from, 4095), by_frame(self, to, 0), 0, 0), 0);
    ROW("a whole page", copy(by_frame(self, from, 0), by_frame(self, to, 0), 0, 4096), 0);
    ROW("beyond the source's end", copy(by_frame(self, from, 1), by_frame(self, to, 0), 0, 4096),
        XEN_GNTST_BAD_COPY_ARG);
    ROW("beyond the destination's", copy(by_frame(self, from, 0), by_frame(self, to, 1), 0, 4096),
        XEN_GNTST_BAD_COPY_ARG);
    ROW("from a frame of dom0's", copy(by_frame(0, 1, 0), by_frame(self, to, 0), 0, 1),
        XEN_GNTST_PERMISSION_DENIED);
    ROW("from one's own frame by number",
        copy(by_frame(env_domid(), from, 0), by_frame(self, to, 0), 0, 1),
        XEN_GNTST_PERMISSION_DENIED);
    ROW("to a frame of dom0's", copy(by_frame(self, from, 0), by_frame(0, 1, 0), 0, 1),
        XEN_GNTST_PERMISSION_DENIED);
    ROW("from no domain's grant",
        copy(by_ref(0x6fff, 1, 0), by_frame(self, to, 0), XEN_GNTCOPY_SOURCE_GREF, 1),
        XEN_GNTST_BAD_DOMAIN);
    ROW("from a reference that cannot be",
        copy(by_ref(0, 0x7fffffff, 0), by_frame(self, to, 0), XEN_GNTCOPY_SOURCE_GREF, 1),
        XEN_GNTST_BAD_GNTREF);
    ROW("from where nothing is",
        copy(by_frame(self, env_hole_new(), 0), by_frame(self, to, 0), 0, 1), XEN_GNTST_BAD_PAGE);
    grant_set(own, PERMIT, env_domid(), from);
    ROW("from one's own grant",
        copy(by_ref(self, own, 100), by_frame(self, to, 60), XEN_GNTCOPY_SOURCE_GREF, 1), 0);
    ROW("arrives", *byte_at(to, 60), 0x64);
    ROW("the entry shows no use", flags_of(own), PERMIT);
    grant_set(own, 0, 0, 0);
    dom0_does("unshare", ref, 0, 0);
    dom0_does("unshare", fixed, 0, 0);
}
