/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xenbus's service "shared info": the wall clock that Xen keeps for this machine.
 */
#ifndef XENBUS_SHARED_INFO_H
#define XENBUS_SHARED_INFO_H

#include <xenbus/interface.h>

/* {2B1C83D7-9C0E-4E67-8F54-0D9E5B3A7C12} */
DEFINE_GUID(GUID_XENBUS_SHARED_INFO, 0x2b1c83d7, 0x9c0e, 0x4e67, 0x8f, 0x54, 0x0d, 0x9e, 0x5b, 0x3a,
            0x7c, 0x12);

typedef struct _XENBUS_SHARED_INFO_INTERFACE_V1 {
    INTERFACE Interface;
    /* PASSIVE_LEVEL. Time: 100 ns units since 1601, as NT counts. Local: TRUE when the machine's
     * clock is kept in local time (Windows' default), FALSE for UTC (RealTimeIsUniversal).
     * STATUS_DEVICE_NOT_READY: there is no clock now. */
    NTSTATUS(NTAPI *GetTime)(_In_ PVOID Context, _Out_ PLARGE_INTEGER Time, _Out_ PBOOLEAN Local);
} XENBUS_SHARED_INFO_INTERFACE_V1, *PXENBUS_SHARED_INFO_INTERFACE_V1;

#define XENBUS_SHARED_INFO_VERSION 1

#endif
