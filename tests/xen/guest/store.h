/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XenStore: core/xen's asynchronous client on the ring that the toolstack gave us, pumped by its
 * event. The calls here wait (CPU 0 only, not in an interrupt), but for those made under
 * store_lock().
 */
#ifndef GUEST_STORE_H
#define GUEST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/xen/xs_client.h"

/* Starts the client; nothing at a second call. */
void store_start(void);
/* After events_resume(): the ring and its port are new. */
void store_resume(void);

/* Interrupts are off between the two; store_unlock() takes the actions that are due. */
bool store_lock(void);
void store_unlock(bool interrupts_were_on);

/* --- One request at a time. NULL transaction: none. */

enum xs_error store_ask(uint32_t type, const struct xs_transaction *transaction, const char *path,
                        const void *value, size_t value_size, void *reply, size_t reply_room,
                        uint32_t *reply_size);
/* value is NUL-terminated on return. */
enum xs_error store_read(const struct xs_transaction *transaction, const char *path, char *value,
                         size_t room);
enum xs_error store_write(const struct xs_transaction *transaction, const char *path,
                          const char *value);
enum xs_error store_write_number(const struct xs_transaction *transaction, const char *path,
                                 uint64_t value);
enum xs_error store_remove(const struct xs_transaction *transaction, const char *path);
/* The first permission is the owner's: what everybody else may. */
enum xs_error store_permit(const struct xs_transaction *transaction, const char *path,
                           const struct xs_permission *permissions, unsigned count);

enum xs_error store_begin(struct xs_transaction *transaction);
/* XS_ERROR_AGAIN: somebody else changed what was read; do it all again. */
enum xs_error store_end(const struct xs_transaction *transaction, bool commit);

/* --- A request that is not waited for. */

struct store_call { /* zeroed */
    struct xs_request request;
    volatile bool done;
};

/* Under store_lock(). All three stay in place until it is done. */
void store_begin_write(struct store_call *call, const char *path, const void *value, size_t size);

/* --- Watches. */

struct store_watch {
    struct xs_watch watch;
    char path[128];
    char fired_path[256]; /* of the last time */
    volatile uint32_t fired;
    volatile bool added, removed;
    enum xs_error error;
};

enum xs_error store_watch(struct store_watch *watch, const char *path);
void store_unwatch(struct store_watch *watch);
/* False: it fired less often than that within the time. */
bool store_watch_wait(struct store_watch *watch, uint32_t count, unsigned limit_ms);

/* Waits until the node's value is this text. */
bool store_await(const char *path, const char *value, unsigned limit_ms);

#endif
