/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resources that a device starts with: what its bus driver requires, as the function driver
 * filtered it, turned into a raw and a translated list.
 */
#include "model/pnp_private.h"
#include "model/fault.h"
#include "model/interrupt.h"

RULE(requirements_malformed, "A resource requirements list agrees with its own counts and size",
     "IO_RESOURCE_REQUIREMENTS_LIST structure (wdm.h)");
RULE(requirements_grown_in_place,
     "A driver that adds requirements gives a new list and frees the one it was given",
     "IRP_MN_FILTER_RESOURCE_REQUIREMENTS");

/* IO_RESOURCE_DESCRIPTOR.u.Interrupt as Windows Vista and later have it; old headers end at
 * MaximumVector. */
struct interrupt_requirement {
    ULONG minimum, maximum;
    USHORT policy, group; /* IRQ_DEVICE_POLICY */
    ULONG priority;
    KAFFINITY processors;
};
enum { POLICY_SPECIFIED_PROCESSORS = 4 };
_Static_assert(sizeof(struct interrupt_requirement) == 24 && sizeof(IO_RESOURCE_DESCRIPTOR) == 32,
               "the layout of the Windows headers");

static PIO_RESOURCE_REQUIREMENTS_LIST query_requirements(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_RESOURCE_REQUIREMENTS};
    ULONG_PTR answer = 0;
    NTSTATUS status = pnp_send(node, &location, &answer);

    return NT_SUCCESS(status) ? (PIO_RESOURCE_REQUIREMENTS_LIST)answer : NULL;
}

static void check_list(const IO_RESOURCE_REQUIREMENTS_LIST *list)
{
    const UCHAR *at = (const UCHAR *)&list->List[0], *end = (const UCHAR *)list + list->ListSize;

    if (list->AlternativeLists == 0)
        rule_broken(&requirements_malformed, "no list at all");
    for (ULONG i = 0; i < list->AlternativeLists; i++) {
        const IO_RESOURCE_LIST *one = (const IO_RESOURCE_LIST *)at;

        if (at + FIELD_OFFSET(IO_RESOURCE_LIST, Descriptors) > end || one->Version != 1 ||
            one->Revision != 1)
            rule_broken(&requirements_malformed, "list %u of %u", i, list->AlternativeLists);
        at = (const UCHAR *)&one->Descriptors[one->Count];
        if (at > end)
            rule_broken(&requirements_malformed, "%u descriptors in %u bytes", one->Count,
                        list->ListSize);
    }
}

/* The function driver's turn. Frees what it replaced; the answer is the caller's. */
static NTSTATUS filter(struct pnp_node *node, PIO_RESOURCE_REQUIREMENTS_LIST *list)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_FILTER_RESOURCE_REQUIREMENTS};
    ULONG_PTR answer = (ULONG_PTR)*list;
    ULONG bytes = *list != NULL ? (*list)->ListSize : 0;
    NTSTATUS status;

    location.Parameters.FilterResourceRequirements.IoResourceRequirementList = *list;
    status = pnp_send(node, &location, &answer);
    if (status == STATUS_NOT_SUPPORTED)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    /* A driver that replaced the list has freed the old one. */
    if (answer == (ULONG_PTR)*list && *list != NULL && (*list)->ListSize > bytes)
        rule_broken(&requirements_grown_in_place, "%u bytes became %u", bytes, (*list)->ListSize);
    *list = (PIO_RESOURCE_REQUIREMENTS_LIST)answer;
    return STATUS_SUCCESS;
}

static void assign_interrupt(struct pnp_node *node, const IO_RESOURCE_DESCRIPTOR *wanted,
                             PCM_PARTIAL_RESOURCE_DESCRIPTOR raw,
                             PCM_PARTIAL_RESOURCE_DESCRIPTOR translated)
{
    const struct interrupt_requirement *requirement = (const void *)&wanted->u.Interrupt;
    struct interrupt_resource given;
    KAFFINITY all = ((KAFFINITY)1 << sched_cpus()) - 1, processors = all;

    if (requirement->policy == POLICY_SPECIFIED_PROCESSORS && (requirement->processors & all) != 0)
        processors = requirement->processors & all;
    if (wanted->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) {
        interrupt_assign_message(node->pdo, processors, &given);
        raw->u.MessageInterrupt.Raw.MessageCount = 1;
        raw->u.MessageInterrupt.Raw.Vector = given.vector;
        raw->u.MessageInterrupt.Raw.Affinity = given.affinity;
        translated->u.MessageInterrupt.Translated.Level = given.irql;
        translated->u.MessageInterrupt.Translated.Vector = given.vector;
        translated->u.MessageInterrupt.Translated.Affinity = given.affinity;
        return;
    }
    interrupt_assign_line(node->pdo, requirement->minimum, &given);
    raw->u.Interrupt.Level = raw->u.Interrupt.Vector = requirement->minimum;
    raw->u.Interrupt.Affinity = given.affinity;
    translated->u.Interrupt.Level = given.irql;
    translated->u.Interrupt.Vector = given.vector;
    translated->u.Interrupt.Affinity = given.affinity;
}

static void assign_one(struct pnp_node *node, const IO_RESOURCE_DESCRIPTOR *wanted,
                       PCM_PARTIAL_RESOURCE_DESCRIPTOR raw,
                       PCM_PARTIAL_RESOURCE_DESCRIPTOR translated)
{
    raw->Type = wanted->Type;
    raw->ShareDisposition = wanted->ShareDisposition;
    raw->Flags = wanted->Flags;
    *translated = *raw;
    switch (wanted->Type) {
    case CmResourceTypePort:
    case CmResourceTypeMemory:
        raw->u.Generic.Start = wanted->u.Generic.MinimumAddress;
        raw->u.Generic.Length = wanted->u.Generic.Length;
        translated->u.Generic = raw->u.Generic;
        break;
    case CmResourceTypeInterrupt:
        assign_interrupt(node, wanted, raw, translated);
        break;
    default: /* device private data: as it is */
        RtlCopyMemory(&raw->u.DevicePrivate, &wanted->u.DevicePrivate,
                      sizeof(raw->u.DevicePrivate));
        translated->u.DevicePrivate = raw->u.DevicePrivate;
    }
}

static PCM_RESOURCE_LIST list_create(const IO_RESOURCE_REQUIREMENTS_LIST *from, ULONG count)
{
    PCM_RESOURCE_LIST list =
        host_alloc(sizeof(*list) + count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));

    list->Count = 1;
    list->List[0].InterfaceType = from->InterfaceType;
    list->List[0].BusNumber = from->BusNumber;
    list->List[0].PartialResourceList.Version = 1;
    list->List[0].PartialResourceList.Revision = 1;
    return list;
}

NTSTATUS pnp_assign_resources(struct pnp_node *node)
{
    PIO_RESOURCE_REQUIREMENTS_LIST list = query_requirements(node);
    NTSTATUS status = filter(node, &list);
    const IO_RESOURCE_LIST *first;

    if (list == NULL)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) {
        ExFreePool(list);
        return status;
    }
    check_list(list);
    first = &list->List[0];
    node->raw = list_create(list, first->Count);
    node->translated = list_create(list, first->Count);
    for (ULONG i = 0; i < first->Count; i++) {
        CM_PARTIAL_RESOURCE_LIST *raw = &node->raw->List[0].PartialResourceList;
        CM_PARTIAL_RESOURCE_LIST *translated = &node->translated->List[0].PartialResourceList;

        if (first->Descriptors[i].Option & IO_RESOURCE_ALTERNATIVE)
            continue; /* the preferred or only choice is always free here */
        assign_one(node, &first->Descriptors[i], &raw->PartialDescriptors[raw->Count],
                   &translated->PartialDescriptors[raw->Count]);
        raw->Count++;
        translated->Count++;
    }
    ExFreePool(list);
    return STATUS_SUCCESS;
}

void pnp_free_resources(struct pnp_node *node)
{
    if (node->pdo != NULL)
        interrupt_release(node->pdo);
    host_free(node->raw);
    host_free(node->translated);
    node->raw = node->translated = NULL;
}
