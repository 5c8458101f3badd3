/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan as Xen's programs use it: a two-way stream between two domains, found by a xenstore path
 * that both know. Same functions, arguments, results and struct as Xen's libxenvchan on Linux
 * (libxenvchan.so.4.17) and as the one of Qubes' Windows tools (libxenvchan.dll): programs built
 * for those run on this one, and the other way round.
 *
 * A channel may be used by one thread at a time. Sizes are bytes. -1 is failure, with errno or
 * GetLastError() saying why: the peer is gone (ECONNRESET, ERROR_BROKEN_PIPE), it broke the
 * protocol (EPROTO, ERROR_INVALID_DATA), the packet is larger than the ring (EMSGSIZE,
 * ERROR_INSUFFICIENT_BUFFER), an argument is wrong (EINVAL, ERROR_INVALID_PARAMETER).
 */
#ifndef LIBXENVCHAN_H
#define LIBXENVCHAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#include <windows.h>
#include <xencontrol.h>
#ifdef XENVCHAN_EXPORTS
#define XENVCHAN_API __declspec(dllexport)
#else
#define XENVCHAN_API __declspec(dllimport)
#endif
#else
#define XENVCHAN_API __attribute__((visibility("default")))
struct xentoollog_logger;
struct xengntdev_handle;
struct xenevtchn_handle;
#endif

/* One direction. order: log2 of the ring's size. */
struct libxenvchan_ring {
    struct ring_shared *shr; /* cons and prod, in the shared page */
    void *buffer;
    int order;
};

/* Programs may read all of it, and set blocking (calls wait; initially 0) and server_persist (the
 * server stays open when its client leaves, for the next one; initially 0). */
struct libxenvchan {
#ifdef _WIN32
    PXENCONTROL_CONTEXT xc;
    XENCONTROL_LOGGER *logger;
    struct vchan_interface *ring; /* the shared page */
    uint32_t event_port;
    HANDLE event;
    int is_server;
    int server_persist;
    int blocking;
    struct libxenvchan_ring read, write;
#else
    union {
        struct xengntdev_handle *gntshr; /* server */
        struct xengntdev_handle *gnttab; /* client */
    };
    struct vchan_interface *ring; /* the shared page */
    struct xenevtchn_handle *event;
    uint32_t event_port;
    int is_server : 1;
    int server_persist : 1;
    int blocking : 1;
    struct libxenvchan_ring read, write;
    char *xs_path; /* server: where its keys are */
#endif
};

/* domain: the peer. xs_path: where the server writes its keys and the client finds them, relative
 * to the caller's own domain or absolute. read_min, write_min: the least room of the server's two
 * rings, up to 1 MiB. A client fails at once when there is no server. NULL on failure. */
#ifdef _WIN32
XENVCHAN_API struct libxenvchan *libxenvchan_server_init(XENCONTROL_LOGGER *logger, int domain,
                                                         const char *xs_path, size_t read_min,
                                                         size_t write_min,
                                                         XENCONTROL_LOG_LEVEL log_level);
XENVCHAN_API struct libxenvchan *libxenvchan_client_init(XENCONTROL_LOGGER *logger, int domain,
                                                         const char *xs_path,
                                                         XENCONTROL_LOG_LEVEL log_level);
#else
XENVCHAN_API struct libxenvchan *libxenvchan_server_init(struct xentoollog_logger *logger,
                                                         int domain, const char *xs_path,
                                                         size_t read_min, size_t write_min);
XENVCHAN_API struct libxenvchan *libxenvchan_client_init(struct xentoollog_logger *logger,
                                                         int domain, const char *xs_path);
#endif
/* NULL is allowed. What was written stays readable for the peer. */
XENVCHAN_API void libxenvchan_close(struct libxenvchan *ctrl);

/* Packets: all of size or nothing; 0 when it cannot be now (not blocking). Waiting for a packet
 * may fill data before the call succeeds. */
XENVCHAN_API int libxenvchan_recv(struct libxenvchan *ctrl, void *data, size_t size);
XENVCHAN_API int libxenvchan_send(struct libxenvchan *ctrl, const void *data, size_t size);
/* Streams: as much as can be; blocking, a read waits for one byte and a write for all of size
 * (it gives less when the peer leaves meanwhile). */
XENVCHAN_API int libxenvchan_read(struct libxenvchan *ctrl, void *data, size_t size);
XENVCHAN_API int libxenvchan_write(struct libxenvchan *ctrl, const void *data, size_t size);

/* Waits for an event (more data, more room, a peer that came or left), and takes it. After the
 * peer's end it does not wait. */
XENVCHAN_API int libxenvchan_wait(struct libxenvchan *ctrl);
/* What to poll, for reading, before libxenvchan_wait(). */
#ifdef _WIN32
XENVCHAN_API HANDLE libxenvchan_fd_for_select(struct libxenvchan *ctrl);
#else
XENVCHAN_API int libxenvchan_fd_for_select(struct libxenvchan *ctrl);
#endif
/* 0: the peer left or broke the protocol (data may still be readable); 1: open; 2: a server
 * without a client yet. */
XENVCHAN_API int libxenvchan_is_open(struct libxenvchan *ctrl);
/* Bytes to read; room to write. Either asks the peer to notify when there is more. */
XENVCHAN_API int libxenvchan_data_ready(struct libxenvchan *ctrl);
XENVCHAN_API int libxenvchan_buffer_space(struct libxenvchan *ctrl);

#endif
