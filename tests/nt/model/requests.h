/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests that a process has in the system (file.c). */
#ifndef NT_MODEL_REQUESTS_H
#define NT_MODEL_REQUESTS_H

#include <ntifs.h>

/* Cancels what the process has pending and waits. FALSE: something was not completed. */
BOOLEAN requests_cancel_all(PEPROCESS process);

#endif
