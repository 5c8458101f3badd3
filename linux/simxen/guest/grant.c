/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GNTTABOP_*: using other domains' grants, and the size of this domain's own table. The daemon
 * decides and keeps the books; this side shows the pages.
 */
#include "internal.h"

static int ask(struct simxen_guest *guest, const struct sx_request *request, const void *data,
               uint32_t answer[2], uint32_t *value, int *fd)
{
    struct sx_reply reply;
    lx_lock(&guest->sx->lock);
    int error =
        simxen_call(guest->sx, request, data, request->op == SX_GUEST_COPY ? request->count : 0,
                    &reply, answer, 2, fd);
    lx_unlock(&guest->sx->lock);
    if (error || reply.count != 2)
        return XEN_GNTST_GENERAL_ERROR;
    if (value)
        *value = reply.value;
    return (int16_t)answer[0];
}

int grant_table_grow(struct simxen_guest *guest, uint32_t frames)
{
    struct sx_request request = {.op = SX_GNTTAB_GROW, .count = frames};
    if (frames <= guest->grant_frames)
        return 0;
    int result = simxen_simple(guest->sx, &request);
    if (result < 0)
        return result;
    guest->grant_frames = (uint32_t)result;
    return 0;
}

static int end_mapping(struct simxen_guest *guest, uint32_t handle, uint32_t frame)
{
    struct sx_request request = {.op = SX_GUEST_UNMAP, .handle = handle, .port = frame, .flags = 1};
    uint32_t answer[2];
    return ask(guest, &request, NULL, answer, NULL, NULL);
}

static int show_granted(struct simxen_guest *guest, uint64_t frame, uint32_t domid, uint32_t page,
                        bool readonly, int fd)
{
    struct guest_frame what = {.kind = readonly ? FRAME_FOREIGN_READONLY : FRAME_FOREIGN,
                               .owner = (uint16_t)domid,
                               .page = page};
    int kept = fd < 0 ? -LX_EPROTO : memory_foreign_fd(guest, domid, readonly, fd);
    if (kept < 0) {
        if (fd >= 0)
            lx_close(fd);
        return kept;
    }
    return memory_show(guest, frame, what, kept);
}

static int map_one(struct simxen_guest *guest, struct xen_gnttab_map_grant_ref *op)
{
    uint64_t frame = op->host_addr >> XEN_PAGE_SHIFT;
    bool readonly = op->flags & XEN_GNTMAP_READONLY;
    struct sx_request request = {.op = SX_GUEST_MAP,
                                 .domid = op->domid,
                                 .port = op->ref,
                                 .flags = readonly ? SX_FLAG_READONLY : 0,
                                 .handle =
                                     frame < SIMXEN_GUEST_FRAMES ? (uint32_t)frame : UINT32_MAX};
    uint32_t answer[2], handle;
    int fd = -1;
    if (!(op->flags & (XEN_GNTMAP_DEVICE_MAP | XEN_GNTMAP_HOST_MAP)))
        return XEN_GNTST_BAD_GNTREF;
    if ((op->flags & ~(uint32_t)XEN_GNTMAP_READONLY) != XEN_GNTMAP_HOST_MAP)
        return XEN_GNTST_GENERAL_ERROR; /* a guest has no I/O MMU and no page tables to give */
    int status = ask(guest, &request, NULL, answer, &handle, &fd);
    if (status) {
        if (fd >= 0)
            lx_close(fd);
        if (answer[1])
            guest_crash(guest, "a grant was mapped at a frame where another is mapped");
        return status;
    }
    if (show_granted(guest, frame, op->domid, answer[1], readonly, fd)) {
        end_mapping(guest, handle, (uint32_t)frame);
        return XEN_GNTST_GENERAL_ERROR;
    }
    op->handle = handle;
    op->dev_bus_addr = (uint64_t)answer[1] << XEN_PAGE_SHIFT;
    return XEN_GNTST_OKAY;
}

static int64_t map(struct simxen_guest *guest, uint64_t argument, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct xen_gnttab_map_grant_ref op;
        uint64_t at = argument + i * sizeof(op);
        if (guest_copy_in(guest, &op, at, sizeof(op)))
            return -XEN_ERROR_EFAULT;
        op.status = (int16_t)map_one(guest, &op);
        if (guest_copy_out(guest, at, &op, sizeof(op)))
            return -XEN_ERROR_EFAULT;
    }
    return 0;
}

/* Without an address nothing is unmapped, and Xen calls that a success. */
static int unmap_one(struct simxen_guest *guest, const struct xen_gnttab_unmap_grant_ref *op)
{
    uint64_t frame = op->host_addr >> XEN_PAGE_SHIFT;
    struct sx_request request = {.op = SX_GUEST_UNMAP, .handle = op->handle};
    uint32_t answer[2];
    int status = ask(guest, &request, NULL, answer, NULL, NULL);
    if (status)
        return status;
    if (!op->host_addr)
        return XEN_GNTST_OKAY;
    if (frame >= SIMXEN_GUEST_FRAMES)
        return XEN_GNTST_GENERAL_ERROR;
    status = end_mapping(guest, op->handle, (uint32_t)frame);
    if (!status)
        memory_show(guest, frame, (struct guest_frame){.kind = FRAME_NONE}, -1);
    return status;
}

static int64_t unmap(struct simxen_guest *guest, uint64_t argument, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct xen_gnttab_unmap_grant_ref op;
        uint64_t at = argument + i * sizeof(op);
        if (guest_copy_in(guest, &op, at, sizeof(op)))
            return -XEN_ERROR_EFAULT;
        op.status = (int16_t)unmap_one(guest, &op);
        if (guest_copy_out(guest, at + offsetof(struct xen_gnttab_unmap_grant_ref, status),
                           &op.status, sizeof(op.status)))
            return -XEN_ERROR_EFAULT;
    }
    return 0;
}

static int64_t copy(struct simxen_guest *guest, uint64_t argument, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct xen_gnttab_copy op;
        uint64_t at = argument + i * sizeof(op);
        struct sx_request request = {.op = SX_GUEST_COPY, .count = sizeof(op) / sizeof(uint32_t)};
        uint32_t answer[2];
        if (guest_copy_in(guest, &op, at, sizeof(op)))
            return -XEN_ERROR_EFAULT;
        op.status = (int16_t)ask(guest, &request, &op, answer, NULL, NULL);
        if (guest_copy_out(guest, at + offsetof(struct xen_gnttab_copy, status), &op.status,
                           sizeof(op.status)))
            return -XEN_ERROR_EFAULT;
    }
    return 0;
}

static int status_of_domain(struct simxen_guest *guest, uint32_t domid)
{
    int error = guest_domain_check(guest, domid);
    if (!error)
        return XEN_GNTST_OKAY;
    return error == -XEN_ERROR_ESRCH ? XEN_GNTST_BAD_DOMAIN : XEN_GNTST_PERMISSION_DENIED;
}

static int fill_frame_list(struct simxen_guest *guest, const struct xen_gnttab_setup_table *op)
{
    int status = XEN_GNTST_OKAY;
    for (uint32_t i = 0; i < op->nr_frames; i++) {
        uint32_t shown = guest->shown_grant_frame[i];
        uint64_t frame = shown == UINT32_MAX ? UINT64_MAX : shown;
        if (guest_copy_out(guest, op->frame_list + i * sizeof(frame), &frame, sizeof(frame)))
            status = XEN_GNTST_BAD_VIRT_ADDR;
    }
    return status;
}

static int64_t setup_table(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_gnttab_setup_table op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int status = status_of_domain(guest, op.domid);
    if (!status && (op.nr_frames > SX_GUEST_GRANT_FRAMES || grant_table_grow(guest, op.nr_frames)))
        status = XEN_GNTST_GENERAL_ERROR;
    if (!status)
        status = fill_frame_list(guest, &op);
    op.status = (int16_t)status;
    return guest_copy_out(guest, argument + offsetof(struct xen_gnttab_setup_table, status),
                          &op.status, sizeof(op.status));
}

static int64_t query_size(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_gnttab_query_size op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    op.status = (int16_t)status_of_domain(guest, op.domid);
    if (!op.status) {
        op.nr_frames = guest->grant_frames;
        op.max_nr_frames = SX_GUEST_GRANT_FRAMES;
    }
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

/* As a Xen that was told to offer version 1 only. */
static int64_t set_version(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_gnttab_set_version op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int result = op.version == 1 ? 0 : op.version == 2 ? -XEN_ERROR_ENOSYS : -XEN_ERROR_EINVAL;
    op.version = 1;
    return guest_copy_out(guest, argument, &op, sizeof(op)) ? -XEN_ERROR_EFAULT : result;
}

static int64_t get_version(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_gnttab_get_version op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = guest_domain_check(guest, op.domid);
    if (error)
        return error;
    op.version = 1;
    return guest_copy_out(guest, argument + offsetof(struct xen_gnttab_get_version, version),
                          &op.version, sizeof(op.version));
}

int64_t grant_table_op(struct simxen_guest *guest, uint64_t op, uint64_t argument, uint64_t count)
{
    count &= 0xffffffff;
    if ((int32_t)count < 0)
        return -XEN_ERROR_EINVAL;
    switch (op & 0xffffffff) {
    case XEN_GNTTABOP_MAP_GRANT_REF:
        return map(guest, argument, count);
    case XEN_GNTTABOP_UNMAP_GRANT_REF:
        return unmap(guest, argument, count);
    case XEN_GNTTABOP_COPY:
        return copy(guest, argument, count);
    case XEN_GNTTABOP_SETUP_TABLE:
        return count == 1 ? setup_table(guest, argument) : -XEN_ERROR_EINVAL;
    case XEN_GNTTABOP_QUERY_SIZE:
        return count == 1 ? query_size(guest, argument) : -XEN_ERROR_EINVAL;
    case XEN_GNTTABOP_SET_VERSION:
        return set_version(guest, argument);
    case XEN_GNTTABOP_GET_VERSION:
        return get_version(guest, argument);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}
