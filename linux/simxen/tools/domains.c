/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simxen create, destroy, exec and list: what a toolstack does. A new domain gets the XenStore
 * nodes that libxl gives one (its own folder readable, `data` and a few others its own) and is
 * introduced to xenstored through Debian's libxenstore, when a xenstored runs in the instance.
 */
#include "tools.h"
#include "../client/internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct permission { /* struct xs_permissions */
    unsigned int id;
    int perms;
};
enum { PERM_NONE = 0, PERM_READ = 1 };

struct store { /* libxenstore, loaded when needed */
    void *library, *connection;
    void *(*open)(unsigned long flags);
    void (*close)(void *);
    bool (*write)(void *, uint32_t transaction, const char *path, const void *data, unsigned int);
    bool (*mkdir)(void *, uint32_t transaction, const char *path);
    bool (*rm)(void *, uint32_t transaction, const char *path);
    bool (*set_permissions)(void *, uint32_t transaction, const char *path, struct permission *,
                            unsigned int count);
    bool (*introduce)(void *, unsigned int domid, unsigned long mfn, unsigned int port);
};

static int fail(const char *what, int error)
{
    fprintf(stderr, "simxen: %s: %s\n", what, strerror(-error));
    return 1;
}

static struct simxen *open_dom0(void)
{
    struct simxen *sx = NULL;
    const char *dir = instance_dir();
    int error = dir ? simxen_open(&sx, dir, 0) : 0;
    if (error)
        fail(dir, error);
    return sx;
}

static bool store_load(struct store *store)
{
    char path[PATH_MAX];
    debian_folder(path, sizeof(path));
    strncat(path, "/lib/libxentoolcore.so.1", sizeof(path) - strlen(path) - 1);
    dlopen(path, RTLD_NOW | RTLD_GLOBAL); /* libxenstore needs it and has no path to it */
    debian_folder(path, sizeof(path));
    strncat(path, "/lib/libxenstore.so.4", sizeof(path) - strlen(path) - 1);
    store->library = dlopen(path, RTLD_NOW);
    if (!store->library)
        store->library = dlopen("libxenstore.so.4", RTLD_NOW);
    if (!store->library) {
        fprintf(stderr, "simxen: %s\n", dlerror());
        return false;
    }
    *(void **)&store->open = dlsym(store->library, "xs_open");
    *(void **)&store->close = dlsym(store->library, "xs_close");
    *(void **)&store->write = dlsym(store->library, "xs_write");
    *(void **)&store->mkdir = dlsym(store->library, "xs_mkdir");
    *(void **)&store->rm = dlsym(store->library, "xs_rm");
    *(void **)&store->set_permissions = dlsym(store->library, "xs_set_permissions");
    *(void **)&store->introduce = dlsym(store->library, "xs_introduce_domain");
    return store->open && store->close && store->write && store->mkdir && store->rm &&
           store->set_permissions && store->introduce;
}

/* 1: open; 0: no xenstored in this instance; -1: it is there and cannot be reached. */
static int store_open(struct store *store)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/xenstored/socket", getenv("SIMXEN_DIR"));
    if (access(path, F_OK) < 0)
        return 0;
    setenv("XENSTORED_PATH", path, 1);
    if (!store_load(store))
        return -1;
    store->connection = store->open(0);
    if (!store->connection)
        perror("simxen: xenstored");
    return store->connection ? 1 : -1;
}

static void store_shut(struct store *store)
{
    if (store->connection)
        store->close(store->connection);
}

static bool store_folder(struct store *store, uint32_t domid, const char *name, bool own)
{
    char path[128];
    struct permission permissions[2] = {{own ? domid : 0, PERM_NONE}, {domid, PERM_READ}};
    snprintf(path, sizeof(path), "/local/domain/%u%s%s", domid, *name ? "/" : "", name);
    return store->mkdir(store->connection, 0, path) &&
           store->set_permissions(store->connection, 0, path, permissions, own ? 1 : 2);
}

static bool store_value(struct store *store, uint32_t domid, const char *name, const char *value)
{
    char path[128];
    struct permission permissions[2] = {{0, PERM_NONE}, {domid, PERM_READ}};
    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, name);
    return store->write(store->connection, 0, path, value, (unsigned int)strlen(value)) &&
           store->set_permissions(store->connection, 0, path, permissions, 2);
}

static bool store_domain(struct store *store, uint32_t domid, const char *name, uint32_t port)
{
    static const char *const readable[] = {"", "cpu", "memory", "device", "control"};
    /* As libxl makes them. */
    static const char *const own[] = {
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-s3",
        "control/feature-s4",
        "control/feature-suspend",
        "data",
        "drivers",
        "feature",
        "attr",
        "error",
    };
    char digits[12];
    snprintf(digits, sizeof(digits), "%u", domid);
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
        if (!store_folder(store, domid, readable[i], false))
            return false;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (!store_folder(store, domid, own[i], true))
            return false;
    return store_value(store, domid, "name", name) && store_value(store, domid, "domid", digits) &&
           store->introduce(store->connection, domid, 0, port);
}

/* A new domain by SX_CREATE or SX_RESTORE, known to xenstored when one runs; prints its id. */
static int make_domain(struct simxen *sx, struct sx_request *request, const char *text)
{
    struct sx_reply reply;
    struct store store = {0};
    uint32_t name[SX_NAME_BYTES / sizeof(uint32_t)] = {0}, port;
    strncpy((char *)name, text, sizeof(name) - 1);
    request->count = SX_NAME_BYTES / sizeof(uint32_t);
    int error = simxen_call(sx, request, name, request->count, &reply, &port, 1, NULL);
    if (error)
        return fail(request->op == SX_RESTORE ? "restore" : "create", error);
    int store_state = store_open(&store);
    if (store_state < 0 || (store_state && !store_domain(&store, reply.value, text, port))) {
        perror("simxen: introducing the domain to xenstored");
        struct sx_request destroy = {.op = SX_DESTROY, .domid = reply.value};
        simxen_simple(sx, &destroy);
        return 1;
    }
    store_shut(&store);
    printf("%u\n", reply.value);
    return 0;
}

int tool_create(int argc, char **argv)
{
    struct sx_request request = {.op = SX_CREATE};
    for (; argc > 1; argc--, argv++) {
        if (strcmp(argv[0], "--keep") && strcmp(argv[0], "--guest"))
            return TOOL_USAGE;
        request.flags |= strcmp(argv[0], "--keep") ? SX_FLAG_GUEST : SX_FLAG_KEEP;
    }
    if (argc != 1 || strlen(argv[0]) >= SX_NAME_BYTES)
        return TOOL_USAGE;
    struct simxen *sx = open_dom0();
    int result = sx ? make_domain(sx, &request, argv[0]) : 1;
    simxen_close(sx);
    return result;
}

static void store_forget(uint32_t domid)
{
    struct store store = {0};
    char path[64];
    if (store_open(&store) > 0) {
        snprintf(path, sizeof(path), "/local/domain/%u", domid);
        store.rm(store.connection, 0, path);
    }
    store_shut(&store);
}

bool store_make_dom0(void)
{
    struct store store = {0};
    bool made = store_open(&store) > 0 && store_folder(&store, 0, "", false) &&
                store_value(&store, 0, "name", "Domain-0") && store_value(&store, 0, "domid", "0");
    store_shut(&store);
    return made;
}

static bool take_domid(const char *text, uint32_t *out)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    *out = (uint32_t)number;
    return *text && !*end && number < SX_FIRST_RESERVED_DOMID;
}

int tool_destroy(int argc, char **argv)
{
    struct sx_request request = {.op = SX_DESTROY};
    if (argc != 1 || !take_domid(argv[0], &request.domid) || request.domid == 0)
        return TOOL_USAGE;
    struct simxen *sx = open_dom0();
    if (!sx)
        return 1;
    int error = simxen_simple(sx, &request);
    store_forget(request.domid);
    simxen_close(sx);
    return error ? fail("destroy", error) : 0;
}

/* `xl save` and `xl restore` in one: a suspended guest's memory goes to a new domain. */
int tool_restore(int argc, char **argv)
{
    struct sx_request request = {.op = SX_RESTORE};
    struct simxen_domain_info info;
    if (argc != 1 || !take_domid(argv[0], &request.domid) || request.domid == 0)
        return TOOL_USAGE;
    struct simxen *sx = open_dom0();
    if (!sx)
        return 1;
    int error = simxen_domain_info(sx, request.domid, &info);
    if (!error && info.domid != request.domid)
        error = -ESRCH;
    int result = error ? fail("restore", error) : make_domain(sx, &request, info.name);
    if (!result)
        store_forget(request.domid);
    simxen_close(sx);
    return result;
}

/* The connection stays open in COMMAND and its children: while one of them lives, so does the
 * domain. */
int tool_exec(int argc, char **argv)
{
    uint32_t domid;
    struct simxen *sx;
    if (argc < 2 || !take_domid(argv[0], &domid))
        return TOOL_USAGE;
    char **command = argv + (strcmp(argv[1], "--") ? 1 : 2);
    const char *dir = instance_dir();
    if (!*command)
        return TOOL_USAGE;
    if (!dir)
        return 1;
    int error = simxen_open(&sx, dir, domid);
    if (error)
        return fail("exec", error);
    fcntl(sx->socket_fd, F_SETFD, 0);
    environment_for_domain(dir, domid);
    execvp(command[0], command);
    fprintf(stderr, "simxen: %s: %s\n", command[0], strerror(errno));
    return 127;
}

int tool_list(int argc, char **argv)
{
    struct sx_request request = {.op = SX_LIST};
    struct sx_reply reply;
    char piece[4096];
    ssize_t got;
    off_t at = 0;
    int fd = -1;
    bool expect_empty = argc == 1 && !strcmp(argv[0], "--expect-empty");
    if (argc > (expect_empty ? 1 : 0))
        return TOOL_USAGE;
    if (expect_empty)
        request.flags = SX_FLAG_SETTLED; /* what has just ended is no leak */
    struct simxen *sx = open_dom0();
    if (!sx)
        return 1;
    int error = simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, &fd);
    if (error)
        return fail("list", error);
    while ((got = pread(fd, piece, sizeof(piece), at)) > 0) {
        fwrite(piece, 1, (size_t)got, stdout);
        at += got;
    }
    close(fd);
    simxen_close(sx);
    return expect_empty && reply.value ? TOOL_NOT_EMPTY : 0;
}
