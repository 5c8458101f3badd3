/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder that a copy is received into; see incoming.h. */
#include "linux/dom0/filecopy/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
    /* From here on the space is asked for at once, so that a full disk is known before the copy. */
    PREALLOCATED_SIZE = 1 << 20,
};

/* The length was checked against FC_NAME_LIMIT by the receiving machine. */
static int make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno;
        *slash = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
}

void incoming_init(struct incoming *incoming)
{
    memset(incoming, 0, sizeof(*incoming));
    incoming->root = incoming->directory = incoming->file = -1;
}

int incoming_open(struct incoming *incoming, const char *path)
{
    size_t length = strlen(path);
    int error;

    if (length == 0 || length >= sizeof(incoming->path))
        return ENAMETOOLONG;
    memcpy(incoming->path, path, length + 1);
    error = make_parents(incoming->path);
    if (error != 0)
        return error;
    incoming->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return incoming->root < 0 ? errno : 0;
}

static void leave_directory(struct incoming *incoming)
{
    if (incoming->directory >= 0)
        close(incoming->directory);
    incoming->directory = -1;
}

static void drop_file(struct incoming *incoming)
{
    if (incoming->file < 0)
        return;
    if (incoming->part_name[0] != '\0')
        unlinkat(incoming->directory, incoming->part_name, 0);
    close(incoming->file);
    incoming->file = -1;
}

void incoming_close(struct incoming *incoming)
{
    drop_file(incoming);
    leave_directory(incoming);
    if (incoming->root >= 0)
        close(incoming->root);
    incoming->root = -1;
}

int incoming_sync(struct incoming *incoming)
{
    return syncfs(incoming->root) != 0 ? errno : 0;
}

/* Opens a directory of the tree, from the root, one component after the other. */
static int walk(struct incoming *incoming, const char *path, int *directory)
{
    char component[FC_NAME_LIMIT];
    int at = openat(incoming->root, ".", DIRECTORY_FLAGS);

    while (at >= 0 && *path != '\0') {
        size_t n = strcspn(path, "/");
        int next;

        memcpy(component, path, n);
        component[n] = '\0';
        next = openat(at, component, DIRECTORY_FLAGS);
        if (next < 0) {
            int error = errno;

            close(at);
            return error;
        }
        close(at);
        at = next;
        path += n + (path[n] == '/');
    }
    *directory = at;
    return at < 0 ? errno : 0;
}

/* Makes path the current directory; most entries lie beside the one before. */
static int enter(struct incoming *incoming, const char *path)
{
    int error;

    if (incoming->directory >= 0 && strcmp(path, incoming->directory_path) == 0)
        return 0;
    leave_directory(incoming);
    error = walk(incoming, path, &incoming->directory);
    if (error == 0)
        strcpy(incoming->directory_path, path);
    return error;
}

/* Enters the directory of path; *name is the last component. */
static int enter_parent(struct incoming *incoming, const char *path, const char **name)
{
    char *slash;

    strcpy(incoming->path, path);
    slash = strrchr(incoming->path, '/');
    if (slash == NULL) {
        *name = incoming->path;
        return enter(incoming, "");
    }
    *slash = '\0';
    *name = slash + 1;
    return enter(incoming, incoming->path);
}

int incoming_open_directory(struct incoming *incoming, const char *path)
{
    const char *name;
    int error = enter_parent(incoming, path, &name);
    int directory;

    if (error != 0)
        return error;
    /* Its own mode, perhaps without write permission, comes when its content is complete. */
    if (mkdirat(incoming->directory, name, 0700) != 0 && errno != EEXIST)
        return errno;
    directory = openat(incoming->directory, name, DIRECTORY_FLAGS);
    if (directory < 0)
        return errno;
    leave_directory(incoming);
    incoming->directory = directory;
    strcpy(incoming->directory_path, path);
    return 0;
}

static int set_mode_and_times(int file, const struct fc_header *header)
{
    const struct timespec times[2] = {
        {.tv_sec = header->atime_s, .tv_nsec = header->atime_ns},
        {.tv_sec = header->mtime_s, .tv_nsec = header->mtime_ns},
    };

    if (fchmod(file, header->mode & 0777) != 0 || futimens(file, times) != 0)
        return errno;
    return 0;
}

int incoming_close_directory(struct incoming *incoming, const char *path,
                             const struct fc_header *header)
{
    int error = enter(incoming, path);

    return error != 0 ? error : set_mode_and_times(incoming->directory, header);
}

static int create_part(struct incoming *incoming)
{
    snprintf(incoming->part_name, sizeof(incoming->part_name), ".casement-%d-%u.part",
             (int)getpid(), incoming->part_count++);
    incoming->file = openat(incoming->directory, incoming->part_name,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return incoming->file < 0 ? errno : 0;
}

int incoming_create_file(struct incoming *incoming, const char *path, uint64_t size)
{
    int error = enter_parent(incoming, path, &incoming->file_name);
    struct stat status;

    if (error != 0)
        return error;
    /* The link or rename at the end decides; this only spares the peer sending it all for nothing.
     */
    if (fstatat(incoming->directory, incoming->file_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    if (errno != ENOENT)
        return errno;
    incoming->part_name[0] = '\0';
    incoming->file = openat(incoming->directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (incoming->file < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
        return errno;
    if (incoming->file < 0 && (error = create_part(incoming)) != 0)
        return error;
    if (size >= PREALLOCATED_SIZE &&
        fallocate(incoming->file, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) != 0 &&
        errno != EOPNOTSUPP && errno != ENOSYS)
        return errno;
    return 0;
}

int incoming_write(struct incoming *incoming, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    while (size > 0) {
        ssize_t n = write(incoming->file, bytes, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Gives the complete file its name, unless that exists. */
static int publish(struct incoming *incoming)
{
    char descriptor[32];

    if (incoming->part_name[0] == '\0') {
        snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", incoming->file);
        return linkat(AT_FDCWD, descriptor, incoming->directory, incoming->file_name,
                      AT_SYMLINK_FOLLOW);
    }
    if (renameat2(incoming->directory, incoming->part_name, incoming->directory,
                  incoming->file_name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(incoming->directory, incoming->part_name, incoming->directory, incoming->file_name,
               0) != 0)
        return -1;
    unlinkat(incoming->directory, incoming->part_name, 0);
    return 0;
}

int incoming_finish_file(struct incoming *incoming, const struct fc_header *header)
{
    int error = set_mode_and_times(incoming->file, header);

    if (error != 0)
        return error;
    if (publish(incoming) != 0)
        return errno;
    incoming->part_name[0] = '\0';
    drop_file(incoming);
    return 0;
}

int incoming_make_symlink(struct incoming *incoming, const char *path, const char *target,
                          const struct fc_header *header)
{
    const struct timespec times[2] = {
        {.tv_sec = header->atime_s, .tv_nsec = header->atime_ns},
        {.tv_sec = header->mtime_s, .tv_nsec = header->mtime_ns},
    };
    const char *name;
    int error = enter_parent(incoming, path, &name);

    if (error != 0)
        return error;
    if (symlinkat(target, incoming->directory, name) != 0)
        return errno;
    if (utimensat(incoming->directory, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    return 0;
}
