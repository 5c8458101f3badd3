/* SPDX-License-Identifier: BSD-2-Clause */
/* Which device events drivers have announced. */
#ifndef NT_MODEL_DEVICE_EVENT_H
#define NT_MODEL_DEVICE_EVENT_H

#include <ntddk.h>

/* How often; NULL: any. */
ULONG device_events(const GUID *event);

#endif
