/* SPDX-License-Identifier: BSD-2-Clause */
/* The IOCTLs' contract as the kernel sees it: the one type of <windows.h> that it has. */
#ifndef XENIFACE_CONTRACT_H
#define XENIFACE_CONTRACT_H

#include <ntddk.h>

typedef struct _FILETIME {
    ULONG dwLowDateTime;
    ULONG dwHighDateTime;
} FILETIME;

#include "include/xeniface_ioctls.h"

#endif
