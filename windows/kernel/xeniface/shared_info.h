/* SPDX-License-Identifier: BSD-2-Clause */
/* Xen's wall clock. */
#ifndef XENIFACE_SHARED_INFO_H
#define XENIFACE_SHARED_INFO_H

#include "ioctl.h"

IOCTL_HANDLER IoctlSharedInfoGetTime;

#endif
