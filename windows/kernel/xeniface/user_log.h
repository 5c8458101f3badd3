/* SPDX-License-Identifier: BSD-2-Clause */
/* A program's line on Xen's console. */
#ifndef XENIFACE_USER_LOG_H
#define XENIFACE_USER_LOG_H

#include "ioctl.h"

IOCTL_HANDLER IoctlLog;

#endif
