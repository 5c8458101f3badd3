/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the PnP manager asks a bus driver: its children (bus relations), and of each child its
 * identity and capabilities.
 */
#include "model/pnp_private.h"
#include "model/fault.h"
#include "model/irp.h"
#include "model/object.h"
#include "model/registry.h"
#include "model/security.h"
#include "model/wide.h"

RULE(pnp_id_malformed, "A device's ids are printable, without commas, and short enough",
     "IRP_MN_QUERY_ID");
RULE(pnp_id_missing, "A bus driver answers the device id and the instance id of its children",
     "IRP_MN_QUERY_ID");
RULE(pnp_relations_unreferenced, "Each PDO in bus relations is referenced for the PnP manager",
     "IRP_MN_QUERY_DEVICE_RELATIONS");
RULE(pnp_relations_twice, "A PDO is in the bus relations once", "IRP_MN_QUERY_DEVICE_RELATIONS");
RULE(pnp_relations_deleted, "Bus relations hold no deleted device",
     "IRP_MN_QUERY_DEVICE_RELATIONS");
RULE(pnp_same_instance, "Two children of a bus differ in their device or instance id",
     "Device Instance IDs");
RULE(pnp_pdo_initializing, "A bus driver clears DO_DEVICE_INITIALIZING of a PDO that it reports",
     "Clearing the DO_DEVICE_INITIALIZING Flag");

RULE(pnp_children_left, "A bus driver that is removed deletes the PDOs of its children",
     "Removing a Device in a Bus Driver");

static struct pnp_node *Roots;

struct pnp_node *pnp_roots(void)
{
    return Roots;
}

/* --- Identity. */

static ULONG id_length(const WCHAR *id, BOOLEAN is_list, ULONG most)
{
    ULONG length = 0;

    for (;;) {
        WCHAR c = id[length++];

        if (c == 0 && (!is_list || id[length] == 0))
            return is_list ? length + 1 : length;
        if (c != 0 && (c < 0x20 || c > 0x7f || c == ','))
            rule_broken(&pnp_id_malformed, "character %x in %ws", c, id);
        if (length >= most)
            rule_broken(&pnp_id_malformed, "%u characters or more", most);
    }
}

static BOOLEAN query_id(struct pnp_node *node, BUS_QUERY_ID_TYPE type, WCHAR *out, ULONG most)
{
    BOOLEAN is_list = type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_ID};
    ULONG_PTR answer = 0;

    location.Parameters.QueryId.IdType = type;
    out[0] = out[1] = 0;
    if (!NT_SUCCESS(pnp_send(node, &location, &answer)) || answer == 0)
        return FALSE;
    RtlCopyMemory(out, (void *)answer, id_length((WCHAR *)answer, is_list, most) * sizeof(WCHAR));
    ExFreePool((void *)answer);
    return TRUE;
}

void pnp_query_capabilities(struct pnp_node *node)
{
    DEVICE_CAPABILITIES *capabilities = &node->capabilities;
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_CAPABILITIES};

    RtlZeroMemory(capabilities, sizeof(*capabilities));
    capabilities->Size = sizeof(*capabilities);
    capabilities->Version = 1;
    capabilities->Address = capabilities->UINumber = (ULONG)-1;
    location.Parameters.DeviceCapabilities.Capabilities = capabilities;
    pnp_send(node, &location, NULL);
}

static void query_text(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT};
    ULONG_PTR answer = 0;

    location.Parameters.QueryDeviceText.DeviceTextType = DeviceTextDescription;
    location.Parameters.QueryDeviceText.LocaleId = 0x409;
    if (!NT_SUCCESS(pnp_send(node, &location, &answer)) || answer == 0)
        return;
    node->description[0] = 0;
    wide_append(node->description, PNP_ID_MAX, (WCHAR *)answer);
    ExFreePool((void *)answer);
}

static void query_bus_information(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_BUS_INFORMATION};
    ULONG_PTR answer = 0;

    if (NT_SUCCESS(pnp_send(node, &location, &answer)) && answer != 0)
        ExFreePool((void *)answer);
}

/* The device's key and the values that SetupAPI would read from it. */
static void make_key(struct pnp_node *node)
{
    node->key[0] = 0;
    wide_append(node->key, RTL_NUMBER_OF(node->key),
                L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\");
    wide_append(node->key, RTL_NUMBER_OF(node->key), node->device_id);
    wide_append(node->key, RTL_NUMBER_OF(node->key), L"\\");
    wide_append(node->key, RTL_NUMBER_OF(node->key), node->instance_id);
    registry_make(node->key);
    registry_set(node->key, L"HardwareID", REG_MULTI_SZ, node->hardware_ids,
                 sizeof(node->hardware_ids));
}

static void check_unique(const struct pnp_node *node, const struct pnp_node *other)
{
    UNICODE_STRING key = wide_string(node->key), other_key;

    for (; other != NULL; other = other->sibling) {
        other_key = wide_string(other->key);
        if (other != node && other->reported && !device_record(other->pdo)->deleted &&
            RtlCompareUnicodeString(&key, &other_key, TRUE) == 0)
            rule_broken(&pnp_same_instance, "%ws", node->key);
    }
}

/* The instance id of a child whose id is unique below its bus only gets the parent's in front. */
static void qualify_instance(struct pnp_node *node)
{
    WCHAR own[PNP_ID_MAX];

    if (node->capabilities.UniqueID || node->parent == NULL)
        return;
    RtlCopyMemory(own, node->instance_id, sizeof(own));
    node->instance_id[0] = 0;
    wide_append(node->instance_id, PNP_ID_MAX, node->parent->instance_id);
    wide_append(node->instance_id, PNP_ID_MAX, L"&");
    wide_append(node->instance_id, PNP_ID_MAX, own);
}

static void identify(struct pnp_node *node)
{
    BOOLEAN has_device = query_id(node, BusQueryDeviceID, node->device_id, PNP_ID_MAX);
    BOOLEAN has_instance;

    query_id(node, BusQueryHardwareIDs, node->hardware_ids, PNP_ID_MAX * 4);
    query_id(node, BusQueryCompatibleIDs, node->compatible_ids, PNP_ID_MAX * 4);
    has_instance = query_id(node, BusQueryInstanceID, node->instance_id, PNP_ID_MAX);
    if (!has_device || !has_instance) {
        /* Low memory may excuse it; the node is then left without a driver. */
        if (!fault_injected())
            rule_broken(&pnp_id_missing, "PDO %p", node->pdo);
        return;
    }
    pnp_query_capabilities(node);
    qualify_instance(node);
    query_text(node);
    query_bus_information(node);
    make_key(node);
    check_unique(node, node->parent != NULL ? node->parent->children : Roots);
}

/* --- Nodes. */

static struct pnp_node *node_create(PDEVICE_OBJECT pdo, struct pnp_node *parent)
{
    struct pnp_node *node = host_alloc(sizeof(*node)), **link;

    node->pdo = pdo;
    node->parent = parent;
    node->reported = TRUE;
    node->power = PowerDeviceD3;
    device_record(pdo)->node = node;
    object_reference(pdo);
    node->pdo_held = TRUE;
    link = parent != NULL ? &parent->children : &Roots;
    while (*link != NULL)
        link = &(*link)->sibling;
    *link = node;
    return node;
}

void pnp_release_pdo(struct pnp_node *node)
{
    if (!node->pdo_held)
        return;
    if (device_exists(node->pdo))
        device_record(node->pdo)->node = NULL;
    node->pdo_held = FALSE;
    object_dereference(node->pdo);
    node->pdo = NULL;
}

/* Off the tree; who walks over it still finds its sibling. */
void pnp_unlink(struct pnp_node *node)
{
    struct pnp_node **link = node->parent != NULL ? &node->parent->children : &Roots;

    while (*link != NULL && *link != node)
        link = &(*link)->sibling;
    if (*link != NULL)
        *link = node->sibling;
}

/* The bus driver's device is gone, and with it every PDO that it made. */
void pnp_forget_children(struct pnp_node *node)
{
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling) {
        if (child->pdo != NULL && !device_record(child->pdo)->deleted)
            rule_broken(&pnp_children_left, "%ws", child->device_id);
        child->reported = FALSE;
        pnp_release_pdo(child);
    }
    node->children = NULL;
}

ULONG pnp_open_handles(const struct pnp_node *node)
{
    ULONG handles = 0;

    if (node->pdo == NULL)
        return 0;
    for (PDEVICE_OBJECT device = node->pdo; device != NULL; device = device->AttachedDevice)
        handles += device->ReferenceCount;
    return handles;
}

void pnp_set_security(struct pnp_node *node, const char *sddl)
{
    WCHAR wide[256] = {0};
    UNICODE_STRING text;
    PSECURITY_DESCRIPTOR descriptor;

    wide_append_ascii(wide, RTL_NUMBER_OF(wide), sddl);
    text = wide_string(wide);
    pnp_demand(NT_SUCCESS(security_from_sddl(&text, &descriptor)), "the INF's SDDL is wrong");
    security_free(node->pdo->SecurityDescriptor);
    node->pdo->SecurityDescriptor = descriptor;
}

struct pnp_node *pnp_node_of(PDEVICE_OBJECT pdo)
{
    return device_record(pdo)->node;
}

struct pnp_node *pnp_add_root(PDEVICE_OBJECT pdo)
{
    struct pnp_node *node = node_create(pdo, NULL);

    identify(node);
    return node;
}

static struct pnp_node *find_below(struct pnp_node *node, const char *id)
{
    for (; node != NULL; node = node->sibling) {
        struct pnp_node *found;

        if (node->pdo != NULL && pnp_has_id(node, id))
            return node;
        found = find_below(node->children, id);
        if (found != NULL)
            return found;
    }
    return NULL;
}

struct pnp_node *pnp_find(const char *hardware_id)
{
    return find_below(Roots, hardware_id);
}

/* --- Bus relations. */

static void check_relations(const DEVICE_RELATIONS *relations)
{
    for (ULONG i = 0; i < relations->Count; i++) {
        PDEVICE_OBJECT pdo = relations->Objects[i];

        if (!device_exists(pdo) || device_record(pdo)->deleted)
            rule_broken(&pnp_relations_deleted, "%p", pdo);
        for (ULONG j = 0; j < i; j++)
            if (relations->Objects[j] == pdo)
                rule_broken(&pnp_relations_twice, "%p", pdo);
        if (!object_take_over(pdo))
            rule_broken(&pnp_relations_unreferenced, "%p", pdo);
        if (pdo->Flags & DO_DEVICE_INITIALIZING)
            rule_broken(&pnp_pdo_initializing, "%p", pdo);
    }
}

static BOOLEAN holds(const DEVICE_RELATIONS *relations, PDEVICE_OBJECT pdo)
{
    for (ULONG i = 0; relations != NULL && i < relations->Count; i++)
        if (relations->Objects[i] == pdo)
            return TRUE;
    return FALSE;
}

static void act_on_missing(struct pnp_node *node, const DEVICE_RELATIONS *relations)
{
    for (struct pnp_node *child = node->children; child != NULL; child = child->sibling) {
        if (child->pdo == NULL || !child->reported || holds(relations, child->pdo))
            continue;
        child->reported = FALSE;
        switch (child->state) {
        case PNP_NEW:
        case PNP_REMOVED:
        case PNP_FAILED: /* no function driver: the PDO alone hears of its end */
            child->state = PNP_REMOVE_PENDING;
            pnp_remove_locked(child);
            break;
        default:
            pnp_surprise_remove_locked(child);
        }
    }
}

static void act_on_new(struct pnp_node *node, const DEVICE_RELATIONS *relations)
{
    for (ULONG i = 0; relations != NULL && i < relations->Count; i++) {
        struct pnp_node *child;

        if (device_record(relations->Objects[i])->node != NULL)
            continue;
        child = node_create(relations->Objects[i], node);
        identify(child);
        pnp_start_locked(child); /* whether it starts is the child's own matter */
    }
}

NTSTATUS pnp_enumerate(struct pnp_node *node)
{
    IO_STACK_LOCATION location = {.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS};
    ULONG_PTR answer = 0;
    PDEVICE_RELATIONS relations;
    NTSTATUS status;

    location.Parameters.QueryDeviceRelations.Type = BusRelations;
    status = pnp_send(node, &location, &answer);
    if (!NT_SUCCESS(status)) /* a failed query changes nothing; a driver need not be a bus */
        return status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : status;
    relations = (PDEVICE_RELATIONS)answer;
    if (relations != NULL)
        check_relations(relations);
    act_on_missing(node, relations);
    act_on_new(node, relations);
    if (relations == NULL)
        return STATUS_SUCCESS;
    for (ULONG i = 0; i < relations->Count; i++)
        object_dereference(relations->Objects[i]);
    ExFreePool(relations);
    return STATUS_SUCCESS;
}

NTSTATUS pnp_query_interface(PDEVICE_OBJECT device, const GUID *type, USHORT size, USHORT version,
                             PINTERFACE out, PVOID specific)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP,
                                  .MinorFunction = IRP_MN_QUERY_INTERFACE};

    location.Parameters.QueryInterface.InterfaceType = type;
    location.Parameters.QueryInterface.Size = size;
    location.Parameters.QueryInterface.Version = version;
    location.Parameters.QueryInterface.Interface = out;
    location.Parameters.QueryInterface.InterfaceSpecificData = specific;
    return irp_send_and_wait(device, &location, STATUS_NOT_SUPPORTED, NULL);
}
