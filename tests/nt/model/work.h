/* SPDX-License-Identifier: BSD-2-Clause */
/* Between work items and the object manager: the device of a queued item is referenced. */
#ifndef NT_MODEL_WORK_H
#define NT_MODEL_WORK_H

struct work_objects {
    void (*reference)(void *object);
    void (*dereference)(void *object);
};

/* Set once by the object half, before drivers run. */
void work_set_objects(const struct work_objects *functions);

#endif
