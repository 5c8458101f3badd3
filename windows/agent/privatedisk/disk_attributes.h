/* SPDX-License-Identifier: BSD-2-Clause */
/* What the older winioctl.h lacks of Microsoft's: a disk's being offline (Windows 7). */
#pragma once

#include <windows.h>
#include <winioctl.h>

#ifndef IOCTL_DISK_GET_DISK_ATTRIBUTES
#define IOCTL_DISK_GET_DISK_ATTRIBUTES                                                             \
    CTL_CODE(IOCTL_DISK_BASE, 0x003c, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_DISK_SET_DISK_ATTRIBUTES                                                             \
    CTL_CODE(IOCTL_DISK_BASE, 0x003d, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define DISK_ATTRIBUTE_OFFLINE 1

typedef struct _GET_DISK_ATTRIBUTES {
    DWORD Version; /* sizeof */
    DWORD Reserved1;
    DWORDLONG Attributes;
} GET_DISK_ATTRIBUTES;

typedef struct _SET_DISK_ATTRIBUTES {
    DWORD Version; /* sizeof */
    BOOLEAN Persist;
    BYTE Reserved1[3];
    DWORDLONG Attributes, AttributesMask;
    DWORD Reserved2[4];
} SET_DISK_ATTRIBUTES;
#endif

_Static_assert(sizeof(GET_DISK_ATTRIBUTES) == 16 && sizeof(SET_DISK_ATTRIBUTES) == 40,
               "as Windows has them");
