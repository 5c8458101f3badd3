/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vchan as Qubes programs use it: a two-way stream between two domains, found by domain id and
 * port number (xenstore data/vchan/<client domid>/<port>). The names, arguments and results are
 * those of Qubes' libvchan, so that programs written for it build and run here; the functions
 * under "Casement" are additions. One header for Linux (libvchan.so) and Windows (libvchan.dll).
 *
 * A channel may be used by one thread at a time. Sizes are bytes. Functions that return int give
 * -1 on failure (with errno or GetLastError() saying why); after a failure caused by the peer the
 * channel stays allocated until libvchan_close().
 */
#ifndef LIBVCHAN_H
#define LIBVCHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#include <windows.h>
typedef HANDLE EVTCHN; /* an event object */
#ifdef LIBVCHAN_EXPORTS
#define LIBVCHAN_API __declspec(dllexport)
#else
#define LIBVCHAN_API __declspec(dllimport)
#endif
#else
typedef int EVTCHN; /* a file descriptor to poll for reading */
#define LIBVCHAN_API __attribute__((visibility("default")))
#endif

/* What libvchan_is_open() says. */
#define VCHAN_DISCONNECTED 0 /* the peer closed, or its domain died; data may still be readable */
#define VCHAN_CONNECTED    1
#define VCHAN_WAITING      2 /* a server no client has joined, or a client whose server is absent */

typedef struct libvchan libvchan_t;

/* read_min, write_min: the least room of the two rings; each is rounded up to a power of two,
 * 1 KiB to 1 MiB. Returns at once, in state VCHAN_WAITING. NULL on failure. */
LIBVCHAN_API libvchan_t *libvchan_server_init(int domain, int port, size_t read_min,
                                              size_t write_min);
/* Waits until the server exists (or its domain is gone: NULL). */
LIBVCHAN_API libvchan_t *libvchan_client_init(int domain, int port);

/* A client that does not wait: poll *watch; each time it is readable (set), call _finish():
 * 0 connected (from here on poll libvchan_fd_for_select()), 1 not yet, -1 failed (ESRCH /
 * ERROR_NOT_FOUND: that domain is gone). libvchan_close() gives up at any point. */
LIBVCHAN_API libvchan_t *libvchan_client_init_async(int domain, int port, EVTCHN *watch);
LIBVCHAN_API int libvchan_client_init_async_finish(libvchan_t *ctrl, bool blocking);

/* A stream: part of size may be moved, at least 1 byte when blocking. 0: nothing now (non-blocking
 * only). -1: disconnected and, for reading, drained. */
LIBVCHAN_API int libvchan_write(libvchan_t *ctrl, const void *data, size_t size);
LIBVCHAN_API int libvchan_read(libvchan_t *ctrl, void *data, size_t size);
/* All of size or nothing. More than the ring holds fails. */
LIBVCHAN_API int libvchan_send(libvchan_t *ctrl, const void *data, size_t size);
LIBVCHAN_API int libvchan_recv(libvchan_t *ctrl, void *data, size_t size);

/* Consumes one event and re-arms; waits for it, unless the peer is gone. Call it when the
 * descriptor polls readable (Windows: a wait for the event consumed it, call libvchan_ack()). */
LIBVCHAN_API int libvchan_wait(libvchan_t *ctrl);
LIBVCHAN_API EVTCHN libvchan_fd_for_select(libvchan_t *ctrl);
LIBVCHAN_API int libvchan_is_open(libvchan_t *ctrl);
/* Bytes to read; room to write. Either asks the peer to notify when there is more. */
LIBVCHAN_API int libvchan_data_ready(libvchan_t *ctrl);
LIBVCHAN_API int libvchan_buffer_space(libvchan_t *ctrl);
LIBVCHAN_API void libvchan_set_blocking(libvchan_t *ctrl, bool blocking);
/* Data already written stays readable for the peer. */
LIBVCHAN_API void libvchan_close(libvchan_t *ctrl);

/* --- Casement */

/* Unlike wait(): consumes what events there are and never waits. */
LIBVCHAN_API void libvchan_ack(libvchan_t *ctrl);
/* As data_ready() and buffer_space(), but the peer is not asked to notify: for one who looks again
 * soon, and asks by those before it waits. Reading (writing) no more than this says does not ask
 * either. */
LIBVCHAN_API int libvchan_data_now(libvchan_t *ctrl);
LIBVCHAN_API int libvchan_space_now(libvchan_t *ctrl);
/* What the peer did to the ring that no peer may do, and that ended the channel; in static words.
 * NULL: nothing. */
LIBVCHAN_API const char *libvchan_fault(const libvchan_t *ctrl);
#ifdef _WIN32
/* Nobody is told that a peer's domain was destroyed. A channel whose peer is not dom0 finds it out
 * when it is looked at (libvchan_is_open()) and so much time has passed: look that often. */
#define LIBVCHAN_PEER_LOOK_MS 5000

/* As without _on, but the caller's event (auto-reset) is what is set, also while connecting; it
 * may serve any number of channels, which stay non-blocking. After a wake, look at each channel's
 * state (or _finish()), data_ready() and buffer_space(). The event outlives the channels. */
LIBVCHAN_API libvchan_t *libvchan_server_init_on(HANDLE event, int domain, int port,
                                                 size_t read_min, size_t write_min);
LIBVCHAN_API libvchan_t *libvchan_client_init_on(HANDLE event, int domain, int port);
#endif

#endif
