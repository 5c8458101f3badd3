/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and HVM operations that a driver uses: Xen's pages at frames, ballooning, parameters, and
 * what is refused.
 */
#include "list.h"

static const char group[] = "machine";

static int64_t add_to_physmap(uint32_t domid, uint32_t space, uint64_t index, uint64_t frame)
{
    struct xen_memory_add_to_physmap op = {
        .domid = (uint16_t)domid, .space = space, .idx = index, .frame = frame};
    return call_memory(XEN_MEMORY_ADD_TO_PHYSMAP, &op);
}

static int64_t change(uint32_t what, uint64_t *frames, uint64_t count, uint32_t order)
{
    struct xen_memory_extents op = {.extent_start = (uintptr_t)frames,
                                    .nr_extents = count,
                                    .extent_order = order,
                                    .domid = XEN_DOMID_SELF};
    return call_memory(what, &op);
}

static int64_t reservation(uint32_t domid)
{
    struct xen_memory_domid op = {(uint16_t)domid};
    return call_memory(XEN_MEMORY_CURRENT_RESERVATION, &op);
}

static void xen_pages(void)
{
    uint64_t hole = env_hole_new(), other = env_hole_new(), page = env_page_new();
    uint32_t self = XEN_DOMID_SELF;
    ROW("grant frame 5", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 5, hole), 0);
    struct xen_grant_entry *entries = env_at(hole);
    ROW("is empty", entries[0].flags, 0);
    entries[9].frame = 0x1234;
    ROW("its entries are the table's: 6 frames", entries[9].frame, 0x1234);
    int64_t moved = add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 5, other);
    ROW("the same at another frame", moved, 0);
    entries = env_at(other);
    ROW("with its content", entries[9].frame, 0x1234);
    entries[9].frame = 0;
    ROW("grant frame 64", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 64, hole),
        -XEN_ERROR_EINVAL);
    ROW("over a page of RAM", add_to_physmap(self, XEN_MAPSPACE_GRANT_TABLE, 6, page), 0);
    ROW("a second shared info", add_to_physmap(self, XEN_MAPSPACE_SHARED_INFO, 1, hole),
        -XEN_ERROR_EINVAL);
    ROW("a space that is none", add_to_physmap(self, 77, 0, hole), -XEN_ERROR_EINVAL);
    ROW("into dom0, which is a PV domain", add_to_physmap(0, XEN_MAPSPACE_GRANT_TABLE, 0, hole),
        -XEN_ERROR_EACCES);
    ROW("of no domain", add_to_physmap(0x6fff, XEN_MAPSPACE_GRANT_TABLE, 0, hole),
        -XEN_ERROR_ESRCH);
    ROW("an operation that is none", call_memory(63, &hole), -XEN_ERROR_ENOSYS);
}

static void balloon(void)
{
    uint64_t frames[2] = {env_page_new(), env_page_new()};
    int64_t before = reservation(XEN_DOMID_SELF);
    *(volatile uint8_t *)env_at(frames[0]) = 1;
    ROW("two pages given back", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 2, 0), 2);
    ROW("two fewer", before - reservation(XEN_DOMID_SELF), 2);
    ROW("once more: they are not there", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 2, 0), 0);
    ROW("two taken", change(XEN_MEMORY_POPULATE_PHYSMAP, frames, 2, 0), 2);
    ROW("as before", before - reservation(XEN_DOMID_SELF), 0);
    ROW("a fresh page", *(volatile uint8_t *)env_at(frames[0]), 0);
    ROW("nothing given back", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 0, 0), 0);
    ROW("an order that cannot be", change(XEN_MEMORY_DECREASE_RESERVATION, frames, 1, 40), 0);
    ROW("of dom0", reservation(0), -XEN_ERROR_EPERM);
    ROW("of no domain", reservation(0x6fff), -XEN_ERROR_ESRCH);
}

void behave_memory(void)
{
    xen_pages();
    balloon();
}

static int64_t param(uint32_t op, uint32_t domid, uint32_t index, uint64_t *value)
{
    struct xen_hvmop_param argument = {.domid = (uint16_t)domid, .index = index, .value = *value};
    int64_t error = call_hvm(op, &argument);
    *value = argument.value;
    return error;
}

static int64_t set_vector(uint32_t vcpu, uint8_t vector)
{
    struct xen_hvmop_upcall_vector op = {.vcpu = vcpu, .vector = vector};
    return call_hvm(XEN_HVMOP_SET_EVTCHN_UPCALL_VECTOR, &op);
}

void behave_hvm(void)
{
    uint32_t get = XEN_HVMOP_GET_PARAM, set = XEN_HVMOP_SET_PARAM, self = XEN_DOMID_SELF;
    uint64_t value = 0;
    ROW("get the store's port", param(get, self, XEN_HVM_PARAM_STORE_EVTCHN, &value), 0);
    ROW("get the store's page", param(get, self, XEN_HVM_PARAM_STORE_PFN, &value), 0);
    ROW("is what is granted", value, env_grant_table()[1].frame);
    ROW("set it", param(set, self, XEN_HVM_PARAM_STORE_PFN, &value), -XEN_ERROR_EPERM);
    ROW("get of dom0, which is no HVM domain", param(get, 0, XEN_HVM_PARAM_STORE_PFN, &value),
        -XEN_ERROR_EINVAL);
    ROW("get of no domain", param(get, 0x6fff, XEN_HVM_PARAM_STORE_PFN, &value), -XEN_ERROR_ESRCH);
    ROW("a parameter beyond the last", param(get, self, XEN_HVM_PARAM_COUNT, &value),
        -XEN_ERROR_EINVAL);
    ROW("one that is not the guest's", param(get, self, XEN_HVM_PARAM_IOREQ_PFN, &value),
        -XEN_ERROR_EPERM);
    ROW("a vector below 16", set_vector(0, 15), -XEN_ERROR_EINVAL);
    ROW("a vector of no vCPU", set_vector(env_vcpus(), env_upcall_vector()), -XEN_ERROR_ENOENT);
    uint32_t before = env_upcalls(1);
    ROW("a vector of vCPU 1", set_vector(1, env_upcall_vector()), 0);
    env_settle();
    ROW("raises it once", env_upcalls(1) - before, 1);
    ROW("an operation that is none", call_hvm(99, &value), -XEN_ERROR_ENOSYS);
    ROW("the version", env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_VERSION, 0, 0),
        4 << 16 | 17);
    struct xen_version_features features = {0};
    ROW("features",
        env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_GET_FEATURES, (uintptr_t)&features, 0),
        0);
    uint32_t wanted = 1u << XEN_FEATURE_AUTO_TRANSLATED_PHYSMAP |
                      1u << XEN_FEATURE_HVM_CALLBACK_VECTOR | 1u << XEN_FEATURE_HVM_SAFE_PVCLOCK;
    ROW("those that a driver asks for", features.submap & wanted, wanted);
    features.submap_index = 1;
    ROW("features beyond the last",
        env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_GET_FEATURES, (uintptr_t)&features, 0),
        -XEN_ERROR_EINVAL);
    ROW("the page's size", env_hypercall(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_PAGESIZE, 0, 0),
        4096);
    ROW("console_io",
        env_hypercall(XEN_HYPERCALL_CONSOLE_IO, XEN_CONSOLEIO_WRITE, 1, (uintptr_t) "\n"),
        -XEN_ERROR_EPERM);
    ROW("a hypercall that is none", env_hypercall(63, 0, 0, 0), -XEN_ERROR_ENOSYS);
    ROW("is vCPU 0 up", env_hypercall(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_IS_UP, 0, 0), 1);
    ROW("is no vCPU up", env_hypercall(XEN_HYPERCALL_VCPU_OP, XEN_VCPUOP_IS_UP, env_vcpus(), 0),
        -XEN_ERROR_ENOENT);
}
