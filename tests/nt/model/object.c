/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects and their references; see object.h. The table of objects is found by body address.
 */
#include "model/object.h"
#include "model/grave.h"
#include "model/host.h"
#include "model/rule.h"

RULE(object_is_live, "Only a live object is referenced or dereferenced", "Life Cycle of an Object");
RULE(object_reference_owned, "A driver gives back only references that it took",
     "Life Cycle of an Object");
RULE(object_reference_leak, "Every reference that a driver took is given back",
     "Life Cycle of an Object");

enum { OBJECT_BUCKETS = 256 };

struct object_header {
    struct object_header *next; /* in its bucket */
    POBJECT_TYPE type;
    void *body;
    SIZE_T bytes;
    LONG_PTR references;
    LONG_PTR driver_references; /* those that driver code took and still owes */
    ULONG_PTR handles;
    BOOLEAN adopted;
    UNICODE_STRING name; /* in the object directory, else empty */
};

static struct object_header *Buckets[OBJECT_BUCKETS];

static ULONG bucket_of(const void *body)
{
    ULONG_PTR value = (ULONG_PTR)body;

    return (ULONG)((value >> 4) ^ (value >> 12)) % OBJECT_BUCKETS;
}

static struct object_header *header_find(const void *body)
{
    struct object_header *header;

    for (header = Buckets[bucket_of(body)]; header != NULL; header = header->next)
        if (header->body == body)
            return header;
    return NULL;
}

static struct object_header *header_of(const void *body)
{
    struct object_header *header = header_find(body);

    if (header == NULL)
        rule_broken(&object_is_live, "%p is no object (any more)", body);
    return header;
}

static struct object_header *header_insert(POBJECT_TYPE type, void *body, BOOLEAN adopted)
{
    struct object_header *header = host_alloc(sizeof(*header));

    header->type = type;
    header->body = body;
    header->references = 1;
    header->adopted = adopted;
    header->next = Buckets[bucket_of(body)];
    Buckets[bucket_of(body)] = header;
    return header;
}

void *object_create(POBJECT_TYPE type, SIZE_T body_bytes)
{
    struct object_header *header = header_insert(type, host_alloc(body_bytes), FALSE);

    header->bytes = body_bytes;
    return header->body;
}

void object_adopt(POBJECT_TYPE type, void *body)
{
    header_insert(type, body, TRUE);
}

POBJECT_TYPE object_type(const void *object)
{
    struct object_header *header = header_find(object);

    return header == NULL ? NULL : header->type;
}

LONG_PTR object_reference_count(const void *object)
{
    struct object_header *header = header_find(object);

    return header == NULL ? 0 : header->references;
}

ULONG_PTR object_handle_count(const void *object)
{
    struct object_header *header = header_find(object);

    return header == NULL ? 0 : header->handles;
}

void object_reference(void *object)
{
    header_of(object)->references++;
}

static void header_delete(struct object_header *header)
{
    struct object_header **link = &Buckets[bucket_of(header->body)];

    while (*link != header)
        link = &(*link)->next;
    object_name_drop(header->body);
    *link = header->next;
    if (header->type->deleted != NULL)
        header->type->deleted(header->body);
    if (!header->adopted)
        grave_bury(header->body, header->bytes, &object_is_live, header->type->name);
    host_free(header);
}

void object_dereference(void *object)
{
    struct object_header *header = header_of(object);

    if (--header->references == 0)
        header_delete(header);
}

void object_handle_opened(void *object)
{
    struct object_header *header = header_find(object);

    header->references++;
    header->handles++;
}

void object_handle_closed(void *object, PEPROCESS process)
{
    struct object_header *header = header_find(object);

    header->handles--;
    if (header->type->handle_closed != NULL)
        header->type->handle_closed(object, process, header->handles);
    object_dereference(object);
}

void object_check_leaks(void)
{
    ULONG leaks = 0;

    for (ULONG bucket = 0; bucket < OBJECT_BUCKETS; bucket++) {
        for (struct object_header *header = Buckets[bucket]; header != NULL;
             header = header->next) {
            if (header->driver_references == 0)
                continue;
            leaks++;
            model_log("%s %p: the driver owes %lu reference(s)\n", header->type->name, header->body,
                      (unsigned long)header->driver_references);
        }
    }
    if (leaks != 0)
        rule_broken(&object_reference_leak, "%u object(s), see the log", leaks);
}

/* --- The exported calls. */

LONG_PTR FASTCALL ObfReferenceObject(PVOID Object)
{
    struct object_header *header;

    MODEL_CALL(ObReferenceObject, PASSIVE_LEVEL, DISPATCH_LEVEL, "ObReferenceObject macro (wdm.h)");
    header = header_of(Object);
    header->driver_references++;
    return ++header->references;
}

LONG_PTR FASTCALL ObfDereferenceObject(PVOID Object)
{
    struct object_header *header;
    LONG_PTR left;

    MODEL_CALL(ObDereferenceObject, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ObDereferenceObject macro (wdm.h)");
    header = header_of(Object);
    if (header->driver_references == 0)
        rule_broken(&object_reference_owned, "%s %p", header->type->name, Object);
    header->driver_references--;
    left = header->references - 1;
    object_dereference(Object);
    return left;
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    ObfDereferenceObject(Object);
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess,
                                          POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    struct object_header *header;

    MODEL_CALL(ObReferenceObjectByPointer, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "ObReferenceObjectByPointer function (wdm.h)");
    header = header_of(Object);
    if (ObjectType != NULL && header->type != ObjectType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    header->driver_references++;
    header->references++;
    return STATUS_SUCCESS;
}

/* A reference that a model function hands to its driver caller. */
void object_lend(void *object)
{
    struct object_header *header = header_find(object);

    header->references++;
    header->driver_references++;
}

BOOLEAN object_take_over(void *object)
{
    struct object_header *header = header_of(object);

    if (header->driver_references == 0)
        return FALSE;
    header->driver_references--;
    return TRUE;
}

/* --- The object directory. */

static BOOLEAN name_equal(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN case_insensitive)
{
    if (a->Length != b->Length)
        return FALSE;
    for (ULONG i = 0; i < a->Length / sizeof(WCHAR); i++) {
        WCHAR x = a->Buffer[i], y = b->Buffer[i];

        if (case_insensitive) {
            x = (x >= 'a' && x <= 'z') ? x - 32 : x;
            y = (y >= 'a' && y <= 'z') ? y - 32 : y;
        }
        if (x != y)
            return FALSE;
    }
    return TRUE;
}

void *object_name_find(PCUNICODE_STRING path, BOOLEAN case_insensitive)
{
    for (ULONG bucket = 0; bucket < OBJECT_BUCKETS; bucket++)
        for (struct object_header *header = Buckets[bucket]; header != NULL; header = header->next)
            if (header->name.Length != 0 && name_equal(&header->name, path, case_insensitive))
                return header->body;
    return NULL;
}

NTSTATUS object_name_insert(PCUNICODE_STRING path, void *object)
{
    struct object_header *header = header_find(object);

    if (object_name_find(path, TRUE) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    header->name.Buffer = host_alloc(path->Length + sizeof(WCHAR));
    RtlCopyMemory(header->name.Buffer, path->Buffer, path->Length);
    header->name.Length = path->Length;
    header->name.MaximumLength = path->Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

void object_name_drop(void *object)
{
    struct object_header *header = header_find(object);

    host_free(header->name.Buffer);
    header->name = (UNICODE_STRING){0};
}

PUNICODE_STRING object_name(void *object)
{
    return &header_of(object)->name;
}
