/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy as a file that its owner edits while the daemon runs: each call looks whether it
 * changed. A file that cannot be read or has a fault denies everything, and the log says where.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool unchanged(const struct policy_file *file, const struct stat *status)
{
    return file->policy != NULL && file->device == status->st_dev &&
           file->size_bytes == status->st_size && file->inode == status->st_ino &&
           file->changed.tv_sec == status->st_mtim.tv_sec &&
           file->changed.tv_nsec == status->st_mtim.tv_nsec;
}

static struct policy *read_policy(const char *path, int fd)
{
    size_t size = 0, room = POLICY_FILE_BYTES_MAX + 1;
    char *text = malloc(room);
    ssize_t got = text != NULL ? 1 : -1;
    while (got > 0 && size < room) {
        got = read(fd, text + size, room - size);
        size += got > 0 ? (size_t)got : 0;
    }
    struct policy *policy = NULL;
    if (got < 0) {
        log_line("policy %s: %s", path, strerror(errno));
    } else {
        struct policy_error error;
        policy = policy_parse(text, size, &error);
        if (policy == NULL)
            log_line("policy %s, line %u: %s; every call is denied", path, error.line, error.text);
    }
    free(text);
    return policy;
}

const struct policy *policy_file_current(struct policy_file *file)
{
    struct stat status;
    bool own = file->own_path != NULL && access(file->own_path, F_OK) == 0;
    file->path = own ? file->own_path : file->default_path;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        log_line("policy %s: %s; every call is denied", file->path, strerror(errno));
        policy_free(file->policy);
        file->policy = NULL;
    } else if (!unchanged(file, &status)) {
        policy_free(file->policy);
        file->policy = read_policy(file->path, fd);
        file->changed = status.st_mtim;
        file->size_bytes = status.st_size;
        file->inode = status.st_ino;
        file->device = status.st_dev;
        if (file->policy != NULL)
            log_line("policy: %s", file->path);
    }
    if (fd >= 0)
        close(fd);
    return file->policy;
}
