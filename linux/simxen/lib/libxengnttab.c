/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libxengnttab.so.1 on simxen: Xen's grant-table library (xengnttab.h), both the mapping side
 * (gntdev) and the sharing side (gntalloc). As with the real devices, pages outlive the handle
 * that made them and end when they are unmapped, unshared, or with the process.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xengnttab.h>

struct xengntdev_handle {
    struct simxen *sx;
    int fd; /* for those who want one to set flags on */
};

static struct xengntdev_handle *device_open(unsigned open_flags)
{
    if (open_flags) {
        errno = EINVAL;
        return NULL;
    }
    struct simxen *sx = process_connection();
    struct xengntdev_handle *device = sx ? calloc(1, sizeof(*device)) : NULL;
    if (!device)
        return NULL;
    device->sx = sx;
    device->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return device;
}

static int device_close(struct xengntdev_handle *device)
{
    if (device) {
        close(device->fd);
        free(device);
    }
    return 0;
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned open_flags)
{
    return device_open(open_flags);
}

int xengnttab_close(xengnttab_handle *xgt)
{
    return device_close(xgt);
}

int xengnttab_fd(xengnttab_handle *xgt)
{
    return xgt->fd;
}

static const struct simxen_unmap_notify *notify_of(struct simxen_unmap_notify *out, uint32_t offset,
                                                   evtchn_port_t port)
{
    out->offset_bytes = offset == UINT32_MAX ? SIMXEN_NO_NOTIFY : offset;
    out->port = port == UINT32_MAX ? SIMXEN_NO_NOTIFY : port;
    return out;
}

static void *map(xengnttab_handle *xgt, uint32_t count, const uint32_t *domids, bool one_domid,
                 const uint32_t *refs, int prot, const struct simxen_unmap_notify *notify)
{
    void *address = NULL;
    uint32_t flags = prot & PROT_WRITE ? 0 : SIMXEN_GRANT_READONLY;
    int error = simxen_map(xgt->sx, count, domids, one_domid, refs, flags, notify, &address);
    return process_result(error) < 0 ? NULL : address;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
    return map(xgt, 1, &domid, true, &ref, prot, NULL);
}

void *xengnttab_map_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t *domids,
                               uint32_t *refs, int prot)
{
    return map(xgt, count, domids, false, refs, prot, NULL);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid,
                                      uint32_t *refs, int prot)
{
    return map(xgt, count, &domid, true, refs, prot, NULL);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot,
                                     uint32_t notify_offset, evtchn_port_t notify_port)
{
    struct simxen_unmap_notify notify;
    return map(xgt, 1, &domid, true, &ref, prot, notify_of(&notify, notify_offset, notify_port));
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
    return process_result(count ? simxen_unmap(xgt->sx, start_address) : -EINVAL);
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    return 0;
}

/* One side of a copy: an address, and the mapping to end afterwards. */
static int16_t copy_side(xengnttab_handle *xgt, const union xengnttab_copy_ptr *side, bool foreign,
                         uint16_t length, uint32_t flags, void **page, void **address)
{
    uint32_t domid = side->foreign.domid, ref = side->foreign.ref;
    *page = NULL;
    if (!foreign) {
        *address = side->virt;
        return GNTST_okay;
    }
    if (side->foreign.offset + length > SIMXEN_PAGE_BYTES)
        return GNTST_bad_copy_arg;
    if (simxen_map(xgt->sx, 1, &domid, true, &ref, flags, NULL, page) < 0)
        return GNTST_general_error;
    *address = (uint8_t *)*page + side->foreign.offset;
    return GNTST_okay;
}

static int16_t copy_segment(xengnttab_handle *xgt, const xengnttab_grant_copy_segment_t *segment)
{
    void *from_page, *to_page = NULL, *from, *to;
    int16_t status = copy_side(xgt, &segment->source, segment->flags & GNTCOPY_source_gref,
                               segment->len, SIMXEN_GRANT_READONLY, &from_page, &from);
    if (status == GNTST_okay)
        status = copy_side(xgt, &segment->dest, segment->flags & GNTCOPY_dest_gref, segment->len, 0,
                           &to_page, &to);
    if (status == GNTST_okay)
        memcpy(to, from, segment->len);
    if (to_page)
        simxen_unmap(xgt->sx, to_page);
    if (from_page)
        simxen_unmap(xgt->sx, from_page);
    return status;
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
                         xengnttab_grant_copy_segment_t *segs)
{
    for (uint32_t i = 0; i < count; i++)
        segs[i].status = copy_segment(xgt, &segs[i]);
    return 0;
}

/* There are no DMA buffers here: what a kernel without them answers. */
int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *xgt, uint32_t domid, uint32_t flags,
                                   uint32_t count, const uint32_t *refs, uint32_t *fd)
{
    return process_result(-ENOTTY);
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *xgt, uint32_t fd, uint32_t wait_to_ms)
{
    return process_result(-ENOTTY);
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *xgt, uint32_t domid, uint32_t fd, uint32_t count,
                                 uint32_t *refs)
{
    return process_result(-ENOTTY);
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *xgt, uint32_t fd)
{
    return process_result(-ENOTTY);
}

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags)
{
    return device_open(open_flags);
}

int xengntshr_close(xengntshr_handle *xgs)
{
    return device_close(xgs);
}

int xengntshr_fd(xengntshr_handle *xgs)
{
    return xgs->fd;
}

static void *share(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs, int writable,
                   const struct simxen_unmap_notify *notify)
{
    void *address = NULL;
    int error = count <= 0
                    ? -EINVAL
                    : simxen_grant(xgs->sx, domid, (uint32_t)count,
                                   writable ? 0 : SIMXEN_GRANT_READONLY, notify, refs, &address);
    return process_result(error) < 0 ? NULL : address;
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs,
                            int writable)
{
    return share(xgs, domid, count, refs, writable, NULL);
}

void *xengntshr_share_page_notify(xengntshr_handle *xgs, uint32_t domid, uint32_t *ref,
                                  int writable, uint32_t notify_offset, evtchn_port_t notify_port)
{
    struct simxen_unmap_notify notify;
    return share(xgs, domid, 1, ref, writable, notify_of(&notify, notify_offset, notify_port));
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count)
{
    return process_result(count ? simxen_revoke(xgs->sx, start_address) : -EINVAL);
}
