/* SPDX-License-Identifier: BSD-2-Clause */
/* File objects and the requests of processes on them (file.c, request.c). */
#ifndef NT_MODEL_FILE_H
#define NT_MODEL_FILE_H

#include <ntifs.h>

extern struct _OBJECT_TYPE file_type;

/* The file of a handle, with the access that it was opened with. Referenced for the caller. */
NTSTATUS file_of(HANDLE handle, PFILE_OBJECT *file, ACCESS_MASK *granted);

/* Cancels what the process (thread NULL) or one thread of it has pending, and waits for the end.
 * FALSE: something was not completed. */
BOOLEAN requests_cancel_all(PEPROCESS process, PKTHREAD thread);
/* Those on one file; which: the status block of one, NULL: all. thread NULL: of all threads. Does
 * not wait. FALSE: there was none. */
BOOLEAN requests_cancel(PEPROCESS process, PKTHREAD thread, PFILE_OBJECT file,
                        PIO_STATUS_BLOCK which);

#endif
