/* SPDX-License-Identifier: BSD-2-Clause */
/* How a driver on one of xenbus's children asks for a service (include/xenbus/interface.h). */
#ifndef COMMON_QUERY_SERVICE_H
#define COMMON_QUERY_SERVICE_H

#include <ntddk.h>

/* IRP_MN_QUERY_INTERFACE to the device stack below. On success Interface is filled and holds a
 * reference; STATUS_REVISION_MISMATCH: another version was given, and given back. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS
    ServiceQuery(_In_ PDEVICE_OBJECT Lower, _In_ const GUID *Guid, _In_ USHORT Version,
                 _In_ USHORT Size, _Out_ PINTERFACE Interface);

#endif
