/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk's folders in XenStore: see store.h. */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conduct.h"

enum { XVD_MAJOR = 202, EXTENDED = 1 << 28, DOMIDS = 0x7ff0 };

void disk_store_init(struct disk_store *store, struct xs_handle *xs, uint32_t domid,
                     uint32_t number)
{
    *store = (struct disk_store){.xs = xs, .domid = domid, .number = number};
    snprintf(store->front, sizeof(store->front), "/local/domain/%u/device/vbd/%u", domid, number);
    snprintf(store->back, sizeof(store->back), "/local/domain/0/backend/vbd/%u/%u", domid, number);
}

/* --- Making and removing. */

static bool put(struct disk_store *store, xs_transaction_t t, const char *folder, const char *node,
                const char *value)
{
    char path[STORE_PATH_MAX + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, node);
    return xs_write(store->xs, t, path, value, (unsigned)strlen(value));
}

/* A folder; what is made in it later has its permissions. */
static bool make_folder(struct disk_store *store, xs_transaction_t t, const char *path,
                        uint32_t owner, uint32_t reader)
{
    struct xs_permissions permissions[2] = {{owner, XS_PERM_NONE}, {reader, XS_PERM_READ}};
    return xs_mkdir(store->xs, t, path) && xs_set_permissions(store->xs, t, path, permissions, 2);
}

static bool create(struct disk_store *store, xs_transaction_t t, const char *name, const char *path)
{
    const char *type = store->kind == DISK_CD ? "cdrom" : "disk";
    char number[12], domid[12];
    snprintf(number, sizeof(number), "%u", store->number);
    snprintf(domid, sizeof(domid), "%u", store->domid);
    const char *const front[][2] = {
        {"backend", store->back},   {"backend-id", "0"},   {"state", "1"},
        {"virtual-device", number}, {"device-type", type},
    };
    const char *const back[][2] = {
        {"frontend", store->front},
        {"frontend-id", domid},
        {"online", "1"},
        {"removable", store->kind == DISK_CD ? "1" : "0"},
        {"bootable", "1"},
        {"state", "1"},
        {"dev", name},
        {"type", "file"},
        {"mode", store->kind == DISK_WRITABLE ? "w" : "r"},
        {"device-type", type},
        {"params", path},
    };
    bool ok = make_folder(store, t, store->front, store->domid, 0) &&
              make_folder(store, t, store->back, 0, store->domid);
    for (size_t i = 0; ok && i < sizeof(back) / sizeof(back[0]); i++)
        ok = put(store, t, store->back, back[i][0], back[i][1]);
    for (size_t i = 0; ok && i < sizeof(front) / sizeof(front[0]); i++)
        ok = put(store, t, store->front, front[i][0], front[i][1]);
    return ok;
}

bool disk_store_create(struct disk_store *store, const char *name, const char *path,
                       enum disk_kind kind)
{
    store->kind = kind;
    for (;;) {
        xs_transaction_t t = xs_transaction_start(store->xs);
        if (t == XBT_NULL)
            return false;
        unsigned length;
        char *there = xs_read(store->xs, t, store->back, &length);
        free(there);
        bool ok = !there && create(store, t, name, path);
        int error = there ? EEXIST : errno;
        bool ended = xs_transaction_end(store->xs, t, !ok);
        if (ok && ended)
            return true;
        if (!ok || errno != EAGAIN) {
            errno = ok ? errno : error;
            return false;
        }
    }
}

void disk_store_remove(struct disk_store *store)
{
    xs_rm(store->xs, XBT_NULL, store->front);
    xs_rm(store->xs, XBT_NULL, store->back);
}

bool disk_store_exists(struct disk_store *store)
{
    unsigned length;
    char *there = xs_read(store->xs, XBT_NULL, store->back, &length);
    free(there);
    return there != NULL;
}

/* --- Nodes. */

bool disk_store_write_text(struct disk_store *store, const char *node, const char *text)
{
    char value[64];
    snprintf(value, sizeof(value), "%s", text);
    conduct_node(node, value, sizeof(value));
    return put(store, XBT_NULL, store->back, node, value);
}

bool disk_store_write(struct disk_store *store, const char *node, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return disk_store_write_text(store, node, text);
}

char *disk_store_text(struct disk_store *store, const char *folder, const char *node)
{
    char path[STORE_PATH_MAX + 64];
    unsigned length;
    snprintf(path, sizeof(path), "%s/%s", folder, node);
    return xs_read(store->xs, XBT_NULL, path, &length);
}

static int64_t number_of(char *text, uint32_t max)
{
    char *end = text;
    errno = 0;
    unsigned long long value =
        text && text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
    int64_t result = text && end != text && !*end && !errno && value <= max ? (int64_t)value : -1;
    free(text);
    return result;
}

int64_t disk_store_read_back(struct disk_store *store, const char *node, uint32_t max)
{
    return number_of(disk_store_text(store, store->back, node), max);
}

int64_t disk_store_read_front(struct disk_store *store, const char *node, uint32_t max)
{
    return number_of(disk_store_text(store, store->front, node), max);
}

/* --- Names. */

uint32_t disk_number(const char *name)
{
    uint32_t index = 0;
    if (strncmp(name, "xvd", 3) != 0) {
        int64_t number = number_of(strdup(name), INT32_MAX);
        return number > 0 ? (uint32_t)number : 0;
    }
    name += 3;
    for (uint32_t i = 0; name[i]; i++) {
        if (i == 2 || name[i] < 'a' || name[i] > 'z')
            return 0;
        index = index * 26 + (uint32_t)(name[i] - 'a') + 1;
    }
    if (!index--)
        return 0;
    return index < 16 ? XVD_MAJOR << 8 | index << 4 : EXTENDED | index << 8;
}

static bool has_name(struct xs_handle *xs, const char *domain, const char *guest)
{
    char path[STORE_PATH_MAX];
    unsigned length;
    snprintf(path, sizeof(path), "/local/domain/%s/name", domain);
    char *name = xs_read(xs, XBT_NULL, path, &length);
    bool same = name && strcmp(name, guest) == 0;
    free(name);
    return same;
}

int64_t disk_domain(struct xs_handle *xs, const char *guest)
{
    unsigned count = 0;
    char **domains = xs_directory(xs, XBT_NULL, "/local/domain", &count);
    int64_t found = -1;
    for (unsigned i = 0; domains && i < count && found < 0; i++)
        if (strcmp(domains[i], guest) == 0 || has_name(xs, domains[i], guest))
            found = number_of(strdup(domains[i]), DOMIDS - 1);
    free(domains);
    return found;
}
