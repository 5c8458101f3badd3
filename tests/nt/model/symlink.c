/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbolic links in the object directory, and how a path finds its device. \DosDevices\ and
 * \??\ are one place, as they are for the system's own processes.
 */
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/object.h"
#include "model/rule.h"

RULE(symlink_leaked, "A driver deletes the symbolic links that it made",
     "IoDeleteSymbolicLink function (wdm.h)");

struct symlink {
    UNICODE_STRING target;
    struct symlink *next;
};

static struct symlink *Links;

static void symlink_deleted(void *object)
{
    struct symlink *link = object, **at = &Links;

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    host_free(link->target.Buffer);
}

static struct _OBJECT_TYPE symlink_type = {.name = "SymbolicLink", .deleted = symlink_deleted};

static BOOLEAN has_prefix(PCUNICODE_STRING path, const WCHAR *prefix, USHORT characters)
{
    if (path->Length < characters * sizeof(WCHAR))
        return FALSE;
    return RtlCompareMemory(path->Buffer, prefix, characters * sizeof(WCHAR)) ==
           characters * sizeof(WCHAR);
}

/* \DosDevices\x as \??\x, in fresh memory. */
static UNICODE_STRING canonical(PCUNICODE_STRING path)
{
    static const WCHAR dos[] = L"\\DosDevices\\", global[] = L"\\DosDevices\\Global\\";
    USHORT skip = 0;
    UNICODE_STRING out;

    if (has_prefix(path, global, 19))
        skip = 19;
    else if (has_prefix(path, dos, 12))
        skip = 12;
    out.MaximumLength = path->Length + 10;
    out.Buffer = host_alloc(out.MaximumLength);
    out.Length = path->Length - skip * sizeof(WCHAR);
    if (skip == 0) {
        RtlCopyMemory(out.Buffer, path->Buffer, path->Length);
        return out;
    }
    RtlCopyMemory(out.Buffer, L"\\??\\", 8);
    RtlCopyMemory(out.Buffer + 4, path->Buffer + skip, out.Length);
    out.Length += 8;
    return out;
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    struct symlink *link;
    UNICODE_STRING name;
    NTSTATUS status;

    MODEL_CALL(IoCreateSymbolicLink, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoCreateSymbolicLink function (wdm.h)");
    if (fault_here("symbolic link"))
        return STATUS_INSUFFICIENT_RESOURCES;
    link = object_create(&symlink_type, sizeof(*link));
    link->target = canonical(DeviceName);
    link->next = Links;
    Links = link;
    name = canonical(SymbolicLinkName);
    status = object_name_insert(&name, link);
    host_free(name.Buffer);
    if (!NT_SUCCESS(status))
        object_dereference(link);
    return status;
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName,
                                               PUNICODE_STRING DeviceName)
{
    return IoCreateSymbolicLink(SymbolicLinkName, DeviceName);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    UNICODE_STRING name;
    void *found;

    MODEL_CALL(IoDeleteSymbolicLink, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "IoDeleteSymbolicLink function (wdm.h)");
    name = canonical(SymbolicLinkName);
    found = object_name_find(&name, TRUE);
    host_free(name.Buffer);
    if (found == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (object_type(found) != &symlink_type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    object_dereference(found);
    return STATUS_SUCCESS;
}

/* The longest named object that is a whole-component prefix of path. */
static void *find_prefix(PCUNICODE_STRING path, PUNICODE_STRING rest)
{
    for (USHORT length = path->Length; length > sizeof(WCHAR); length -= sizeof(WCHAR)) {
        UNICODE_STRING part = {length, length, path->Buffer};
        void *found;

        if (length != path->Length && path->Buffer[length / sizeof(WCHAR)] != L'\\')
            continue;
        found = object_name_find(&part, TRUE);
        if (found == NULL)
            continue;
        rest->Buffer = path->Buffer + length / sizeof(WCHAR);
        rest->Length = rest->MaximumLength = path->Length - length;
        return found;
    }
    return NULL;
}

PDEVICE_OBJECT device_by_path(PCUNICODE_STRING path, PUNICODE_STRING rest)
{
    UNICODE_STRING name = canonical(path), found_rest;
    void *found = find_prefix(&name, &found_rest);

    for (int depth = 0; found != NULL && object_type(found) == &symlink_type && depth < 8;
         depth++) {
        UNICODE_STRING dummy;

        found = find_prefix(&((struct symlink *)found)->target, &dummy);
    }
    if (found != NULL && object_type(found) == &device_object_type) {
        rest->Length = rest->MaximumLength = found_rest.Length;
        rest->Buffer = path->Buffer + (path->Length - found_rest.Length) / sizeof(WCHAR);
    } else {
        found = NULL;
    }
    host_free(name.Buffer);
    return found;
}

void symlink_check_leaks(void)
{
    if (Links != NULL)
        rule_broken(&symlink_leaked, "a link to %wZ is left", &Links->target);
}
