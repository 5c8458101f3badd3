/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the N-th system call of a program fail (link with --wrap, see meson.build): environment
 * FAULT_AT=N, FAULT_ERRNO=E. When it strikes it names the call in the file FAULT_REPORT.
 * FAULT_ALWAYS=openat:O_TMPFILE stands for a file system without O_TMPFILE.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;

static int strike(const char *name)
{
    const char *at = getenv("FAULT_AT");
    const char *report = getenv("FAULT_REPORT");
    long file;

    if (at == NULL || atomic_fetch_add(&calls, 1) + 1 != atol(at))
        return 0;
    if (report != NULL) {
        file = syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        syscall(SYS_write, file, name, strlen(name));
        syscall(SYS_close, file);
    }
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

#define FAULTY(type, failed, name, parameters, arguments)                                          \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return strike(#name) ? failed : __real_##name arguments;                                   \
    }

int __real_openat64(int directory, const char *path, int flags, ...);
int __wrap_openat64(int directory, const char *path, int flags, mode_t mode);
int __wrap_openat64(int directory, const char *path, int flags, mode_t mode)
{
    const char *always = getenv("FAULT_ALWAYS");

    if (strike("openat"))
        return -1;
    if (always != NULL && strcmp(always, "openat:O_TMPFILE") == 0 &&
        (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat64(directory, path, flags, mode);
}

FAULTY(int, -1, mkdirat, (int d, const char *p, mode_t m), (d, p, m))
FAULTY(int, -1, fstatat64, (int d, const char *p, struct stat64 *s, int f), (d, p, s, f))
FAULTY(int, -1, fstat64, (int f, struct stat64 *s), (f, s))
FAULTY(int, -1, fchmod, (int f, mode_t m), (f, m))
FAULTY(int, -1, futimens, (int f, const struct timespec t[2]), (f, t))
FAULTY(int, -1, utimensat, (int d, const char *p, const struct timespec t[2], int f), (d, p, t, f))
FAULTY(int, -1, linkat, (int a, const char *b, int c, const char *d, int f), (a, b, c, d, f))
FAULTY(int, -1, renameat2, (int a, const char *b, int c, const char *d, unsigned f),
       (a, b, c, d, f))
FAULTY(int, -1, symlinkat, (const char *t, int d, const char *p), (t, d, p))
FAULTY(int, -1, fallocate64, (int f, int m, off64_t o, off64_t s), (f, m, o, s))
FAULTY(int, -1, syncfs, (int f), (f))
FAULTY(ssize_t, -1, read, (int f, void *b, size_t s), (f, b, s))
FAULTY(ssize_t, -1, write, (int f, const void *b, size_t s), (f, b, s))
FAULTY(ssize_t, -1, readlinkat, (int d, const char *p, char *b, size_t s), (d, p, b, s))
FAULTY(DIR *, NULL, fdopendir, (int f), (f))
FAULTY(struct dirent64 *, NULL, readdir64, (DIR * d), (d))
