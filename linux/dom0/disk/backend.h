/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend of one disk: the states of Xen's io/xenbus.h, from InitWait until the guest and the
 * toolstack have let go. It serves the guest's queues from one loop; a guest that breaks the rules
 * loses this disk.
 */
#ifndef DOM0_DISK_BACKEND_H
#define DOM0_DISK_BACKEND_H

#include "backing.h"
#include "store.h"

/* Until the disk is detached (its folders are removed then) or its domain is gone. False: XenStore
 * or the event channels cannot be reached. */
bool backend_run(struct disk_store *store, struct backing *backing);

#endif
