/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry's keys and values in memory, see registry.h; registry_zw.c and registry_rtl.c are
 * what drivers call.
 */
#include "model/registry_private.h"
#include "model/host.h"
#include "model/object.h"
#include "model/wide.h"

static struct registry_key *Root;

static struct registry_key *key_create(struct registry_key *parent, const WCHAR *name,
                                       ULONG characters)
{
    struct registry_key *key = object_create(&registry_key_type, sizeof(*key));

    key->name = host_alloc((characters + 1) * sizeof(WCHAR));
    RtlCopyMemory(key->name, name, characters * sizeof(WCHAR));
    key->parent = parent;
    if (parent != NULL) {
        struct registry_key **link = &parent->children;

        while (*link != NULL)
            link = &(*link)->sibling;
        *link = key;
    }
    return key;
}

static BOOLEAN same(const WCHAR *name, const WCHAR *other, ULONG characters)
{
    for (ULONG i = 0; i < characters; i++)
        if (wide_upper(name[i]) != wide_upper(other[i]))
            return FALSE;
    return name[characters] == 0;
}

static struct registry_key *child(struct registry_key *key, const WCHAR *name, ULONG characters)
{
    for (struct registry_key *one = key->children; one != NULL; one = one->sibling)
        if (same(one->name, name, characters))
            return one;
    return NULL;
}

/* from: NULL for an absolute path. create: makes what is missing. */
struct registry_key *registry_walk(struct registry_key *from, const WCHAR *path, ULONG characters,
                                   BOOLEAN create, BOOLEAN *created)
{
    struct registry_key *key = from;
    ULONG at = 0;

    if (Root == NULL)
        Root = key_create(NULL, L"REGISTRY", 8);
    if (key == NULL) {
        if (characters < 9 || path[0] != L'\\' || !same(Root->name, path + 1, 8))
            return NULL;
        at = 9;
        key = Root;
    }
    while (at < characters) {
        ULONG end;
        struct registry_key *next;

        if (path[at] == L'\\') {
            at++;
            continue;
        }
        for (end = at; end < characters && path[end] != L'\\'; end++)
            ;
        next = child(key, path + at, end - at);
        if (next == NULL && !create)
            return NULL;
        if (next == NULL) {
            next = key_create(key, path + at, end - at);
            if (created != NULL)
                *created = TRUE;
        }
        key = next;
        at = end;
    }
    return key;
}

/* --- Values. */

struct registry_value *registry_value(struct registry_key *key, const WCHAR *name, ULONG characters)
{
    for (struct registry_value *value = key->values; value != NULL; value = value->next)
        if (same(value->name, name, characters))
            return value;
    return NULL;
}

void registry_put(struct registry_key *key, const WCHAR *name, ULONG characters, ULONG type,
                  const void *data, ULONG bytes)
{
    struct registry_value *value = registry_value(key, name, characters);

    if (value == NULL) {
        struct registry_value **link = &key->values;

        while (*link != NULL)
            link = &(*link)->next;
        value = *link = host_alloc(sizeof(*value));
        value->name = host_alloc((characters + 1) * sizeof(WCHAR));
        RtlCopyMemory(value->name, name, characters * sizeof(WCHAR));
    }
    host_free(value->data);
    value->type = type;
    value->bytes = bytes;
    value->data = host_alloc(bytes + 1);
    RtlCopyMemory(value->data, data, bytes);
}

BOOLEAN registry_drop_value(struct registry_key *key, const WCHAR *name, ULONG characters)
{
    for (struct registry_value **link = &key->values, *value; (value = *link) != NULL;
         link = &value->next) {
        if (!same(value->name, name, characters))
            continue;
        *link = value->next;
        host_free(value->name);
        host_free(value->data);
        host_free(value);
        return TRUE;
    }
    return FALSE;
}

NTSTATUS registry_drop_key(struct registry_key *key)
{
    struct registry_key **link;

    if (key->children != NULL || key->parent == NULL)
        return STATUS_CANNOT_DELETE;
    if (key->deleted)
        return STATUS_KEY_DELETED;
    link = &key->parent->children;
    while (*link != key)
        link = &(*link)->sibling;
    *link = key->sibling;
    key->deleted = TRUE;
    object_dereference(key);
    return STATUS_SUCCESS;
}

static void key_deleted(void *object)
{
    struct registry_key *key = object;

    while (key->values != NULL)
        registry_drop_value(key, key->values->name, wide_length(key->values->name));
    host_free(key->name);
}

struct _OBJECT_TYPE registry_key_type = {
    .name = "Key",
    .mapping = {KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS},
    .deleted = key_deleted,
};

/* --- registry.h */

static struct registry_key *by_path(const WCHAR *path, BOOLEAN create)
{
    return registry_walk(NULL, path, wide_length(path), create, NULL);
}

void registry_make(const WCHAR *path)
{
    by_path(path, TRUE);
}

void registry_set(const WCHAR *path, const WCHAR *name, ULONG type, const void *data, ULONG bytes)
{
    registry_put(by_path(path, TRUE), name, wide_length(name), type, data, bytes);
}

void registry_set_dword(const WCHAR *path, const WCHAR *name, ULONG value)
{
    registry_set(path, name, REG_DWORD, &value, sizeof(value));
}

BOOLEAN registry_get(const WCHAR *path, const WCHAR *name, ULONG *type, void *data, ULONG *bytes)
{
    struct registry_key *key = by_path(path, FALSE);
    struct registry_value *value =
        key == NULL ? NULL : registry_value(key, name, wide_length(name));

    if (value == NULL)
        return FALSE;
    if (type != NULL)
        *type = value->type;
    RtlCopyMemory(data, value->data, min(*bytes, value->bytes));
    *bytes = value->bytes;
    return TRUE;
}

BOOLEAN registry_key_exists(const WCHAR *path)
{
    return by_path(path, FALSE) != NULL;
}

void registry_delete_value(const WCHAR *path, const WCHAR *name)
{
    struct registry_key *key = by_path(path, FALSE);

    if (key != NULL)
        registry_drop_value(key, name, wide_length(name));
}
