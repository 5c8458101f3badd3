/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers wrote into the system's event log. */
#ifndef NT_MODEL_ERROR_LOG_H
#define NT_MODEL_ERROR_LOG_H

#include <ntddk.h>

/* The first string of the last entry, as bytes; "" if there is none. */
const char *error_log_last(void);
ULONG error_log_entries(void);

#endif
