/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into xenstored alone: dom0's /proc/xen. xenstored reads the port of domain 0's ring
 * from /proc/xen/xsd_port and maps the ring from /proc/xen/xsd_kva. The first becomes a file with
 * the number, the second domain 0's memory, whose first frame is the ring. Every other path goes
 * to the kernel.
 */
#include "../client/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Domain 0's memory and the port of its ring, or a negative errno. */
static int ask_daemon(uint32_t *port)
{
    struct sx_request request = {.op = SX_XENSTORE_DOM0};
    struct sx_reply reply;
    struct simxen *sx;
    const char *dir = getenv("SIMXEN_DIR");
    int fd = -1, error = dir ? simxen_open(&sx, dir, 0) : -ENOENT;
    if (error)
        return error;
    error = simxen_call(sx, &request, NULL, 0, &reply, NULL, 0, &fd);
    simxen_close(sx);
    *port = reply.value;
    return error ? error : fd;
}

static int port_file(uint32_t port)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%u\n", port);
    int fd = memfd_create("xsd_port", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, text, (size_t)length) != length || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* By its symbol: with 64-bit file offsets the C name means open64(). */
__attribute__((visibility("default"))) int open_path(const char *path, int flags,
                                                     ...) __asm__("open");

int open_path(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
    va_end(arguments);
    bool wants_port = !strcmp(path, "/proc/xen/xsd_port");
    if (!wants_port && strcmp(path, "/proc/xen/xsd_kva"))
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    uint32_t port = 0;
    int memory = ask_daemon(&port);
    if (memory < 0) {
        errno = -memory;
        return -1;
    }
    if (!wants_port)
        return memory;
    close(memory);
    return port_file(port);
}
