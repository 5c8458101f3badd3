/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of one libxenvchan. On Linux a libxenvchan.so.4.17 is loaded by its path, ours or
 * Debian's; both have the struct of include/libxenvchan.h. Used by the interoperability tests and
 * the benchmark.
 */
#ifndef VCHAN_LIBRARY_H
#define VCHAN_LIBRARY_H

#include "libxenvchan.h"

struct xentoollog_logger;

struct vchan_library {
    struct libxenvchan *(*server_init)(struct xentoollog_logger *, int, const char *, size_t,
                                       size_t);
    struct libxenvchan *(*client_init)(struct xentoollog_logger *, int, const char *);
    void (*close)(struct libxenvchan *);
    int (*recv)(struct libxenvchan *, void *, size_t);
    int (*send)(struct libxenvchan *, const void *, size_t);
    int (*read)(struct libxenvchan *, void *, size_t);
    int (*write)(struct libxenvchan *, const void *, size_t);
    int (*wait)(struct libxenvchan *);
    int (*fd_for_select)(struct libxenvchan *); /* Linux */
    int (*is_open)(struct libxenvchan *);
    int (*data_ready)(struct libxenvchan *);
    int (*buffer_space)(struct libxenvchan *);
};

/* Ends the process when it cannot be loaded. */
void vchan_library_load(struct vchan_library *library, const char *path);

#endif
