/* SPDX-License-Identifier: BSD-2-Clause */
/* Executive resources: reader-writer locks of threads. */
#include "model/machine.h"

RULE(resource_valid, "A resource is initialised before use and not used after its deletion",
     "Introduction to ERESOURCE Routines");
RULE(resource_region, "A resource is acquired in a critical region or above PASSIVE_LEVEL",
     "ExAcquireResourceExclusiveLite function (wdm.h)");
RULE(resource_owner, "A resource is released by a thread that owns it",
     "ExReleaseResourceLite function (wdm.h)");
RULE(resource_left, "A resource is deleted, and not while it is owned",
     "ExDeleteResourceLite function (wdm.h)");

enum { RESOURCES_MAX = 64, OWNERS_MAX = 32 };

struct resource {
    PERESOURCE address;
    PKTHREAD exclusive;
    unsigned exclusive_depth;
    PKTHREAD shared[OWNERS_MAX]; /* once for each acquisition */
    unsigned shared_count;
    KEVENT changed;
};

static struct resource *resources[RESOURCES_MAX];

static struct resource **slot(PERESOURCE address)
{
    for (unsigned i = 0; i < RESOURCES_MAX; i++)
        if (resources[i] && resources[i]->address == address)
            return &resources[i];
    return NULL;
}

static struct resource *find(PERESOURCE address)
{
    struct resource **found = slot(address);

    if (!found)
        rule_broken(&resource_valid, "%p", address);
    return *found;
}

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    MODEL_CALL(ExInitializeResourceLite, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExInitializeResourceLite function (wdm.h)");
    if (slot(Resource))
        rule_broken(&resource_valid, "%p is initialised twice", Resource);
    for (unsigned i = 0; i < RESOURCES_MAX; i++)
        if (!resources[i]) {
            resources[i] = host_alloc(sizeof(struct resource));
            resources[i]->address = Resource;
            KeInitializeEvent(&resources[i]->changed, NotificationEvent, FALSE);
            return STATUS_SUCCESS;
        }
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    struct resource **found;

    MODEL_CALL(ExDeleteResourceLite, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExDeleteResourceLite function (wdm.h)");
    found = slot(Resource);
    if (!found)
        rule_broken(&resource_valid, "%p", Resource);
    if ((*found)->exclusive || (*found)->shared_count)
        rule_broken(&resource_left, "%p is owned", Resource);
    host_free(*found);
    *found = NULL;
    return STATUS_SUCCESS;
}

static unsigned shared_by(const struct resource *resource, const KTHREAD *thread)
{
    unsigned count = 0;

    for (unsigned i = 0; i < resource->shared_count; i++)
        count += resource->shared[i] == thread;
    return count;
}

static bool try_take(struct resource *resource, bool exclusive)
{
    PKTHREAD self = this_thread();

    if (resource->exclusive == self) {
        resource->exclusive_depth++;
    } else if (resource->exclusive || (exclusive && resource->shared_count)) {
        return false;
    } else if (exclusive) {
        resource->exclusive = self;
        resource->exclusive_depth = 1;
    } else if (resource->shared_count == OWNERS_MAX) {
        return false;
    } else {
        resource->shared[resource->shared_count++] = self;
    }
    self->resources_held++;
    return true;
}

static BOOLEAN take(PERESOURCE address, BOOLEAN wait, bool exclusive)
{
    struct resource *resource = find(address);

    if (irql_now() == PASSIVE_LEVEL && !this_thread()->critical_region &&
        !this_thread()->guarded_region)
        rule_broken(&resource_region, "%p", address);
    while (!try_take(resource, exclusive)) {
        if (!wait)
            return FALSE;
        resource->changed.Header.SignalState = 0;
        KeWaitForSingleObject(&resource->changed, Executive, KernelMode, FALSE, NULL);
    }
    return TRUE;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    MODEL_CALL(ExAcquireResourceExclusiveLite, PASSIVE_LEVEL, APC_LEVEL,
               "ExAcquireResourceExclusiveLite function (wdm.h)");
    return take(Resource, Wait, true);
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    MODEL_CALL(ExAcquireResourceSharedLite, PASSIVE_LEVEL, APC_LEVEL,
               "ExAcquireResourceSharedLite function (wdm.h)");
    return take(Resource, Wait, false);
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    struct resource *resource;
    PKTHREAD self;
    unsigned i = 0;

    MODEL_CALL(ExReleaseResourceLite, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ExReleaseResourceLite function (wdm.h)");
    resource = find(Resource);
    self = this_thread();
    if (resource->exclusive == self) {
        if (--resource->exclusive_depth == 0)
            resource->exclusive = NULL;
    } else if (shared_by(resource, self)) {
        while (resource->shared[i] != self)
            i++;
        resource->shared[i] = resource->shared[--resource->shared_count];
    } else {
        rule_broken(&resource_owner, "%p", Resource);
    }
    self->resources_held--;
    resource->changed.Header.SignalState = 1;
    wait_test(&resource->changed);
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    return find(Resource)->exclusive == this_thread();
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    const struct resource *resource = find(Resource);

    return resource->exclusive == this_thread() ? resource->exclusive_depth
                                                : shared_by(resource, this_thread());
}

void resource_check_end(void)
{
    for (unsigned i = 0; i < RESOURCES_MAX; i++)
        if (resources[i])
            rule_broken(&resource_left, "%p", resources[i]->address);
}
