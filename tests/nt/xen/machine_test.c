/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves that a bench machine is a guest of simxen: hypercalls are answered with Xen's results,
 * frames that leave and come back are seen through a driver's mappings, and a hypercall that names
 * memory the driver does not own is caught.
 */
#include <ntddk.h>

#include "harness.h"
#include "xen/machine.h"
#include <core/xen/abi.h>
#include <windows/kernel/xenbus/hypercall.h>

#define ON_XEN .set_up = xen_machine_set_up, .tear_down = xen_machine_tear_down

static const PHYSICAL_ADDRESS Zero = {.QuadPart = 0}, Any = {.QuadPart = -1};
enum { NO_EXECUTE = 0x40000000 };

static LONG_PTR memory_op(ULONG operation, xen_frame *frame)
{
    struct xen_memory_extents extents = {
        .extent_start = (ULONG_PTR)frame, .nr_extents = 1, .domid = XEN_DOMID_SELF};

    return XenHypercall(XEN_HYPERCALL_MEMORY_OP, operation, (ULONG_PTR)&extents, 0, 0, 0);
}

NT_TEST(a_hypercall_is_answered, .seeds = 2, ON_XEN)
{
    struct xen_hvmop_param get = {.domid = XEN_DOMID_SELF, .index = XEN_HVM_PARAM_STORE_EVTCHN};

    CHECK_EQ(XenHypercallInitialize(), STATUS_SUCCESS);
    CHECK_EQ(XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, (ULONG_PTR)&get, 0, 0, 0), 0);
    CHECK(get.value != 0);
    CHECK(XenHypercall(60, 0, 0, 0, 0, 0) < 0);
}

static PMDL one_page(UCHAR **at)
{
    PMDL mdl =
        MmAllocatePagesForMdlEx(Zero, Any, Zero, PAGE_SIZE, MmCached, MM_ALLOCATE_FULLY_REQUIRED);

    *at = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
                                       NormalPagePriority | NO_EXECUTE);
    return mdl;
}

NT_TEST(a_frame_leaves_and_comes_back, ON_XEN)
{
    UCHAR *at;
    PMDL mdl = one_page(&at);
    xen_frame frame = MmGetMdlPfnArray(mdl)[0];

    at[5] = 5;
    CHECK_EQ(XenHypercallInitialize(), STATUS_SUCCESS);
    CHECK_EQ(memory_op(XEN_MEMORY_DECREASE_RESERVATION, &frame), 1);
    CHECK_EQ(memory_op(XEN_MEMORY_POPULATE_PHYSMAP, &frame), 1);
    CHECK_EQ(at[5], 0); /* new memory, in the old mapping */
    MmUnmapLockedPages(at, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

NT_TEST_BREAKS(a_hole_is_touched, view_hole, ON_XEN)
{
    UCHAR *at;
    PMDL mdl = one_page(&at);
    xen_frame frame = MmGetMdlPfnArray(mdl)[0];

    XenHypercallInitialize();
    memory_op(XEN_MEMORY_DECREASE_RESERVATION, &frame);
    *(volatile UCHAR *)at = 1;
}

NT_TEST_BREAKS(a_hole_is_given_back, mdl_pages_empty, ON_XEN)
{
    UCHAR *at;
    PMDL mdl = one_page(&at);
    xen_frame frame = MmGetMdlPfnArray(mdl)[0];

    XenHypercallInitialize();
    memory_op(XEN_MEMORY_DECREASE_RESERVATION, &frame);
    MmUnmapLockedPages(at, mdl);
    MmFreePagesFromMdl(mdl);
}

NT_TEST_BREAKS(freed_memory_in_a_hypercall, hypercall_memory, ON_XEN)
{
    struct xen_hvmop_param *get = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*get), 'tseT');

    get->domid = XEN_DOMID_SELF;
    get->index = XEN_HVM_PARAM_STORE_PFN;
    XenHypercallInitialize();
    ExFreePoolWithTag(get, 'tseT');
    XenHypercall(XEN_HYPERCALL_HVM_OP, XEN_HVMOP_GET_PARAM, (ULONG_PTR)get, 0, 0, 0);
}

NT_TEST_BREAKS(hypercall_too_early, hypercall_before_initialize, ON_XEN)
{
    XenHypercall(XEN_HYPERCALL_XEN_VERSION, 0, 0, 0, 0, 0);
}
