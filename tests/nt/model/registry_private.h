/* SPDX-License-Identifier: BSD-2-Clause */
/* What the registry's files share: keys are objects, values hang on their key. */
#ifndef NT_MODEL_REGISTRY_PRIVATE_H
#define NT_MODEL_REGISTRY_PRIVATE_H

#include "model/object.h"
#include "model/registry.h"

struct registry_value {
    struct registry_value *next;
    WCHAR *name;
    ULONG type, bytes;
    UCHAR *data;
};

struct registry_key {
    struct registry_key *parent, *children, *sibling;
    WCHAR *name;
    struct registry_value *values;
    BOOLEAN deleted; /* handles keep it */
};

extern struct _OBJECT_TYPE registry_key_type;

struct registry_key *registry_walk(struct registry_key *from, const WCHAR *path, ULONG characters,
                                   BOOLEAN create, BOOLEAN *created);
struct registry_value *registry_value(struct registry_key *key, const WCHAR *name,
                                      ULONG characters);
void registry_put(struct registry_key *key, const WCHAR *name, ULONG characters, ULONG type,
                  const void *data, ULONG bytes);
BOOLEAN registry_drop_value(struct registry_key *key, const WCHAR *name, ULONG characters);
NTSTATUS registry_drop_key(struct registry_key *key);

#endif
