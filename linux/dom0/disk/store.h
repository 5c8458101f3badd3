/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk's two folders in XenStore, as a toolstack makes them (docs: Xen's io/blkif.h and
 * misc/xenstore-paths): the guest's device/vbd/NUMBER and dom0's backend/vbd/DOMAIN/NUMBER. The
 * guest can change what is in its own; every value of it is checked by whoever reads it here.
 */
#ifndef DOM0_DISK_STORE_H
#define DOM0_DISK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstore.h>

enum { STORE_PATH_MAX = 128 };

enum disk_kind { DISK_WRITABLE, DISK_READ_ONLY, DISK_CD };

struct disk_store {
    struct xs_handle *xs;
    uint32_t domid, number;
    enum disk_kind kind; /* known after disk_store_create() */
    char front[STORE_PATH_MAX], back[STORE_PATH_MAX];
};

void disk_store_init(struct disk_store *store, struct xs_handle *xs, uint32_t domid,
                     uint32_t number);
/* Makes both folders with what a disk begins with. False: it is there already, or XenStore
 * refuses (errno). */
bool disk_store_create(struct disk_store *store, const char *name, const char *path,
                       enum disk_kind kind);
void disk_store_remove(struct disk_store *store);
bool disk_store_exists(struct disk_store *store);

/* Nodes of dom0's folder. */
bool disk_store_write(struct disk_store *store, const char *node, uint64_t value);
bool disk_store_write_text(struct disk_store *store, const char *node, const char *text);
/* A node of either folder as a number from 0 to max; -1: it is not there, or something else. */
int64_t disk_store_read_back(struct disk_store *store, const char *node, uint32_t max);
int64_t disk_store_read_front(struct disk_store *store, const char *node, uint32_t max);
/* Malloced, or NULL. */
char *disk_store_text(struct disk_store *store, const char *folder, const char *node);

/* xvda, xvdb ... xvdzz or a number: the disk's number (Xen's vbd-interface). 0: none. */
uint32_t disk_number(const char *name);
/* A guest's domain by its name or number; -1: there is none. */
int64_t disk_domain(struct xs_handle *xs, const char *guest);

#endif
