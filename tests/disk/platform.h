/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests' disk driver (driver.h) needs of its guest. Two implementations, chosen by the
 * build: tests/simxen/disk/platform_simxen.c (a program that is a guest of simxen) and
 * tests/xen/guest/disk_platform.c (the bare-metal guest on real Xen). One thread; freestanding.
 */
#ifndef TESTS_DISK_PLATFORM_H
#define TESTS_DISK_PLATFORM_H

#include "core/block/front.h"

/* --- XenStore. These wait for the answer. */
enum blk_answer disk_store_read(const char *path, char *value, uint32_t room, uint32_t *length);
enum blk_answer disk_store_write(const char *path, const char *value);
enum blk_answer disk_store_remove(const char *path);
/* One watch at a time; replaces the one before. It fires once when it is set. */
bool disk_store_watch(const char *path);
/* True: it fired since the last call. */
bool disk_store_fired(void);

/* --- Memory and grants. */
void *disk_pages_new(uint32_t count); /* zeroed, side by side; never NULL */
void disk_pages_free(void *pages, uint32_t count);
uint32_t disk_grant(uint32_t domid, const void *page); /* to read and write; 0: none left */
bool disk_ungrant(uint32_t ref);                       /* false: still mapped */
void disk_forget_grant(uint32_t ref);                  /* made before a suspend */

/* --- Event channels, one a queue. */
uint32_t disk_port_open(uint32_t queue, uint32_t domid); /* 0: it cannot be */
void disk_port_close(uint32_t queue);
void disk_port_forget(uint32_t queue); /* opened before a suspend */
void disk_port_notify(uint32_t queue);

/* --- Time. */
uint64_t disk_now_ms(void);
/* Sleeps until one of the ports or the watch fires, or limit_ms have passed. It may return early.
 */
void disk_sleep(uint32_t limit_ms);

/* How many grant operations there were (permits and revokes). */
uint64_t disk_grant_operations(void);

#endif
