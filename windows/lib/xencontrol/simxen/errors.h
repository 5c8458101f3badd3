/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors of simxen and of XenStore as the Win32 codes in which a program meets those of the
 * xeniface driver. The driver says little: what Xen refuses is ERROR_GEN_FAILURE.
 */
#ifndef XENCONTROL_ERRORS_H
#define XENCONTROL_ERRORS_H

#include <windows.h>

/* Error: 0 or above is success, else a negative Linux errno. */
DWORD ErrorFromXen(_In_ int Error);
/* Name: what a XenStore error message carries ("ENOENT"). */
DWORD ErrorFromStore(_In_z_ const CHAR *Name);

#endif
