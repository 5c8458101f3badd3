/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles: each process has a table; the system process's handles are the kernel handles, valid in
 * every context but refused to user mode.
 */
#include "model/fault.h"
#include "model/host.h"
#include "model/object.h"
#include "model/process.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(handle_of_user_trusted, "A handle that came from user mode is referenced with UserMode",
     "Bug Check 0xC4: DRIVER_VERIFIER_DETECTED_VIOLATION");
RULE(handle_without_type, "A handle that came from user mode is referenced with its object type",
     "ObReferenceObjectByHandle function (wdm.h)");
RULE(handle_closed_twice, "A driver closes a kernel handle once", "ZwClose function (wdm.h)");
RULE(handle_leaked, "A driver closes the kernel handles that it opened", "Object Handles");

#define KERNEL_HANDLE_BIT 0xFFFFFFFF80000000ull

struct handle_entry {
    void *object;
    ACCESS_MASK granted;
};

struct handle_table {
    ULONG size, used;
    struct handle_entry *entries;
};

struct handle_table *handle_table_create(void)
{
    return host_alloc(sizeof(struct handle_table));
}

ULONG handle_table_count(const struct handle_table *table)
{
    return table->used;
}

static ULONG free_slot(struct handle_table *table)
{
    struct handle_entry *bigger;

    for (ULONG slot = 0; slot < table->size; slot++)
        if (table->entries[slot].object == NULL)
            return slot;
    bigger = host_alloc((table->size + 64) * sizeof(*bigger));
    if (table->size != 0)
        RtlCopyMemory(bigger, table->entries, table->size * sizeof(*bigger));
    host_free(table->entries);
    table->entries = bigger;
    table->size += 64;
    return table->size - 64;
}

NTSTATUS handle_create(PEPROCESS process, BOOLEAN kernel, void *object, ACCESS_MASK granted,
                       HANDLE *handle)
{
    struct handle_table *table = kernel ? process_system()->handles : process->handles;
    ULONG slot = free_slot(table);

    table->entries[slot] = (struct handle_entry){object, granted};
    table->used++;
    object_handle_opened(object);
    *handle = (HANDLE)((ULONG_PTR)(slot + 1) * 4 |
                       (table == process_system()->handles ? KERNEL_HANDLE_BIT : 0));
    return STATUS_SUCCESS;
}

static BOOLEAN is_kernel_handle(HANDLE handle)
{
    return ((ULONG_PTR)handle & KERNEL_HANDLE_BIT) == KERNEL_HANDLE_BIT;
}

static struct handle_entry *entry_of(HANDLE handle)
{
    struct handle_table *table =
        is_kernel_handle(handle) ? process_system()->handles : process_current()->handles;
    ULONG_PTR value = (ULONG_PTR)handle & ~KERNEL_HANDLE_BIT, slot = value / 4 - 1;

    if (value == 0 || value % 4 != 0 || slot >= table->size || table->entries[slot].object == NULL)
        return NULL;
    return &table->entries[slot];
}

static void close_entry(struct handle_table *table, struct handle_entry *entry, PEPROCESS process)
{
    void *object = entry->object;

    entry->object = NULL;
    table->used--;
    object_handle_closed(object, process);
}

void handle_table_destroy(struct handle_table *table, PEPROCESS process)
{
    for (ULONG slot = 0; slot < table->size; slot++)
        if (table->entries[slot].object != NULL)
            close_entry(table, &table->entries[slot], process);
    host_free(table->entries);
    host_free(table);
}

NTSTATUS handle_close(HANDLE handle, KPROCESSOR_MODE mode)
{
    struct handle_entry *entry = entry_of(handle);
    PEPROCESS process = is_kernel_handle(handle) ? process_system() : process_current();

    if (entry == NULL || (mode == UserMode && is_kernel_handle(handle)))
        return STATUS_INVALID_HANDLE;
    close_entry(process->handles, entry, process);
    return STATUS_SUCCESS;
}

void handle_check_leaks(void)
{
    struct handle_table *table = process_system()->handles;

    for (ULONG slot = 0; slot < table->size; slot++)
        if (table->entries[slot].object != NULL)
            rule_broken(&handle_leaked, "handle %lx to a %s", (unsigned long)(slot + 1) * 4,
                        object_type(table->entries[slot].object)->name);
}

NTSTATUS handle_object(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                       void **object, ACCESS_MASK *granted)
{
    struct handle_entry *entry = entry_of(handle);

    if (entry == NULL || (mode == UserMode && is_kernel_handle(handle)))
        return STATUS_INVALID_HANDLE;
    if (type != NULL && object_type(entry->object) != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (mode == UserMode && (desired & ~entry->granted) != 0)
        return STATUS_ACCESS_DENIED;
    *object = entry->object;
    if (granted != NULL)
        *granted = entry->granted;
    return STATUS_SUCCESS;
}

/* --- The exported calls. */

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation)
{
    ACCESS_MASK granted;
    NTSTATUS status;

    MODEL_CALL(ObReferenceObjectByHandle, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ObReferenceObjectByHandle function (wdm.h)");
    *Object = NULL;
    if (AccessMode == KernelMode && !is_kernel_handle(Handle) &&
        process_current() != process_system())
        rule_broken(&handle_of_user_trusted, "handle %p", Handle);
    if (AccessMode == UserMode && ObjectType == NULL)
        rule_broken(&handle_without_type, "handle %p", Handle);
    if (fault_here("object reference"))
        return STATUS_INSUFFICIENT_RESOURCES;
    status = handle_object(Handle, DesiredAccess, ObjectType, AccessMode, Object, &granted);
    if (!NT_SUCCESS(status))
        return status;
    object_lend(*Object);
    if (HandleInformation != NULL)
        *HandleInformation = (OBJECT_HANDLE_INFORMATION){0, granted};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                     PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                     POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                     PHANDLE Handle)
{
    MODEL_CALL(ObOpenObjectByPointer, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ObOpenObjectByPointer function (ntifs.h)");
    if (ObjectType != NULL && object_type(Object) != ObjectType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (fault_here("handle"))
        return STATUS_INSUFFICIENT_RESOURCES;
    return handle_create(process_current(), (HandleAttributes & OBJ_KERNEL_HANDLE) != 0, Object,
                         DesiredAccess, Handle);
}

NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    NTSTATUS status;

    MODEL_CALL(ZwClose, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwClose function (wdm.h)");
    status = handle_close(Handle, KernelMode);
    if (status == STATUS_INVALID_HANDLE && is_kernel_handle(Handle))
        rule_broken(&handle_closed_twice, "handle %p", Handle);
    return status;
}

NTSTATUS NTAPI NtClose(HANDLE Handle)
{
    MODEL_CALL(NtClose, PASSIVE_LEVEL, PASSIVE_LEVEL, "ZwClose function (wdm.h)");
    return handle_close(Handle, process_previous_mode());
}
