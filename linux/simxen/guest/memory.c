/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical memory: the view, a row of pages at one place of this program, and the memory
 * hypercalls that change what a frame shows. The daemon keeps the table that counts.
 */
#include "internal.h"

#include <stdlib.h>

enum { LX_MAP_NORESERVE = 0x4000 };

#define PAGE ((uint64_t)XEN_PAGE_BYTES)

static void *reserve(uint64_t bytes, int protection)
{
    void *at = lx_mmap(NULL, bytes, protection,
                       LX_MAP_PRIVATE | LX_MAP_ANONYMOUS | LX_MAP_NORESERVE, -1, 0);
    return lx_mmap_failed(at) ? NULL : at;
}

int memory_show(struct simxen_guest *guest, uint64_t frame, struct guest_frame what, int fd)
{
    int protection = LX_PROT_READ | LX_PROT_WRITE;
    int flags = LX_MAP_SHARED | LX_MAP_FIXED;
    if (what.kind == FRAME_OWN)
        fd = guest->memory_fd;
    if (what.kind == FRAME_FOREIGN_READONLY)
        protection = LX_PROT_READ;
    if (what.kind == FRAME_NONE) {
        protection = LX_PROT_NONE;
        flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS | LX_MAP_NORESERVE | LX_MAP_FIXED;
        fd = -1;
    }
    void *at = lx_mmap(guest->memory + frame * PAGE, PAGE, protection, flags, fd,
                       what.kind == FRAME_NONE ? 0 : what.page * PAGE);
    if (lx_mmap_failed(at))
        return -LX_ENOMEM;
    guest->own_frames -= guest->frames[frame].kind == FRAME_OWN;
    guest->own_frames += what.kind == FRAME_OWN;
    guest->frames[frame] = what;
    return 0;
}

/* Frames of RAM that show the pages of their own number. */
static int show_ram(struct simxen_guest *guest, uint64_t first, uint64_t count)
{
    void *at = lx_mmap(guest->memory + first * PAGE, count * PAGE, LX_PROT_READ | LX_PROT_WRITE,
                       LX_MAP_SHARED | LX_MAP_FIXED, guest->memory_fd, first * PAGE);
    if (lx_mmap_failed(at))
        return -LX_ENOMEM;
    for (uint64_t frame = first; frame < first + count; frame++) {
        guest->own_frames += guest->frames[frame].kind != FRAME_OWN;
        guest->frames[frame] = (struct guest_frame){.kind = FRAME_OWN, .page = (uint32_t)frame};
    }
    return 0;
}

int memory_open(struct simxen_guest *guest)
{
    guest->memory = reserve(SIMXEN_GUEST_FRAMES * PAGE, LX_PROT_NONE);
    guest->frames =
        reserve(SIMXEN_GUEST_FRAMES * sizeof(struct guest_frame), LX_PROT_READ | LX_PROT_WRITE);
    if (!guest->memory || !guest->frames)
        return -LX_ENOMEM;
    int error = show_ram(guest, 0, guest->ram_frames);
    return error ? error : show_ram(guest, SX_GUEST_SPECIAL_FRAME, SX_GUEST_SPECIAL_FRAMES);
}

static void forget_foreign(struct simxen_guest *guest)
{
    while (guest->foreign_files) {
        struct foreign_file *file = guest->foreign_files;
        guest->foreign_files = file->next;
        lx_close(file->fd);
        free(file);
    }
}

void memory_close(struct simxen_guest *guest)
{
    forget_foreign(guest);
    if (guest->memory)
        lx_munmap(guest->memory, SIMXEN_GUEST_FRAMES * PAGE);
    if (guest->frames)
        lx_munmap(guest->frames, SIMXEN_GUEST_FRAMES * sizeof(struct guest_frame));
    if (guest->memory_fd >= 0)
        lx_close(guest->memory_fd);
}

int memory_restore(struct simxen_guest *guest)
{
    int error = 0;
    forget_foreign(guest);
    for (uint64_t frame = 0; frame < SIMXEN_GUEST_FRAMES && !error; frame++) {
        struct guest_frame *is = &guest->frames[frame];
        uint64_t first = frame;
        bool ram = is->kind == FRAME_OWN &&
                   (is->page < SX_GUEST_SHARED_INFO_PAGE || is->page >= SX_GUEST_SPARE_PAGE);
        if (!ram && is->kind != FRAME_NONE) {
            error = memory_show(guest, frame, (struct guest_frame){.kind = FRAME_NONE}, -1);
            continue;
        }
        if (!ram)
            continue;
        while (frame + 1 < SIMXEN_GUEST_FRAMES && guest->frames[frame + 1].kind == FRAME_OWN &&
               (guest->frames[frame + 1].page < SX_GUEST_SHARED_INFO_PAGE ||
                guest->frames[frame + 1].page >= SX_GUEST_SPARE_PAGE))
            frame++;
        error = show_ram(guest, first, frame + 1 - first);
    }
    return error;
}

int memory_foreign_fd(struct simxen_guest *guest, uint32_t domid, bool readonly, int fd)
{
    struct foreign_file *file = guest->foreign_files;
    while (file && (file->domid != domid || file->readonly != readonly))
        file = file->next;
    if (file) { /* a domain's id may have come round: the newest is right */
        lx_dup3(fd, file->fd, LX_O_CLOEXEC);
        lx_close(fd);
        return file->fd;
    }
    file = calloc(1, sizeof(*file));
    if (!file)
        return -LX_ENOMEM;
    *file = (struct foreign_file){guest->foreign_files, domid, readonly, fd};
    guest->foreign_files = file;
    return fd;
}

void *memory_map_page(struct simxen_guest *guest, uint64_t frame)
{
    if (frame >= SIMXEN_GUEST_FRAMES || guest->frames[frame].kind != FRAME_OWN)
        return NULL;
    void *at = lx_mmap(NULL, PAGE, LX_PROT_READ | LX_PROT_WRITE, LX_MAP_SHARED, guest->memory_fd,
                       guest->frames[frame].page * PAGE);
    return lx_mmap_failed(at) ? NULL : at;
}

void memory_unmap_page(void *page)
{
    if (page)
        lx_munmap((void *)((uintptr_t)page & ~(uintptr_t)(PAGE - 1)), PAGE);
}

void *simxen_guest_memory(const struct simxen_guest *guest)
{
    return guest->memory;
}

uint64_t simxen_guest_ram_frames(const struct simxen_guest *guest)
{
    return guest->ram_frames;
}

int simxen_guest_frame(struct simxen_guest *guest, uint64_t frame, int *fd, uint64_t *offset,
                       unsigned *access)
{
    int error = -6; /* ENXIO */
    lx_lock(&guest->lock);
    if (frame < SIMXEN_GUEST_FRAMES && guest->frames[frame].kind != FRAME_NONE) {
        const struct guest_frame *is = &guest->frames[frame];
        bool readonly = is->kind == FRAME_FOREIGN_READONLY;
        struct foreign_file *file = guest->foreign_files;
        while (is->kind != FRAME_OWN && file &&
               (file->domid != is->owner || file->readonly != readonly))
            file = file->next;
        *fd = is->kind == FRAME_OWN ? guest->memory_fd : file ? file->fd : -1;
        *offset = is->page * PAGE;
        *access = readonly ? SIMXEN_GUEST_READ : SIMXEN_GUEST_READ | SIMXEN_GUEST_WRITE;
        error = *fd < 0 ? error : 0;
    }
    lx_unlock(&guest->lock);
    return error;
}

/* --- Hypercalls */

static int ask(struct simxen_guest *guest, uint32_t what, uint64_t frame, uint32_t index,
               uint32_t *page)
{
    struct sx_request request = {
        .op = SX_P2M, .flags = what, .handle = (uint32_t)frame, .port = index};
    struct sx_reply reply;
    lx_lock(&guest->sx->lock);
    int error = simxen_call(guest->sx, &request, NULL, 0, &reply, NULL, 0, NULL);
    lx_unlock(&guest->sx->lock);
    if (!error)
        *page = reply.value;
    if (error == -XEN_ERROR_EPERM && what != SX_P2M_REMOVE && what != SX_P2M_REMOVE_KEEP)
        guest_crash(guest, "memory was put at a frame where a grant is mapped");
    return error;
}

/* Whether Xen may hold on to a page that the guest gives back: a control block, an event array or
 * a vcpu_info. Which one does not matter, so no page is used again while there is any. */
static bool holds_pages(const struct simxen_guest *guest)
{
    if (guest->fifo)
        return true;
    for (uint32_t i = 0; i < guest->config.vcpus; i++)
        if (guest->vcpus[i].info_page)
            return true;
    return false;
}

static int remove_frame(struct simxen_guest *guest, uint64_t frame)
{
    uint32_t page;
    if (frame >= SIMXEN_GUEST_FRAMES)
        return -XEN_ERROR_EINVAL;
    int error =
        ask(guest, holds_pages(guest) ? SX_P2M_REMOVE_KEEP : SX_P2M_REMOVE, frame, 0, &page);
    return error ? error : memory_show(guest, frame, (struct guest_frame){.kind = FRAME_NONE}, -1);
}

/* Xen's page moves to the frame; where it was is a hole now. */
static int show_xen_page(struct simxen_guest *guest, uint32_t what, uint32_t index, uint64_t frame,
                         uint32_t *shown)
{
    uint32_t page;
    int error = ask(guest, what, frame, index, &page);
    if (error)
        return error;
    if (*shown != UINT32_MAX && *shown != frame)
        memory_show(guest, *shown, (struct guest_frame){.kind = FRAME_NONE}, -1);
    for (uint32_t i = 0; i < SX_GUEST_GRANT_FRAMES; i++)
        if (guest->shown_grant_frame[i] == frame)
            guest->shown_grant_frame[i] = UINT32_MAX;
    if (guest->shown_shared_info == frame)
        guest->shown_shared_info = UINT32_MAX;
    *shown = (uint32_t)frame;
    return memory_show(guest, frame, (struct guest_frame){.kind = FRAME_OWN, .page = page}, -1);
}

static int show_grant_frame(struct simxen_guest *guest, uint64_t index, uint64_t frame)
{
    if (index >= SX_GUEST_GRANT_FRAMES)
        return -XEN_ERROR_EINVAL;
    int error = grant_table_grow(guest, (uint32_t)index + 1);
    return error ? error
                 : show_xen_page(guest, SX_P2M_GRANT_TABLE, (uint32_t)index, frame,
                                 &guest->shown_grant_frame[index]);
}

static int move_frame(struct simxen_guest *guest, uint64_t from, uint64_t to)
{
    uint32_t page;
    if (from >= SIMXEN_GUEST_FRAMES)
        return -XEN_ERROR_EINVAL;
    int error = ask(guest, SX_P2M_MOVE, to, (uint32_t)from, &page);
    if (!error && from != to)
        error = memory_show(guest, from, (struct guest_frame){.kind = FRAME_NONE}, -1);
    return error
               ? error
               : memory_show(guest, to, (struct guest_frame){.kind = FRAME_OWN, .page = page}, -1);
}

/* A PV domain, as dom0, has no such table: that is found before the missing right. */
static int check_translated(struct simxen_guest *guest, uint32_t domid)
{
    int error = guest_domain_check(guest, domid);
    return error == -XEN_ERROR_EPERM && domid == 0 ? -XEN_ERROR_EACCES : error;
}

static int64_t add_to_physmap(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_memory_add_to_physmap op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = check_translated(guest, op.domid);
    if (error)
        return error;
    if (op.frame >= SIMXEN_GUEST_FRAMES)
        return -XEN_ERROR_EINVAL;
    switch (op.space) {
    case XEN_MAPSPACE_SHARED_INFO:
        return op.idx ? -XEN_ERROR_EINVAL
                      : show_xen_page(guest, SX_P2M_SHARED_INFO, 0, op.frame,
                                      &guest->shown_shared_info);
    case XEN_MAPSPACE_GRANT_TABLE:
        return show_grant_frame(guest, op.idx, op.frame);
    case XEN_MAPSPACE_GMFN:
        return move_frame(guest, op.idx, op.frame);
    case XEN_MAPSPACE_GMFN_FOREIGN:
        return -XEN_ERROR_ENOSYS;
    default:
        return -XEN_ERROR_EINVAL;
    }
}

static int64_t remove_from_physmap(struct simxen_guest *guest, uint64_t argument)
{
    struct xen_memory_remove_from_physmap op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = check_translated(guest, op.domid);
    return error ? error : remove_frame(guest, op.frame);
}

static int populate_frame(struct simxen_guest *guest, uint64_t frame)
{
    uint32_t page;
    if (frame >= SIMXEN_GUEST_FRAMES)
        return -XEN_ERROR_EINVAL;
    int error = ask(guest, SX_P2M_POPULATE, frame, 0, &page);
    return error ? error
                 : memory_show(guest, frame, (struct guest_frame){.kind = FRAME_OWN, .page = page},
                               -1);
}

/* Returns how many extents were done: Xen stops at the first that it cannot. */
static int64_t change_reservation(struct simxen_guest *guest, uint64_t argument, bool populate)
{
    enum { MAX_ORDER = 9 }; /* what an unprivileged guest without devices may ask for */
    struct xen_memory_extents op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (guest_domain_check(guest, op.domid) || op.extent_order > MAX_ORDER)
        return 0;
    for (uint64_t done = 0; done < op.nr_extents; done++) {
        uint64_t frame;
        if (guest_copy_in(guest, &frame, op.extent_start + done * sizeof(frame), sizeof(frame)))
            return (int64_t)done;
        for (uint64_t i = 0; i < 1ull << op.extent_order; i++)
            if (populate ? populate_frame(guest, frame + i) : remove_frame(guest, frame + i))
                return (int64_t)done;
    }
    return (int64_t)op.nr_extents;
}

static int64_t count_frames(struct simxen_guest *guest, uint64_t argument, bool maximum)
{
    struct xen_memory_domid op;
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    int error = guest_domain_check(guest, op.domid);
    if (error)
        return error;
    return maximum ? (int64_t)guest->ram_frames + SX_GUEST_SPECIAL_FRAMES + 256
                   : (int64_t)guest->own_frames;
}

/* The E820 map: RAM, and the toolstack's pages. */
static int64_t memory_map(struct simxen_guest *guest, uint64_t argument)
{
    enum { ROW_BYTES = 20, RAM = 1, RESERVED = 2 };
    struct xen_memory_map_request op;
    uint64_t rows[2][3] = {
        {0, guest->ram_frames * PAGE, RAM},
        {SX_GUEST_SPECIAL_FRAME * PAGE, SX_GUEST_SPECIAL_FRAMES * PAGE, RESERVED}};
    if (guest_copy_in(guest, &op, argument, sizeof(op)))
        return -XEN_ERROR_EFAULT;
    if (op.nr_entries > 2)
        op.nr_entries = 2;
    for (uint32_t i = 0; i < op.nr_entries; i++)
        if (guest_copy_out(guest, op.buffer + i * ROW_BYTES, rows[i], ROW_BYTES))
            return -XEN_ERROR_EFAULT;
    return guest_copy_out(guest, argument, &op, sizeof(op));
}

int64_t memory_op(struct simxen_guest *guest, uint64_t op, uint64_t argument)
{
    switch (op) {
    case XEN_MEMORY_DECREASE_RESERVATION:
        return change_reservation(guest, argument, false);
    case XEN_MEMORY_POPULATE_PHYSMAP:
        return change_reservation(guest, argument, true);
    case XEN_MEMORY_CURRENT_RESERVATION:
    case XEN_MEMORY_MAXIMUM_RESERVATION:
        return count_frames(guest, argument, op == XEN_MEMORY_MAXIMUM_RESERVATION);
    case XEN_MEMORY_MEMORY_MAP:
        return memory_map(guest, argument);
    case XEN_MEMORY_MAXIMUM_GPFN:
        return SX_GUEST_SPECIAL_FRAME + SX_GUEST_SPECIAL_FRAMES - 1;
    case XEN_MEMORY_ADD_TO_PHYSMAP:
        return add_to_physmap(guest, argument);
    case XEN_MEMORY_REMOVE_FROM_PHYSMAP:
        return remove_from_physmap(guest, argument);
    default:
        return -XEN_ERROR_ENOSYS;
    }
}
