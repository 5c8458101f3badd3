/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file server that does not answer, for a program under Wine (LD_PRELOAD): who looks for a file
 * below a folder named "dead-server" waits until somebody has opened the FIFO that
 * CASEMENT_TEST_SERVER names for writing, and then finds nothing.
 */
#undef _FILE_OFFSET_BITS /* the names below are those that Wine calls */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int fstatat(int folder, const char *path, struct stat *status, int flags)
{
    const char *fifo = getenv("CASEMENT_TEST_SERVER");
    int fd;

    if (!fifo || !strstr(path, "/dead-server"))
        return (int)syscall(SYS_newfstatat, folder, path, status, flags);
    while ((fd = open(fifo, O_RDONLY | O_CLOEXEC)) < 0 && errno == EINTR)
        ;
    close(fd);
    errno = ENOENT;
    return -1;
}

int stat(const char *path, struct stat *status)
{
    return fstatat(AT_FDCWD, path, status, 0);
}
