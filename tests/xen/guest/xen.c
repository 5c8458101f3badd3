/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "print.h"
#include "trap.h"
#include "xen.h"

struct xen_shared_info *xen_shared;

static bool vmmcall; /* AMD's word for it */
static uint32_t leaf_base;

long hypercall(unsigned number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    long result = number;

    if (vmmcall)
        __asm__ volatile("vmmcall"
                         : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                         :
                         : "memory", "cc");
    else
        __asm__ volatile("vmcall"
                         : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                         :
                         : "memory", "cc");
    return result;
}

void xen_find(void)
{
    /* "AuthenticAMD" and "HygonGenuine" have VMMCALL; the second word tells. */
    uint32_t vendor = cpuid(0, 0).edx;

    vmmcall = vendor == 0x69746e65 || vendor == 0x6e65476e;
    for (uint32_t leaf = XEN_LEAF_FIRST_BASE; leaf < XEN_LEAF_LAST_BASE;
         leaf += XEN_LEAF_BASE_STEP) {
        struct cpuid r = cpuid(leaf, 0);

        if (r.ebx == XEN_LEAF_SIGNATURE_EBX && r.ecx == XEN_LEAF_SIGNATURE_ECX &&
            r.edx == XEN_LEAF_SIGNATURE_EDX) {
            leaf_base = leaf;
            return;
        }
    }
    panic("this is not Xen");
}

uint32_t xen_leaf_base(void)
{
    return leaf_base;
}

uint32_t xen_domid_own(void)
{
    struct cpuid r = cpuid(leaf_base + XEN_LEAF_HVM, 0);

    if (!(r.eax & XEN_HVM_LEAF_DOMID_PRESENT))
        panic("Xen does not say which domain this is");
    return r.ecx;
}

void xen_map_shared_info(void)
{
    static uint64_t hole;

    if (!xen_shared) {
        hole = hole_new(1);
        xen_shared = window_new(1);
        memory_map(xen_shared, hole, PAGE_BYTES, PAGE_RW);
    }
    if (xen_add_to_physmap(XEN_MAPSPACE_SHARED_INFO, 0, hole >> PAGE_SHIFT))
        panic("Xen does not map its shared info page");
}

long hvm_param_get(uint32_t index, uint64_t *value)
{
    struct xen_hvmop_param param = {.domid = XEN_DOMID_SELF, .index = index};
    long error = hvm_op(XEN_HVMOP_GET_PARAM, &param);

    if (!error)
        *value = param.value;
    return error;
}

long hvm_param_set(uint32_t index, uint64_t value)
{
    struct xen_hvmop_param param = {.domid = XEN_DOMID_SELF, .index = index, .value = value};

    return hvm_op(XEN_HVMOP_SET_PARAM, &param);
}

long xen_add_to_physmap(uint32_t space, uint64_t index, uint64_t frame)
{
    struct xen_memory_add_to_physmap add = {
        .domid = XEN_DOMID_SELF,
        .space = space,
        .idx = index,
        .frame = frame,
    };

    return memory_op(XEN_MEMORY_ADD_TO_PHYSMAP, &add);
}

void xen_shutdown(uint32_t reason)
{
    struct xen_sched_shutdown shutdown = {.reason = reason};

    console_flush();
    for (;;)
        hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_SHUTDOWN, (uintptr_t)&shutdown);
}

long xen_suspend(void)
{
    struct xen_sched_shutdown shutdown = {.reason = XEN_SHUTDOWN_SUSPEND};

    return hypercall2(XEN_HYPERCALL_SCHED_OP, XEN_SCHEDOP_SHUTDOWN, (uintptr_t)&shutdown);
}
