/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux system calls that simxen's client needs, made directly, so that the same source works
 * in a Linux program and in a Windows program under Wine, whose C library knows no Linux. x86-64
 * only. Results are the kernel's: a negative errno on failure. No call here touches errno.
 * Structures are the kernel's ABI (include/uapi/linux), spelt with exact widths because `long`
 * has 32 bits in a Windows program.
 */
#ifndef SIMXEN_LINUX_SYSCALLS_H
#define SIMXEN_LINUX_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

enum {
    LX_READ = 0,
    LX_WRITE = 1,
    LX_CLOSE = 3,
    LX_POLL = 7,
    LX_MMAP = 9,
    LX_MUNMAP = 11,
    LX_SOCKET = 41,
    LX_CONNECT = 42,
    LX_SENDMSG = 46,
    LX_RECVMSG = 47,
    LX_FUTEX = 202,
    LX_OPENAT = 257,
    LX_DUP3 = 292,
};

enum { /* errno */
       LX_EPERM = 1,
       LX_ENOENT = 2,
       LX_ESRCH = 3,
       LX_EINTR = 4,
       LX_EAGAIN = 11,
       LX_ENOMEM = 12,
       LX_EINVAL = 22,
       LX_ENAMETOOLONG = 36,
       LX_EPROTO = 71,
       LX_ENOTCONN = 107,
};

enum {
    LX_O_RDWR = 2,
    LX_O_CLOEXEC = 02000000,
    LX_O_PATH = 010000000,
    LX_AT_FDCWD = -100,
    LX_AF_UNIX = 1,
    LX_SOCK_STREAM = 1,
    LX_SOCK_SEQPACKET = 5,
    LX_SOCK_CLOEXEC = 02000000,
    LX_SOL_SOCKET = 1,
    LX_SCM_RIGHTS = 1,
    LX_MSG_NOSIGNAL = 0x4000,
    LX_MSG_CMSG_CLOEXEC = 0x40000000,
    LX_MSG_TRUNC = 0x20,
    LX_PROT_NONE = 0,
    LX_PROT_READ = 1,
    LX_PROT_WRITE = 2,
    LX_MAP_SHARED = 1,
    LX_MAP_PRIVATE = 2,
    LX_MAP_FIXED = 0x10,
    LX_MAP_ANONYMOUS = 0x20,
    LX_POLLIN = 1,
    LX_FUTEX_WAIT_PRIVATE = 128,
    LX_FUTEX_WAKE_PRIVATE = 129,
};

struct lx_iovec {
    void *base;
    uint64_t length;
};
struct lx_msghdr {
    void *name;
    uint32_t name_length, padding;
    struct lx_iovec *iov;
    uint64_t iov_count;
    void *control;
    uint64_t control_length;
    uint32_t flags, padding2;
};
struct lx_cmsg_fd { /* a control message with one descriptor */
    uint64_t length;
    int32_t level, type;
    int32_t fd, padding;
};
struct lx_sockaddr_un {
    uint16_t family;
    char path[108];
};
struct lx_pollfd {
    int32_t fd;
    int16_t events, revents;
};
_Static_assert(sizeof(struct lx_msghdr) == 56, "struct msghdr of x86-64 Linux");
_Static_assert(offsetof(struct lx_cmsg_fd, fd) == 16, "struct cmsghdr of x86-64 Linux");

static inline int64_t lx_syscall6(int64_t number, int64_t a, int64_t b, int64_t c, int64_t d,
                                  int64_t e, int64_t f)
{
    int64_t result;
    register int64_t r10 __asm__("r10") = d;
    register int64_t r8 __asm__("r8") = e;
    register int64_t r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline int64_t lx_syscall3(int64_t number, int64_t a, int64_t b, int64_t c)
{
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

#define LX_ADDRESS(pointer) ((int64_t)(uintptr_t)(pointer))

static inline int64_t lx_read(int fd, void *bytes, size_t length)
{
    return lx_syscall3(LX_READ, fd, LX_ADDRESS(bytes), (int64_t)length);
}
static inline int64_t lx_write(int fd, const void *bytes, size_t length)
{
    return lx_syscall3(LX_WRITE, fd, LX_ADDRESS(bytes), (int64_t)length);
}
static inline int lx_close(int fd)
{
    return (int)lx_syscall3(LX_CLOSE, fd, 0, 0);
}
static inline int lx_poll(struct lx_pollfd *fds, uint32_t count, int timeout_ms)
{
    return (int)lx_syscall3(LX_POLL, LX_ADDRESS(fds), count, timeout_ms);
}
static inline int lx_open(const char *path, int flags)
{
    return (int)lx_syscall6(LX_OPENAT, LX_AT_FDCWD, LX_ADDRESS(path), flags, 0, 0, 0);
}
static inline int lx_dup3(int from, int to, int flags)
{
    return (int)lx_syscall3(LX_DUP3, from, to, flags);
}
static inline int lx_socket(int family, int type, int protocol)
{
    return (int)lx_syscall3(LX_SOCKET, family, type, protocol);
}
static inline int lx_connect(int fd, const void *address, uint32_t length)
{
    return (int)lx_syscall3(LX_CONNECT, fd, LX_ADDRESS(address), length);
}
static inline int64_t lx_sendmsg(int fd, const struct lx_msghdr *message, int flags)
{
    return lx_syscall3(LX_SENDMSG, fd, LX_ADDRESS(message), flags);
}
static inline int64_t lx_recvmsg(int fd, struct lx_msghdr *message, int flags)
{
    return lx_syscall3(LX_RECVMSG, fd, LX_ADDRESS(message), flags);
}
/* A negative errno comes back as an address in the last page: lx_mmap_failed(). */
static inline void *lx_mmap(void *address, size_t length, int protection, int flags, int fd,
                            uint64_t offset)
{
    return (void *)(uintptr_t)lx_syscall6(LX_MMAP, LX_ADDRESS(address), (int64_t)length, protection,
                                          flags, fd, (int64_t)offset);
}
static inline int lx_mmap_failed(const void *address)
{
    return (uintptr_t)address > (uintptr_t)-4096;
}
static inline int lx_munmap(void *address, size_t length)
{
    return (int)lx_syscall3(LX_MUNMAP, LX_ADDRESS(address), (int64_t)length, 0);
}
static inline int64_t lx_futex(uint32_t *word, int op, uint32_t value)
{
    return lx_syscall6(LX_FUTEX, LX_ADDRESS(word), op, value, 0, 0, 0);
}

/* A lock of one word; all zero is unlocked. 1: held, 2: held and somebody sleeps. */
static inline void lx_lock(uint32_t *word)
{
    uint32_t seen = 0;
    if (__atomic_compare_exchange_n(word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
        lx_futex(word, LX_FUTEX_WAIT_PRIVATE, 2);
}
static inline void lx_unlock(uint32_t *word)
{
    if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
        lx_futex(word, LX_FUTEX_WAKE_PRIVATE, 1);
}

#endif
