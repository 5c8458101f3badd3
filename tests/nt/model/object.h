/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects: what has a type, a count of references and perhaps handles. The header lives apart from
 * the body (found by address), so a body overrun hits the allocator's guard and a pointer that is
 * no object is told as such.
 *
 * Ownership: object_create gives one reference; handles hold one each. The type's delete routine
 * runs once, when the last reference goes, and frees what the body points to (the body itself is
 * freed by the object manager unless the object was adopted).
 */
#ifndef NT_MODEL_OBJECT_H
#define NT_MODEL_OBJECT_H

#include <ntddk.h>

struct _OBJECT_TYPE {
    const char *name;
    GENERIC_MAPPING mapping;
    /* A handle of process was closed; left: handles that remain on the object in all processes. */
    void (*handle_closed)(void *object, PEPROCESS process, ULONG_PTR left);
    void (*deleted)(void *object);
};

void *object_create(POBJECT_TYPE type, SIZE_T body_bytes);
/* Makes memory of the caller's an object; the type's delete routine gives it back. */
void object_adopt(POBJECT_TYPE type, void *body);
/* NULL when the address is no object. */
POBJECT_TYPE object_type(const void *object);
LONG_PTR object_reference_count(const void *object);
ULONG_PTR object_handle_count(const void *object);
void object_reference(void *object);
void object_dereference(void *object);

/* A reference that a model function hands to its driver caller, who owes ObDereferenceObject. */
void object_lend(void *object);
/* The opposite: the model takes a reference that driver code owns. FALSE: it owns none. */
BOOLEAN object_take_over(void *object);
void object_handle_opened(void *object);
void object_handle_closed(void *object, PEPROCESS process);

/* Breaks the rule object_reference_leak when driver code still owes a reference. */
void object_check_leaks(void);

/* Handles (handle.c). Kernel handles live in the system process's table and have the top bit. */
struct handle_table;
struct handle_table *handle_table_create(void);
/* Closes what is left in it. */
void handle_table_destroy(struct handle_table *table, PEPROCESS process);
NTSTATUS handle_create(PEPROCESS process, BOOLEAN kernel, void *object, ACCESS_MASK granted,
                       HANDLE *handle);
NTSTATUS handle_close(HANDLE handle, KPROCESSOR_MODE mode);
/* Not referenced for the caller. */
NTSTATUS handle_object(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                       void **object, ACCESS_MASK *granted);
void handle_check_leaks(void);
ULONG handle_table_count(const struct handle_table *table);

/* Names: the object directory, one flat space of full paths without regard to case. */
NTSTATUS object_name_insert(PCUNICODE_STRING path, void *object);
/* Does nothing to an object without a name. */
void object_name_drop(void *object);
/* Empty when it has none. */
PUNICODE_STRING object_name(void *object);
/* The object or NULL, not referenced. */
void *object_name_find(PCUNICODE_STRING path, BOOLEAN case_insensitive);

#endif
