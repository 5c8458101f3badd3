/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QubesDB for programs: the keys and values that dom0 gives a qube, as they are now. Names,
 * arguments and results are those of Qubes' libqubesdb, so that programs written for it build and
 * run here. One header for Linux and Windows (qubesdb-client.dll).
 *
 * Paths are [A-Za-z0-9-_/.:@]*, begin with "/" and have at most 63 characters; values have at most
 * 3071 bytes and no NUL among them. A handle is a connection to the daemon and may be used by one
 * thread at a time. Functions wait for the daemon's answer. On failure errno (Windows:
 * GetLastError()) says why: ENOENT / ERROR_FILE_NOT_FOUND there is no such key, EACCES /
 * ERROR_ACCESS_DENIED the caller may not, EINVAL / ERROR_INVALID_PARAMETER no path or value,
 * EPIPE / ERROR_BROKEN_PIPE the daemon is gone: close the handle and open another.
 *
 * What is returned by pointer is the caller's and freed with qdb_free() (on Linux, and by programs
 * with the same C library as the DLL, free() does the same). Lists end with NULL; their strings
 * are freed one by one, then the list.
 */
#ifndef QUBESDB_CLIENT_H
#define QUBESDB_CLIENT_H

#ifdef _WIN32
#include <windows.h>
#ifdef QUBESDBCLIENT_EXPORTS
#define QUBESDBCLIENT_API __declspec(dllexport)
#else
#define QUBESDBCLIENT_API __declspec(dllimport)
#endif
typedef HANDLE qdb_event_t; /* an event object */
#else
#define QUBESDBCLIENT_API __attribute__((visibility("default")))
typedef int qdb_event_t; /* a file descriptor */
#endif

struct qdb_handle;
typedef struct qdb_handle *qdb_handle_t;

/* vmname: NULL in a qube; in dom0 the qube whose keys are meant. NULL: no daemon answers. */
QUBESDBCLIENT_API qdb_handle_t qdb_open(char *vmname);
/* NULL is fine. */
QUBESDBCLIENT_API void qdb_close(qdb_handle_t h);

/* The value with a NUL behind it; value_len, if not NULL, becomes its length without that. */
QUBESDBCLIENT_API char *qdb_read(qdb_handle_t h, char *path, unsigned int *value_len);
/* The paths that begin with base_path, in order; list_len (may be NULL): how many. */
QUBESDBCLIENT_API char **qdb_list(qdb_handle_t h, char *base_path, unsigned int *list_len);
/* Path, value, path, value ...; values_len (may be NULL) becomes the lengths of the values,
 * list_len (may be NULL) the number of pairs. */
QUBESDBCLIENT_API char **qdb_multiread(qdb_handle_t h, char *base_path, unsigned int **values_len,
                                       unsigned int *list_len);

/* These return 1 on success, else 0. A path ending in "/" means all keys below, for rm and the
 * watches. Removing what is not there is a success. */
QUBESDBCLIENT_API int qdb_write(qdb_handle_t h, char *path, char *value, unsigned int value_len);
QUBESDBCLIENT_API int qdb_rm(qdb_handle_t h, char *path);
QUBESDBCLIENT_API int qdb_watch(qdb_handle_t h, char *path);
QUBESDBCLIENT_API int qdb_unwatch(qdb_handle_t h, char *path);

/* The path that was changed, or, when all below was removed, the folder's with its "/". Waits for
 * an event when there is none; NULL: the daemon is gone. */
QUBESDBCLIENT_API char *qdb_read_watch(qdb_handle_t h);
/* Readable (Windows: set) when qdb_read_watch() has something to return at once, or the daemon is
 * gone. Look at it again after each other call: events that came with an answer count, too. */
QUBESDBCLIENT_API qdb_event_t qdb_watch_fd(qdb_handle_t h);

QUBESDBCLIENT_API void qdb_free(void *block);

#endif
