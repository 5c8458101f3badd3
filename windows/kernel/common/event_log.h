/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines in Windows' System event log, for what a user has to know and would not find elsewhere. The
 * event viewer has no message of ours to put around the text (a message file would have to be
 * registered outside the driver's package); it shows the text all the same.
 */
#ifndef COMMON_EVENT_LOG_H
#define COMMON_EVENT_LOG_H

#include <ntddk.h>

/* <= DISPATCH_LEVEL. Object: a driver or device object. What and Why are put together, printable
 * ASCII; what is too long for an entry is cut. Without memory nothing is written. */
VOID EventLogWrite(_In_ PVOID Object, _In_ PCSTR What, _In_ PCSTR Why);

#endif
