/* SPDX-License-Identifier: BSD-2-Clause */
/* The Linux system calls of this folder beyond those that simxen's client needs itself. */
#ifndef XENCONTROL_LINUX_CALLS_H
#define XENCONTROL_LINUX_CALLS_H

#include "linux/simxen/linux_syscalls.h"

enum {
    LX_FCNTL = 72,
    LX_EVENTFD2 = 290,
    LX_F_SETFL = 4,
    LX_O_NONBLOCK = 04000,
    LX_EFD_CLOEXEC = 02000000,
    LX_POLLERR = 8,
    LX_POLLHUP = 16,
    LX_POLL_NO_LIMIT = -1, /* a time-out */
};

static inline int lx_eventfd(void)
{
    return (int)lx_syscall3(LX_EVENTFD2, 0, LX_EFD_CLOEXEC, 0);
}
static inline int lx_set_nonblocking(int fd)
{
    return (int)lx_syscall3(LX_FCNTL, fd, LX_F_SETFL, LX_O_NONBLOCK);
}

#endif
