/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine can do, for who cannot attach a debugger to it: each way of capture is opened
 * and used, the windows are listed as the host would be told of them, and pictures are written.
 * Needs no Xen and no host.
 */
#pragma once

#include <windows.h>

/* Writes FOLDER\report.txt and pictures beside it; makes the folder. The exit code of the program:
 * 0, or 1 when nothing could be captured or written. */
int SelfTest(_In_ PCWSTR Folder);
